"""Forms of campaigns: the plan with its goals, and the questions that it asks."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.campaign_terms import SHARES, GoalKind, QuestionKind
from cases.campaigns import MOST_QUESTIONS, Asked, CampaignPlan
from cases.forms import AreaField
from cases.models import Area, Campaign, FormQuestion, Team, User
from cases.permissions import is_administrator
from cases.terms import AreaLevel, Role
from workflows.forms.fields import DayField, bound, pick_list, text_field

TARGET_LEVELS = (
    AreaLevel.DISTRICT, AreaLevel.STREET, AreaLevel.COMMUNITY, AreaLevel.SECTOR, AreaLevel.GROUP, AreaLevel.ESTATE,
)  # fmt: skip
BLANK_QUESTIONS = 3


class AreasField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Places of the tree, set in by their depth."""

    label_from_instance = AreaField.label_from_instance


class Refusing(forms.Form):
    """A form of one command; what it refuses comes back to the field."""

    def refuse(self, error: ValidationError) -> None:
        """Show what the command refused, at the field where it was typed."""
        by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, messages in by_field.items():
            for message in messages:
                self.add_error(name if name in self.fields else None, message)


def areas_led(viewer: User, campaign: Campaign | None = None) -> Any:
    """The places that a person may make the target of a campaign, and those that it has, however small."""
    wanted = Q(level__in=TARGET_LEVELS)
    if campaign:
        wanted |= Q(pk__in=campaign.areas.values("pk"))
    areas = Area.objects.filter(wanted).order_by("path")
    if is_administrator(viewer):
        return areas
    paths = viewer.grants().area_paths([Role.LEADER])
    return areas.filter(pk__in=[area.pk for area in areas if area.path.startswith(paths)] if paths else [])


class CampaignForm(Refusing):
    """Everything of a campaign but its questions."""

    template_name = "workflows/_campaign_form.html"
    name = forms.CharField(label=_("名称"), max_length=60)
    code = forms.SlugField(
        label=_("代码"), max_length=30, help_text=_("英文字母、数字和连字符，用在网址里，定了就不改。")
    )
    purpose = text_field(_("做什么"), rows=3, required=False)
    starts_on = DayField(label=_("开始日期"))
    ends_on = DayField(label=_("结束日期"), required=False)
    areas = AreasField(label=_("开展区域"), queryset=Area.objects.none(), widget=pick_list())
    lead_team = forms.ModelChoiceField(
        label=_("牵头单位"), queryset=Team.objects.filter(active=True), required=False, empty_label=_("没有")
    )
    teams = forms.ModelMultipleChoiceField(
        label=_("参加单位"), queryset=Team.objects.filter(active=True), required=False,
        widget=pick_list(),
    )  # fmt: skip
    active = forms.BooleanField(label=_("启用"), required=False, initial=True)

    def __init__(self, *args: Any, viewer: User, campaign: Campaign | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("initial", _initial(campaign) if campaign else {})
        super().__init__(*args, **kwargs)
        areas: Any = self.fields["areas"]
        areas.queryset = areas_led(viewer, campaign)
        areas.required = not is_administrator(viewer)  # everywhere is theirs to choose
        areas.help_text = "" if areas.required else _("不选就是全部区域。")
        for kind in GoalKind:
            most = 100 if kind in SHARES else 1_000_000
            self.fields[f"goal_{kind.value}"] = forms.IntegerField(
                label=kind.label, min_value=1, max_value=most, required=False
            )
        if campaign:
            del self.fields["code"]
        self.campaign = campaign

    def get_context(self) -> dict[str, Any]:
        first = ["name", *(["code"] if "code" in self.fields else []), "purpose"]
        return super().get_context() | {
            "first": bound(self, first),
            "period": bound(self, ["starts_on", "ends_on"]),
            "who": bound(self, ["areas", "teams"]),
            "lead": self["lead_team"],
            "goals": bound(self, [f"goal_{kind.value}" for kind in GoalKind]),
            "active": self["active"],
        }

    def plan(self) -> CampaignPlan:
        """What the command takes."""
        given = self.cleaned_data
        goals = {kind.value: given[f"goal_{kind.value}"] for kind in GoalKind if given[f"goal_{kind.value}"]}
        return CampaignPlan(
            code=self.campaign.code if self.campaign else given["code"], name=given["name"].strip(),
            starts_on=given["starts_on"], ends_on=given["ends_on"], purpose=given["purpose"].strip(),
            areas=list(given["areas"]), lead_team=given["lead_team"], teams=list(given["teams"]), goals=goals,
            active=given["active"],
        )  # fmt: skip


def _initial(campaign: Campaign) -> dict[str, Any]:
    names = ("name", "purpose", "starts_on", "ends_on", "lead_team", "active")
    initial: dict[str, Any] = {name: getattr(campaign, name) for name in names}
    initial |= {"areas": campaign.areas.all(), "teams": campaign.teams.all()}
    return initial | {f"goal_{goal.kind}": goal.target for goal in campaign.goals.all()}


class QuestionForm(forms.Form):
    """One question; an empty text takes it out."""

    key = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    text = forms.CharField(label=_("问题"), max_length=120, required=False)
    kind = forms.ChoiceField(label=_("类型"), choices=QuestionKind.choices, required=False)
    choices = forms.CharField(
        label=_("选项"), required=False, help_text=_("单选题用，每行一个。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    required = forms.BooleanField(label=_("必填"), required=False)

    def asked(self) -> Asked:
        """What the command takes."""
        given = self.cleaned_data
        kind = QuestionKind(given["kind"] or QuestionKind.TEXT)
        lines = tuple(line.strip() for line in given["choices"].splitlines() if line.strip())
        options = lines if kind == QuestionKind.CHOICE else ()
        return Asked(given["text"].strip(), kind, options, given["required"], given["key"])


class QuestionsForm:
    """The questions of a campaign, one below the other, with a few empty ones at the end; no script is needed."""

    def __init__(self, known: Sequence[FormQuestion] = (), *, typed: Any = None) -> None:
        if typed is not None:
            n = min(int(typed["total"]) if str(typed.get("total", "")).isdecimal() else 0, MOST_QUESTIONS + 9)
            self.rows = [QuestionForm(typed, prefix=f"q{at}") for at in range(n)]
        else:
            blank = min(BLANK_QUESTIONS, MOST_QUESTIONS - len(known))
            given = [{**vars(row), "choices": "\n".join(row.choices)} for row in known]
            self.rows = [QuestionForm(initial=row, prefix=f"q{at}") for at, row in enumerate([*given, *[{}] * blank])]
        self.general: list[str] = []

    def is_valid(self) -> bool:
        valid = [row.is_valid() for row in self.rows]  # each says what is wrong with it
        return all(valid)

    @property
    def is_wrong(self) -> bool:
        return bool(self.general) or any(row.errors for row in self.rows)

    def questions(self) -> list[Asked]:
        """Those with a text, in their order."""
        return [row.asked() for row in self._filled()]

    def _filled(self) -> list[QuestionForm]:
        return [row for row in self.rows if row.cleaned_data["text"].strip()]

    def refuse(self, error: ValidationError) -> None:
        """Show what the command refused, at the question."""
        filled = self._filled()
        for name, messages in error.message_dict.items():
            at = name.removeprefix("question_")
            if at.isdecimal():
                for message in messages:
                    filled[int(at)].add_error("text", message)
            else:
                self.general += messages
