"""Versions of limits: importing the office's table as a new one, copying one, putting running cases onto one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from cases import events
from cases.models import Case, Category, User
from cases.terms import OBLIGATIONS, EventType
from workflows import clocks, limits
from workflows.lifecycle import CaseLifecycle
from workflows.limit_plan import Plan, newest_version, planned
from workflows.limit_preview import preview_version
from workflows.limit_tables import LimitTable
from workflows.models import Clock, PolicyVersion, SlaPolicy, Standard
from workflows.permissions import may_set_limits

__all__ = ["add_categories", "apply_version", "copy_version", "import_limits", "is_in_use", "preview_version"]

BATCH = 100
NOTICE = timedelta(days=7)  # until a copy goes live, unless another moment is given
FITTED = ("policy_version", "due_at", "warn_at")
REASON_LENGTH = 500


class NewerVersion(ValidationError):
    """Another version was made since the table was compared with the newest one."""


def add_categories(named: Iterable[tuple[str, str]]) -> list[Category]:
    """New categories by 小类 and 大类, each with the next free number as its code."""
    last = max(
        (int(code) for code in Category.objects.values_list("code", flat=True) if code.isdecimal()), default=1000
    )
    rows = [
        Category(code=str(code), name=name, group=group or _("未分类"))
        for code, (name, group) in enumerate(named, last + 1)
    ]
    return Category.objects.bulk_create(rows)


@dataclass(frozen=True)
class Imported:
    """The version that holds the table now, and how it differs from the one before; none is made when it does not."""

    version: PolicyVersion
    plan: Plan
    is_new: bool


@dataclass(frozen=True)
class Applied:
    """A case that was put onto a version: {kind of clock: (was, is)} of the due moments that moved."""

    number: str
    was_version: int | None
    moved: dict[str, tuple[datetime, datetime]]


def is_in_use(version: PolicyVersion | None) -> bool:
    """Whether cases were accepted under this version, or clocks run by it: then it stays as it is."""
    if version is None:
        return False
    return (
        Case.objects.filter(policy_version=version.number).exists()
        or SlaPolicy.objects.filter(version=version, clocks__isnull=False).exists()
    )


@transaction.atomic
def import_limits(
    table: LimitTable,
    *,
    live_from: datetime,
    actor: User | None,
    now: datetime,
    note: str = "",
    expected: int | None = None,
) -> Imported:
    """Make the next version out of the newest one and a table; all of it or, with a single row error, nothing.

    No actor is the command line. `expected` is the newest version that the table was compared with. A table that
    says what the newest version says makes no version.
    """
    _check_administrator(actor, "import_limits")
    if table.errors:
        raise ValidationError(_("表格有 %(n)s 处错误，没有导入。") % {"n": len(table.errors)})
    base = _locked_newest()
    if expected is not None and base.number != expected:
        raise NewerVersion(_("刚有人建了新版本 %(version)s，请按它重新核对。") % {"version": base})
    plan = planned(table, base)
    if plan.is_same:
        return Imported(base, plan, is_new=False)
    check_live_from(live_from, base, now=now)
    version = PolicyVersion.objects.create(number=base.number + 1, live_from=live_from, note=note.strip())
    _write(version, plan.policies, plan.standards)
    return Imported(version, plan, is_new=True)


def check_live_from(live_from: datetime, base: PolicyVersion, *, now: datetime) -> None:
    """A version goes live in the future, and not before the one that it was made from."""
    if live_from <= now:
        raise ValidationError({"live_from": _("生效时间须在将来：已开始计时的件按原来的时限。")})
    if live_from < base.live_from:
        text = _("%(version)s 将于 %(day)s 生效，新版本不能早于它。")
        day = base.live_from.astimezone(live_from.tzinfo).strftime("%Y-%m-%d")
        raise ValidationError({"live_from": text % {"version": base, "day": day}})


@transaction.atomic
def copy_version(version: PolicyVersion, *, now: datetime) -> PolicyVersion:
    """A copy with the next number; it goes live in a week unless another moment is given."""
    newest = _locked_newest()
    live_from = max(now + NOTICE, newest.live_from)
    copied = PolicyVersion.objects.create(number=newest.number + 1, live_from=live_from, note=version.note)
    _write(copied, list(version.policies.all()), list(version.standards.all()))
    return copied


def _locked_newest() -> PolicyVersion:
    """Two versions are never made at once: whoever makes one holds the first row."""
    first = PolicyVersion.objects.select_for_update().order_by("number").first()
    newest = newest_version()
    if first is None or newest is None:
        raise ValidationError(_("还没有任何时限版本：请先运行 manage.py seed_calendar。"))
    return newest


def _write(version: PolicyVersion, policies: list[SlaPolicy], standards: list[Standard]) -> None:
    rows: list[SlaPolicy | Standard] = [*policies, *standards]
    for row in rows:  # rows of another version are written once more
        row.pk, row.version = None, version
    SlaPolicy.objects.bulk_create(policies)
    Standard.objects.bulk_create(standards)


def apply_version(
    version: PolicyVersion, *, actor: User, now: datetime, reason: str, most: int | None = None
) -> list[Applied]:
    """Put running cases onto the version that is live: their clocks take its limits from the original moment.

    Pauses and extensions are kept, and the history of each case says so. At most `most` cases when given: what is
    left is done by the next call, and a call with nothing left changes nothing.
    """
    _check_administrator(actor, "apply_version")
    if version.number != limits.live_version(now):
        raise ValidationError(_("只有正在生效的版本才能用于在办的件。"))
    if not reason.strip():
        raise ValidationError({"reason": _("请写明理由，它会记入每件的流转记录。")})
    done: list[Applied] = []
    cases = list(not_yet_on(version).order_by("pk").values_list("pk", flat=True)[:most])
    for n in range(0, len(cases), BATCH):
        with transaction.atomic():
            done += _apply_to(
                cases[n : n + BATCH], version, actor=actor, now=now, reason=reason.strip()[:REASON_LENGTH]
            )
    return done


def not_yet_on(version: PolicyVersion) -> QuerySet[Case]:
    """Running cases that keep another version; before acceptance those with a clock that runs by another one."""
    by_another = Clock.objects.filter(
        case=OuterRef("pk"), stopped_at=None, kind__in=version.policies.values("clock")
    ).exclude(Q(policy__version=version) | Q(kind__in=OBLIGATIONS))
    keeps_another = Q(policy_version__isnull=False) & ~Q(policy_version=version.number)
    return Case.objects.open().filter(keeps_another | Q(policy_version=None) & Exists(by_another))


def _apply_to(batch: list[int], version: PolicyVersion, *, actor: User, now: datetime, reason: str) -> list[Applied]:
    rows = CaseLifecycle.objects.select_for_update(of=("self",)).filter(pk__in=batch).order_by("pk")
    done, facts = [], []
    for case in cast(list[CaseLifecycle], list(rows)):
        was = case.policy_version
        if not case.is_open or was == version.number:
            continue  # moved, or done by somebody else, since the batch was read
        if was is not None:
            case.policy_version = version.number
        moved = clocks.recompute_limits(case, now)
        if was is None and not moved:
            continue  # it will keep the version that is live when it is accepted
        done.append(Applied(case.number, was, moved))
        said = {kind: {"was": before, "is": after} for kind, (before, after) in moved.items()}
        data = {"version": version.number, "was_version": was, "limits": said, "reason": reason}
        facts.append(events.Fact(case, EventType.CLOCK_RECOMPUTED, data))
    events.record_facts(facts, at=now, actor=actor, fields=FITTED)
    return done


def _check_administrator(actor: User | None, what: str) -> None:
    if actor is not None and not may_set_limits(actor):
        raise PermissionDenied(what)
