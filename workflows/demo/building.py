"""Builds the demonstration: all steps of all cases in the order of their moments, the sweep running beside them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import F

from cases.commands import Person
from cases.models import Area, Case, CaseEvent, Category, User
from cases.terms import Priority, Source, State
from workflows import permissions as may
from workflows.calendars import WorkCalendar
from workflows.commands.intake import Report, report_case
from workflows.commands.sweep import sweep
from workflows.demo.councils import build_council
from workflows.demo.matters import MATTERS, Matter, make_categories
from workflows.demo.people import make_people, residents
from workflows.demo.places import ROOT, Places, make_places
from workflows.demo.steps import STEPS, Scene
from workflows.demo.stories import DAY, WORK, Steps, told
from workflows.limits import default_calendar
from workflows.seed import YEARS, seed_all

SWEEPS = (time(8, 45), time(11, 30), time(15, 0), time(18, 0))
PRESSING_WITHIN = 6 * DAY  # an older urgent case would only be one more that is late
HOME = "平山小区"  # every second case, so that the people with a login have something to do
HOURS_OF_WORK = sum(gap for _, gap in WORK)
PHOTO_CATEGORY_STEPS = frozenset({"submit", "submit_planned"})


@dataclass(frozen=True)
class Demo:
    """What is there: built now, or found."""

    created: bool
    cases: int
    states: dict[str, int]


@transaction.atomic
def build(now: datetime, *, size: int | None = None) -> Demo:
    """Build the demonstration, once; `size` limits the number of cases."""
    created = not Area.objects.filter(code=ROOT).exists()
    if created:
        seed_all(range(YEARS.start, max(YEARS.stop, now.year + 2)), now=now)
        since = date(now.year - 2, 1, 1)
        places = make_places(since)
        people = make_people(places, since)
        categories = make_categories()
        _live(_scenes(places, people, categories, size), now)
        if size is None:
            build_council(places, people, categories["101"], now)
        # These days were never lived: nobody is sent the messages of the weeks before.
        CaseEvent.objects.filter(at__lt=now - timedelta(days=1)).update(relayed_at=F("at"))
    states = Counter(Case.objects.filter(area__path__startswith=_root_path()).values_list("state", flat=True))
    return Demo(created, states.total(), dict(sorted(states.items())))


def _root_path() -> str:
    return str(Area.objects.values_list("path", flat=True).get(code=ROOT))


@dataclass(frozen=True)
class Life:
    """A case to come: its scene, its steps, and how long ago each was."""

    scene: Scene
    steps: Steps
    idle: float
    building: int
    person: Person

    def moments(self, calendar: WorkCalendar, now: datetime) -> list[tuple[datetime, str]]:
        """The moment of the report and of each step, counted back from now in working time."""
        shift = self.scene.n * 7 % 25 / 100  # up to a quarter of an hour, or all would happen at once
        at = working_moment_before(calendar, now, self.idle + shift)
        found = []
        for name, gap in reversed(self.steps):
            found.append((at, name))
            at = working_moment_before(calendar, at, gap)
        return [(at, "report"), *reversed(found)]


def working_moment_before(calendar: WorkCalendar, moment: datetime, hours: float) -> datetime:
    """The latest moment from which `hours` of working time pass until `moment`."""
    left, cursor = timedelta(hours=hours), moment.astimezone(calendar.zone)
    while True:
        day = cursor.date()
        for begin, end in reversed(calendar.periods) if calendar.is_working_day(day) else ():
            opens, closes = (datetime.combine(day, t, calendar.zone) for t in (begin, end))
            worked = min(closes, cursor) - opens
            if worked >= left:
                return min(closes, cursor) - left
            left -= max(worked, timedelta(0))
        cursor = datetime.combine(day, time(0), calendar.zone) - timedelta(seconds=1)


def _scenes(
    places: Places, people: dict[str, User], categories: dict[str, Category], size: int | None
) -> Iterator[Life]:
    someone, cases = residents(), list(told(size))
    for n, steps, idle in cases:
        names = {name for name, _ in steps}
        subject = _same_matter(idle, cases) if "merge" in names else n
        estate = _estate(subject, places, needs_council="refer" in names)
        building = subject // 2 % 6 + 1
        matter = _matter(subject, submits=bool(names & PHOTO_CATEGORY_STEPS))
        grid = f"{estate}{'第一网格' if building <= 3 else '第二网格'}"  # noqa: PLR2004
        scene = Scene(
            n=n,
            matter=matter,
            category=categories[matter.category],
            estate=estate,
            team=places.team_of(estate),
            places=places,
            people=people,
            grid_worker=people[grid],
            is_pressing=idle + sum(gap for _, gap in steps) <= PRESSING_WITHIN,
        )
        yield Life(scene, steps, idle, building, next(someone))


def _same_matter(idle: float, cases: list[tuple[int, Steps, float]]) -> int:
    """The case in hand that a case merged `idle` hours ago tells of again."""
    return next(n for n, steps, since in cases if steps == WORK and since + HOURS_OF_WORK > idle + 2)


def _estate(n: int, places: Places, *, needs_council: bool) -> str:
    if needs_council:
        return list(places.councils)[n % 2]
    return HOME if n % 2 == 0 else places.estates[n // 2 % len(places.estates)]


def _matter(n: int, *, submits: bool) -> Matter:
    matter = MATTERS[n % len(MATTERS)]
    is_free_of_photos = matter.category != "202"
    return matter if is_free_of_photos or not submits else MATTERS[0]


def _live(lives: Iterator[Life], now: datetime) -> None:
    calendar = default_calendar()
    script = sorted(
        (
            (at, life.scene.n, place, name, life)
            for life in lives
            for place, (at, name) in enumerate(life.moments(calendar, now))
        ),
        key=lambda row: row[:3],
    )
    swept = script[0][0]
    for at, _, _, name, life in script:
        swept = _sweep_until(at, swept, calendar)
        if name == "report":
            life.scene.case_id = _report(life, at)
        elif not _is_closed_by_its_clock(life.scene.case_id):
            STEPS[name](life.scene, at)
    _sweep_until(now, swept, calendar)
    sweep(now=now)


def _is_closed_by_its_clock(case_id: int) -> bool:
    """A week of holidays closes what waits for its survey; then the story ends there."""
    return Case.objects.filter(pk=case_id, state=State.CLOSED).exists()


def _sweep_until(at: datetime, swept: datetime, calendar: WorkCalendar) -> datetime:
    """Sweep at the fixed hours in between, as the worker would have."""
    day = swept.astimezone(calendar.zone).date()
    while day <= at.astimezone(calendar.zone).date():
        for hour in SWEEPS:
            moment = datetime.combine(day, hour, calendar.zone)
            if swept < moment <= at:
                sweep(now=moment)
        day += timedelta(days=1)
    return at


def _report(life: Life, at: datetime) -> int:
    scene, n = life.scene, life.scene.n
    house = f"{life.building}栋"
    words = {"b": life.building, "e": scene.estate}
    source, actor = Source.GRID, scene.grid_worker
    reporter: Person | None = life.person
    if scene.estate == HOME and life.building == 1:
        source, actor = Source.HOUSEHOLD, scene.people["contact"]
    elif n % 5 == 1:
        source, actor = Source.DESK, scene.people["desk"]
    elif n % 7 == 5:  # noqa: PLR2004
        source, actor = Source.RESIDENT, may.RESIDENT  # type: ignore[assignment]
    elif n % 4 == 0:
        reporter = None  # seen by the grid worker, raised by nobody
    report = Report(
        area=scene.places.areas[f"{scene.estate}{house}"],
        title=scene.matter.title.format(**words),
        description=scene.matter.description.format(**words),
        place=f"{scene.estate}{house}",
        category=scene.category if n % 3 else None,
        priority=scene.matter.priority if scene.is_pressing else Priority.NORMAL,
        source=source,
        reporter=reporter,
    )
    return report_case(report=report, actor=actor, now=at).pk
