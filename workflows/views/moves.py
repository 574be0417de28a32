"""The table of moves: each with its form, its one command, and the sentence that says what it will do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.commands import add_note
from cases.models import User
from workflows.commands import adjust, council, handling, intake, review, spot_checks, supervise, surveys
from workflows.flows import joint
from workflows.forms import council as council_forms
from workflows.forms import facts
from workflows.forms import handling as handling_forms
from workflows.forms import intake as intake_forms
from workflows.forms import review as review_forms
from workflows.forms.moves import MoveForm
from workflows.models import Part


@dataclass(frozen=True)
class Move:
    """How a move is asked for and carried out. `opens_next`: a desk goes on with its next case afterwards."""

    form: type[MoveForm]
    command: Callable[..., Any]
    sentence: Promise | str
    opens_next: bool = False
    danger: bool = False


def answer_part(*, case_id: int, actor: User, now: datetime, part: Part, answer: str) -> Any:  # noqa: ARG001
    """The part names its case."""
    return joint.answer_part(part_id=part.pk, actor=actor, now=now, answer=answer)


MOVES: dict[str, Move] = {
    "accept": Move(
        intake_forms.AcceptForm, intake.accept_case, _("收下本件，定好类别和紧急程度，转给派遣员。"), opens_next=True
    ),
    "reject": Move(
        intake_forms.RejectForm,
        intake.reject_case,
        _("不办本件，把理由和去处告诉居民，本件随即办结。"),
        opens_next=True,
        danger=True,
    ),
    "request_info": Move(
        intake_forms.RequestInfoForm, intake.request_info, _("向上报人问清楚，受理时限在等待时暂停。"), opens_next=True
    ),
    "supply_info": Move(intake_forms.SupplyInfoForm, intake.supply_info, _("回答受理员的问题，本件回到受理台。")),
    "merge": Move(
        intake_forms.MergeForm,
        adjust.merge_case,
        _("本件并入另一件，由它一并办理和答复；主件在办时可以拆案。"),
        opens_next=True,
    ),
    "split_off": Move(intake_forms.SplitOffForm, adjust.split_off_case, _("把本件从主件中拆出，重新单独办理。")),
    "dispatch": Move(
        handling_forms.DispatchForm,
        joint.dispatch_jointly,
        _("交给主办单位，需要时请协办单位各办一部分。"),
        opens_next=True,
    ),
    "sign": Move(handling_forms.SignForm, handling.sign_case, _("代表主办单位接下本件，并定好承办人。")),
    "reassign": Move(handling_forms.ReassignForm, handling.reassign_case, _("换一位队员承办，时限不变。")),
    "refer_to_council": Move(
        council_forms.ReferToCouncilForm, council.refer_to_council, _("请议事会商议，处置时限在商议时暂停。")
    ),
    "return_from_council": Move(
        council_forms.ReturnFromCouncilForm,
        council.return_from_council,
        _("议事会不议这件事，退给原来办理的人，时限接着算。"),
        danger=True,
    ),
    "take_decision": Move(
        council_forms.TakeDecisionForm, council.take_decision, _("录入在纸上形成的决议和落实事项，本件回去办理。")
    ),
    "resume": Move(handling_forms.ResumeForm, adjust.resume_case, _("解除挂账，处置时限从剩下的时间接着算。")),
    "submit": Move(handling_forms.SubmitForm, handling.submit_case, _("写明办理结果，交给网格员或受理员到现场核查。")),
    "verify": Move(review_forms.VerifyForm, review.verify_case, _("确认已办好，答复居民并开始回访。")),
    "send_back": Move(
        review_forms.SendBackForm, review.send_back_case, _("还没有办好，退给承办人接着办，计一次返工。"), danger=True
    ),
    "record_survey": Move(
        review_forms.RecordSurveyForm, surveys.record_survey, _("记下居民的话：解决了就结案，没有解决转督办员审定。")
    ),
    "request_reopen": Move(
        review_forms.RequestReopenForm, surveys.request_reopen, _("居民说还有问题，请督办员审定是否重办。")
    ),
    "reopen": Move(review_forms.ReopenForm, review.reopen_case, _("开始新一轮办理，仍算同一件。")),
    "decline_reopen": Move(
        review_forms.DeclineReopenForm, review.decline_reopen, _("维持原答复，把理由告诉居民，本件结案。"), danger=True
    ),
    "pass_spot_check": Move(
        review_forms.PassSpotCheckForm, spot_checks.pass_spot_check, _("到现场看过，和答复的一样，抽查合格。")
    ),
    "fail_spot_check": Move(
        review_forms.FailSpotCheckForm,
        spot_checks.fail_spot_check,
        _("还没有办好：退回重新办理，开始新一轮，计一次返工，并告诉居民。"),
        danger=True,
    ),
    "answer_part": Move(handling_forms.AnswerPartForm, answer_part, _("写明本单位协办的部分办得怎样，交给主办单位。")),
    "keep_promise": Move(
        handling_forms.KeepPromiseForm, review.keep_promise, _("说明承诺的事怎样办到了，承诺期限停止。")
    ),
    "urge": Move(facts.UrgeForm, supervise.urge_case, _("提醒现在办理的人抓紧，留在流转记录里。")),
    "correct_facts": Move(
        facts.CorrectFactsForm, adjust.correct_facts, _("改正类别或紧急程度，时限从原来的起点重新算。")
    ),
    "report_again": Move(
        facts.ReportAgainForm, intake.report_again, _("本件不再重办：另立新件从头办起，两件连在一起。")
    ),
    "add_note": Move(facts.AddNoteForm, add_note, _("给同事留一句话，居民看不到。")),
}
