"""The places of the district: streets down to buildings, teams and where they are posted, councils with their seats."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cases.council_terms import SeatRole
from cases.models import Area, Council, CouncilParty, Posting, Seat, Team
from cases.terms import AreaLevel, CouncilKind
from workflows.demo.estates import ESTATES, FIRST, Estate
from workflows.demo.names import names

ROOT = "YX"
DISTRICT = "云溪区"
HOME = "平山小区"  # where most people with a login work
SECTORS = ("东片", "西片")
GROUPS = ("第一组", "第二组")
NEIGHBOURHOODS = ("和睦邻", "友善邻", "守望邻", "互助邻")
GRIDS = ("第一网格", "第二网格")
BUILDINGS = range(1, 4)  # of each grid
# Responsible units beside the work teams: code, name.
UNITS = (("YX-U1", "区市政养护所"), ("YX-U2", "区城管执法队"))
PARTIES = (
    ("community", "社区党组织", 2),
    ("owners_committee", "业主委员会", 2),
    ("property_company", "物业公司", 2),
    ("residents", "居民代表", 3),
)
# Those of the home council have names that its story tells of.
HOME_SEATS = ("方红梅", "江志国", "唐建业", "宋小兰", "曹经理", "邓主管", "沈梅", "许桂芳", "韩大爷")


@dataclass(frozen=True)
class Places:
    """Everything that has a place on the map, by its name."""

    areas: dict[str, Area]
    estates: tuple[str, ...]
    teams: dict[str, Team]
    councils: dict[str, Council]
    stationed: dict[str, Team]
    streets: dict[str, str]  # of each estate

    def team_of(self, estate: str) -> Team:
        """The work team that is stationed in an estate."""
        return self.stationed[estate]

    def building(self, estate: str, number: int) -> Area:
        """A building by its number in the estate."""
        return self.areas[f"{estate}{number}栋"]


def make_places(since: date, estates: int = len(FIRST)) -> Places:
    """Make the tree, one team in each estate, the units beside them, and a council for each estate."""
    chosen = ESTATES[:estates]
    areas = _areas(chosen)
    home = {estate.name: areas[estate.street] for estate in chosen}
    stationed = {
        estate.name: Team(code=f"YX-T{n:02d}", name=f"{estate.name}工作队", area=home[estate.name])
        for n, estate in enumerate(chosen, 1)
    }
    units = [Team(code=code, name=name, area=areas[DISTRICT]) for code, name in UNITS]
    Team.objects.bulk_create([*stationed.values(), *units])
    Posting.objects.bulk_create(
        Posting(team=team, area=areas[estate], valid_from=since) for estate, team in stationed.items()
    )
    return Places(
        areas=areas,
        estates=tuple(estate.name for estate in chosen),
        teams={team.code: team for team in (*stationed.values(), *units)},
        councils=_councils(areas, chosen, since),
        stationed=stationed,
        streets={estate.name: estate.street for estate in chosen},
    )


def _councils(areas: dict[str, Area], chosen: tuple[Estate, ...], since: date) -> dict[str, Council]:
    councils = {
        estate.name: Council(
            code=f"YX-C{n:02d}", name=f"{estate.name}四方议事会", kind=CouncilKind.FOUR_PARTY, area=areas[estate.name]
        )
        for n, estate in enumerate(chosen, 1)
    }
    Council.objects.bulk_create(councils.values())
    parties = [
        CouncilParty(council=council, code=code, name=name, seats=seats, position=position)
        for council in councils.values()
        for position, (code, name, seats) in enumerate(PARTIES, 1)
    ]
    CouncilParty.objects.bulk_create(parties)
    invented = names("seats")
    Seat.objects.bulk_create(seat for party in parties for seat in _seats(party, invented, since))
    return councils


def _seats(party: CouncilParty, invented: Iterator[str], since: date) -> Iterator[Seat]:
    before = sum(seats for _, _, seats in PARTIES[: party.position - 1])
    for n in range(party.seats):
        name = HOME_SEATS[before + n] if party.council.area.name == HOME else next(invented)
        role = {0: SeatRole.CHAIR, 1: SeatRole.RECORDER}.get(before + n, SeatRole.MEMBER)
        yield Seat(party=party, name=name, role=role, valid_from=since)


def _areas(chosen: tuple[Estate, ...]) -> dict[str, Area]:
    """The tree by names that are unique in it, in one insert: a thousand single ones would take as many seconds."""
    tree = _Tree()
    for estate in chosen:
        tree.grow(estate)
    Area.objects.bulk_create(tree.areas.values())
    return tree.areas


class _Tree:
    """Areas to be, each with its way from the root as the library of the tree writes it."""

    def __init__(self) -> None:
        self.areas: dict[str, Area] = {}
        self.children: Counter[str] = Counter()
        self._add("", DISTRICT, DISTRICT, AreaLevel.DISTRICT)

    def grow(self, estate: Estate) -> None:
        """An estate with everything above it that is not there yet, its grids and its buildings."""
        self._add(DISTRICT, estate.street, estate.street, AreaLevel.STREET)
        self._add(estate.street, estate.community, estate.community, AreaLevel.COMMUNITY)
        n = self.children[f"{estate.community} estates"]
        self.children[f"{estate.community} estates"] += 1
        sector = f"{estate.community}{SECTORS[n // 2]}"
        group, neighbourhood = f"{sector}{GROUPS[n % 2]}", f"{estate.community}{NEIGHBOURHOODS[n]}"
        self._add(estate.community, sector, SECTORS[n // 2], AreaLevel.SECTOR)
        self._add(sector, group, GROUPS[n % 2], AreaLevel.GROUP)
        self._add(group, neighbourhood, NEIGHBOURHOODS[n], AreaLevel.NEIGHBOURHOOD)
        self._add(neighbourhood, estate.name, estate.name, AreaLevel.ESTATE)
        for g, grid in enumerate(GRIDS):
            self._add(estate.name, f"{estate.name}{grid}", grid, AreaLevel.GRID)
            for b in BUILDINGS:
                number = f"{g * len(BUILDINGS) + b}栋"
                self._add(f"{estate.name}{grid}", f"{estate.name}{number}", number, AreaLevel.BUILDING)

    def _add(self, above: str, key: str, name: str, level: AreaLevel) -> None:
        if key in self.areas:
            return
        self.children[above] += 1
        n, parent = self.children[above], self.areas.get(above)
        area = Area(code=f"{parent.code}{n:02d}" if parent else ROOT, name=name, level=level)
        area.full_name = f"{parent.full_name} · {name}" if parent else name
        area.depth = parent.depth + 1 if parent else 1
        area.path = Area._get_path(parent.path if parent else None, area.depth, n)  # noqa: SLF001
        if parent:
            parent.numchild += 1
        self.areas[key] = area
