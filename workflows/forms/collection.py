"""The questions of campaigns on the report form, and the household on whose visit a case is raised."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.campaign_terms import QuestionKind, YesNo
from cases.campaigns import check_answers
from cases.commands import Person
from cases.lib.masking import mask_name, mask_phone
from cases.models import Campaign, CollectionForm, FormQuestion, User, Visit

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Offered:
    """A running campaign as the report form offers it; `form` is the version whose questions are shown."""

    campaign: Campaign
    form: CollectionForm | None

    @property
    def version_field(self) -> str:
        return f"form_{self.campaign.pk}"

    def field_of(self, key: str) -> str:
        """The name of the field of a question."""
        return f"answer_{self.campaign.pk}_{key}"

    @property
    def questions(self) -> list[FormQuestion]:
        return list(self.form.questions.all()) if self.form else []

    def given(self, data: Mapping[str, Any]) -> dict[str, str]:
        """What was typed, by key."""
        return {row.key: str(data.get(self.field_of(row.key), "")) for row in self.questions}

    def errors(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What is wrong with it, by field."""
        try:
            check_answers(self.questions, self.given(data))
        except forms.ValidationError as error:
            return {self.field_of(name.removeprefix("answer_")): said for name, said in error.error_dict.items()}
        return {}


def offered_to(paths: Iterable[str], today: date, typed: Mapping[str, Any]) -> list[Offered]:
    """The running campaigns of some areas; of each the newest questions, or those of the version that was filled in."""
    campaigns = list(Campaign.objects.running(today).touching(paths))
    versions: dict[int, list[CollectionForm]] = {campaign.pk: [] for campaign in campaigns}
    if campaigns:
        rows = CollectionForm.objects.filter(campaign__in=versions).prefetch_related("questions").order_by("-n")
        for row in rows:
            versions[row.campaign_id].append(row)
    return [Offered(campaign, _version(versions[campaign.pk], typed)) for campaign in campaigns]


def _version(known: list[CollectionForm], typed: Mapping[str, Any]) -> CollectionForm | None:
    if not known:
        return None
    wanted = str(typed.get(f"form_{known[0].campaign_id}", ""))
    return next((form for form in known if str(form.pk) == wanted), known[0])


def question_field(row: FormQuestion) -> forms.Field:
    """A question as a field; whether it is needed is decided when its campaign was chosen."""
    label: StrOrPromise = row.text if row.required else _("%(question)s（选填）") % {"question": row.text}
    if row.kind == QuestionKind.NUMBER:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        return forms.CharField(label=label, required=False, widget=forms.TextInput(attrs=attrs))
    if row.kind == QuestionKind.TEXT:
        return forms.CharField(label=label, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    choices: list[Any] = [(choice, choice) for choice in row.choices]
    if row.kind == QuestionKind.YES_NO:
        choices = list(YesNo.choices)
    cards = forms.RadioSelect(attrs={"class": "cards cards--row"})
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=cards)


def visit_to_raise(viewer: User, given: object) -> Visit | None:
    """One's own visit, by its key in an address or a form."""
    if not str(given or "").isdecimal():
        return None
    rows = Visit.objects.select_related("household__area").filter(visited_by=viewer)
    return rows.filter(pk=int(str(given)[:18])).first()


def household_words(visit: Visit) -> str:
    """Whose case it would be, masked: 王** 138****8000 2单元501."""
    home = visit.household
    return " ".join(word for word in (mask_name(home.head_name), mask_phone(home.phone), home.unit) if word)


def person_of(visit: Visit) -> Person:
    """The resident of the household that was visited."""
    home = visit.household
    return Person(home.head_name, home.phone, address=f"{home.area.near_name} {home.unit}"[:120])
