"""P10: a supervisor's dashboard, exact, against a plain GROUP BY over all cases; and how fast lives are folded.

The smallest of the three populations are cases with the events of their lives, folded as ever; the larger ones add
copies of these with what is kept of them, and sums made in SQL. It is measured last: copies have no history.
"""

from datetime import timedelta
from math import log
from random import Random
from time import perf_counter
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from cases.lib.bulk import insert_many
from cases.models import Area, Case, CaseEvent, Category, RoleAssignment, Team, User
from cases.terms import AreaLevel, EventType, ResultCode, Role, Satisfaction, State
from workflows.benchmark.measure import Figure, take_turns
from workflows.benchmark.world import World, unchained
from workflows.dashboard import Dashboard, dashboard
from workflows.figures.rates import tally
from workflows.figures.reading import Question, read_lives
from workflows.keeping.fold import DEPTH, fold_all
from workflows.keeping.reading import SUMS
from workflows.keeping.shares import AREA, Counts
from workflows.models import KeptFlow, KeptLife, KeptSum
from workflows.models.kept import COLUMNS
from workflows.spans import MONTH

GROWTH = (100, 10, 1)  # the largest size over each of the three
STREETS, COMMUNITIES, ESTATES, TEAMS, CATEGORIES = 10, 10, 8, 70, 60
DAYS = 3 * 365
IN_HAND, LATE = 0.05, 0.2  # of all cases, and of those in hand
PENDING = 20  # cases whose last events are not folded yet, as between two looks of the sweep
LOOKS, ROUNDS = 20, 3
SEED = 20_261_130
E = EventType
COPY = """CREATE TEMPORARY TABLE bench_copy AS
 SELECT nextval(pg_get_serial_sequence('cases_case', 'id')) AS id, model.id AS model
 FROM generate_series(0, %(missing)s - 1) AS n JOIN
 (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM cases_case WHERE source = 'bench') model
 ON model.place = n %% %(models)s"""
COPIED = (("cases_case", "id", ("number", "kept_version")), ("workflows_keptlife", "case_id", ()))
SUMS_OF_ALL = """INSERT INTO workflows_keptsum (path, facet, value, month, {columns})
 SELECT left(area.path, far * {step}), facet, CASE facet WHEN 'team' THEN coalesce(kept.team_id::text, '')
   WHEN 'category' THEN kept.category WHEN 'campaign' THEN kept.campaign ELSE '' END AS value,
   date_trunc('month', kept.reported_on)::date AS month, {sums}
 FROM workflows_keptlife kept JOIN cases_area area ON area.id = kept.area_id, generate_series(1, {depth}) far,
   unnest(ARRAY['', 'team', 'category', 'campaign']) facet
 GROUP BY 1, 2, 3, 4"""
FLOWS_OF_ALL = """INSERT INTO workflows_keptflow (path, day, received, ended, in_hand, overdue)
 SELECT left(area.path, far * {step}), (step->>0)::date, sum((step->>1)::int), sum((step->>2)::int),
   sum((step->>3)::int), sum((step->>4)::int)
 FROM workflows_keptlife kept JOIN cases_area area ON area.id = kept.area_id, jsonb_array_elements(kept.steps) step,
   generate_series(1, {depth}) far
 GROUP BY 1, 2"""


def measure_dashboard(world: World, *, looks: int = LOOKS, rounds: int = ROUNDS) -> list[Figure]:
    """The page's data at N, 10 N and 100 N cases; p95 of the largest, the ratio of medians in turns."""
    district = _District(world)
    sizes = [max(world.size // part, 1) for part in GROWTH]
    costs: list[float] = []
    figures: list[Figure] = []
    for size in sizes:
        district.grow(size)
        figures = _of_size(district, size, looks, rounds)
        costs.append(figures[1].value)
    for small, large, before, after in zip(sizes, sizes[1:], costs, costs[1:], strict=False):
        exponent = log(after / before) / log(large / small)
        figures.append(Figure(f"P10 · growth exponent {small:,} → {large:,}", exponent, smaller_is_better=True))
    return [*figures, Figure("P10 · lives folded per second", district.folded_per_second)]


def _of_size(district: "_District", size: int, looks: int, rounds: int) -> list[Figure]:
    seen: list[Dashboard] = []
    took: list[float] = []
    plain: list[dict[str, Any]] = []

    def subject(_: int) -> None:
        began = perf_counter()
        seen.append(district.look())
        took.append(perf_counter() - began)

    def anchor(_: int) -> None:
        plain.append(district.plainly())

    turns = take_turns(subject, anchor, rounds=rounds, size=1)
    for n in range(looks):
        subject(n)
    found = sorted(took[1:])  # the first reads what no page after it needs to read
    p95 = 1000 * found[min(len(found) - 1, int(0.95 * len(found)))]
    equal = all(district.tells_the_same(page, plain[-1]) for page in (seen[0], seen[-1]))
    if size == district.models:
        equal = equal and district.is_as_the_history_says(seen[-1])
    name = f"P10 dashboard at {size:,} cases, ms ÷ GROUP BY over all"
    return [
        Figure(name, 1000 / turns.subject, 1000 / turns.anchor, turns.ratio, 3, 20, equal, turns.noisy),
        Figure("P10 · p95 in ms", p95, goal=50, smaller_is_better=True),
    ]


class _District:
    """Areas, a supervisor, and as many cases as a size asks for."""

    def __init__(self, world: World) -> None:
        self.now, self.random = world.now, Random(SEED)  # noqa: S311  # no secret
        root = Area(code="BENCH", name="区", level=AreaLevel.DISTRICT, full_name="区")
        self.root: Area = Area.objects.add_root(instance=root)
        self.estates: list[Area] = []
        levels = ((STREETS, AreaLevel.STREET), (COMMUNITIES, AreaLevel.COMMUNITY), (ESTATES, AreaLevel.ESTATE))
        above = [self.root]
        for number, level in levels:
            above = [_child(Area.objects.get(pk=area.pk), n, level) for area in above for n in range(number)]
        self.estates = above
        self.teams = [Team.objects.create(code=f"B{n}", name=f"{n}队", area=self.root) for n in range(TEAMS)]
        self.categories = [Category.objects.create(code=f"B{n}", name=f"类{n}", group="类") for n in range(CATEGORIES)]
        self.supervisor = User.objects.create_user("bench", password=None, name="督办员")
        since = self.now.date() - timedelta(days=1)
        RoleAssignment.objects.create(user=self.supervisor, role=Role.SUPERVISOR, area=self.root, valid_from=since)
        self.models, self.folded_per_second = 0, 0.0

    def grow(self, size: int) -> None:
        """The first cases have their lives, the others are copies of them."""
        if not self.models:
            self._live(size)
        else:
            self._copy(size - Case.objects.filter(source="bench").count())
        with connection.cursor() as cursor:
            for table in ("cases_case", "workflows_keptlife", "workflows_keptsum", "workflows_keptflow"):
                cursor.execute(f"VACUUM (ANALYZE) {table}")
        keys = (
            Case.objects.filter(source="bench").order_by("pk").values_list("pk", flat=True)[: min(PENDING, self.models)]
        )
        Case.objects.filter(pk__in=list(keys)).update(kept_version=0)

    def _live(self, number: int) -> None:
        self.models = number
        cases = [self._case(n) for n in range(number)]
        insert_many(cases)
        known = dict(Case.objects.filter(source="bench").values_list("number", "pk"))
        rows: list[CaseEvent] = []
        for case in cases:
            case.pk = known[case.number]
            rows += self._events(case)
        insert_many(rows)
        began = perf_counter()
        folded = fold_all()
        self.folded_per_second = folded / (perf_counter() - began)

    def _case(self, n: int) -> Case:
        draw = self.random
        drawn: dict[str, Any] = {
            "area": draw.choice(self.estates), "team": draw.choice(self.teams),
            "category": draw.choice(self.categories), "state": State.CLOSED, "version": 6,
            "reported_at": self.now - timedelta(days=draw.uniform(1, DAYS)),
        }  # fmt: skip
        if draw.random() < IN_HAND:
            days = draw.uniform(-20, 0) if draw.random() < LATE else draw.uniform(0.1, 20)
            due_at = self.now + timedelta(days=days)
            drawn |= {
                "state": State.IN_PROGRESS, "holder_role": Role.TEAM_MEMBER, "due_at": due_at,
                "warn_at": due_at - timedelta(days=3), "version": 5 if days < 0 else 4,  # its clock has rung
                "reported_at": self.now - timedelta(days=draw.uniform(21, 60)),
            }  # fmt: skip
        return Case(number=f"0000-{n:06d}", source="bench", title="路灯不亮", description="路灯", **drawn)

    def _events(self, case: Case) -> list[CaseEvent]:
        assert case.category  # noqa: S101  # drawn above
        said: list[tuple[EventType, State, dict[str, Any]]] = [
            (E.REPORTED, State.REPORTED, {"area": case.area_id, "category": case.category.code}),
            (E.ACCEPTED, State.ACCEPTED, {"category": case.category.code}),
            (E.DISPATCHED, State.DISPATCHED, {"team": case.team_id}),
            (E.SIGNED, State.IN_PROGRESS, {}),
        ]
        if case.state == State.CLOSED:
            code = self.random.choice(list(ResultCode))
            said.append((E.SUBMITTED, State.SUBMITTED, {"result_code": code.value}))
            if self.random.random() < 0.7:  # noqa: PLR2004  # most residents answer
                rated = {
                    "solved": code == ResultCode.SOLVED,
                    "satisfaction": self.random.choice(list(Satisfaction)).value,
                }
                said.append((E.SURVEY_RECORDED, State.CLOSED, rated))
            else:
                said.append((E.CLOSED_UNANSWERED, State.CLOSED, {}))
        elif case.due_at and case.due_at <= self.now:
            said.append((E.CLOCK_OVERDUE, State.IN_PROGRESS, {"clock": "handle", "due_at": case.due_at.isoformat()}))
        hour = timedelta(hours=1)
        return [
            unchained(case, seq, kind, at=case.reported_at + (seq - 1) * hour, state=state, data=data)
            for seq, (kind, state, data) in enumerate(said, 1)
        ]

    def _copy(self, missing: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS bench_copy")
            cursor.execute(COPY, {"missing": missing, "models": self.models})
            for table, key, own in (
                ("cases_case", "id", ("number", "kept_version")),
                ("workflows_keptlife", "case_id", ()),
            ):
                cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
                names = [name for (name,) in cursor.fetchall() if name not in (key, *own)]
                made = {"number": "'1000-' || copy.id", "kept_version": "model.version"}
                listed = ", ".join([key, *own, *names])
                values = ", ".join(["copy.id", *(made[name] for name in own), *(f"model.{name}" for name in names)])
                cursor.execute(
                    f"INSERT INTO {table} ({listed}) SELECT {values} FROM bench_copy copy"  # noqa: S608  # our own names
                    f" JOIN {table} model ON model.{key} = copy.model"
                )
            KeptSum.objects.all().delete()
            KeptFlow.objects.all().delete()
            columns, sums = ", ".join(COLUMNS), ", ".join(f"sum({name})" for name in COLUMNS)
            cursor.execute(SUMS_OF_ALL.format(columns=columns, sums=sums, depth=DEPTH, step=Area.steplen))
            cursor.execute(FLOWS_OF_ALL.format(depth=DEPTH, step=Area.steplen))

    def look(self) -> Dashboard:
        """As a request does it, the roles of the person included."""
        return dashboard(User.objects.get(pk=self.supervisor.pk), Question(), split=AREA, grain=MONTH, now=self.now)

    def plainly(self) -> dict[str, Any]:
        """The same numbers by a GROUP BY over every case in scope."""
        rows = KeptLife.objects.filter(area__path__startswith=self.root.path)
        late = Case.objects.filter(area__path__startswith=self.root.path).values("area__path").order_by()
        late = late.annotate(
            overdue=Count("pk", filter=~Q(state=State.CLOSED) & Q(due_at__lte=self.now)),
            soon=Count("pk", filter=~Q(state=State.CLOSED) & Q(due_at__gt=self.now, warn_at__lte=self.now)),
        )
        found: Any = rows.order_by().values("area__path").annotate(**SUMS).values_list("area__path", *SUMS)
        months = rows.annotate(month=TruncMonth("reported_on")).values("month").order_by()
        return {
            "areas": {path: Counts(numbers) for path, *numbers in found},
            "late": {row["area__path"]: (row["overdue"], row["soon"]) for row in late},
            "months": dict(months.annotate(n=Sum("cases")).values_list("month", "n")),
        }

    def tells_the_same(self, page: Dashboard, plain: dict[str, Any]) -> bool:
        """Totals, parts, what is late, and what came in each month."""
        total = Counts()
        for counts in plain["areas"].values():
            total.add(counts)
        parts = True
        for part in page.areas:
            path, own = part.area.path if part.area else "", Counts()
            for below, counts in plain["areas"].items():
                own.add(counts) if below.startswith(path) else None
            late = [numbers for below, numbers in plain["late"].items() if below.startswith(path)]
            pressing = (part.pressing.overdue, part.pressing.soon)
            parts = parts and part.counts == own and pressing == tuple(sum(side) for side in zip(*late, strict=True))
        months = [plain["months"].get(period.begins, 0) for period in page.periods]
        return parts and page.counts == total and [period.received for period in page.periods] == months

    def is_as_the_history_says(self, page: Dashboard) -> bool:
        """The rates folded from every event."""
        return tally(read_lives(Question(), self.supervisor)).figures == page.counts.tally().figures


def _child(parent: Area, n: int, level: AreaLevel) -> Area:
    code, name = f"{parent.code}-{n}", f"{level.label}{n}"
    made: Area = Area.objects.add_child(parent, instance=Area(code=code, name=name, level=level, full_name=name))
    return made
