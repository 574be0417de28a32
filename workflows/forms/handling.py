"""Forms of dispatch and of the work team: dispatch, sign, reassign, submit, resume, answer_part, keep_promise."""

from typing import Any

from django import forms
from django.db import models
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from cases.models import Team, User
from cases.terms import PhotoKind, ResultCode
from workflows.commands.handling import CoHandling
from workflows.forms.fields import DayField, GroupedChoiceField, PhotosField, bound, card_field, end_of, text_field
from workflows.forms.moves import MoveForm
from workflows.models import Part
from workflows.suggestions import suggested_teams, team_members

CO_HANDLERS = 3


class TeamField(GroupedChoiceField):
    """A team; those stationed where the case lies come first, under a heading of their own."""

    suggested: frozenset[int] = frozenset()

    def group_of(self, row: Model) -> str:
        return str(_("建议（驻点在此）") if row.pk in self.suggested else _("其他"))


class DispatchForm(MoveForm):
    template_name = "workflows/_dispatch_form.html"
    errors_at = {"co_teams": "co_team_1", "co_task": "co_task_1", "co_due": "co_due_1"}
    team = TeamField(label=_("主办"), queryset=Team.objects.filter(active=True), empty_label=_("请选择"))
    note = text_field(_("交办意见"), rows=2, required=False)

    def prepare(self) -> None:
        best = suggested_teams(self.case, self.now)
        field = self.fields["team"]
        field.suggested = frozenset(best)  # type: ignore[attr-defined]
        first = models.Case(models.When(pk__in=best, then=0), default=1)
        field.queryset = Team.objects.filter(active=True).order_by(first, "code")  # type: ignore[attr-defined]
        field.initial = best[0] if best else None
        for n in range(1, CO_HANDLERS + 1):
            self.fields[f"co_team_{n}"] = forms.ModelChoiceField(
                label=_("协办单位"), queryset=Team.objects.filter(active=True), required=False, empty_label=_("没有")
            )
            self.fields[f"co_task_{n}"] = forms.CharField(label=_("协办事项"), max_length=200, required=False)
            day = DayField(label=_("协办时限"), required=False)
            day.widget.attrs["min"] = self.today
            self.fields[f"co_due_{n}"] = day

    def get_context(self) -> dict[str, Any]:
        rows = [bound(self, [f"co_team_{n}", f"co_task_{n}", f"co_due_{n}"]) for n in range(1, CO_HANDLERS + 1)]
        is_open = self.is_bound and any(field.value() for row in rows for field in row)
        return super().get_context() | {"rows": rows, "main": bound(self, ["team", "note"]), "is_open": is_open}

    def clean(self) -> None:
        for n in range(1, CO_HANDLERS + 1):
            row = {name: self.cleaned_data.get(f"co_{name}_{n}") for name in ("team", "task", "due")}
            if not any(row.values()):
                continue
            for name, value in row.items():
                if not value and f"co_{name}_{n}" not in self.errors:
                    self.add_error(f"co_{name}_{n}", _("协办单位、事项、时限须一并填写。"))

    def inputs(self) -> dict[str, Any]:
        given = [n for n in range(1, CO_HANDLERS + 1) if self.cleaned_data.get(f"co_team_{n}")]
        co_handlers = [
            CoHandling(
                self.cleaned_data[f"co_team_{n}"],
                self.cleaned_data[f"co_task_{n}"],
                end_of(self.cleaned_data[f"co_due_{n}"]),
            )
            for n in given
        ]
        return {"team": self.cleaned_data["team"], "note": self.cleaned_data["note"], "co_handlers": co_handlers}


class HandlerForm(MoveForm):
    """Names a member of the lead team."""

    handler = forms.ModelChoiceField(label=_("承办人"), queryset=User.objects.none(), empty_label=None)

    def prepare(self) -> None:
        members: QuerySet[User] = team_members(self.case.team_id, self.now)
        self.fields["handler"].queryset = members  # type: ignore[attr-defined]
        self.fields["handler"].initial = self.viewer.pk


class SignForm(HandlerForm):
    pass


class ReassignForm(HandlerForm):
    note = text_field(_("说明"), rows=2, required=False)

    def prepare(self) -> None:
        super().prepare()
        field = self.fields["handler"]
        field.queryset = field.queryset.exclude(pk=self.case.handler_id)  # type: ignore[attr-defined]
        field.initial = None


class SubmitForm(MoveForm):
    photo_kind = PhotoKind.RESULT
    photos = PhotosField(label=_("处置后的照片"))
    result_code = card_field(_("结果"), ResultCode.choices)
    result_text = text_field(_("做了什么"), help_text=_("核查通过后会原样答复居民，请写成居民看得懂的话。"))
    promised_date = DayField(label=_("承诺日期"), required=False, help_text=_("只有选 B 才填：到哪一天办好。"))

    def prepare(self) -> None:
        self.fields["promised_date"].widget.attrs["min"] = self.today
        if self.case.category is not None and self.case.category.needs_photo:
            self.fields["photos"].help_text = _("此类事项须附处置后的照片。")


class ResumeForm(MoveForm):
    note = text_field(_("说明"), rows=2, required=False)


class AnswerPartForm(MoveForm):
    part = forms.ModelChoiceField(label=_("协办事项"), queryset=Part.objects.none(), empty_label=None)
    answer = text_field(_("协办意见"))

    def prepare(self) -> None:
        teams = self.viewer.grants().team_ids()
        rows = Part.objects.filter(joint__case=self.case, joint__closed_at=None, answered_at=None, team_id__in=teams)
        field = self.fields["part"]
        field.queryset = rows.select_related("team").order_by("pk")  # type: ignore[attr-defined]
        field.label_from_instance = lambda part: f"{part.team}：{part.task}"  # type: ignore[attr-defined]


class KeepPromiseForm(MoveForm):
    what = text_field(_("怎样兑现的"), rows=3)
