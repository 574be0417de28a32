"""The filters of the ledger, as a form: what cannot be read says so at its field, the rest still counts."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Area, Campaign, Case, Category, Team, User
from cases.querysets import AREA_ROLES
from cases.scope import below
from cases.selectors import Filters
from cases.terms import OPEN_STATES, AreaLevel, Role, Source, State

ANY = ("", _("全部"))
STATES = [
    ANY,
    ("open", _("在办")),
    ("ended", _("办结")),
    (_("在办环节"), [(state.value, state.label) for state in OPEN_STATES]),
    (_("办结方式"), [(state.value, state.label) for state in State if state not in OPEN_STATES]),
]
LIMITS = [ANY, ("overdue", _("超期")), ("soon", _("临期"))]
ORDERS = [("newest", _("最新上报在前")), ("pressing", _("最紧迫在前（在办）"))]
LONGEST_KEY = 19  # digits of more than a column holds
SMALL_LEVELS = (AreaLevel.NEIGHBOURHOOD, AreaLevel.GRID, AreaLevel.BUILDING)  # too many for a list to choose from


class AreaField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A place of the tree, set in by its depth."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{'　' * (obj.depth - 1)}{obj.name}"


class DayInput(forms.DateInput):
    """The date picker of the browser, which wants ISO dates in every language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class LedgerForm(forms.Form):
    """Everything that the ledger can be narrowed to; the names are the query of its address."""

    q = forms.CharField(label=_("搜索"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("环节"), choices=STATES, required=False)
    limit = forms.ChoiceField(label=_("时限"), choices=LIMITS, required=False)
    category = forms.ModelChoiceField(
        label=_("类别"), queryset=Category.objects.order_by("code"), required=False, empty_label=ANY[1]
    )
    area = AreaField(label=_("区域"), queryset=Area.objects.none(), required=False, empty_label=ANY[1])
    team = forms.ModelChoiceField(
        label=_("主办"), queryset=Team.objects.order_by("code"), required=False, empty_label=ANY[1]
    )
    source = forms.ChoiceField(label=_("来源"), choices=[ANY, *Source.choices], required=False)
    campaign = forms.ModelChoiceField(
        label=_("专项行动"), queryset=Campaign.objects.none(), required=False, empty_label=ANY[1], to_field_name="code"
    )
    reported_from = forms.DateField(label=_("上报自"), required=False, widget=DayInput())
    reported_to = forms.DateField(label=_("上报至"), required=False, widget=DayInput())
    later_than = forms.IntegerField(label=_("答复用时超过（工作日）"), required=False, min_value=0, max_value=9999)
    order = forms.ChoiceField(label=_("排列"), choices=ORDERS, required=False)

    FIRST = ("q", "state", "limit")  # the rest stands under 更多条件

    def __init__(self, *args: Any, viewer: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas: Any = self.fields["area"]
        areas.queryset = areas_to_choose(viewer, str(self.data.get("area", "")))
        campaigns: Any = self.fields["campaign"]
        campaigns.queryset = Campaign.objects.visible_to(viewer) if viewer else Campaign.objects.all()
        self.fields["q"].widget.attrs |= {"placeholder": _("编号、标题、地点"), "data-search": ""}
        self.fields["q"].widget.input_type = "search"

    def clean(self) -> None:
        """A range that ends before it begins finds nothing and is surely a slip."""
        given = self.cleaned_data
        if given.get("reported_from") and given.get("reported_to") and given["reported_to"] < given["reported_from"]:
            self.add_error("reported_to", _("结束日期不能早于开始日期。"))

    def filters(self) -> Filters:
        """What was asked for, without what could not be read."""
        self.is_valid()
        given = self.cleaned_data
        until = given.get("reported_to")
        return Filters(
            words=given.get("q", "").strip(),
            state=given.get("state", ""),
            category=given.get("category"),
            area=given.get("area"),
            team=given.get("team"),
            source=given.get("source", ""),
            campaign=given.get("campaign"),
            reported_from=_midnight(given.get("reported_from")),
            reported_to=_midnight(until + timedelta(days=1)) if until else None,
            limit=given.get("limit", ""),
            later_than=given.get("later_than"),
            pressing=given.get("order") == "pressing",
        )

    @property
    def first_fields(self) -> list[forms.BoundField]:
        """What stands in the open."""
        return [self[name] for name in self.FIRST[1:]]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        """What is folded away."""
        return [self[name] for name in self.fields if name not in self.FIRST]

    @property
    def uses_more(self) -> bool:
        """Whether one of the folded fields is filled in or wrong."""
        return any(self.data.get(field.name) or field.errors for field in self.more_fields)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for; the order is not."""
        return any(self.data.get(name) for name in self.fields if name != "order")


def areas_to_choose(viewer: User | None, chosen: str) -> QuerySet[Area]:
    """Places in the viewer's reach down to estates, and the one that a link has chosen, however small.

    A link may also have chosen a place around them, in which they see a case. All places for None, the command line.
    """
    areas: QuerySet[Area] = Area.objects.order_by("path")
    if viewer is None:
        return areas
    grants = viewer.grants()
    picked = areas.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < LONGEST_KEY else None
    wanted = ~Q(level__in=SMALL_LEVELS) | Q(pk=picked and picked.pk)
    if grants.has(Role.AUDITOR):
        return areas.filter(wanted)
    paths = {*grants.area_paths(AREA_ROLES), *grants.posted_paths}
    reach = below(paths)
    if picked and not picked.path.startswith(tuple(paths)) and _sees_a_case_in(viewer, picked):
        reach |= Q(pk=picked.pk)
    return areas.filter(wanted, reach)


def _sees_a_case_in(viewer: User, area: Area) -> bool:
    return Case.objects.visible_to(viewer).filter(area__path__startswith=area.path).exists()


def _midnight(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time())) if day else None
