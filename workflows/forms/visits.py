"""Forms of visits: record one in few taps, enter a household, say who keeps contact, and from when."""

import uuid
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cases.campaign_terms import VisitWay
from cases.forms import AreaField
from cases.households import Door
from cases.models import Area, Household, User
from workflows.forms.campaigns import Refusing
from workflows.forms.fields import DayField, card_field, text_field
from workflows.forms.report import check_phone
from workflows.forms.sheets import SheetField


class VisitForm(Refusing):
    """How, when, what was said; only the first is ever looked at."""

    draft_id = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    way = card_field(_("方式"), VisitWay.choices, row=True, initial=VisitWay.HOME)
    words = text_field(_("说了什么"), rows=3, required=False)
    visited_on = DayField(label=_("走访日期"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["draft_id"].initial = uuid.uuid4().hex
        self.fields["visited_on"].initial = today
        self.fields["visited_on"].widget.attrs["max"] = today.isoformat()

    def inputs(self) -> dict[str, Any]:
        """Keyword arguments of the command."""
        given = self.cleaned_data
        return {
            "way": VisitWay(given["way"]), "words": given["words"], "visited_on": given["visited_on"],
            "client_key": given["draft_id"],
        }  # fmt: skip


class HouseholdForm(Refusing):
    """A household; of one that exists the private fields stay as they are when left empty."""

    area = AreaField(label=_("楼栋"), queryset=Area.objects.none(), empty_label=_("请选择"))
    unit = forms.CharField(label=_("门牌"), max_length=40, help_text=_("如 2单元501。"))
    head_name = forms.CharField(
        label=_("户主姓名"), max_length=50, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(
        label=_("电话"), max_length=20, required=False, validators=[check_phone],
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    active = forms.BooleanField(label=_("在住"), required=False, initial=True)

    def __init__(self, *args: Any, areas: QuerySet[Area], household: Household | None = None, **kwargs: Any) -> None:
        if household:
            kwargs["initial"] = {"area": household.area_id, "unit": household.unit, "active": household.active}
        super().__init__(*args, **kwargs)
        self.household = household
        self.fields["area"].queryset = areas  # type: ignore[attr-defined]
        if household:
            for name in ("head_name", "phone"):
                self.fields[name].help_text = _("不改就留空。")

    def door(self) -> Door:
        """What the command takes."""
        given, known = self.cleaned_data, self.household
        return Door(
            given["unit"],
            given["head_name"] or (known.head_name if known else ""),
            given["phone"] or (known.phone if known else ""),
        )


class ContactForm(Refusing):
    """Who keeps contact with the chosen households, from when."""

    user = forms.ModelChoiceField(label=_("包户联系人"), queryset=User.objects.none(), empty_label=_("请选择"))
    valid_from = DayField(label=_("自"))
    households = forms.ModelMultipleChoiceField(
        label=_("住户"), queryset=Household.objects.none(), error_messages={"required": _("请先勾选住户。")}
    )

    def __init__(
        self, *args: Any, people: QuerySet[User], households: QuerySet[Household], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people  # type: ignore[attr-defined]
        self.fields["households"].queryset = households  # type: ignore[attr-defined]
        self.fields["valid_from"].initial = today


class HouseholdsUploadForm(Refusing):
    """A sheet of households."""

    file = SheetField(
        label=_("住户表"), help_text=_("Excel（.xlsx）或 CSV：区域、门牌；可另有户主姓名、电话、联系人账号。")
    )


class PeriodForm(forms.Form):
    """From a day to a day."""

    since = DayField(label=_("自"), required=False)
    until = DayField(label=_("至"), required=False)
