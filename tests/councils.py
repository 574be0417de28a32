"""A four-party council with its seats and rules, for tests of councils."""

from dataclasses import dataclass
from datetime import date, timedelta

from cases.models import Council, CouncilParty, Seat, User
from cases.terms import Role
from tests.factories import World, user
from workflows.council.packs import seed_packs

SINCE = date(2020, 1, 1)
PARTIES = (
    ("community", "社区党组织", 2),
    ("owners_committee", "业主委员会", 2),
    ("property_company", "物业公司", 2),
    ("residents", "居民代表", 3),
)


@dataclass
class Body:
    """The council of the estate: nine voting seats, each with a login, the first of the community in the chair."""

    council: Council
    parties: dict[str, CouncilParty]
    seats: dict[str, list[Seat]]
    secretary: User
    overseer: User

    @property
    def all_seats(self) -> list[Seat]:
        """Every voting seat, party by party."""
        return [seat for seats in self.seats.values() for seat in seats]

    @property
    def chair(self) -> Seat:
        """Who leads the meetings."""
        return self.seats["community"][0]


def make_body(world: World) -> Body:
    """Fill the council of a world; its secretary and its supervisor are those of the world."""
    seed_packs()
    parties, seats = {}, {}
    for position, (code, name, n) in enumerate(PARTIES, 1):
        parties[code] = CouncilParty.objects.create(
            council=world.council, code=code, name=name, seats=n, position=position
        )
        seats[code] = [
            Seat.objects.create(
                party=parties[code],
                name=f"{name}{i}",
                user=user(f"{code}{i}", f"{name}{i}", Role.SEAT, council=world.council),
                role="chair" if (code, i) == ("community", 1) else "member",
                valid_from=SINCE,
            )
            for i in range(1, n + 1)
        ]
    return Body(world.council, parties, seats, world.secretary, world.supervisor)


WEEK = timedelta(days=7)
