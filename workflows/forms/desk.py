"""Forms of the overdue desk: which cases were ticked, and what each act on many of them asks for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Case, RoleAssignment, Team, User
from cases.terms import RequestKind, Role
from workflows.desk_acts import ELSEWHERE, MOST
from workflows.forms.fields import DayField, card_field, end_of, text_field
from workflows.models import DeskActKind

AT_ONCE = 20  # urged straight from the list; what is more is asked about once more
OUT_OF_SCOPE = _("所选的件已不在您的范围内，请重新选择。")


class TickedForm(forms.Form):
    """The cases that were ticked, in the order of the page; only those that can be seen."""

    case = forms.ModelMultipleChoiceField(
        label=_("所选的件"),
        queryset=Case.objects.none(),
        error_messages={
            "required": _("请先在列表里选择要办的件。"),
            "invalid_choice": OUT_OF_SCOPE,
            "invalid_pk_value": OUT_OF_SCOPE,
        },
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["case"].queryset = Case.objects.visible_to(viewer).only("pk")  # type: ignore[attr-defined]

    def clean_case(self) -> list[int]:
        """Their keys."""
        found = {case.pk for case in self.cleaned_data["case"]}
        if len(found) > MOST:
            raise ValidationError(_("一次最多办 %(n)s 件，请分几次。") % {"n": MOST})
        sent = dict.fromkeys(int(pk) for pk in self.data.getlist("case"))  # type: ignore[attr-defined]
        return [pk for pk in sent if pk in found]


class ActForm(forms.Form):
    """What one act needs besides the cases; `once` makes sure that a form that is sent twice acts once."""

    once = forms.UUIDField(widget=forms.HiddenInput, error_messages={"required": "", "invalid": ""})

    def __init__(self, *args: Any, viewer: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer, self.now = viewer, now
        self.prepare()

    def prepare(self) -> None:
        """Fill choices and suggestions; forms that need some override it."""

    def inputs(self) -> dict[str, Any]:
        """What the command takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "once"}

    def typed(self) -> dict[str, str]:
        """What was typed, as it came: kept to try those again that were refused."""
        return {name: str(self.data.get(name, "")) for name in self.fields if name != "once"}


class UrgeForm(ActForm):
    words = text_field(_("催办意见"), rows=2, error_messages={"required": _("请写明催办意见。")})


class OrderForm(ActForm):
    field_order = ("demand", "due_at")
    demand = text_field(
        _("督办要求"), rows=3, help_text=_("写明要办什么、办到什么程度、怎样回复；每件一张督办单，主送其主办。")
    )
    due_at = DayField(label=_("回复期限"), help_text=_("到这一天晚上 12 点为止。"))

    def prepare(self) -> None:
        self.fields["due_at"].widget.attrs["min"] = timezone.localdate(self.now).isoformat()

    def clean_due_at(self) -> datetime:
        return end_of(self.cleaned_data["due_at"])


class DispatchForm(ActForm):
    team = forms.ModelChoiceField(
        label=_("主办"), queryset=Team.objects.filter(active=True).order_by("code"), empty_label=_("请选择")
    )
    note = text_field(_("交办意见"), rows=2, required=False)


class ReassignForm(ActForm):
    handler = forms.ModelChoiceField(
        label=_("承办人"), queryset=User.objects.none(), empty_label=_("请选择"), help_text=_("须是本队队员。")
    )
    note = text_field(_("说明"), rows=2, required=False)

    def prepare(self) -> None:
        led = [grant.team_id for grant in self.viewer.grants().held if grant.role == Role.TEAM_LEADER]
        members = RoleAssignment.objects.on(timezone.localdate(self.now)).filter(team__in=led).values("user")
        found = User.objects.filter(is_active=True, pk__in=members).order_by("name", "username")
        self.fields["handler"].queryset = found  # type: ignore[attr-defined]


class DecideForm(ActForm):
    """One kind at a time: what is agreed to is made at once, on each case."""

    kind = card_field(_("哪一类申请"), [(k.value, k.label) for k in RequestKind if k not in ELSEWHERE], row=True)
    agree = card_field(_("审定"), [("yes", _("同意")), ("no", _("不同意"))], row=True)
    note = text_field(_("审定意见"), rows=2, required=False, help_text=_("不同意的，必须写明理由。"))

    def clean(self) -> None:
        if self.cleaned_data.get("agree") == "no" and not self.cleaned_data.get("note", "").strip():
            self.add_error("note", _("请写明不同意的理由。"))

    def offer(self, kinds: Sequence[str]) -> None:
        """Only the kinds that wait on the chosen cases; the only one is chosen."""
        field: Any = self.fields["kind"]
        field.choices = [(k.value, k.label) for k in RequestKind if k in kinds] or field.choices
        if len(kinds) == 1:
            field.initial = kinds[0]


FORMS: dict[DeskActKind, type[ActForm]] = {
    DeskActKind.URGE: UrgeForm,
    DeskActKind.ORDER: OrderForm,
    DeskActKind.DISPATCH: DispatchForm,
    DeskActKind.REASSIGN: ReassignForm,
    DeskActKind.DECIDE: DecideForm,
}
