"""What the pages of auditing show: looks at the history, seals, and who saw or changed personal data."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases.audit_terms import AccessKind
from cases.keyset import Order
from cases.lib.masking import mask_text
from cases.lib.sheets import Column, Sheet
from cases.models import HistoryCheck, PersonAccess, Seal, User
from cases.models.audit import SEES_ALL
from cases.terms import Role

AUDIT_READERS = (*SEES_ALL, Role.SUPERVISOR)
NEWEST = Order("at", newest_first=True)
SHOWN_CHECKS, SHOWN_SEALS, SHOWN_FAULTS = 5, 12, 50
LISTS = {  # what rows of the book are about that were written by a command
    "households": gettext_lazy("住户"), "participants": gettext_lazy("学员"), "cases": gettext_lazy("台账导入"),
    "heads": gettext_lazy("片组邻负责人"), "visits": gettext_lazy("走访"), "ledger": gettext_lazy("台账"),
}  # fmt: skip
# In the words of the office; `verify` speaks for the command line.
REASONS = (
    ("missing", gettext_lazy("缺了一条记录")),
    ("does not follow", gettext_lazy("与前一条接不上")),
    ("words were changed", gettext_lazy("内容在写入后被改过")),
    ("history ends at", gettext_lazy("末尾的记录被删掉了")),
    ("history says", gettext_lazy("环节被绕过流程改过")),
    ("does not exist", gettext_lazy("有一条不属于任何件的记录")),
    ("not there any more", gettext_lazy("封存时有，现在没有了")),
    ("not as it was sealed", gettext_lazy("与封存时不一致：记录被改过并重算了摘要")),
    ("not the one that was sealed", gettext_lazy("保存的封存清单被改过，与摘要对不上")),
)


@dataclass(frozen=True)
class Fault:
    """A place where a history does not hold."""

    number: str
    seq: int
    reason: str


@dataclass(frozen=True)
class CheckView:
    """A look as its page shows it."""

    check: HistoryCheck
    took: timedelta | None
    faults: list[Fault]
    more: int

    @property
    def is_over(self) -> bool:
        """Whether it is done."""
        return self.check.ended_at is not None

    @property
    def words(self) -> str:
        """What it came to, or how far it is."""
        if not self.is_over:
            return _("进行中 %(n)s%%") % {"n": self.check.percent}
        n = self.check.faults
        return ngettext("%(n)s 处对不上", "%(n)s 处对不上", n) % {"n": n} if n else _("全部对得上")


def may_verify(viewer: User) -> bool:
    """Who has the whole history looked at and sealed."""
    return viewer.grants().has(*SEES_ALL)


def may_read_audit(viewer: User) -> bool:
    """Who reads the pages of auditing, each what is theirs."""
    return viewer.grants().has(*AUDIT_READERS)


def check_view(check: HistoryCheck) -> CheckView:
    """One look."""
    took = check.ended_at - check.started_at if check.ended_at and check.started_at else None
    faults = [Fault(b["number"], b["seq"], _reason(b["reason"])) for b in check.broken[:SHOWN_FAULTS]]
    return CheckView(check, took, faults, check.faults - len(faults))


def _reason(words: str) -> str:
    return next((str(said) for part, said in REASONS if part in words), words)


def recent_checks(*, most: int | None = SHOWN_CHECKS) -> list[CheckView]:
    """The newest looks."""
    rows = HistoryCheck.objects.select_related("asked_by", "seal").order_by("-pk")[:most]
    return [check_view(row) for row in rows]


def recent_seals(*, most: int | None = SHOWN_SEALS) -> QuerySet[Seal]:
    """The newest seals."""
    return Seal.objects.select_related("made_by").order_by("-pk")[:most]


def in_groups(digest: str) -> list[str]:
    """A digest in groups of eight, as it can be read out and typed."""
    return [digest[n : n + 8] for n in range(0, len(digest), 8)]


def access_rows(viewer: User) -> QuerySet[PersonAccess]:
    """What the viewer may read, with what a row shows."""
    return PersonAccess.objects.visible_to(viewer).select_related("by", "case", "council", "area")


def about(row: PersonAccess) -> str:
    """What a row is about besides its case: on what grounds, how many, by which conditions."""
    details: dict[str, Any] = row.details
    if row.reason:
        return mask_text(row.reason)
    if "household" in details:
        return _("住户 %(n)s") % {"n": details["household"]}
    if row.kind == AccessKind.BALLOTS:
        return _("%(n)s 张选票") % {"n": details.get("slips", 0)}
    name = details.get("list", "")
    which = f"{details.get('title') or LISTS.get(name, name)} {details.get('key', '')}".strip()
    if row.kind == AccessKind.EXPORTED:
        return f"{which} · {details.get('query') or _('全部')}".strip(" ·")
    return _counted(which, details) if "new" in details else which


def _counted(which: str, details: dict[str, Any]) -> str:
    counts = {name: details.get(name, 0) for name in ("new", "changed", "gone")}
    if which:
        return f"{which} · {_('新增 %(new)s，更改 %(changed)s') % counts}"
    return _("新增 %(new)s 套，更改 %(changed)s 套，删去 %(gone)s 套") % counts


def who(row: PersonAccess) -> str:
    """Who it was; nobody by name on the command line."""
    return str(row.by) if row.by else _("命令行")


def of(row: PersonAccess) -> str:
    """Of which case or council."""
    return str((row.case if row.case_id else row.council) or "")


ACCESS_SHEET = Sheet[PersonAccess](
    "accesses",
    gettext_lazy("个人信息访问记录"),
    (
        Column(gettext_lazy("时间"), 17, lambda row: row.at),
        Column(gettext_lazy("谁"), 12, who),
        Column(gettext_lazy("方式"), 16, lambda row: str(AccessKind(row.kind).label)),
        Column(gettext_lazy("件或议事会"), 20, of),
        Column(gettext_lazy("区域"), 36, lambda row: str(row.area or "")),
        Column(gettext_lazy("理由和说明"), 50, about),
    ),
)
CHECK_SHEET = Sheet[CheckView](
    "history-checks",
    gettext_lazy("历史核对"),
    (
        Column(gettext_lazy("结果"), 20, lambda view: view.words),
        Column(gettext_lazy("核对"), 14, lambda view: view.check.get_kind_display()),
        Column(gettext_lazy("谁"), 12, lambda view: str(view.check.asked_by)),
        Column(gettext_lazy("何时"), 17, lambda view: view.check.asked_at),
        Column(gettext_lazy("完成"), 17, lambda view: view.check.ended_at),
        Column(gettext_lazy("件"), 10, lambda view: view.check.cases),
        Column(gettext_lazy("记录"), 10, lambda view: view.check.events),
    ),
)
SEAL_SHEET = Sheet[Seal](
    "seals",
    gettext_lazy("封存"),
    (
        Column(gettext_lazy("封存"), 10, lambda seal: _("第 %(n)s 号") % {"n": seal.pk}),
        Column(gettext_lazy("时间"), 17, lambda seal: seal.made_at),
        Column(gettext_lazy("谁"), 12, lambda seal: str(seal.made_by or _("命令行"))),
        Column(gettext_lazy("件"), 10, lambda seal: seal.cases),
        Column(gettext_lazy("记录"), 10, lambda seal: seal.events),
        Column(gettext_lazy("摘要"), 66, lambda seal: seal.digest),
    ),
)
