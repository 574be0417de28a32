"""Forms of what needs a second person: return, extension, hold, void, merge, exclusion; and of the decision on it."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.terms import ExclusionReason, HoldReason, VoidReason
from workflows.forms.fields import DayField, card_field, end_of, text_field
from workflows.forms.moves import MoveForm


class AskForm(MoveForm):
    """What every request says; `details` name what the move will need besides."""

    details: ClassVar[tuple[str, ...]] = ()
    reason = text_field(_("理由"), rows=3)

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        details = {name: data[name] for name in self.details if data.get(name)}
        return {"reason": data["reason"], "reason_code": data.get("reason_code", ""), "details": details}


class ReturnToDispatchForm(AskForm):
    pass


class ExtendForm(AskForm):
    details = ("until",)
    field_order = ("until", "reason")
    until = DayField(label=_("延到哪一天"))

    def prepare(self) -> None:
        self.fields["until"].widget.attrs["min"] = self.today

    def clean_until(self) -> str:
        return end_of(self.cleaned_data["until"]).isoformat()


class HoldForm(AskForm):
    details = ("review_at",)
    field_order = ("reason_code", "reason", "review_at")
    reason_code = card_field(_("理由类别"), HoldReason.choices)
    review_at = DayField(label=_("复核日期"), help_text=_("到这一天再看能不能恢复办理。"))

    def prepare(self) -> None:
        self.fields["review_at"].widget.attrs["min"] = self.today

    def clean_review_at(self) -> str:
        return end_of(self.cleaned_data["review_at"]).isoformat()


class VoidForm(AskForm):
    details = ("how", "said_at")
    field_order = ("reason_code", "reason", "how", "said_at")
    reason_code = card_field(_("理由类别"), VoidReason.choices)
    how = forms.CharField(
        label=_("本人怎样表示撤回"), max_length=200, required=False, help_text=_("选「本人撤回」才填，例如：来电。")
    )
    said_at = DayField(label=_("表示日期"), required=False, help_text=_("选「本人撤回」才填。"))

    def clean_said_at(self) -> str:
        day = self.cleaned_data["said_at"]
        return day.isoformat() if day else ""


class ExcludeForm(AskForm):
    field_order = ("reason_code", "reason")
    reason_code = card_field(_("理由类别"), ExclusionReason.choices)


class AskMergeForm(AskForm):
    details = ("main_case",)
    field_order = ("main_case", "reason")
    main_case = forms.CharField(
        label=_("主件编号"), max_length=20, help_text=_("本件并入这一件，由它一并办理和答复，例如 2026-000123。")
    )


class DecideRequestForm(forms.Form):
    """Agree or decline: two buttons; declining needs words."""

    agree = forms.ChoiceField(choices=[("yes", _("同意")), ("no", _("不同意"))])
    note = text_field(_("审定意见"), rows=2, required=False, help_text=_("不同意的，必须写明理由。"))
