"""Every legal move of the records of a council; nothing else changes their state. Bodies stamp what the move owns."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from cases.council_terms import (
    DecisionState,
    FollowUpState,
    ItemState,
    MeetingState,
    MinutesState,
    NoticeState,
    PollState,
    ProjectState,
    TopicState,
)
from cases.models import AgendaItem, Decision, FollowUp, Meeting, MicroProject, Minutes, Notice, Poll, Topic

M, A, P, D, N, F = MeetingState, ItemState, PollState, DecisionState, NoticeState, FollowUpState
Declared = Callable[[Callable[..., Any]], Callable[..., Any]]


def move(source: str | Sequence[str], target: str, label: Promise | str) -> Declared:
    """Declare one move: from, to, and what its button says."""
    sources = [source] if isinstance(source, str) else list(source)
    return transition(field="state", source=sources, target=target, custom={"label": label})


class TopicLifecycle(Topic):
    class Meta:
        proxy = True
        default_permissions = ()

    @move(TopicState.PENDING, TopicState.ACCEPTED, _("列为议题"))
    def accept(self) -> None: ...

    @move(TopicState.PENDING, TopicState.REJECTED, _("不列为议题"))
    def reject(self) -> None: ...

    @move(TopicState.PENDING, TopicState.OUT_OF_SCOPE, _("不属议事范围"))
    def refuse(self) -> None: ...

    @move((TopicState.PENDING, TopicState.ACCEPTED), TopicState.MERGED, _("并入他题"))
    def merge(self, other: Topic) -> None:
        self.merged_into = other


class MeetingLifecycle(Meeting):
    class Meta:
        proxy = True
        default_permissions = ()

    @move(M.DRAFT, M.CONVENED, _("张贴会议通知"))
    def convene(self) -> None: ...

    @move((M.DRAFT, M.CONVENED), M.CANCELLED, _("取消会议"))
    def cancel(self, reason: str) -> None:
        self.reason = reason

    @move(M.CONVENED, M.IN_SESSION, _("开会"))
    def open(self, at: datetime) -> None:
        self.opened_at = at

    @move(M.IN_SESSION, M.RECESS, _("休会"))
    def pause(self) -> None: ...

    @move(M.RECESS, M.IN_SESSION, _("复会"))
    def resume(self) -> None: ...

    @move((M.IN_SESSION, M.RECESS), M.CLOSED, _("散会"))
    def close(self, at: datetime) -> None:
        self.closed_at = at

    @move((M.CONVENED, M.IN_SESSION), M.NO_QUORUM, _("不足法定人数，改期"))
    def miss_quorum(self, at: datetime) -> None:
        self.closed_at = at

    @move(M.NO_QUORUM, M.RECONVENED, _("另行召集"))
    def reconvene(self) -> None: ...

    @move(M.CLOSED, M.MINUTED, _("纪要已定"))
    def minute(self) -> None: ...

    @move(M.MINUTED, M.ARCHIVED, _("归档"))
    def archive(self) -> None: ...


class ItemLifecycle(AgendaItem):
    class Meta:
        proxy = True
        default_permissions = ()

    @move(A.CANDIDATE, A.ACCEPTED, _("列入议程"))
    def accept(self) -> None: ...

    @move(A.CANDIDATE, A.REJECTED, _("不列入"))
    def reject(self, reason: str) -> None:
        self.outcome = reason

    @move(A.ACCEPTED, A.ANNOUNCED, _("公告"))
    def announce(self, at: datetime) -> None:
        self.published_at = at

    # An emergency item was not in the notice: it comes straight from the list, with its reason.
    @move((A.ANNOUNCED, A.ACCEPTED), A.IN_DISCUSSION, _("开始讨论"))
    def discuss(self) -> None: ...

    @move(A.IN_DISCUSSION, A.POLLING, _("付诸表决"))
    def put_to_vote(self) -> None: ...

    # A poll that was voided gives the item back to the discussion.
    @move(A.POLLING, A.IN_DISCUSSION, _("重新讨论"))
    def take_back(self) -> None: ...

    @move((A.POLLING, A.IN_DISCUSSION), A.DECIDED, _("议定"))
    def decide(self, at: datetime, outcome: str) -> None:
        self.decided_at, self.outcome = at, outcome

    @move((A.ANNOUNCED, A.IN_DISCUSSION), A.ADJOURNED, _("延后再议"))
    def adjourn(self, reason: str) -> None:
        self.outcome = reason

    @move(A.IN_DISCUSSION, A.REFERRED, _("转交"))
    def refer(self, reason: str) -> None:
        self.outcome = reason

    @move((A.ACCEPTED, A.ANNOUNCED, A.IN_DISCUSSION), A.WITHDRAWN, _("撤回"))
    def withdraw(self, reason: str) -> None:
        self.outcome = reason


class PollLifecycle(Poll):
    class Meta:
        proxy = True
        default_permissions = ()

    @move(P.DRAFT, P.OPEN, _("开始表决"))
    def open(self, at: datetime) -> None:
        self.opened_at = at

    @move(P.OPEN, P.CLOSED, _("截止"))
    def close(self, at: datetime) -> None:
        self.closed_at = at

    @move(P.CLOSED, P.CERTIFIED, _("核定"))
    def certify(self) -> None: ...

    @move(P.CERTIFIED, P.PUBLISHED, _("公布"))
    def publish(self) -> None: ...

    @move((P.OPEN, P.CLOSED, P.CERTIFIED), P.VOID, _("作废"))
    def void(self, at: datetime) -> None:
        self.voided_at = at


class DecisionLifecycle(Decision):
    class Meta:
        proxy = True
        default_permissions = ()

    @move(D.PROVISIONAL, D.IN_PUBLICATION, _("张贴公示"))
    def publish(self) -> None: ...

    @move(D.IN_PUBLICATION, D.EFFECTIVE, _("生效"))
    def take_effect(self, at: datetime) -> None:
        self.effective_from = at

    @move((D.EFFECTIVE, D.UPHELD), D.IMPLEMENTING, _("落实"))
    def implement(self) -> None: ...

    @move(D.IMPLEMENTING, D.IMPLEMENTED, _("落实完毕"))
    def finish(self) -> None: ...

    @move(D.IMPLEMENTED, D.REVIEWED, _("回头看"))
    def review(self) -> None: ...

    @move((D.IN_PUBLICATION, D.EFFECTIVE, D.IMPLEMENTING), D.SUSPENDED, _("暂缓执行"))
    def suspend(self, reason: str) -> None:
        self.ended_reason = reason

    @move(D.SUSPENDED, D.UPHELD, _("维持"))
    def uphold(self, reason: str) -> None:
        self.ended_reason = reason

    @move(D.SUSPENDED, D.REMANDED, _("发回重议"))
    def remand(self, reason: str) -> None:
        self.ended_reason = reason

    @move(D.SUSPENDED, D.ANNULLED, _("撤销"))
    def annul(self, reason: str) -> None:
        self.ended_reason = reason

    @move((D.EFFECTIVE, D.IMPLEMENTING, D.UPHELD, D.REMANDED), D.SUPERSEDED, _("被新决议替代"))
    def supersede(self, reason: str) -> None:
        self.ended_reason = reason


class NoticeLifecycle(Notice):
    class Meta:
        proxy = True
        default_permissions = ()

    @move((N.PLANNED, N.TAKEN_DOWN_EARLY), N.POSTED, _("张贴"))
    def post(self, at: datetime, until: datetime) -> None:
        self.posted_at, self.must_stay_until = at, until

    @move(N.POSTED, N.TAKEN_DOWN_EARLY, _("提前取下"))
    def take_down(self, at: datetime, reason: str) -> None:
        self.taken_down_at, self.taken_down_reason = at, reason

    @move(N.POSTED, N.ENDED, _("期满"))
    def end(self, at: datetime) -> None:
        self.ended_at = at

    @move(N.ENDED, N.CLEARED, _("公示无异议"))
    def clear(self) -> None: ...

    @move(N.ENDED, N.CONTESTED, _("有异议"))
    def contest(self) -> None: ...

    @move(N.CONTESTED, N.CLEARED, _("异议已了结"))
    def settle(self) -> None: ...


class MinutesLifecycle(Minutes):
    class Meta:
        proxy = True
        default_permissions = ()

    @move((MinutesState.DRAFT, MinutesState.CORRECTING), MinutesState.CIRCULATED, _("征求意见"))
    def circulate(self) -> None: ...

    @move(MinutesState.CIRCULATED, MinutesState.CORRECTING, _("修改"))
    def correct(self) -> None: ...

    @move((MinutesState.CIRCULATED, MinutesState.CORRECTING), MinutesState.APPROVED, _("定稿"))
    def approve(self) -> None: ...

    @move(MinutesState.APPROVED, MinutesState.SIGNED, _("签署完毕"))
    def sign(self) -> None: ...

    @move(MinutesState.SIGNED, MinutesState.PUBLISHED, _("公布"))
    def publish(self) -> None: ...


class FollowUpLifecycle(FollowUp):
    class Meta:
        proxy = True
        default_permissions = ()

    @move(F.OPEN, F.ACCEPTED, _("接受"))
    def accept(self) -> None: ...

    @move((F.ACCEPTED, F.IN_PROGRESS, F.REWORK), F.IN_PROGRESS, _("报进展"))
    def report(self) -> None: ...

    @move((F.ACCEPTED, F.IN_PROGRESS, F.REWORK), F.DONE, _("报完成"))
    def finish(self) -> None: ...

    @move(F.DONE, F.VERIFIED, _("验收"))
    def verify(self, at: datetime) -> None:
        self.ended_at = at

    @move(F.DONE, F.REWORK, _("退回返工"))
    def send_back(self) -> None: ...

    @move((F.OPEN, F.ACCEPTED, F.IN_PROGRESS, F.REWORK), F.CANCELLED, _("取消"))
    def cancel(self, at: datetime) -> None:
        self.ended_at = at


class ProjectLifecycle(MicroProject):
    class Meta:
        proxy = True
        default_permissions = ()

    @move(ProjectState.PROPOSED, ProjectState.APPROVED, _("批准立项"))
    def approve(self, amount_fen: int) -> None:
        self.approved_fen = amount_fen

    @move(ProjectState.APPROVED, ProjectState.CONTRACTED, _("签约"))
    def contract_out(self) -> None: ...

    @move(ProjectState.CONTRACTED, ProjectState.UNDER_WAY, _("开工"))
    def start(self) -> None: ...

    @move(ProjectState.UNDER_WAY, ProjectState.ACCEPTED, _("验收"))
    def accept(self) -> None: ...

    @move(ProjectState.ACCEPTED, ProjectState.SETTLED, _("结算"))
    def settle(self, amount_fen: int, at: datetime) -> None:
        self.settled_fen, self.settled_at = amount_fen, at

    @move(ProjectState.SETTLED, ProjectState.SURVEYED, _("回访"))
    def survey(self) -> None: ...

    @move(
        (ProjectState.PROPOSED, ProjectState.APPROVED, ProjectState.CONTRACTED, ProjectState.UNDER_WAY),
        ProjectState.STOPPED,
        _("终止"),
    )
    def stop(self, reason: str) -> None:
        self.reason = reason


MACHINES = (
    TopicLifecycle,
    MeetingLifecycle,
    ItemLifecycle,
    PollLifecycle,
    DecisionLifecycle,
    NoticeLifecycle,
    MinutesLifecycle,
    FollowUpLifecycle,
    ProjectLifecycle,
)
