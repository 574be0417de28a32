"""What the figures are asked about, as a form; its names are the query of the address."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.forms import ANY, AreaField, areas_to_choose
from cases.models import Area, Campaign, Category, Team, User
from workflows.figures.reading import Question
from workflows.forms.fields import DayField


class FiguresForm(forms.Form):
    """Cases reported from a day to a day, of an area, a team, a category, a campaign, as known at a moment."""

    since = DayField(label=_("上报自"), required=False)
    until = DayField(label=_("上报至"), required=False)
    area = AreaField(label=_("区域"), queryset=Area.objects.none(), required=False, empty_label=ANY[1])
    team = forms.ModelChoiceField(
        label=_("工作队"), queryset=Team.objects.order_by("code"), required=False, empty_label=ANY[1]
    )
    category = forms.ModelChoiceField(
        label=_("类别"), queryset=Category.objects.order_by("code"), required=False, empty_label=ANY[1]
    )
    campaign = forms.ModelChoiceField(
        label=_("专项行动"), queryset=Campaign.objects.all(), required=False, empty_label=ANY[1]
    )
    as_of = forms.DateTimeField(
        label=_("按何时所知"),
        required=False,
        help_text=_("不填就按现在。"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )

    FIRST: tuple[str, ...] = ("since", "until", "area")
    KNOWS_THE_PAST = True

    def __init__(self, *args: Any, viewer: User, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)
        areas: Any = self.fields["area"]
        areas.queryset = areas_to_choose(viewer, str(self.data.get("area", "")))
        if not Campaign.objects.exists():
            del self.fields["campaign"]
        if not self.KNOWS_THE_PAST:
            del self.fields["as_of"]

    def clean(self) -> None:
        """A range that ends before it begins finds nothing and is surely a slip; nobody knows the future."""
        given = self.cleaned_data
        if given.get("since") and given.get("until") and given["until"] < given["since"]:
            self.add_error("until", _("结束日期不能早于开始日期。"))
        as_of: datetime | None = given.get("as_of")
        if as_of and as_of > self.now:
            self.add_error("as_of", _("只能按过去的时刻。"))

    def question(self) -> Question:
        """What was asked, without what could not be read."""
        self.is_valid()
        names = ("since", "until", "area", "team", "category", "campaign", "as_of")
        return Question(**{name: self.cleaned_data.get(name) for name in names})

    def first(self) -> list[forms.BoundField]:
        """The fields that stand open."""
        return [self[name] for name in self.FIRST]

    def rest(self) -> list[forms.BoundField]:
        """The fields under 更多条件."""
        return [self[name] for name in self.fields if name not in self.FIRST]

    @property
    def narrows(self) -> bool:
        """Whether one of the folded fields is used."""
        return any(self.data.get(name) for name in self.fields if name not in self.FIRST)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.fields)


class DashboardForm(FiguresForm):
    """The same of this moment: what is late now was not late then."""

    FIRST = ("area", "since", "until")
    KNOWS_THE_PAST = False
