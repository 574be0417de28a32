"""Whether two matters may be one: by place, time, category and words together, each with its reason; never merged."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rapidfuzz import fuzz

from cases.lib.bigrams import bigrams
from cases.lib.similarity import similar
from cases.models import Area, Case, User
from cases.querysets import CaseQuerySet
from cases.terms import AreaLevel, State

DAYS, READ, SHOWN = 90, 300, 5
ENOUGH, LEAST_WORDS = 0.55, 0.25  # of the whole; and of the words, without which no place makes two matters one
WORDS, PLACE, TIME, KIND = 0.55, 0.25, 0.1, 0.1  # what each is worth
NEAR_METRES, EARTH_METRES = 80.0, 6_371_000.0
LONGEST = 600  # characters of a text that are compared: what it is about is said at its beginning
COLUMNS = (
    "number", "title", "description", "place", "state", "reported_at", "area", "category", "latitude", "longitude",
)  # fmt: skip
SAME_PLACE: dict[str, tuple[float, Promise | str]] = {
    AreaLevel.BUILDING: (1.0, gettext_lazy("同一栋楼")),
    AreaLevel.GRID: (0.7, gettext_lazy("同一网格")),
    AreaLevel.ESTATE: (0.5, gettext_lazy("同一小区")),
    AreaLevel.NEIGHBOURHOOD: (0.6, gettext_lazy("同一邻")),
    AreaLevel.GROUP: (0.5, gettext_lazy("同一组")),
    AreaLevel.SECTOR: (0.4, gettext_lazy("同一片")),
    AreaLevel.COMMUNITY: (0.3, gettext_lazy("同一社区")),
}


@dataclass(frozen=True)
class Told:
    """A matter as it is told, whether it is a case already or still being typed."""

    words: str
    area: Area
    at: datetime
    place: str = ""
    category_id: int | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class Near:
    """A case that may be the same matter: how sure that is in per cent, and why, in words."""

    case: Case
    alike: int
    reasons: tuple[str, ...]


def told_of(case: Case) -> Told:
    """A case as it was told."""
    words = f"{case.title} {case.description}"
    return Told(
        words, case.area, case.reported_at, case.place, case.category_id, case.latitude, case.longitude
    )  # fmt: skip


def near_cases(told: Told, among: CaseQuerySet, *, without: int | None = None) -> list[Near]:
    """The likeliest of the open cases of the last 90 days around the place; one bounded query, areas read once."""
    paths = [told.area.path[:n] for n in range(len(told.area.path), 0, -Area.steplen)]
    around = paths[min(1, len(paths) - 1)]
    rows = among.open().filter(area__path__startswith=around, reported_at__gte=told.at - timedelta(days=DAYS))
    rows = rows.exclude(pk=without) if without else rows
    found = (
        _judged(told, row) for row in rows.select_related("area").order_by("-reported_at").only(*_columns())[:READ]
    )
    likely = sorted((one for one in found if one is not None), key=lambda one: -one.alike)
    return likely[:SHOWN]


def _columns() -> tuple[str, ...]:
    return (*COLUMNS, "area__path", "area__level", "area__name", "area__depth")


def _judged(told: Told, case: Case) -> Near | None:
    words = alike_words(told.words, f"{case.title} {case.description}")
    if words < LEAST_WORDS:
        return None
    place, where = _place(told, case)
    days = abs((told.at - case.reported_at).days)
    kind = _kind(told.category_id, case.category_id)
    score = WORDS * words + PLACE * place + TIME * (1 - min(days, DAYS) / DAYS) + KIND * kind
    if score < ENOUGH:
        return None
    said = [where, _days(days), _("同类") if kind == 1 else "", _("内容相近 %(n)s%%") % {"n": round(words * 100)}]
    return Near(case, round(score * 100), tuple(str(one) for one in said if one))


def alike_words(a: str, b: str) -> float:
    """0 to 1: shared pairs of characters, and the same ones in whatever order and length."""
    a, b = a[:LONGEST], b[:LONGEST]
    return (similar(a, b) + fuzz.token_set_ratio(bigrams(a), bigrams(b)) / 100) / 2


def _place(told: Told, case: Case) -> tuple[float, Promise | str]:
    """How near the places are, and in which words: by coordinates, by the place as it is written, by the tree."""
    metres = _metres(told, case)
    if metres is not None and metres <= NEAR_METRES:
        return 1.0, _("相距 %(n)s 米") % {"n": round(metres)}
    written = told.place.strip()
    if written and bigrams(written) == bigrams(case.place):
        return 1.0, _("同一地点")
    shared = _shared(told.area, case.area)
    return shared if metres is None else (min(shared[0], 0.5), shared[1])


def _shared(one: Area, other: Area) -> tuple[float, Promise | str]:
    """The smallest place that both lie in, when one of them is it; else how deep their paths agree."""
    if one.path == other.path:
        return SAME_PLACE.get(one.level, (0.3, gettext_lazy("同一区域")))
    smaller, larger = (one, other) if len(one.path) > len(other.path) else (other, one)
    if smaller.path.startswith(larger.path):
        worth, words = SAME_PLACE.get(larger.level, (0.3, gettext_lazy("同一区域")))
        return worth, words
    return 0.25, gettext_lazy("相邻")


def _metres(told: Told, case: Case) -> float | None:
    here, there = (told.latitude, told.longitude), (case.latitude, case.longitude)
    if None in here or None in there:
        return None
    (a, b), (c, d) = (tuple(radians(n or 0.0) for n in point) for point in (here, there))
    chord = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return 2 * EARTH_METRES * asin(sqrt(chord))


def _kind(one: int | None, other: int | None) -> float:
    if one is None or other is None:
        return 0.5
    return float(one == other)


def _days(days: int) -> str:
    return _("%(n)s 天前") % {"n": days} if days else _("今天")


def near_of(case: Case, viewer: User) -> list[Near]:
    """What the viewer may see that may be the same matter as a case, while nobody has taken it on."""
    if case.state != State.REPORTED:
        return []
    return near_cases(told_of(case), Case.objects.visible_to(viewer), without=case.pk)


def is_known(case: Case) -> bool:
    """Whether the matter seems to be in hand already: what a resident may hear, and nothing of the other case."""
    return case.state == State.REPORTED and bool(near_cases(told_of(case), Case.objects.all(), without=case.pk))
