"""Forms of what follows a result: verify, send_back, record_survey, request_reopen, reopen, decline_reopen."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.terms import PhotoKind, Satisfaction
from workflows.answers import suggested_answer
from workflows.commands.surveys import SurveyAnswer
from workflows.forms.fields import PhotosField, bound, card_field, reasons_field, text_field
from workflows.forms.moves import MoveForm

YES_NO = [("yes", _("解决了")), ("no", _("没有解决"))]


class VerifyForm(MoveForm):
    """What was seen on site, and what the resident is told: a suggestion to be edited."""

    template_name = "workflows/_verify_form.html"
    photo_kind = PhotoKind.CHECK
    photos = PhotosField(label=_("核查照片"))
    finding = text_field(_("看到的情况"), rows=3)
    latitude = forms.FloatField(required=False, min_value=-90, max_value=90, widget=forms.HiddenInput)
    longitude = forms.FloatField(required=False, min_value=-180, max_value=180, widget=forms.HiddenInput)
    answer = text_field(_("答复居民的话"), rows=4, help_text=_("可以修改；居民在网页上和消息里看到的就是这段话。"))

    def prepare(self) -> None:
        self.fields["answer"].initial = suggested_answer(self.case)
        if self.case.category is not None and self.case.category.check_needs_photo:
            self.fields["photos"].help_text = _("此类事项须附核查照片。")

    def get_context(self) -> dict[str, Any]:
        category = self.case.category
        return super().get_context() | {
            "first": bound(self, ["photos", "finding"]),
            "answer": self["answer"],
            "needs_place": category is not None and category.check_needs_place,
            "place_errors": self["latitude"].errors,
        }


class PassSpotCheckForm(MoveForm):
    photo_kind = PhotoKind.CHECK
    photos = PhotosField(label=_("抽查照片"))
    finding = text_field(_("看到的情况"), rows=3)


class FailSpotCheckForm(PassSpotCheckForm):
    """The same, with the other outcome."""


class SendBackForm(MoveForm):
    photo_kind = PhotoKind.CHECK
    photos = PhotosField(label=_("核查照片"))
    missing = text_field(_("还缺什么"), rows=3)


class RecordSurveyForm(MoveForm):
    solved = card_field(_("问题解决了吗"), YES_NO, row=True)
    satisfaction = card_field(_("对办理是否满意"), Satisfaction.choices, row=True)
    reasons = reasons_field()
    words = text_field(_("居民的话"), rows=3, required=False, help_text=_("没有解决的，必须写明还差什么。"))

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        satisfaction, reasons = Satisfaction(data["satisfaction"]), tuple(data["reasons"])
        return {"answer": SurveyAnswer(data["solved"] == "yes", satisfaction, data["words"], reasons)}


class RequestReopenForm(MoveForm):
    words = text_field(_("还有什么问题"), rows=3)


class ReopenForm(MoveForm):
    reason = text_field(_("重办的理由"), rows=3)


class DeclineReopenForm(MoveForm):
    reason = text_field(_("不予重办的理由"), rows=3, help_text=_("居民会看到这段话。"))
