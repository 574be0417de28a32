"""What the figures work on: a district of their own and as many cases as they ask for."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cases.models import Area, Case, CaseEvent, Category, Team, User
from cases.terms import EventType, Priority
from workflows.commands import handling, intake
from workflows.demo.matters import make_categories
from workflows.demo.people import make_people
from workflows.demo.places import make_places
from workflows.seed import YEARS, seed_all

SIZE = 50_000


@dataclass(frozen=True)
class World:
    """A district with one person for each role."""

    now: datetime  # today, for roles are read as of today; every move happens at this one moment
    people: dict[str, User]
    team: Team
    area: Area
    category: Category
    size: int = SIZE  # clocks, where a figure is about many of them; its parts take their share

    def reported(self) -> int:
        """The key of a new case."""
        report = intake.Report(
            area=self.area,
            title="3栋东侧路灯不亮",
            description="东侧两盏路灯不亮已有三天，老人晚上下楼看不清台阶。",
            place="平山小区3栋",
        )
        return intake.report_case(report=report, actor=self.people["grid"], now=self.now).pk

    def accept(self, case_id: int) -> None:
        intake.accept_case(
            case_id=case_id,
            actor=self.people["desk"],
            now=self.now,
            category=self.category,
            priority=Priority.NORMAL,
        )

    def dispatched(self) -> int:
        """The key of a case that waits for its team to sign."""
        case_id = self.reported()
        self.accept(case_id)
        handling.dispatch_case(case_id=case_id, actor=self.people["dispatcher"], now=self.now, team=self.team)
        return case_id


def make_world(now: datetime, size: int = SIZE) -> World:
    """Seed calendar, limits, places and people."""
    seed_all(range(YEARS.start, max(YEARS.stop, now.year + 2)), now=now)
    since = date(now.year - 2, 1, 1)
    places = make_places(since)
    people = make_people(places, since)
    team, area = places.team_of("平山小区"), places.areas["平山小区3栋"]
    return World(now, people, team, area, make_categories()["101"], size)


def insert_plainly(case: Case, seq: int, *, actor: User, at: datetime, data: dict[str, str]) -> None:
    """A note as a plain insert without its chain: an anchor, in a database that is thrown away."""
    CaseEvent.objects.create(
        case=case, seq=seq, type=EventType.NOTE_ADDED.value, at=at, actor=actor, state=case.state, data=data
    )


def unchained(case: Case, seq: int, kind: EventType, *, at: datetime, state: str, data: dict[str, Any]) -> CaseEvent:
    """An event without its chain, not saved: of lives that are made by the thousand and taken away again."""
    said = {"type": kind.value, "at": at, "state": state, "data": data}
    return CaseEvent(case=case, seq=seq, hash=str(seq), relayed_at=at, **said)
