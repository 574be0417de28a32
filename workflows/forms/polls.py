"""Forms of polls: put an item to the vote, hands, a vote, papers, recount and void."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.council_terms import BallotChoice, PollMethod
from cases.models import Elector
from workflows.council.hands import Counters, Hands
from workflows.council_pages.polls import PollPanel
from workflows.forms.fields import card_field, text_field
from workflows.forms.meetings import CouncilForm

PARTS = (("votes_for", _("同意")), ("votes_against", _("反对")), ("abstained", _("弃权")))


class OpenPollForm(CouncilForm):
    """How it is voted on, who takes no part, and with hands how many were raised."""

    template_name = "council/_open_poll_form.html"

    def __init__(self, *args: Any, panel: PollPanel, **kwargs: Any) -> None:
        self.panel = panel
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        panel = self.panel
        self.fields["method"] = card_field(
            _("表决方式"), panel.methods, row=True, initial=panel.methods[0][0] if panel.methods else None
        )
        number = forms.NumberInput(attrs={"inputmode": "numeric", "min": 0})
        for row in panel.hands:
            for part, label in PARTS:
                self.fields[f"{part}_{row.party.pk}"] = forms.IntegerField(
                    label=f"{row.party} {label}",
                    min_value=0,
                    required=False,
                    initial=row.present if part == "votes_for" else 0,
                    widget=number,
                )
        for name, label, known in (
            ("first_counter", _("计票人"), panel.counters[0]),
            ("second_counter", _("监票人"), panel.counters[1]),
        ):
            self.fields[name] = forms.CharField(label=label, max_length=50, required=False, initial=known)
        self.fields["recused"] = forms.TypedMultipleChoiceField(
            label=_("回避的人"), choices=panel.seats, coerce=int, required=False, widget=forms.CheckboxSelectMultiple
        )
        self.fields["recusal"] = forms.CharField(label=_("回避的理由"), max_length=200, required=False)

    def get_context(self) -> dict[str, Any]:
        rows = [(row, [self[f"{part}_{row.party.pk}"] for part, _label in PARTS]) for row in self.panel.hands]
        return super().get_context() | {
            "rows": rows,
            "parts": [label for _part, label in PARTS],
            "counters": [self["first_counter"], self["second_counter"]],
            "method": self["method"],
            "recusal": [self["recused"], self["recusal"]],
            "has_recusal": bool(self["recused"].value()),
        }

    def clean(self) -> None:
        data = self.cleaned_data
        if data.get("recused") and not data.get("recusal", "").strip():
            self.add_error("recusal", _("请写明回避的理由。"))

    def recused(self) -> Mapping[int, str]:
        """Who takes no part, and why."""
        return dict.fromkeys(self.cleaned_data["recused"], self.cleaned_data["recusal"])

    @property
    def by_hands(self) -> bool:
        """Whether the numbers come along."""
        return bool(self.cleaned_data["method"] == PollMethod.HANDS)

    def hands(self) -> list[Hands]:
        """What was counted."""
        data = self.cleaned_data
        return [
            Hands(row.party, *(data.get(f"{part}_{row.party.pk}") or 0 for part, _label in PARTS))
            for row in self.panel.hands
        ]

    def counters(self) -> Counters:
        """Who counted."""
        return Counters(self.cleaned_data["first_counter"], self.cleaned_data["second_counter"])

    def refuse(self, error: Any) -> None:
        """Too many hands of a party stand at its first number."""
        if hasattr(error, "error_dict"):
            for name in [name for name in error.error_dict if name.startswith("hands_")]:
                error.error_dict[f"votes_for_{name.removeprefix('hands_')}"] = error.error_dict.pop(name)
        super().refuse(error)


class VoidForm(CouncilForm):
    reason = text_field(_("为什么作废"), rows=2)


class DeclineForm(CouncilForm):
    note = forms.CharField(label=_("不同意的理由"), max_length=300)


class RecountForm(CouncilForm):
    reason = forms.CharField(label=_("重新核定的理由"), max_length=300)


class PapersForm(CouncilForm):
    """One line for each elector whose vote is not in yet."""

    template_name = "council/_papers_form.html"

    def __init__(self, *args: Any, electors: list[Elector], **kwargs: Any) -> None:
        self.electors = electors
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        for elector in self.electors:
            self.fields[f"vote_{elector.pk}"] = card_field(
                elector.label, BallotChoice.choices, row=True, required=False
            )

    def given(self) -> list[tuple[Elector, str]]:
        """The papers that were entered."""
        data = self.cleaned_data
        pairs = ((elector, data.get(f"vote_{elector.pk}")) for elector in self.electors)
        return [(elector, choice) for elector, choice in pairs if choice]
