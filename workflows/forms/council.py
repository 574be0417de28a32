"""Forms around the council: refer_to_council, return_from_council, take_decision."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import Council, Team
from cases.terms import DecisionOutcome, MatterType
from workflows.commands.council import DecisionRecord, Task
from workflows.forms.fields import DayField, bound, card_field, text_field
from workflows.forms.moves import MoveForm
from workflows.suggestions import councils_near

FOLLOW_UPS = 3


class ReferToCouncilForm(MoveForm):
    council = forms.ModelChoiceField(label=_("议事会"), queryset=Council.objects.none(), empty_label=None)
    matter = forms.ChoiceField(label=_("议题类别"), choices=MatterType.choices)
    question = text_field(_("提请商议什么"), rows=3)

    def prepare(self) -> None:
        self.fields["council"].queryset = councils_near(self.case)  # type: ignore[attr-defined]


class ReturnFromCouncilForm(MoveForm):
    reason = text_field(_("为什么不议"), rows=3)


class TakeDecisionForm(MoveForm):
    template_name = "workflows/_take_decision_form.html"
    errors_at = {"due_date": "due_1"}
    number = forms.CharField(label=_("决议编号"), max_length=40)
    outcome = card_field(_("结果"), DecisionOutcome.choices, row=True)
    text = text_field(_("决议内容"))
    decided_on = DayField(label=_("议定日期"))
    nothing_to_do = forms.CharField(
        label=_("无须落实的理由"), max_length=200, required=False, help_text=_("没有落实事项时才填，该件随即转去核查。")
    )

    def prepare(self) -> None:
        self.fields["decided_on"].initial = self.today
        self.fields["decided_on"].widget.attrs["max"] = self.today
        teams = Team.objects.filter(active=True)
        for n in range(1, FOLLOW_UPS + 1):
            self.fields[f"what_{n}"] = forms.CharField(label=_("落实事项"), max_length=200, required=False)
            self.fields[f"owner_{n}"] = forms.ModelChoiceField(
                label=_("责任单位"), queryset=teams, required=False, empty_label=_("请选择"),
                initial=self.case.team_id if n == 1 else None,
            )  # fmt: skip
            self.fields[f"due_{n}"] = DayField(label=_("完成日期"), required=False)

    def get_context(self) -> dict[str, Any]:
        rows = [bound(self, [f"what_{n}", f"owner_{n}", f"due_{n}"]) for n in range(1, FOLLOW_UPS + 1)]
        main = bound(self, ["number", "outcome", "text", "decided_on"])
        is_more = self.is_bound and any(field.value() for row in rows[1:] for field in row)
        return super().get_context() | {
            "rows": rows, "main": main, "last": self["nothing_to_do"], "is_more": is_more
        }  # fmt: skip

    def clean(self) -> None:
        for n in range(1, FOLLOW_UPS + 1):
            what, owner, due = (self.cleaned_data.get(f"{name}_{n}") for name in ("what", "owner", "due"))
            if not what and not due:
                continue  # the suggested owner alone says nothing
            for name, value in (("what", what), ("owner", owner), ("due", due)):
                if not value and f"{name}_{n}" not in self.errors:
                    self.add_error(f"{name}_{n}", _("事项、责任单位、完成日期须一并填写。"))

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        tasks = [
            Task(data[f"what_{n}"], data[f"owner_{n}"], data[f"due_{n}"])
            for n in range(1, FOLLOW_UPS + 1)
            if data.get(f"what_{n}")
        ]
        decision = DecisionRecord(
            data["number"],
            DecisionOutcome(data["outcome"]),
            data["text"],
            data["decided_on"],
            tasks,
            data["nothing_to_do"],
        )
        return {"decision": decision}
