"""Forms of supervision orders: issue, reply, accept, ask again, withdraw."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Team
from cases.terms import ClockKind
from workflows import limits, sla
from workflows.commands.orders import addressee, teams_of
from workflows.forms.fields import DayField, card_field, end_of, text_field
from workflows.forms.moves import MoveForm

DUE_HELP = _("到这一天晚上 12 点为止。")
HOLDER = "holder"


class DueForm(MoveForm):
    """A form with the day by which the reply is due; suggested is what the limit of orders says."""

    due_at = DayField(label=_("回复期限"), help_text=DUE_HELP)

    def prepare(self) -> None:
        self.fields["due_at"].widget.attrs["min"] = self.today
        self.fields["due_at"].initial = self._suggested()

    def clean_due_at(self) -> datetime:
        return end_of(self.cleaned_data["due_at"])

    def _suggested(self) -> Any:
        found = limits.applicable(self.case, [ClockKind.ORDER], self.now)
        policy = found.policies.get(ClockKind.ORDER)
        if policy is None:
            return None
        calendar = limits.work_calendar(found.calendar(policy, None))
        return timezone.localdate(sla.moments(limits.limit_of(policy), calendar, self.now, []).due_at)


class IssueOrderForm(DueForm):
    """To whom, what is demanded, by when."""

    field_order = ("team", "demand", "due_at")
    team = card_field(_("主送"), [])
    demand = text_field(_("督办要求"), rows=3, help_text=_("写明要办什么、办到什么程度、怎样回复。"))

    def prepare(self) -> None:
        super().prepare()
        names = dict(Team.objects.filter(pk__in=teams_of(self.case)).values_list("pk", "name"))
        teams = [(str(pk), names[pk]) for pk in teams_of(self.case)]
        if self.case.team_id is None:  # a desk has it; with a lead team the team is meant
            teams = [(HOLDER, addressee(self.case)), *teams]
        team: Any = self.fields["team"]
        team.choices, team.initial = teams, teams[0][0]

    def inputs(self) -> dict[str, Any]:
        chosen = self.cleaned_data["team"]
        team = None if chosen == HOLDER else Team.objects.get(pk=chosen)
        return {"team": team, "demand": self.cleaned_data["demand"], "due_at": self.cleaned_data["due_at"]}


class ReplyForm(MoveForm):
    reply = text_field(_("办理情况"), rows=3, help_text=_("写明办了什么、结果怎样、还差什么。"))


class AcceptReplyForm(MoveForm):
    note = text_field(_("销号意见"), rows=2, required=False)


class ReturnReplyForm(DueForm):
    field_order = ("reason", "due_at")
    reason = text_field(_("退回理由"), rows=2, help_text=_("写明还缺什么。"))


class WithdrawOrderForm(MoveForm):
    reason = text_field(_("撤销理由"), rows=2)
