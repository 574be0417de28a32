"""Every legal move of a case; nothing else changes its state. See `draw_lifecycle` and `check_lifecycle`."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_fsm import RETURN_VALUE, transition

from cases.models import Case, Category, Council, Team, User
from cases.terms import OPEN_STATES, EventType, Priority, ResultCode, Role, State
from workflows import permissions as may

S, E = State, EventType
MAX_ROUNDS = 3  # handled once and reopened twice; what is still wrong after that is a new case that follows this one

# Who holds a case in each open state; team states are held by the lead team.
HOLDERS = {
    S.REPORTED: Role.DESK,
    S.INFO_REQUESTED: Role.GRID_WORKER,
    S.ACCEPTED: Role.DISPATCHER,
    S.DISPATCHED: Role.TEAM_MEMBER,
    S.IN_PROGRESS: Role.TEAM_MEMBER,
    S.DELIBERATING: Role.SECRETARY,
    S.ON_HOLD: Role.TEAM_MEMBER,
    S.SUBMITTED: Role.GRID_WORKER,
    S.ANSWERED: Role.SURVEY_DESK,
    S.REOPEN_REQUESTED: Role.SUPERVISOR,
}


def move(
    source: State | Sequence[State],
    target: Any,
    who: Any,  # a may.Predicate; the stubs of the library know users only
    event: EventType,
    label: Promise | str,
    *,
    two_people: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare one move: from, to, who may, what it leaves in the history, what its button says."""
    conditions: list[Any] = [has_agreed_request] if two_people else []
    custom = {"event": event, "label": label, "two_people": two_people}
    sources = [source] if isinstance(source, State) else list(source)
    return transition(
        field="state", source=sources, target=target, permission=who, conditions=conditions, custom=custom
    )


def has_agreed_request(case: Any) -> bool:
    """A second person has agreed: `flows.approval` puts the request here."""
    return getattr(case, "agreed_request", None) is not None


class CaseLifecycle(Case):
    """The state machine of a case: declarations only; bodies stamp the fields that the move owns."""

    class Meta:
        proxy = True
        default_permissions = ()

    # -- intake

    @move(S.REPORTED, S.INFO_REQUESTED, may.is_desk, E.INFO_REQUESTED, _("要求补充"))
    def request_info(self) -> None: ...

    @move(S.INFO_REQUESTED, S.REPORTED, may.is_reporting_side, E.INFO_SUPPLIED, _("补充"))
    def supply_info(self) -> None: ...

    @move(S.REPORTED, S.ACCEPTED, may.either(may.is_desk, may.is_proposer), E.ACCEPTED, _("受理"))
    def accept(self, category: Category, priority: Priority, policy_version: int) -> None:
        self.category, self.priority, self.policy_version = category, priority, policy_version

    @move(S.REPORTED, S.REJECTED, may.is_desk, E.REJECTED, _("不予受理"))
    def reject(self, at: datetime) -> None:
        self.closed_at = at

    @move((S.REPORTED, S.ACCEPTED, S.DISPATCHED, S.IN_PROGRESS), S.MERGED, may.may_merge, E.MERGED, _("并案"))
    def merge(self, main_case: Case, at: datetime) -> None:
        self.main_case, self.closed_at = main_case, at

    @move(S.MERGED, RETURN_VALUE(S.REPORTED, S.ACCEPTED), may.is_desk, E.SPLIT_OFF, _("拆案"))
    def split_off(self) -> State:
        self.main_case = self.closed_at = self.team = self.handler = None
        return S.REPORTED if self.policy_version is None else S.ACCEPTED

    # -- handling

    @move(S.ACCEPTED, S.DISPATCHED, may.may_dispatch, E.DISPATCHED, _("派遣"))
    def dispatch(self, team: Team) -> None:
        self.team, self.handler = team, None

    @move(S.DISPATCHED, S.IN_PROGRESS, may.is_team_member, E.SIGNED, _("签收"))
    def sign(self, handler: User) -> None:
        self.handler = handler

    @move((S.DISPATCHED, S.IN_PROGRESS), S.ACCEPTED, may.is_agreed, E.RETURNED_TO_DISPATCH, _("退回"), two_people=True)
    def return_to_dispatch(self, is_final: bool) -> None:
        self.team = self.handler = None
        self.dispatch_is_final = is_final

    @move(S.IN_PROGRESS, S.IN_PROGRESS, may.is_team_leader, E.REASSIGNED, _("转办"))
    def reassign(self, handler: User) -> None:
        self.handler = handler

    @move((S.ACCEPTED, S.IN_PROGRESS), S.DELIBERATING, may.may_refer, E.REFERRED_TO_COUNCIL, _("提请议事"))
    def refer_to_council(self, council: Council) -> None:
        self.council = council

    @move(
        S.DELIBERATING,
        RETURN_VALUE(S.IN_PROGRESS, S.ACCEPTED, S.SUBMITTED),
        may.either(may.is_secretary, may.by_system(may.CLOCK)),  # the clock: its publication is over
        E.DECISION_TAKEN,
        _("落实决议"),
    )
    def take_decision(self, nothing_to_do: bool, text: str) -> State:
        if nothing_to_do:
            self.result_code, self.result_text = ResultCode.REFERENCE, text
            return S.SUBMITTED
        return S.IN_PROGRESS if self.team_id and self.handler_id else S.ACCEPTED

    @move(
        S.DELIBERATING,
        RETURN_VALUE(S.IN_PROGRESS, S.ACCEPTED),
        may.is_secretary,
        E.RETURNED_FROM_COUNCIL,
        _("退回提请"),
    )
    def return_from_council(self) -> State:
        return S.IN_PROGRESS if self.team_id and self.handler_id else S.ACCEPTED

    @move(S.IN_PROGRESS, S.ON_HOLD, may.is_agreed, E.HELD, _("挂账"), two_people=True)
    def hold(self) -> None: ...

    @move(S.ON_HOLD, S.IN_PROGRESS, may.either(may.is_handler, may.is_supervisor), E.RESUMED, _("恢复"))
    def resume(self) -> None: ...

    @move(S.IN_PROGRESS, S.IN_PROGRESS, may.is_agreed, E.EXTENDED, _("延期"), two_people=True)
    def extend(self) -> None: ...

    @move(S.IN_PROGRESS, S.SUBMITTED, may.is_handler, E.SUBMITTED, _("提交核查"))
    def submit(self, result_code: ResultCode, result_text: str, promised_date: date | None) -> None:
        self.result_code, self.result_text, self.promised_date = result_code, result_text, promised_date

    # -- review

    @move(S.SUBMITTED, S.ANSWERED, may.is_verifier, E.VERIFIED, _("核查通过"))
    def verify(self, at: datetime) -> None:
        self.answered_at = at

    @move(S.SUBMITTED, RETURN_VALUE(S.IN_PROGRESS, S.ACCEPTED), may.is_verifier, E.SENT_BACK, _("返工"))
    def send_back(self) -> State:
        return S.IN_PROGRESS if self.team_id else S.ACCEPTED  # a council may have ended it before any team had it

    @move(S.ANSWERED, RETURN_VALUE(S.CLOSED, S.REOPEN_REQUESTED), may.may_survey, E.SURVEY_RECORDED, _("回访"))
    def record_survey(self, solved: bool, at: datetime) -> State:
        ends = solved or not self.may_have_another_round
        self.closed_at = at if ends else None
        return S.CLOSED if ends else S.REOPEN_REQUESTED

    @move(S.ANSWERED, S.CLOSED, may.by_system(may.CLOCK, may.IMPORT), E.CLOSED_UNANSWERED, _("回访到期"))
    def close_unanswered(self, at: datetime) -> None:
        self.closed_at = at

    @move((S.ANSWERED, S.CLOSED), S.REOPEN_REQUESTED, may.may_request_reopen, E.REOPEN_REQUESTED, _("申请重办"))
    def request_reopen(self) -> None:
        self.closed_at = None

    @move(S.REOPEN_REQUESTED, RETURN_VALUE(S.IN_PROGRESS, S.ACCEPTED), may.is_supervisor, E.REOPENED, _("重办"))
    def reopen(self) -> State:
        return self._begin_round()

    @move(
        (S.ANSWERED, S.CLOSED),
        RETURN_VALUE(S.IN_PROGRESS, S.ACCEPTED),
        may.is_supervisor,
        E.FAILED_SPOT_CHECK,
        _("抽查不合格"),
    )
    def fail_spot_check(self) -> State:
        self.closed_at = None
        return self._begin_round()

    @move(S.REOPEN_REQUESTED, S.CLOSED, may.is_supervisor, E.REOPEN_DECLINED, _("不予重办"))
    def decline_reopen(self, at: datetime) -> None:
        self.closed_at = at

    @move(OPEN_STATES, S.VOIDED, may.is_agreed, E.VOIDED, _("作废"), two_people=True)
    def void(self, at: datetime) -> None:
        self.closed_at = at

    @move(S.REPORTED, S.ANSWERED, may.by_system(may.IMPORT), E.ANSWER_ADOPTED, _("录入既有答复"))
    def adopt_answer(self, text: str, at: datetime, team: Team | None = None) -> None:
        self.result_text, self.answered_at, self.team = text, at, team

    @move((S.REPORTED, S.CLOSED), S.VOIDED, may.by_system(may.IMPORT), E.IMPORT_UNDONE, _("撤回导入"))
    def undo_import(self, at: datetime) -> None:
        self.closed_at = at

    def _begin_round(self) -> State:
        self.round += 1
        self.result_code = self.result_text = ""
        self.promised_date = None
        return S.IN_PROGRESS if self.team_id and self.handler_id else S.ACCEPTED

    @property
    def may_have_another_round(self) -> bool:
        """Whether it can be reopened once more."""
        return self.round < MAX_ROUNDS

    def find_holder(self) -> None:
        """Stamp who holds the case in its new state: exactly one while it is open, nobody when it has ended."""
        state = State(self.state)
        role = HOLDERS.get(state)
        self.holder_role = role.value if role else ""
        self.holder_user_id = None
        if state in (S.INFO_REQUESTED, S.SUBMITTED):
            self.holder_user_id = self.reported_by_id
        elif state in (S.IN_PROGRESS, S.ON_HOLD):
            self.holder_user_id = self.handler_id
        if state == S.ACCEPTED and self.dispatch_is_final:
            self.holder_role = Role.SUPERVISOR.value
        if state == S.SUBMITTED and self.reported_by_id in (None, self.handler_id):
            self.holder_user_id, self.holder_role = None, Role.DESK.value
