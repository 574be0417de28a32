"""One person for each role, so that each page can be seen with the eyes of its user, and a few colleagues."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from cases.commands import Person
from cases.models import RoleAssignment, User
from cases.terms import Role
from workflows.demo.places import DISTRICT, Places


class Login(NamedTuple):
    """A person of the demonstration and what they hold; `unit` is an area, "team:…" or "council:…"."""

    username: str
    name: str
    role: Role
    unit: str


LOGINS = (
    Login("grid", "王秀兰", Role.GRID_WORKER, "平山小区第一网格"),
    Login("contact", "刘建国", Role.HOUSEHOLD_CONTACT, "平山小区1栋"),
    Login("desk", "李文静", Role.DESK, DISTRICT),
    Login("dispatcher", "赵明", Role.DISPATCHER, DISTRICT),
    Login("member", "陈涛", Role.TEAM_MEMBER, "team:YX-T1"),
    Login("leader", "周志强", Role.TEAM_LEADER, "team:YX-T1"),
    Login("member2", "吴芳", Role.TEAM_MEMBER, "team:YX-U1"),
    Login("secretary", "郑丽", Role.SECRETARY, "council:平山小区"),
    Login("seat", "沈梅", Role.SEAT, "council:平山小区"),
    Login("survey", "冯雪", Role.SURVEY_DESK, DISTRICT),
    Login("supervisor", "钱进", Role.SUPERVISOR, DISTRICT),
    Login("chief", "何平", Role.LEADER, DISTRICT),
    Login("auditor", "严正", Role.AUDITOR, DISTRICT),
    Login("admin", "管理员", Role.ADMINISTRATOR, DISTRICT),
)
# Colleagues without a login: the other streets must move too.
COLLEAGUES = (
    Login("demo-member-1", "孙磊", Role.TEAM_MEMBER, "team:YX-T1"),
    Login("demo-member-2", "马超", Role.TEAM_MEMBER, "team:YX-T2"),
    Login("demo-leader-2", "胡敏", Role.TEAM_LEADER, "team:YX-T2"),
    Login("demo-member-3", "朱琳", Role.TEAM_MEMBER, "team:YX-T3"),
    Login("demo-leader-3", "高峰", Role.TEAM_LEADER, "team:YX-T3"),
    Login("demo-unit-2", "林静", Role.TEAM_MEMBER, "team:YX-U2"),
    Login("demo-secretary-2", "谢敏", Role.SECRETARY, "council:东湖花园"),
)
SURNAMES, GIVEN = (
    "张王李刘陈杨黄吴周徐孙马朱胡林郭何高罗郑",
    ("桂英", "建华", "秀珍", "德明", "玉梅", "国强", "丽娟", "志远"),
)


def make_people(places: Places, since: date) -> dict[str, User]:
    """Everybody by username, grid workers also by the name of their grid. Nobody has a password yet."""
    grids = [
        Login(f"demo-grid-{n}", f"网格员{n}", Role.GRID_WORKER, f"{estate}{grid}")
        for n, (estate, grid) in enumerate(((e, g) for e in places.estates for g in ("第一网格", "第二网格")), 1)
        if f"{estate}{grid}" != LOGINS[0].unit
    ]
    people = {}
    for login in (*LOGINS, *COLLEAGUES, *grids):
        is_admin = login.role == Role.ADMINISTRATOR
        user = User(username=login.username, name=login.name, is_staff=is_admin, is_superuser=is_admin)
        user.set_unusable_password()
        user.save()
        RoleAssignment.objects.create(user=user, role=login.role, valid_from=since, **_unit(login.unit, places))
        people[login.username] = user
        if login.role == Role.GRID_WORKER:
            people[login.unit] = user
    return people


def _unit(unit: str, places: Places) -> dict[str, Any]:
    kind, _, key = unit.rpartition(":")
    if kind == "team":
        return {"team": places.teams[key]}
    return {"council": places.councils[key]} if kind == "council" else {"area": places.areas[key]}


def residents() -> Iterator[Person]:
    """Invented residents without end; numbers that begin with 163 have never been issued."""
    n = 0
    while True:
        name = SURNAMES[n % len(SURNAMES)] + GIVEN[n % len(GIVEN)]
        door = f"{n % 6 + 1}栋{n % 3 + 1}单元{n % 18 + 1}0{n % 2 + 1}"
        yield Person(name=name, phone=f"1630000{n % 10000:04d}", address=door)
        n += 1
