"""Fields that several forms share: photographs, grouped choices, dates, long text, choices as cards."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Model, QuerySet
from django.forms.models import ModelChoiceIterator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Category
from cases.terms import SurveyReason

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PHOTOS = _("照片")


class PhotosInput(forms.FileInput):
    """Several photographs, taken with the camera or chosen."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """A list of uploads, at most `most`; what they are is checked when they are encoded again."""

    def __init__(self, *, most: int = 9, label: "StrOrPromise" = PHOTOS, **kwargs: Any) -> None:
        self.most = most
        attrs = {"data-photos": str(most), "accept": "image/*", "capture": "environment"}
        super().__init__(label=label, required=False, widget=PhotosInput(attrs=attrs), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:  # type: ignore[type-arg]
        given = [] if not data else list(data) if isinstance(data, list | tuple) else [data]
        if len(given) > self.most:
            raise forms.ValidationError(_("照片最多 %(n)s 张。") % {"n": self.most})
        return [super(PhotosField, self).clean(file, initial) for file in given]


class DayField(forms.DateField):
    """A day, by the picker of the browser."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


def text_field(label: "StrOrPromise", *, rows: int = 4, required: bool = True, **kwargs: Any) -> forms.CharField:
    """A text of some lines."""
    return forms.CharField(
        label=label, required=required, max_length=4000, widget=forms.Textarea(attrs={"rows": rows}), **kwargs
    )


def card_field(label: "StrOrPromise", choices: Any, *, row: bool = False, **kwargs: Any) -> forms.ChoiceField:
    """A choice as big cards, one tap."""
    look = "cards cards--row" if row else "cards"
    return forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect(attrs={"class": look}), **kwargs)


def pick_list() -> forms.CheckboxSelectMultiple:
    """As many of a long list as apply: to tick one by one, without a key to hold down."""
    return forms.CheckboxSelectMultiple(attrs={"class": "picks"})


def reasons_field() -> forms.MultipleChoiceField:
    """Why somebody is not satisfied: as many as apply."""
    cards = forms.CheckboxSelectMultiple(attrs={"class": "cards cards--row"})
    return forms.MultipleChoiceField(
        label=_("哪里不满意（可以多选）"), choices=SurveyReason.choices, required=False, widget=cards
    )


class _Groups(ModelChoiceIterator):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[Any]:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        groups: dict[str, list[Any]] = {}
        for row in self.queryset:
            groups.setdefault(self.field.group_of(row), []).append(self.choice(row))  # type: ignore[attr-defined]
        yield from groups.items()


class GroupedChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of rows under headings; `group_of` names the heading of a row."""

    iterator = _Groups

    def group_of(self, row: Model) -> str:
        """The heading: a category's group unless a form says otherwise."""
        return str(getattr(row, "group", ""))


def category_field(*, required: bool = True, empty_label: "StrOrPromise | None" = None) -> GroupedChoiceField:
    """A category in use, under its group."""
    rows: QuerySet[Category] = Category.objects.filter(active=True).order_by("group", "code")
    return GroupedChoiceField(label=_("类别"), queryset=rows, required=required, empty_label=empty_label or _("请选择"))


def end_of(day: date) -> datetime:
    """The last second of a day here, as the limit that a date means."""
    return datetime.combine(day, time(23, 59, 59), timezone.get_current_timezone())


def bound(form: forms.Form, names: Iterable[str]) -> list[forms.BoundField]:
    """Some of the fields, as a template draws them."""
    return [form[name] for name in names]
