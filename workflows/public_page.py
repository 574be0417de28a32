"""What a resident is told about a case, in plain words: nothing of colleagues, nothing of other residents."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.models import Answer, ResidentLink, Survey
from cases.terms import State
from workflows.case_page import Step, steps_of
from workflows.commands.surveys import is_within_window
from workflows.lifecycle import MAX_ROUNDS
from workflows.lights import provisional_year
from workflows.public_standing import Standing, standing_of

PLAIN: dict[str, Promise | str] = {
    State.REPORTED: _("已经收到，正等着受理。"),
    State.INFO_REQUESTED: _("已经收到，正在向上报人问清情况。"),
    State.ACCEPTED: _("已经受理，正在安排由谁来办。"),
    State.DISPATCHED: _("已经交给责任单位，等他们签收。"),
    State.IN_PROGRESS: _("正在办理。"),
    State.DELIBERATING: _("正请议事会商议怎么办。"),
    State.ON_HOLD: _("条件还不具备，先挂账，到时候接着办。"),
    State.SUBMITTED: _("已经办了，正有人到现场核查。"),
    State.ANSWERED: _("已经办理并答复，答复见下面。"),
    State.REOPEN_REQUESTED: _("您说还有问题，正在审定怎么接着办。"),
    State.CLOSED: _("已经结案。"),
    State.REJECTED: _("这件事不由我们办理，原因和去处见下面的答复。"),
    State.MERGED: _("和另一件是同一件事，已合在一起办理，结果会一并告诉您。"),
    State.VOIDED: _("这件事已作废，原因见下面的答复。"),
}


@dataclass(frozen=True)
class PublicPage:
    """The page behind a link."""

    number: str
    title: str
    reported_at: datetime
    words: Promise | str
    due_at: datetime | None
    provisional: int
    steps: list[Step]
    answers: list[Answer]
    survey: Survey | None
    may_answer: bool
    is_to_be_asked: bool
    may_reopen: bool
    may_report_again: bool
    is_open: bool
    standing: Standing


def public_page(link: ResidentLink, *, now: datetime) -> PublicPage:
    """Read it. Of a merged case the steps are those of the main case, whose text stays with its own resident."""
    case = link.case
    standing = case.main_case if case.state == State.MERGED and case.main_case else case
    running = standing.clocks.filter(kind="overall", stopped_at=None, paused_at=None)
    overall = running.select_related("policy", "calendar").order_by("-pk").first()
    is_in_time = case.state == State.CLOSED and is_within_window(case, now)  # type: ignore[arg-type]
    may_complain = (
        case.state == State.ANSWERED and link.handed_by_id is not None
    )  # it cannot rate, but say what is wrong
    reopens = case.round < MAX_ROUNDS and (is_in_time or may_complain)
    return PublicPage(
        number=case.number,
        title=case.title,
        reported_at=case.reported_at,
        words=PLAIN[State(case.state)],
        due_at=overall.due_at if overall else None,
        provisional=provisional_year(overall) if overall else 0,
        steps=steps_of(standing, list(standing.events.order_by("seq"))),
        answers=list(Answer.objects.filter(case=case, reporter=link.reporter_id).order_by("-answered_at", "-pk")),
        survey=case.surveys.filter(round=case.round).exclude(channel="none").first(),
        may_answer=case.state == State.ANSWERED and link.handed_by_id is None,
        is_to_be_asked=may_complain,
        may_reopen=reopens,
        may_report_again=case.state == State.CLOSED and not reopens and not case.followed_by.open().exists(),
        is_open=standing.is_open,
        standing=standing_of(standing),
    )
