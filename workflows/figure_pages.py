"""The page of figures: rates with the cases behind each number, and the same rate by area, team or category."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.lib.sheets import Column, Sheet, percent
from cases.models import Area, Case, Category, Team, User
from cases.querysets import AREA_ROLES
from cases.selectors import LONG_COLUMNS
from cases.terms import Role
from workflows.figures.rates import BY_NAME, LISTED, SIDES, Figure, Rate, Tally
from workflows.figures.reading import Question
from workflows.keeping.reading import reading
from workflows.keeping.shares import AREA, column_of

READERS = (Role.SUPERVISOR, Role.LEADER, Role.AUDITOR, Role.TEAM_LEADER, Role.SURVEY_DESK)
SPLITS: tuple[tuple[str, Promise | str], ...] = (
    ("area", _("按区域")),
    ("team", _("按工作队")),
    ("category", _("按类别")),
)
ROWS = 50


@dataclass(frozen=True)
class Part:
    """One rate of one area, team or category; `is_enough`: of a sample that is worth a percentage."""

    name: str
    figure: Figure
    is_enough: bool


@dataclass(frozen=True)
class FiguresPage:
    """Everything that the page shows."""

    question: Question
    total: Tally
    figures: list[Figure]
    rate: Rate
    split: str
    parts: list[Part]
    least: int


@dataclass(frozen=True)
class Behind:
    """A page of the cases behind one number."""

    rate: Rate
    side: str
    words: Promise | str
    count: int
    cases: list[Case]
    page: int
    pages: int

    @property
    def before(self) -> int:
        """The number of the page before."""
        return self.page - 1

    @property
    def after(self) -> int:
        """The number of the next page."""
        return self.page + 1


def figures_page(viewer: User, question: Question, *, rate: str, split: str) -> FiguresPage:
    """All rates together, and one rate for each part, of one moment."""
    shown = BY_NAME[rate]
    with reading(question, viewer) as found:
        total = found.total().tally()
        parts = found.by_area(_roots(question, viewer)) if split == AREA else found.by(split)
    figures = {value: counts.figure(shown) for value, counts in parts.items()}
    figures = {value: figure for value, figure in figures.items() if figure.denominator}
    names = _names(split, list(figures))
    least = settings.FIGURES_MIN_SAMPLE
    rows = [Part(names.get(one, str(_("未定"))), part, part.denominator >= least) for one, part in figures.items()]
    return FiguresPage(question, total, list(total.figures.values()), shown, split, _in_order(rows), least)


def _in_order(rows: Sequence[Part]) -> list[Part]:
    """By name. Only where somebody has switched leaderboards on, the best first, small samples last."""
    if not settings.LEADERBOARDS:
        return sorted(rows, key=lambda row: row.name)
    sign = {True: -1, False: 1}

    def place(row: Part) -> tuple[bool, float, str]:
        return not row.is_enough, sign[row.figure.rate.is_better_high] * (row.figure.value or 0), row.name

    return sorted(rows, key=place)


def _roots(question: Question, viewer: User) -> list[str]:
    """Where the parts are the children of: the chosen area, else what the viewer is in charge of, else everything."""
    if question.area:
        return [question.area.path]
    grants = viewer.grants()
    paths = () if grants.has(Role.AUDITOR) else grants.area_paths(AREA_ROLES)
    return sorted(paths, key=len) or [""]


def _names(split: str, keys: Iterable[int | str | None]) -> dict[int | str | None, str]:
    if split == "team":
        return dict(Team.objects.filter(pk__in=[key for key in keys if key]).values_list("pk", "name"))
    if split == "category":
        return dict(Category.objects.filter(code__in=[key for key in keys if key]).values_list("code", "name"))
    return {area.path: area.near_name for area in Area.objects.filter(path__in=[key for key in keys if key])}


def parts_sheet(rate: Rate) -> Sheet[Part]:
    """One rate by its parts as a file; a small sample has its numbers and no percentage, as on the page."""

    def enough(part: Part, share: float | None) -> float | None:
        return percent(share) if part.is_enough else None

    return Sheet(
        f"figures-{rate.name}",
        rate.label,
        (
            Column(_("单位"), 30, lambda part: part.name),
            Column(_("比率（%）"), 10, lambda part: enough(part, part.figure.value)),
            Column(_("分子"), 8, lambda part: part.figure.numerator),
            Column(_("分母"), 8, lambda part: part.figure.denominator),
            Column(_("95% 区间下限（%）"), 12, lambda part: enough(part, part.figure.interval[0])),
            Column(_("95% 区间上限（%）"), 12, lambda part: enough(part, part.figure.interval[1])),
        ),
        impersonal=True,
    )


def keys_behind(viewer: User, question: Question, rate: str, side: str) -> list[int]:
    """The keys of all cases in the numerator or denominator, the newest first."""
    with reading(question, viewer) as reader:
        return list(reader.keys(column_of(rate, side)))


def behind(viewer: User, question: Question, rate: str, side: str, page: int) -> Behind:
    """The cases in the numerator or denominator, newest first."""
    shown = LISTED[rate]
    with reading(question, viewer) as reader:
        keys = reader.keys(column_of(rate, side))
        count = len(keys) if isinstance(keys, list) else keys.count()
        pages = max(1, -(-count // ROWS))
        page = min(max(page, 1), pages)
        wanted = list(keys[(page - 1) * ROWS : page * ROWS])
    rows = Case.objects.defer(*LONG_COLUMNS).select_related("area", "category", "team")
    found = rows.filter(pk__in=wanted).order_by("-pk")
    return Behind(shown, side, shown.above if side == SIDES[0] else shown.below, count, list(found), page, pages)
