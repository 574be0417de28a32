"""What the pages of limits show: the versions, one version as a table, what a table changes, the standard of a case."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.lib.sheets import Column, Sheet
from cases.models import Case, Category, User
from cases.terms import ClockKind, Priority, Role
from workflows import limits
from workflows.limit_plan import Change
from workflows.limit_preview import Preview
from workflows.limit_words import ANY, said
from workflows.models import PolicyVersion, SlaPolicy, Standard
from workflows.permissions import may_set_limits

LIVE, COMING, PAST = "live", "coming", "past"
COLUMNS = (ANY, *Priority)
STANDARD_FOR = {"accept": "filing", "submit": "closing", "verify": "closing"}
SHOWN_CASES = 100


@dataclass(frozen=True)
class VersionRow:
    """A version with how much it holds and how many running cases keep it."""

    version: PolicyVersion
    status: str
    limits: int
    standards: int
    cases: int

    @property
    def label(self) -> str:
        """The status in words."""
        return {LIVE: _("正在生效"), COMING: _("待生效"), PAST: _("已停用")}[self.status]


VERSIONS = Sheet[VersionRow](
    "limits",
    gettext_lazy("时限版本"),
    (
        Column(gettext_lazy("版本"), 24, lambda row: f"{row.version} {row.version.note}".strip()),
        Column(gettext_lazy("状态"), 10, lambda row: row.label),
        Column(gettext_lazy("生效时间"), 17, lambda row: row.version.live_from),
        Column(gettext_lazy("时限条数"), 8, lambda row: row.limits),
        Column(gettext_lazy("标准条数"), 8, lambda row: row.standards),
        Column(gettext_lazy("在办的件"), 10, lambda row: row.cases),
    ),
    impersonal=True,
)


@dataclass(frozen=True)
class Line:
    """The limits of one clock: an amount for any urgency and for each, empty where none is set."""

    name: str
    amounts: list[tuple[str, str]]
    warning: str
    ladder: str


@dataclass(frozen=True)
class Group:
    """The limits and standards of one 大类; without a title those of all categories."""

    title: str
    lines: list[Line]
    standards: list[Standard]


@dataclass(frozen=True)
class ChangeRow:
    """One limit of a table that differs, in words."""

    place: str
    clock: str
    was: str
    to: str


@dataclass(frozen=True)
class OverdueCases:
    """Cases that would be overdue at once: those that the viewer may open, those that they may only know of."""

    visible: list[str]
    others: list[str]
    hidden: int


def status_of(version: PolicyVersion, *, now: datetime, live: int | None) -> str:
    """Whether a version is live, comes or has been replaced."""
    if version.number == live:
        return LIVE
    return COMING if version.live_from > now else PAST


def version_rows(*, now: datetime) -> list[VersionRow]:
    """All versions, the newest first."""
    live = limits.live_version(now)
    standards = Counter(Standard.objects.values_list("version", flat=True))
    running = Case.objects.open().order_by().values("policy_version").annotate(n=Count("pk"))
    cases = dict(running.values_list("policy_version", "n"))
    return [
        VersionRow(
            version,
            status_of(version, now=now, live=live),
            version.n,
            standards[version.pk],
            cases.get(version.number, 0),
        )
        for version in PolicyVersion.objects.annotate(n=Count("policies")).order_by("-number")
    ]


def groups_of(version: PolicyVersion) -> list[Group]:
    """A version as a table: what holds for all categories first, then by 大类."""
    policies = list(version.policies.select_related("category"))
    standards = list(version.standards.select_related("category").order_by("category__code"))
    titles = {row.category.group for row in policies if row.category} | {row.category.group for row in standards}
    return [
        Group(title, _lines(policies, title), [row for row in standards if row.category.group == title])
        for title in ["", *sorted(titles)]
    ]


def _lines(policies: Iterable[SlaPolicy], title: str) -> list[Line]:
    by_line: dict[tuple[str, str, int], list[SlaPolicy]] = {}
    for policy in policies:
        if (policy.category.group if policy.category else "") == title:
            category = policy.category
            place = (category.code, category.name) if category else ("", "")
            by_line.setdefault((*place, list(ClockKind).index(ClockKind(policy.clock))), []).append(policy)
    return [_line(name, by_line[code, name, kind]) for code, name, kind in sorted(by_line)]


def _line(category: str, policies: Sequence[SlaPolicy]) -> Line:
    found = sorted(policies, key=lambda policy: COLUMNS.index(policy.priority))
    amounts = {policy.priority: said(policy.amount, policy.unit) for policy in found}
    label = str(found[0].get_clock_display())
    return Line(
        name=f"{category} · {label}" if category else label,
        amounts=[(urgency_words(column), amounts.get(column, "")) for column in COLUMNS],
        warning=" / ".join(dict.fromkeys(f"{policy.warn_percent}%" for policy in found)),
        ladder=_ladders(found),
    )


def urgency_words(priority: str) -> str:
    """An urgency in words; empty is any."""
    return str(Priority(priority).label) if priority else _("不限")


def _ladders(policies: Sequence[SlaPolicy]) -> str:
    """The ladder of a line; each with its urgency where they differ."""
    told: dict[str, list[str]] = {}
    for policy in policies:
        told.setdefault(ladder_words(policy), []).append(urgency_words(policy.priority))
    if len(told) == 1:
        return next(iter(told))
    return _("；").join(f"{'/'.join(who)} {words or '—'}" for words, who in told.items())


def ladder_words(policy: SlaPolicy) -> str:
    """Who hears of a missed limit after the holder, and when; empty when nobody does."""
    steps = [
        _("%(amount)s提醒%(role)s") % {"amount": said(step.amount, step.unit), "role": Role(step.role).label}
        for step in limits.ladder_of(policy)
    ]
    return _("超期后 %(steps)s") % {"steps": _("，").join(steps)} if steps else ""


def change_rows(changes: Iterable[Change]) -> list[ChangeRow]:
    """What a table changes, in words."""
    return [
        ChangeRow(
            place=" · ".join([str(change.category or _("全部小类")), urgency_words(change.priority)]),
            clock=str(ClockKind(change.clock).label),
            was=_amount(change.was),
            to=_amount(change.to) or _("按通用时限"),
        )
        for change in changes
    ]


def _amount(policy: SlaPolicy | None) -> str:
    if policy is None:
        return ""
    return _("%(amount)s（%(n)s%% 预警）") % {"amount": said(policy.amount, policy.unit), "n": policy.warn_percent}


def overdue_cases(preview: Preview, viewer: User) -> OverdueCases:
    """The cases that would be overdue at once: links for those in scope, numbers for an administrator."""
    seen = Case.objects.visible_to(viewer).filter(number__in=preview.overdue[:SHOWN_CASES])
    visible = sorted(seen.values_list("number", flat=True))
    known = preview.overdue[:SHOWN_CASES] if may_set_limits(viewer) else ()
    others = [number for number in known if number not in set(visible)]
    return OverdueCases(visible, others, len(preview.overdue) - len(visible) - len(others))


def standard_of(case: Case, move: str, *, now: datetime) -> str:
    """What the office's table says of taking a matter on, or of when it is done; empty where it says nothing."""
    category: Category | None = case.category
    if move not in STANDARD_FOR or category is None:
        return ""
    number = case.policy_version or limits.live_version(now)
    if number is None:
        return ""
    rows = Standard.objects.filter(version__number=number, category=category)
    return rows.values_list(STANDARD_FOR[move], flat=True).first() or ""
