"""Forms of the acceptance desk: accept, reject, request_info, supply_info, merge, split_off."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cases.terms import PhotoKind, Priority, RejectReason
from workflows.forms.fields import PhotosField, card_field, category_field, text_field
from workflows.forms.moves import MoveForm
from workflows.lifecycle import CaseLifecycle


class AcceptForm(MoveForm):
    category = category_field()
    priority = card_field(_("紧急程度"), Priority.choices, row=True)

    def prepare(self) -> None:
        self.fields["category"].initial = self.case.category_id
        self.fields["priority"].initial = self.case.priority


class RejectForm(MoveForm):
    reason = card_field(_("理由"), RejectReason.choices)
    text = text_field(_("答复居民的话"), help_text=_("居民会看到这段话：说明为什么，以及可以找谁。"))


class RequestInfoForm(MoveForm):
    question = text_field(_("要补充什么"), rows=3)


class SupplyInfoForm(MoveForm):
    photo_kind = PhotoKind.REPORT
    answer = text_field(_("补充内容"))
    photos = PhotosField()


class MergeForm(MoveForm):
    errors_at = {"main_case_id": "main_case"}
    main_case = forms.CharField(
        label=_("主件编号"), max_length=20, help_text=_("本件并入这一件，由它一并办理和答复，例如 2026-000123。")
    )
    reason = text_field(_("理由"), rows=2)

    def clean_main_case(self) -> CaseLifecycle:
        number = self.cleaned_data["main_case"].strip()
        found = CaseLifecycle.objects.visible_to(self.viewer).filter(number=number).first()
        if found is None:
            raise ValidationError(_("没有找到这个编号，或不在您能看到的范围内。"))
        return found  # type: ignore[return-value]

    def inputs(self) -> dict[str, Any]:
        return {"main_case_id": self.cleaned_data["main_case"].pk, "reason": self.cleaned_data["reason"]}


class SplitOffForm(MoveForm):
    reason = text_field(_("拆案的理由"), rows=2)
