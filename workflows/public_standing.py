"""Of a case, for its resident: who is responsible, what was decided, what was promised, what it is connected with."""

from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.lib.masking import mask_text
from cases.models import Case, Decision
from cases.terms import EventType, Role, State

UNITS: dict[str, Promise | str] = {
    Role.DESK: _("受理窗口"),
    Role.GRID_WORKER: _("网格员"),
    Role.DISPATCHER: _("派遣窗口"),
    Role.SURVEY_DESK: _("回访窗口"),
    Role.SUPERVISOR: _("督办员"),
}
COUNCILS = (State.DELIBERATING,)
TEAMS = (State.DISPATCHED, State.IN_PROGRESS, State.ON_HOLD)


@dataclass(frozen=True)
class Decided:
    """What a council decided on it, and where the notice of it can be read."""

    council: str
    number: str
    decided_on: date
    outcome: str
    text: str
    notice_url: str


@dataclass(frozen=True)
class Promised:
    """What was promised for a day; `kept` says how and when."""

    until: date
    kept_at: datetime | None
    kept: str


@dataclass(frozen=True)
class Standing:
    """No names of persons: units only."""

    responsible: Promise | str
    team: str
    decided: list[Decided]
    promised: Promised | None
    follows: str
    followed_by: list[str]


def standing_of(case: Case) -> Standing:
    """Read it for a case, or for the main case of a merged one."""
    return Standing(
        responsible=_responsible(case),
        team=case.team.name if case.team else "",
        decided=[_decided(row) for row in _decisions(case)],
        promised=_promised(case),
        follows=case.follows.number if case.follows else "",
        followed_by=list(case.followed_by.order_by("pk").values_list("number", flat=True)),
    )


def _responsible(case: Case) -> Promise | str:
    if not case.is_open:
        return ""
    if case.state in TEAMS and case.team:
        return case.team.name
    if case.state in COUNCILS and case.council:
        return case.council.name
    return UNITS.get(case.holder_role, "")


def _decisions(case: Case) -> list[Decision]:
    posted = case.decisions.filter(notices__isnull=False).distinct().select_related("council")
    return list(posted.prefetch_related("notices").order_by("decided_on", "pk"))


def _decided(decision: Decision) -> Decided:
    notice = max(decision.notices.all(), key=lambda row: row.pk)
    return Decided(
        council=str(decision.council),
        number=decision.number,
        decided_on=decision.decided_on,
        outcome=decision.get_outcome_display(),
        text=mask_text(decision.text),
        notice_url=reverse("notices:notice", args=[notice.slug]),
    )


def _promised(case: Case) -> Promised | None:
    if case.promised_date is None or case.answered_at is None:
        return None
    kept = case.events.filter(type=EventType.PROMISE_KEPT, at__gte=case.answered_at).order_by("-seq").first()
    return Promised(case.promised_date, kept.at if kept else None, mask_text(kept.data["what"]) if kept else "")
