"""Forms of minutes: the text, a correction and what becomes of it, signatures, an addendum."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import Seat
from workflows.council.minutes import LONGEST_REPLY
from workflows.forms.decisions import ActForm
from workflows.forms.fields import card_field, text_field

LONGEST_BODY = 60_000
TAKEN = [("yes", _("采纳，转入修改")), ("no", _("不采纳，说明理由"))]


class PlainActForm(ActForm):
    """Nothing to type."""


class EditForm(ActForm):
    body = forms.CharField(
        label=_("纪要正文"), max_length=LONGEST_BODY, strip=False, widget=forms.Textarea(attrs={"rows": 20}),
        help_text=_("决议内容须原文照录，一字不改；定稿时会核对。"),
    )  # fmt: skip


class AddendumForm(ActForm):
    body = text_field(_("补充内容"), rows=4, help_text=_("签署后的正文不再改动，补充内容另行签署。"))


class AskForm(ActForm):
    text = text_field(_("修改意见"), rows=3, help_text=_("写明哪里要改、改成什么。"))


class SettleForm(ActForm):
    taken = card_field(_("怎样处理"), TAKEN, row=True)
    reply = forms.CharField(label=_("处理说明"), max_length=LONGEST_REPLY, required=False)

    def inputs(self) -> dict[str, Any]:
        return {"taken": self.cleaned_data["taken"] == "yes", "reply": self.cleaned_data["reply"]}


class SignForm(ActForm):
    """The hash of what the page shows goes with the signature."""

    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    agrees = forms.BooleanField(label=_("我看过全文，内容属实"))

    def inputs(self) -> dict[str, Any]:
        return {"sha256": self.cleaned_data["sha256"]}


class PaperForm(ActForm):
    errors_at: ClassVar[dict[str, str]] = {"seat": "seat_id"}
    seat_id = forms.TypedChoiceField(label=_("在纸上签了名的成员"), coerce=int)

    def __init__(self, *args: Any, unsigned: list[Seat] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seat: Any = self.fields["seat_id"]
        seat.choices = [(row.pk, f"{row.name}（{row.party.name}）") for row in unsigned or ()]
