"""What the pages of auditing ask for: who saw what in which period, a digest from paper, a day."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.audit_terms import AccessKind
from cases.forms import ANY
from workflows.forms.fields import DayField

LONGEST_WORDS = 100


class AccessForm(forms.Form):
    """By person, case, door and period; the names are the query of the address."""

    who = forms.CharField(label=_("谁"), required=False, max_length=LONGEST_WORDS)
    case = forms.CharField(label=_("件号"), required=False, max_length=20)
    kind = forms.ChoiceField(label=_("方式"), choices=[ANY, *AccessKind.choices], required=False)
    since = DayField(label=_("自"), required=False)
    until = DayField(label=_("至"), required=False)

    def clean(self) -> None:
        """A period that ends before it begins is surely a slip."""
        given = self.cleaned_data
        if given.get("since") and given.get("until") and given["until"] < given["since"]:
            self.add_error("until", _("结束日期不能早于开始日期。"))

    def wanted(self) -> Q:
        """The rows asked for, without what could not be read."""
        self.is_valid()
        given = self.cleaned_data
        found = Q()
        if who := given.get("who", "").strip():
            found &= Q(by__name__icontains=who) | Q(by__username__iexact=who)
        if number := given.get("case", "").strip():
            found &= Q(case__number__contains=number)
        if given.get("kind"):
            found &= Q(kind=given["kind"])
        if given.get("since"):
            found &= Q(at__gte=_midnight(given["since"]))
        if given.get("until"):
            found &= Q(at__lt=_midnight(given["until"] + timedelta(days=1)))
        return found

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.fields)


class PaperForm(forms.Form):
    """The digest as it stands on a sheet, or its beginning."""

    digest = forms.CharField(
        label=_("封存证明上的摘要"),
        max_length=200,
        help_text=_("整段或前 12 位，空格可有可无。"),
        error_messages={"required": _("请填写封存证明上的摘要。")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class DayForm(forms.Form):
    """A past day, of which the figures are asked as they stood at its end."""

    day = DayField(label=_("日期"), error_messages={"required": _("请选择日期。")})

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)

    def moment(self) -> datetime | None:
        """The last minute of that day, or now for today; None with the reason at the field."""
        if not self.is_valid():
            return None
        day = self.cleaned_data["day"]
        if day > timezone.localdate(self.now):
            self.add_error("day", _("只能选今天或以前的日期。"))
            return None
        return min(_midnight(day + timedelta(days=1)) - timedelta(minutes=1), self.now)


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())
