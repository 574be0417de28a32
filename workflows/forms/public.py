"""What a resident answers by the link: the survey in two taps, and what is still wrong."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.terms import Satisfaction
from workflows.commands.surveys import SurveyAnswer
from workflows.forms.fields import reasons_field, text_field


class SurveyForm(forms.Form):
    """`solved` comes from the first tap, `satisfaction` from the button of the second."""

    solved = forms.ChoiceField(choices=[("yes", _("解决了")), ("no", _("没有解决"))], widget=forms.HiddenInput)
    satisfaction = forms.ChoiceField(choices=Satisfaction.choices)
    reasons = reasons_field()
    words = text_field(_("想说的话"), rows=3, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self["solved"].value() == "no":
            self.fields["words"].required = True
            self.fields["words"].label = _("请写明还差什么")
            self.fields["words"].error_messages["required"] = _("没有解决的，请写明还差什么。")

    def answer(self, *, language: str = "") -> SurveyAnswer:
        """What the command takes."""
        data = self.cleaned_data
        satisfaction, reasons = Satisfaction(data["satisfaction"]), tuple(data["reasons"])
        return SurveyAnswer(data["solved"] == "yes", satisfaction, data["words"], reasons, language)


class AskReopenForm(forms.Form):
    words = text_field(_("还有什么问题"), rows=4)
