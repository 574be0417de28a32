"""Forms of what follows from a decision: the plan, accept, report, finish, verify, send back, cancel."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.council_terms import FollowUpKind
from cases.models import Team
from workflows.council.follow_ups import Planned
from workflows.forms.fields import DayField, bound, text_field
from workflows.forms.moves import MoveForm

ROWS = 6  # of one plan; the page shows one and opens the others
NAMES = ("what", "kind", "owner", "due_date")


class PlanForm(MoveForm):
    """What follows, line by line, or why nothing does."""

    template_name = "council/_plan_form.html"
    errors_at = {name: f"{name}_1" for name in NAMES}
    nothing_to_do = forms.CharField(
        label=_("无须落实的理由"), max_length=200, required=False, help_text=_("没有落实事项时才填。")
    )

    def prepare(self) -> None:
        teams = Team.objects.filter(active=True)
        for n in range(1, ROWS + 1):
            self.fields[f"what_{n}"] = forms.CharField(label=_("落实事项"), max_length=200, required=False)
            self.fields[f"kind_{n}"] = forms.ChoiceField(
                label=_("类型"), choices=FollowUpKind.choices, required=False, initial=FollowUpKind.TASK
            )
            self.fields[f"owner_{n}"] = forms.ModelChoiceField(
                label=_("责任单位"), queryset=teams, required=False, initial=self.case.team_id, empty_label=_("请选择")
            )
            due = DayField(label=_("完成日期"), required=False)
            due.widget.attrs["min"] = self.today
            self.fields[f"due_date_{n}"] = due

    def get_context(self) -> dict[str, Any]:
        rows = [bound(self, [f"{name}_{n}" for name in NAMES]) for n in range(1, ROWS + 1)]
        used = [row for row in rows[1:] if row[0].value() or row[3].value()]
        return super().get_context() | {"rows": rows, "last": self["nothing_to_do"], "is_more": bool(used)}

    def clean(self) -> None:
        for n in range(1, ROWS + 1):
            what, owner, due = (self.cleaned_data.get(f"{name}_{n}") for name in ("what", "owner", "due_date"))
            if not what and not due:
                continue  # the suggested owner alone says nothing
            for name, value in (("what", what), ("owner", owner), ("due_date", due)):
                if not value and f"{name}_{n}" not in self.errors:
                    self.add_error(f"{name}_{n}", _("事项、责任单位、完成日期须一并填写。"))

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        tasks = [
            Planned(
                FollowUpKind(data.get(f"kind_{n}") or FollowUpKind.TASK),
                data[f"what_{n}"],
                data[f"owner_{n}"],
                data[f"due_date_{n}"],
            )
            for n in range(1, ROWS + 1)
            if data.get(f"what_{n}")
        ]
        return {"tasks": tasks, "nothing_to_do": data["nothing_to_do"]}


class AcceptFollowUpForm(MoveForm):
    pass


class ReportForm(MoveForm):
    percent = forms.IntegerField(
        label=_("进度（百分比）"), min_value=0, max_value=100, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )
    text = text_field(_("进展"), rows=3, help_text=_("写明做到哪一步了、下一步做什么。"))


class FinishForm(MoveForm):
    text = text_field(_("完成情况"), rows=3, help_text=_("写明做了什么、结果怎样；提交后由秘书或督办员验收。"))


class VerifyForm(MoveForm):
    note = text_field(_("验收意见"), rows=2, required=False)


class SendBackForm(MoveForm):
    reason = text_field(_("退回理由"), rows=2, help_text=_("写明还差什么。"))
    due_date = DayField(label=_("新的完成日期"), required=False, help_text=_("不填则仍按原定日期。"))

    def prepare(self) -> None:
        self.fields["due_date"].widget.attrs["min"] = self.today


class CancelForm(MoveForm):
    reason = text_field(_("取消理由"), rows=2)
