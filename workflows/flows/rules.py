"""What may be asked for on a case, by whom, with what, and who decides: the rules of the approval errand."""

from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Case, User
from cases.terms import EventType, ExclusionReason, HoldReason, RequestKind, RequestState, Role, VoidReason
from workflows import permissions as may
from workflows.commands.handling import FINAL_RETURN
from workflows.commands.surveys import rating_of
from workflows.hands import had_a_hand
from workflows.lifecycle import CaseLifecycle
from workflows.models import Request

K = RequestKind
MOVES = {K.RETURN: "return_to_dispatch", K.EXTENSION: "extend", K.HOLD: "hold", K.VOID: "void", K.MERGE: "merge"}
ASKERS = {
    K.RETURN: may.is_team_member,
    K.EXTENSION: may.is_team_member,
    K.HOLD: may.is_team_member,
    K.VOID: may.either(may.is_desk, may.is_dispatcher, may.is_supervisor, may.is_team_leader),
    K.MERGE: may.either(may.is_desk, may.is_dispatcher),
    K.EXCLUSION: may.either(may.by_area(Role.SURVEY_DESK), may.is_supervisor, may.is_team_leader),
}
OF_THE_TEAM = (K.RETURN, K.EXTENSION, K.HOLD)  # asked for by the lead team, so they end with its dispatch
REASONS: dict[RequestKind, type[TextChoices]] = {
    K.HOLD: HoldReason,
    K.VOID: VoidReason,
    K.EXCLUSION: ExclusionReason,
}
LONGEST = timedelta(days=365)  # a wait is looked at again within a year


def is_timely(case: Case, kind: RequestKind) -> bool:
    """Whether the lifecycle knows this move from where the case stands; before dispatch the desk merges alone."""
    if kind == K.EXCLUSION:  # moves nothing: there must be a rating that counts
        rating = rating_of(case)
        return rating is not None and rating.excluded_at is None
    sources = getattr(CaseLifecycle, MOVES[kind])._django_fsm.transitions  # noqa: SLF001
    return case.state in sources and (kind != K.MERGE or case.team_id is not None)


def may_ask(case: Case, actor: may.Actor) -> list[RequestKind]:
    """What this person may ask for on the case now, by its state and their roles."""
    asked = [kind for kind in K if ASKERS[kind](case, actor) and is_timely(case, kind)]
    return [kind for kind in asked if kind != K.RETURN or not case.dispatch_is_final]


def decider_roles(request: Request) -> tuple[Role, ...]:
    """Who decides: the role noted when it was asked; a leader may also decide on voiding."""
    noted = Role(request.decider_role)
    return (noted, Role.LEADER) if request.kind == K.VOID else (noted,)


def may_decide(request: Request, actor: may.Actor) -> bool:
    """Whether this person decides on the open request: by role and area, and never on their own."""
    if not isinstance(actor, User) or request.state != RequestState.ASKED or request.asked_by_id == actor.pk:
        return False
    if request.kind == K.EXCLUSION and had_a_hand(request.case, actor):
        return False
    return actor.grants().covers(request.case.area, *decider_roles(request))


def decider_role(case: Case, kind: RequestKind) -> Role:
    """Returns go to the dispatcher, the third to a supervisor; the rest to a supervisor, a second extension higher."""
    if kind == K.RETURN:
        is_third = _times(case, EventType.RETURNED_TO_DISPATCH) >= FINAL_RETURN - 1
        return Role.SUPERVISOR if is_third else Role.DISPATCHER
    if kind == K.EXTENSION and _times(case, EventType.EXTENDED):
        return Role.LEADER
    return Role.SUPERVISOR


def _times(case: Case, event_type: EventType) -> int:
    return case.events.filter(type=event_type).count()


def check_time_to_ask(case: Case, kind: RequestKind, now: datetime) -> None:
    """Refuse what comes too late: a return of a final dispatch, an extension after the limit."""
    if kind == K.RETURN and case.dispatch_is_final:
        raise ValidationError(_("该件经三次退回后由督办员派定，不能再退回。"))
    if kind == K.EXTENSION and (case.due_at is None or now >= case.due_at):
        raise ValidationError(_("处置时限已过，不能再申请延期。"))


def check_still_makes_sense(request: Request, now: datetime) -> None:
    """Refuse to agree to what the case has left behind since it was asked."""
    case, kind = request.case, K(request.kind)
    if not is_timely(case, kind) or request.details.get("lead_team", case.team_id) != case.team_id:
        words = _("该件情况已变（现为“%(state)s”），不能再同意：请选择不同意，或由申请人撤回。")
        raise ValidationError(words % {"state": case.get_state_display()})
    if kind == K.EXTENSION:
        _until(case, request.details, now)
    if kind == K.HOLD:
        _review_at(request.details, now)
    if kind == K.EXCLUSION and (rating := rating_of(case)) and rating.round != request.details["round"]:
        raise ValidationError(_("居民后来又评价过，这份申请说的已不是现在的评价：请选择不同意，或由申请人撤回。"))


def checked_reason(kind: RequestKind, reason: str, reason_code: str) -> tuple[str, str]:
    """The reason in words, and its code where there is a list to choose from."""
    wrong = {}
    if not reason.strip():
        wrong["reason"] = _("请写明理由。")
    if kind in REASONS and reason_code not in REASONS[kind].values:
        wrong["reason_code"] = _("请选择理由类别。")
    if wrong:
        raise ValidationError(wrong)
    return reason.strip(), reason_code if kind in REASONS else ""


def checked_details(
    kind: RequestKind, case: Case, details: dict[str, Any], *, actor: User, now: datetime, reason_code: str
) -> dict[str, Any]:
    """What the move will need, in the form in which it is kept."""
    kept: dict[str, Any] = {"lead_team": case.team_id} if kind in OF_THE_TEAM else {}
    if kind == K.EXTENSION:
        kept["until"] = _until(case, details, now)
    elif kind == K.HOLD:
        kept["review_at"] = _review_at(details, now)
    elif kind == K.VOID and reason_code == VoidReason.WITHDRAWN:
        kept |= _withdrawal(details, now)
    elif kind == K.EXCLUSION and (rating := rating_of(case)):
        kept |= {name: getattr(rating, name) for name in ("round", "solved", "satisfaction", "reasons", "words")}
    elif kind == K.MERGE:
        main = _main_case(case, details.get("main_case"), actor)
        kept |= {"main_case": main.number, "main_case_id": main.pk}
    return kept


def _moment(details: dict[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(details[name]))
    except (KeyError, ValueError) as error:
        raise ValidationError({name: _("请填写日期。")}) from error
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _until(case: Case, details: dict[str, Any], now: datetime) -> str:
    until = _moment(details, "until")
    if case.due_at is None or not max(case.due_at, now) < until <= now + LONGEST:
        raise ValidationError({"until": _("延期须晚于现时限，且在一年以内。")})
    return until.isoformat()


def _review_at(details: dict[str, Any], now: datetime) -> str:
    review_at = _moment(details, "review_at")
    if not now < review_at <= now + LONGEST:
        raise ValidationError({"review_at": _("复核日期须晚于现在，且在一年以内。")})
    return review_at.isoformat()


def _withdrawal(details: dict[str, Any], now: datetime) -> dict[str, str]:
    """How and when the reporter withdrew: being pressed to withdraw is a known abuse."""
    wrong = {}
    how, said_at = str(details.get("how") or "").strip(), str(details.get("said_at") or "").strip()
    if not how:
        wrong["how"] = _("请写明本人怎样表示撤回的。")
    try:
        said_on: date | None = timezone.localdate(_moment({"said_at": said_at}, "said_at"))
    except ValidationError:
        said_on = None
    if said_on is None or said_on > timezone.localdate(now):
        wrong["said_at"] = _("请填写本人表示撤回的日期，不晚于今天。")
    if wrong:
        raise ValidationError(wrong)
    return {"how": how, "said_at": said_at}


def _main_case(case: Case, given: Any, actor: User) -> Case:
    """The main case, by its number or key, among those that the asker may see."""
    found = Case.objects.visible_to(actor)
    known = found.filter(pk=given) if isinstance(given, int) else found.filter(number=str(given or "").strip())
    main = known.first()
    if main is None:
        raise ValidationError({"main_case": _("没有找到这个编号，或不在您能看到的范围内。")})
    if main.pk == case.pk or not main.is_open:
        raise ValidationError({"main_case": _("主件须是另一件在办的件。")})
    return main
