"""What may be done with a decision, its notices, objections and appeals: each act with its form, command and words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workflows.council import decision_reviews as reviews
from workflows.council import notices, objections
from workflows.council.decisions import publish_decision
from workflows.forms import decisions as forms


@dataclass(frozen=True)
class Act:
    """One act: its form, its command, the key that the command takes, its button, what it does, what is said after."""

    form: type[forms.ActForm]
    command: Callable[..., Any]
    key: str
    button: Promise | str
    more: Promise | str
    said: Promise | str
    look: str = ""
    is_folded: bool = True


@dataclass(frozen=True)
class Deed:
    """An act that the viewer may do to one row, with its form."""

    act: Act
    name: str
    url: str
    form: forms.ActForm

    @property
    def is_open(self) -> bool:
        """Whether the form is shown at once: the likely one, and one that was refused."""
        return not self.act.is_folded or bool(self.form.errors)


DECISION, NOTICE, OBJECTION = "decision_id", "notice_id", "objection_id"
ACTS: dict[str, Act] = {
    "publish": Act(
        forms.PublishForm, publish_decision, DECISION, _("张贴公示"),
        _("贴出去满规定的天数，没有未了的异议，决议就自动生效。"), _("已张贴公示，期满且没有未了的异议就生效。"),
        look="btn--primary", is_folded=False,
    ),
    "evidence": Act(
        forms.EvidenceForm, notices.add_evidence, NOTICE, _("上传张贴照片"), "", _("照片已存，公示页上看得到。"),
    ),
    "take_down": Act(
        forms.TakeDownForm, notices.take_down_early, NOTICE, _("提前取下"),
        _("公示没有满期就被取下或损坏的，在这里记下，再重新张贴。"), _("已记下提前取下，须重新张贴满期。"),
        look="btn--danger",
    ),
    "repost": Act(
        forms.RepostForm, notices.repost_notice, NOTICE, _("重新张贴"), _("公示期和异议期从头算起。"),
        _("已重新张贴，公示期从头算起。"), look="btn--primary", is_folded=False,
    ),
    "object": Act(
        forms.ObjectForm, objections.raise_objection, NOTICE, _("录入异议"),
        _("当面、来电或书面提出的异议，由秘书录入。"), _("异议已记下，请在期限内答复。"),
    ),
    "reply": Act(
        forms.ReplyForm, objections.reply_to_objection, OBJECTION, _("答复"), "", _("已答复。"),
        look="btn--primary", is_folded=False,
    ),
    "withdraw": Act(
        forms.WithdrawForm, objections.withdraw_objection, OBJECTION, _("本人撤回"), "", _("已记下本人撤回。"),
    ),
    "reveal": Act(
        forms.RevealForm, objections.reveal_objector, OBJECTION, _("查看联系方式"),
        _("为了答复需要联系本人时，写明理由后查看。"), "",
    ),
    "suspend": Act(
        forms.JudgeForm, reviews.suspend_decision, DECISION, _("暂缓执行"),
        _("落实事项的时限停下来，等维持、发回重议或撤销。"), _("已暂缓执行。"), look="btn--danger",
    ),
    "uphold": Act(
        forms.JudgeForm, reviews.uphold_decision, DECISION, _("维持"), _("决议照常落实，时限重新开始。"),
        _("已维持，照常落实。"), look="btn--primary",
    ),
    "remand": Act(
        forms.JudgeForm, reviews.remand_decision, DECISION, _("发回重议"), _("议题可以再列入议程，重新议定。"),
        _("已发回重议，议题可以再列入议程。"), look="btn--danger",
    ),
    "annul": Act(
        forms.JudgeForm, reviews.annul_decision, DECISION, _("撤销决议"), _("决议不再有效，全部记录保留。"),
        _("已撤销，记录保留。"), look="btn--danger",
    ),
    "supersede": Act(
        forms.SupersedeForm, reviews.supersede_decision, DECISION, _("由新决议替代"),
        _("同一件事后来又有决议的，由新的替代，两份都保留。"), _("已由新决议替代，记录保留。"), look="btn--danger",
    ),
    "appeal": Act(
        forms.AppealForm, reviews.receive_appeal, DECISION, _("收下复议申请"),
        _("复议期间决议照常执行，需要暂缓的由督办员暂缓。"), _("已收下复议申请。"),
    ),
    "decide_appeal": Act(
        forms.DecideAppealForm, reviews.decide_appeal, "appeal_id", _("办结复议"),
        _("由督办员处理，或由秘书录入受理机关的书面意见。"), _("复议已办结。"), look="btn--primary", is_folded=False,
    ),
}  # fmt: skip
