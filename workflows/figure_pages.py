"""The page of figures: rates with the cases behind each number, and the same rate by area, team or category."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.models import Area, Case, Category, Team, User
from cases.querysets import AREA_ROLES
from cases.selectors import LONG_COLUMNS
from cases.terms import Role
from workflows.figures.lives import Life
from workflows.figures.rates import BY_NAME, SIDES, Figure, Rate, Tally
from workflows.figures.reading import Question, read_lives

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
    """Count once, by all rates together and by one rate for each part."""
    total = Tally()
    parts: dict[int | str | None, Figure] = {}
    key = _key_of(split, question, viewer)
    shown = BY_NAME[rate]
    for life in read_lives(question, viewer):
        total.add(life)
        if shown.of(life):
            part = parts.setdefault(key(life), Figure(shown))
            part.denominator += 1
            part.numerator += shown.counts(life)
    names = _names(split, list(parts))
    least = settings.FIGURES_MIN_SAMPLE
    rows = [Part(names.get(one, str(_("未定"))), part, part.denominator >= least) for one, part in parts.items()]
    return FiguresPage(question, total, list(total.figures.values()), shown, split, _in_order(rows), least)


def _in_order(rows: Sequence[Part]) -> list[Part]:
    """By name. Only where somebody has switched leaderboards on, the best first, small samples last."""
    if not settings.LEADERBOARDS:
        return sorted(rows, key=lambda row: row.name)
    sign = {True: -1, False: 1}

    def place(row: Part) -> tuple[bool, float, str]:
        return not row.is_enough, sign[row.figure.rate.is_better_high] * (row.figure.value or 0), row.name

    return sorted(rows, key=place)


def _key_of(split: str, question: Question, viewer: User) -> Callable[[Life], int | str | None]:
    if split == "team":
        return lambda life: life.team
    if split == "category":
        return lambda life: life.category or None
    roots = _roots(question, viewer)
    paths = dict(Area.objects.values_list("pk", "path"))
    step = Area.steplen

    def child(life: Life) -> str | None:
        path = paths.get(life.area or 0, "")
        root = next((one for one in roots if path.startswith(one)), None)
        return None if root is None else path[: len(root) + step]

    return child


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


def behind(viewer: User, question: Question, rate: str, side: str, page: int) -> Behind:
    """The cases in the numerator or denominator, newest first."""
    shown = BY_NAME[rate]
    keys = sorted((life.case for life in read_lives(question, viewer) if shown.holds(life, side)), reverse=True)
    pages = max(1, -(-len(keys) // ROWS))
    page = min(max(page, 1), pages)
    wanted = keys[(page - 1) * ROWS : page * ROWS]
    rows = Case.objects.defer(*LONG_COLUMNS).select_related("area", "category", "team")
    found = rows.filter(pk__in=wanted).order_by("-pk")
    return Behind(shown, side, shown.above if side == SIDES[0] else shown.below, len(keys), list(found), page, pages)
