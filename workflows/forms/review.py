"""Forms of what follows a result: verify, send_back, record_survey, request_reopen, reopen, decline_reopen."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from cases.terms import PhotoKind, Satisfaction
from workflows.commands.surveys import SurveyAnswer
from workflows.forms.fields import PhotosField, card_field, text_field
from workflows.forms.moves import MoveForm

YES_NO = [("yes", _("解决了")), ("no", _("没有解决"))]


class VerifyForm(MoveForm):
    photo_kind = PhotoKind.CHECK
    photos = PhotosField(label=_("核查照片"))
    finding = text_field(_("看到的情况"), rows=3)


class SendBackForm(MoveForm):
    photo_kind = PhotoKind.CHECK
    photos = PhotosField(label=_("核查照片"))
    missing = text_field(_("还缺什么"), rows=3)


class RecordSurveyForm(MoveForm):
    solved = card_field(_("问题解决了吗"), YES_NO, row=True)
    satisfaction = card_field(_("对办理是否满意"), Satisfaction.choices, row=True)
    words = text_field(_("居民的话"), rows=3, required=False, help_text=_("没有解决的，必须写明还差什么。"))

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"answer": SurveyAnswer(data["solved"] == "yes", Satisfaction(data["satisfaction"]), data["words"])}


class RequestReopenForm(MoveForm):
    words = text_field(_("还有什么问题"), rows=3)


class ReopenForm(MoveForm):
    reason = text_field(_("重办的理由"), rows=3)


class DeclineReopenForm(MoveForm):
    reason = text_field(_("不予重办的理由"), rows=3, help_text=_("居民会看到这段话。"))
