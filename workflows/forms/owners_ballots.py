"""Forms of an owners' ballot: start it, enter a paper quickly, strike a wrong entry."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.council_terms import BallotChoice
from cases.models import Poll, RulePack
from workflows.council.holders import Holder
from workflows.council.owners_ballots import PACKS, OwnersQuestion, earliest_opening
from workflows.council.packs import rules_of
from workflows.forms.fields import bound, card_field, text_field

AT_NINE, AT_SIX = time(9), time(18)
LASTS = timedelta(days=14)
PARTIES = {"property_company": _("物业公司")}  # as rule packs name it, where a council has no such party
HOLDER = ("holder", "holder_phone", "document", "holder_party", "is_told")


class MomentField(forms.DateTimeField):
    """A day and a time, by the picker of the browser."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], **kwargs)


class RefusableForm(forms.Form):
    """A form that shows what the command refused, at the field where it was typed."""

    def refuse(self, error: ValidationError) -> None:
        """Put each message to its field."""
        by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, said in by_field.items():
            for message in said:
                self.add_error(name if name in self.fields else None, message)


class StartBallotForm(RefusableForm):
    """What the owners are asked, by which rules, from when until when."""

    pack_code = card_field(_("适用规则"), [])
    text = text_field(_("请业主表决的内容"), rows=5, help_text=_("业主会在选票上看到这段话，一字不改。"))
    opens_at = MomentField(label=_("开始时间"), help_text=_("业主名册在这一刻固定下来。"))
    closes_at = MomentField(label=_("截止时间"), help_text=_("到这一刻为止，自动截止。"))

    def __init__(self, *args: Any, suggested: str, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        packs = {pack.code: pack for pack in RulePack.objects.filter(code__in=PACKS).order_by("version")}
        chosen: Any = self.fields["pack_code"]
        chosen.choices = [(code, packs[code].name) for code in PACKS if code in packs]
        chosen.initial = suggested if suggested in packs else None
        opens = suggested_opening(suggested, now) if suggested in packs else now
        self.fields["opens_at"].initial = opens
        self.fields["closes_at"].initial = _at(opens + LASTS, AT_SIX)

    def question(self) -> OwnersQuestion:
        """What the command takes."""
        return OwnersQuestion(**{name: self.cleaned_data[name] for name in self.fields})


class PaperForm(RefusableForm):
    """A paper that came back: whose, and what it says; a picture of it when there is one."""

    template_name = "council/_paper_form.html"
    unit = forms.CharField(
        label=_("房号"),
        max_length=60,
        help_text=_("票上印的房号，写一个就行。"),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "list": "units"}),
    )
    choice = card_field(_("表决意见"), BallotChoice.choices, row=True)
    scan = forms.FileField(label=_("票样照片"), required=False, widget=forms.FileInput(attrs={"accept": "image/*"}))
    holder = forms.CharField(label=_("受托人姓名"), max_length=50, required=False)
    holder_phone = forms.CharField(
        label=_("受托人电话"), max_length=20, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    document = forms.CharField(label=_("委托书"), max_length=120, required=False, help_text=_("编号或日期，原件留存。"))
    holder_party = forms.ChoiceField(label=_("受托人是"), required=False)
    is_told = forms.BooleanField(label=_("委托书写明了意见，和这张票一致"), required=False)

    def __init__(self, *args: Any, poll: Poll, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        proxy = rules_of(poll.pack).proxy
        if not proxy.allowed:
            for name in HOLDER:
                del self.fields[name]
            return
        party: Any = self.fields["holder_party"]
        known = {code: PARTIES.get(code, code) for code in proxy.barred_roles}
        known |= dict(poll.topic.council.parties.values_list("code", "name"))
        party.choices = [("", _("业主、家属或其他人")), *known.items()]
        self.fields["holder"].help_text = _("一人最多受托 %(n)s 份。") % {"n": proxy.cap}
        for name in ("holder", "holder_phone"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def handed_in(self) -> Holder | None:
        """Who handed the paper in for the owner; None when nothing was written about it."""
        given = {name: self.cleaned_data.get(name, "") for name in HOLDER}
        if not any(given.values()):
            return None
        return Holder(
            given["holder"], given["holder_phone"], given["document"], given["holder_party"], bool(given["is_told"])
        )

    def get_context(self) -> dict[str, Any]:
        of_holder = bound(self, [name for name in HOLDER if name in self.fields])
        return super().get_context() | {
            "own": bound(self, ["unit", "choice", "scan"]),
            "of_holder": of_holder,
            "is_holder_open": self.is_bound and any(field.value() or field.errors for field in of_holder),
        }


class StrikeForm(RefusableForm):
    """Why an entry is taken back."""

    reason = forms.CharField(label=_("作废理由"), max_length=200)


def suggested_opening(pack_code: str, now: datetime) -> datetime:
    """Nine in the morning of the first day on which the rules let a ballot open; now where no notice is needed."""
    first = earliest_opening(pack_code, now)
    return now if first == now else _at(first, AT_NINE)


def _at(day: datetime, hour: time) -> datetime:
    return datetime.combine(timezone.localdate(day), hour, timezone.get_current_timezone())
