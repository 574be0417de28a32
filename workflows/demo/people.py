"""One person for each role, so that each page can be seen with the eyes of its user, and the other officials."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from cases.models import RoleAssignment, Seat, User
from cases.terms import Role
from workflows.demo.estates import ESTATES
from workflows.demo.names import names
from workflows.demo.places import DISTRICT, GRIDS, HOME, Places


class Login(NamedTuple):
    """A person of the demonstration and what they hold; `units` are areas, "team:…" or "council:…"."""

    username: str
    name: str
    role: Role
    units: tuple[str, ...]


LOGINS = (
    Login("grid", "王秀兰", Role.GRID_WORKER, (f"{HOME}第一网格",)),
    Login("contact", "刘建国", Role.HOUSEHOLD_CONTACT, (f"{HOME}1栋",)),
    Login("desk", "李文静", Role.DESK, (DISTRICT,)),
    Login("dispatcher", "赵明", Role.DISPATCHER, (DISTRICT,)),
    Login("member", "陈涛", Role.TEAM_MEMBER, ("team:YX-T01",)),
    Login("leader", "周志强", Role.TEAM_LEADER, ("team:YX-T01",)),
    Login("member2", "吴芳", Role.TEAM_MEMBER, ("team:YX-U1",)),
    Login("secretary", "郑丽", Role.SECRETARY, (f"council:{HOME}",)),
    Login("seat", "沈梅", Role.SEAT, (f"council:{HOME}",)),
    Login("survey", "冯雪", Role.SURVEY_DESK, (DISTRICT,)),
    Login("supervisor", "钱进", Role.SUPERVISOR, (DISTRICT,)),
    Login("chief", "何平", Role.LEADER, (DISTRICT,)),
    Login("auditor", "严正", Role.AUDITOR, (DISTRICT,)),
    Login("admin", "管理员", Role.ADMINISTRATOR, (DISTRICT,)),
)
COLLEAGUE = Login("demo-unit-2", "林静", Role.TEAM_MEMBER, ("team:YX-U2",))
DESKS = ((Role.DESK, "desk"), (Role.DISPATCHER, "dispatcher"), (Role.SURVEY_DESK, "survey"))


def make_people(places: Places, since: date) -> dict[str, User]:
    """Everybody by username, and by what they are asked for by: see `_keys`. Nobody has a password yet."""
    known = [*LOGINS, COLLEAGUE, *_officials(places)]
    users = [_user(login) for login in known]
    User.objects.bulk_create(users)
    RoleAssignment.objects.bulk_create(
        RoleAssignment(user=user, role=login.role, valid_from=since, **_unit(unit, places))
        for user, login in zip(users, known, strict=True)
        for unit in login.units
    )
    people: dict[str, User] = {}
    for user, login in zip(users, known, strict=True):
        people[login.username] = user
        for key in _keys(login):
            people[key if key not in people else f"{key} too"] = user
    Seat.objects.filter(name=people["seat"].name, party__council=places.councils[HOME]).update(user=people["seat"])
    return people


def _keys(login: Login) -> Iterator[str]:
    """A grid worker by the grid, a secretary as "council:…", the people of a team as "leader team:…", "member team:…"
    and "member team:… too", a building head as "contact …", those at the desks of a street as "desk …".
    """
    for unit in login.units:
        if login.role in (Role.GRID_WORKER, Role.SECRETARY):
            yield unit
        elif login.role == Role.TEAM_LEADER:
            yield f"leader {unit}"
        elif login.role == Role.HOUSEHOLD_CONTACT:
            yield f"contact {unit.removesuffix('1栋')}"
        elif login.role == Role.TEAM_MEMBER:
            yield f"member {unit}"
        elif login.role in dict(DESKS):
            yield f"{dict(DESKS)[login.role]} {unit}"


def _user(login: Login) -> User:
    is_admin = login.role == Role.ADMINISTRATOR
    user = User(username=login.username, name=login.name, is_staff=is_admin, is_superuser=is_admin)
    user.set_unusable_password()
    return user


def _officials(places: Places) -> Iterator[Login]:
    """Three in each team, a building head and two grid workers in each estate; secretaries, desks in the streets."""
    invented = names("officials")
    secretaries: dict[str, list[str]] = {}
    for n, (estate, code) in enumerate(((e, places.team_of(e).code) for e in places.estates), 1):
        if estate != HOME:
            yield Login(f"demo-leader-{n}", next(invented), Role.TEAM_LEADER, (f"team:{code}",))
            yield Login(f"demo-member-{n}-1", next(invented), Role.TEAM_MEMBER, (f"team:{code}",))
            yield Login(f"demo-contact-{n}", next(invented), Role.HOUSEHOLD_CONTACT, (f"{estate}1栋",))
            secretaries.setdefault(ESTATES[n - 1].community, []).append(f"council:{estate}")
        yield Login(f"demo-member-{n}-2", next(invented), Role.TEAM_MEMBER, (f"team:{code}",))
        for g, grid in enumerate(GRIDS, 1):
            if (unit := f"{estate}{grid}") != LOGINS[0].units[0]:
                yield Login(f"demo-grid-{n}-{g}", next(invented), Role.GRID_WORKER, (unit,))
    for n, units in enumerate(secretaries.values(), 1):
        yield Login(f"demo-secretary-{n}", next(invented), Role.SECRETARY, tuple(units))
    for n, street in enumerate(dict.fromkeys(places.streets.values()), 1):
        for role, word in DESKS:
            yield Login(f"demo-{word}-{n}", next(invented), role, (street,))


def _unit(unit: str, places: Places) -> dict[str, Any]:
    kind, _, key = unit.rpartition(":")
    if kind == "team":
        return {"team": places.teams[key]}
    return {"council": places.councils[key]} if kind == "council" else {"area": places.areas[key]}
