"""Households, who keeps contact with them, and the rounds from door to door; who answers for each place."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cases.campaign_terms import VisitWay
from cases.campaigns import appoint_head
from cases.commands import Person
from cases.households import Door, assign_contact, enter_households, record_visit
from cases.models import Area, Household, User
from cases.terms import AreaLevel
from workflows.demo.days import Story
from workflows.demo.names import names
from workflows.demo.places import Places
from workflows.demo.world import World

DOORS = 12  # in the first building of each estate
ROUNDS = 5  # to every door of an estate in a year, some of them
FIRST, LAST = timedelta(days=345), timedelta(days=4)
SAID = (
    "家里都好，没有要反映的。", "老人一个人住，约好每周打一次电话。", "问加装电梯什么时候征求意见，已说明程序。",
    "孩子上学接送的路口车多，已记下提醒物业。", "租户新搬来，已登记并说明垃圾分类。", "想参加邻里节，已报名。",
    "反映的事上次已办好，表示满意。", "不在家，已留联系卡。",
)  # fmt: skip
HEADED = (AreaLevel.SECTOR, AreaLevel.GROUP, AreaLevel.NEIGHBOURHOOD)


def enter(places: Places, people: dict[str, User], since: datetime) -> dict[str, list[Household]]:
    """The doors of each estate, with the building head who keeps contact with them."""
    invented, phone, found = names("households"), 0, {}
    rows: list[tuple[Area, Door]] = []
    for estate in places.estates:
        for n in range(DOORS):
            door = Door(f"{n // 6 + 1}单元{n % 6 // 2 + 1}0{n % 2 + 1}", next(invented), f"1630001{phone:04d}")
            rows.append((places.building(estate, 1), door))
            phone += 1
    enter_households(rows=rows, actor=people["supervisor"], now=since)
    by_building: dict[int, list[Household]] = {}
    for household in Household.objects.select_related("area").order_by("pk"):
        by_building.setdefault(household.area_id, []).append(household)
    for estate in places.estates:
        found[estate] = by_building[places.building(estate, 1).pk]
        contact = people[f"contact {estate}"]
        assign_contact(households=found[estate], user=contact, actor=people["supervisor"], valid_from=since.date())
    return found


def appoint_heads(places: Places, people: dict[str, User], since: datetime) -> None:
    """片长, 组长, 邻长: each a grid worker, a building head, or a neighbour without a login."""
    invented = names("heads")
    for n, area in enumerate(area for area in places.areas.values() if area.level in HEADED):
        estate = next(e for e in places.estates if places.areas[e].path.startswith(area.path))
        user = {
            AreaLevel.SECTOR: people[f"leader team:{places.team_of(estate).code}"],
            AreaLevel.GROUP: people[f"contact {estate}"],
        }.get(AreaLevel(area.level))
        name = "" if user else next(invented)
        actor = people["chief" if n % 2 else "supervisor"]
        appoint_head(area=area, actor=actor, valid_from=since.date(), now=since, user=user, name=name)


def rounds(world: World) -> Iterator[Story]:
    """The rounds of each building head."""
    for estate in world.places.estates:
        for n in range(ROUNDS):
            yield _round(world, estate, n)


def _round(world: World, estate: str, n: int) -> Story:
    dice = world.dice("round", estate, n)
    begin = world.days.now - FIRST + (FIRST - LAST) * ((n + dice.random()) / ROUNDS)
    at = world.days.later(begin, dice.uniform(0.1, 5))
    for household in dice.sample(world.doors[estate], k=2):
        yield at
        _visit(world.people[f"contact {estate}"], household, at, dice.choice(SAID))
        at += timedelta(minutes=dice.randint(12, 40))


def _visit(contact: User, household: Household, at: datetime, words: str) -> None:
    way = VisitWay.NOBODY if words.startswith("不在家") else VisitWay.HOME
    record_visit(household=household, actor=contact, now=at, way=way, words=words)


def resident_of(household: Household) -> Person:
    """Who opens the door."""
    return Person(name=household.head_name, phone=household.phone, address=f"1栋{household.unit}")
