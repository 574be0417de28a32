"""通报: a week or a month of a scope on a sheet: what came and went, the rates, who stands where, what is late longest.

Everything is what was known at the end of the period, so the bulletin of any past one comes out the same again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.models import Case, User
from workflows.dashboard import SHOWN_RATES, Flow, Key, counted_by, known_parts, roots_of
from workflows.figures.rates import Figure, Rate
from workflows.figures.reading import Question
from workflows.keeping.reading import reading
from workflows.keeping.shares import AREA, TEAM, Counts, Share
from workflows.spans import WEEK, begin_of, next_begin

LONGEST = 20
SPLITS: tuple[tuple[str, Promise | str], ...] = ((AREA, _("各区域")), (TEAM, _("各工作队")))


@dataclass(frozen=True)
class Span:
    """A week or a month: its first and last day, and the moment as of which it is told."""

    grain: str
    begins: date
    ends: date
    as_of: datetime
    is_over: bool

    @property
    def title(self) -> Promise | str:
        """What the bulletin is called."""
        return _("周通报") if self.grain == WEEK else _("月通报")


@dataclass(frozen=True)
class Number:
    """A number of this period and of the one before."""

    label: Promise | str
    now: int
    before: int

    @property
    def change(self) -> int:
        """More, or less."""
        return self.now - self.before


@dataclass(frozen=True)
class Compared:
    """A rate of the cases of the year up to the end of this period, and of the one before."""

    rate: Rate
    now: Figure
    before: Figure

    @property
    def points(self) -> float | None:
        """How many percentage points more or less; None where one of them has no cases."""
        if self.now.value is None or self.before.value is None:
            return None
        return 100 * (self.now.value - self.before.value)


@dataclass(frozen=True)
class Unit:
    """An area or a team."""

    name: str
    counts: Counts
    least: int

    @property
    def rates(self) -> list[tuple[Figure, bool]]:
        """Each rate, and whether its sample is worth a percentage."""
        figures = [self.counts.figure(rate) for rate in SHOWN_RATES]
        return [(figure, figure.denominator >= self.least) for figure in figures]


@dataclass(frozen=True)
class Late:
    """A case that is overdue for long."""

    case: Case
    since: datetime
    days: int


@dataclass(frozen=True)
class Bulletin:
    """Everything on the sheet."""

    span: Span
    question: Question
    scope: str
    numbers: list[Number]
    year_begins: date
    rates: list[Compared]
    units: list[tuple[Promise | str, list[Unit]]]
    late: list[Late]
    overdue: int
    least: int


def span_of(grain: str, day: date, now: datetime) -> Span:
    """The week or month that holds a day; one that still runs is told as of now."""
    begins = begin_of(day, grain)
    next_one = next_begin(begins, grain)
    end = datetime.combine(next_one, time(), timezone.get_default_timezone()) - timedelta(microseconds=1)
    return Span(grain, begins, next_one - timedelta(days=1), min(end, now), end <= now)


def before(span: Span, now: datetime) -> Span:
    """The week or month before."""
    return span_of(span.grain, span.begins - timedelta(days=1), now)


def bulletin(viewer: User, question: Question, span: Span, *, now: datetime) -> Bulletin:
    """The bulletin of a scope; the days of the question do not count, the span does."""
    last = before(span, now)
    this_year = replace(question, since=span.ends.replace(month=1, day=1), until=span.ends, as_of=span.as_of)
    with reading(this_year, viewer) as found:
        counts, flows = found.total(), found.flows()
        roots = roots_of(found)
        units = [(label, _units(split, counted_by(found, split, roots), question)) for split, label in SPLITS]
    with reading(replace(this_year, since=None, until=None), viewer) as found:
        late, overdue = _late(found.longest_overdue(LONGEST), span), found.total()["overdue"]
    with reading(replace(this_year, until=last.ends, as_of=last.as_of), viewer) as found:
        earlier, earlier_flows = found.total(), found.flows()
    return Bulletin(
        span=span,
        question=question,
        scope=str(question.area.name if question.area else _scope(roots)),
        numbers=_numbers(_flow(flows, span), _flow(earlier_flows, last)),
        year_begins=span.ends.replace(month=1, day=1),
        rates=[Compared(rate, counts.figure(rate), earlier.figure(rate)) for rate in SHOWN_RATES],
        units=units,
        late=late,
        overdue=overdue,
        least=settings.FIGURES_MIN_SAMPLE,
    )


def _scope(roots: Sequence[str]) -> str:
    return "、".join(str(row) for row in known_parts(AREA, list(roots)).values())


def _units(split: str, parts: Mapping[Key, Counts], question: Question) -> list[Unit]:
    known = known_parts(split, [key for key in parts if key])
    rows = []
    for key, counts in parts.items():
        row = known.get(key)
        is_root = split == AREA and question.area is not None and row == question.area
        name = str(getattr(row, "name", "") or _("未定"))
        rows.append((str(key or "~"), Unit(_("%(area)s本级") % {"area": name} if is_root else name, counts, 0)))
    least = settings.FIGURES_MIN_SAMPLE
    return [replace(unit, least=least) for _key, unit in sorted(rows, key=lambda row: row[0])]


def _flow(flows: Mapping[date, Flow], span: Span) -> Flow:
    """Received and ended within the span, in hand and overdue at its end."""
    within = [flow for day, flow in flows.items() if span.begins <= day <= span.ends]
    until = [flow for day, flow in flows.items() if day <= span.ends]
    return (
        sum(flow[0] for flow in within),
        sum(flow[1] for flow in within),
        sum(flow[2] for flow in until),
        sum(flow[3] for flow in until),
    )


def _numbers(now: Flow, earlier: Flow) -> list[Number]:
    labels = (_("收到"), _("办结"), _("期末在办"), _("期末超期"))
    return [Number(label, *sides) for label, *sides in zip(labels, now, earlier, strict=True)]


def _late(shares: Sequence[Share], span: Span) -> list[Late]:
    rows = Case.objects.select_related("area", "team").only(
        "number", "title", "area__full_name", "area__name", "team__name"
    )
    cases = rows.in_bulk([share.case for share in shares])
    return [
        Late(cases[share.case], share.overdue_since, (span.as_of - share.overdue_since).days)
        for share in shares
        if share.overdue_since
    ]
