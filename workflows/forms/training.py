"""Forms of the training, and of who heads a place."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cases.forms import SMALL_LEVELS, AreaField
from cases.models import Area, Course, ExemplaryCase, Lecturer, SharingSession, TeachingSite, User
from cases.training import Participant, WriteUp
from cases.training_terms import ExemplaryState, StudyMode
from workflows.forms.campaigns import Refusing
from workflows.forms.fields import DayField, pick_list, text_field

MOST_LINES = 500


class CourseForm(forms.ModelForm):  # type: ignore[type-arg]
    """A course with its lecturers, sites and study modes."""

    starts_on = DayField(label=_("开始日期"))
    ends_on = DayField(label=_("结束日期"))
    modes = forms.MultipleChoiceField(
        label=_("五学"), choices=StudyMode.choices, required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "cards cards--row"}),
    )  # fmt: skip

    class Meta:
        model = Course
        fields = ("name", "code", "starts_on", "ends_on", "campaign", "modes", "lecturers", "sites", "summary")
        widgets = {"summary": forms.Textarea(attrs={"rows": 3}), "lecturers": pick_list(), "sites": pick_list()}

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("starts_on") and given.get("ends_on") and given["ends_on"] < given["starts_on"]:
            self.add_error("ends_on", _("结束日期不能早于开始日期。"))
        return given


class LecturerForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Lecturer
        fields = ("name", "organisation", "field", "active")


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = TeachingSite
        fields = ("name", "kind", "area", "address", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Area.objects.exclude(level__in=SMALL_LEVELS).order_by("path")
        self.fields["area"] = AreaField(label=_("区域"), queryset=rows, empty_label=_("请选择"))


class SessionForm(forms.ModelForm):  # type: ignore[type-arg]
    held_on = DayField(label=_("日期"))

    class Meta:
        model = SharingSession
        fields = ("name", "held_on", "place", "cases", "attendance", "summary")
        widgets = {"summary": forms.Textarea(attrs={"rows": 3}), "cases": pick_list()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cases: Any = self.fields["cases"]
        cases.queryset = ExemplaryCase.objects.filter(state=ExemplaryState.PUBLISHED)


class ParticipantsForm(Refusing):
    """Several at once, one a line."""

    lines = text_field(_("学员"), rows=6, help_text=_("每行一位：姓名，单位。有账号的写 @账号。"))

    def clean_lines(self) -> list[Participant]:
        lines = [line.strip() for line in self.cleaned_data["lines"].splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(_("一次最多 %(n)s 行。") % {"n": MOST_LINES})
        logins = {line[1:].strip() for line in lines if line[0] in "@＠"}
        known = {user.username: user for user in User.objects.filter(username__in=logins)}
        if lacking := sorted(logins - set(known)):
            raise ValidationError(_("没有这些账号：%(names)s。") % {"names": "、".join(lacking)})
        return [_participant(line, known) for line in lines]


def _participant(line: str, known: dict[str, User]) -> Participant:
    if line[0] in "@＠":
        return Participant(user=known[line[1:].strip()])
    name, _comma, organisation = line.replace("，", ",").replace("\t", ",").partition(",")
    return Participant(name=name.strip()[:50], organisation=organisation.strip()[:80])


class WriteUpForm(Refusing):
    """A closed case, told for others."""

    title = forms.CharField(label=_("题目"), max_length=80)
    situation = text_field(_("起因"), rows=4, help_text=_("不写姓名、电话、门牌；“一位居民”就够了。"))
    done = text_field(_("怎样办的"), rows=5)
    lesson = text_field(_("经验"), rows=4)

    def words(self) -> WriteUp:
        """What the command takes."""
        return WriteUp(**self.cleaned_data)


class SendBackForm(Refusing):
    note = forms.CharField(label=_("理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class HeadForm(Refusing):
    """Who heads a place from a day on: a colleague, or a name."""

    area = AreaField(label=_("区域"), queryset=Area.objects.none(), empty_label=_("请选择"))
    user = forms.ModelChoiceField(
        label=_("工作人员"), queryset=User.objects.filter(is_active=True).order_by("name", "username"), required=False,
        empty_label=_("没有账号，填姓名"),
    )  # fmt: skip
    name = forms.CharField(label=_("姓名"), max_length=50, required=False, help_text=_("没有账号的才填。"))
    valid_from = DayField(label=_("自"))

    def __init__(self, *args: Any, areas: QuerySet[Area], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = areas  # type: ignore[attr-defined]
        self.fields["valid_from"].initial = today
