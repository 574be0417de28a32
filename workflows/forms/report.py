"""Forms of a report: by the staff with a phone in one hand, and by residents through a code posted in the estate."""

import re
import uuid
from datetime import date
from operator import attrgetter
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from cases.commands import Person
from cases.lib.crypto import normal_phone
from cases.models import Area, User, Visit
from cases.terms import AnswerWay, AreaLevel, Priority, Role, Source
from workflows.commands.intake import Report
from workflows.forms.collection import Offered, household_words, offered_to, person_of, question_field, visit_to_raise
from workflows.forms.fields import PhotosField, bound, card_field, category_field, text_field
from workflows.permissions import may_report

TITLE_LENGTH = 40
FIRST_SENTENCE = re.compile(r"[^。！？!?\n；;]+")
NEAREST = (AreaLevel.ESTATE, AreaLevel.GRID, AreaLevel.BUILDING)
SOURCES = ((Role.GRID_WORKER, Source.GRID), (Role.HOUSEHOLD_CONTACT, Source.HOUSEHOLD))


def first_sentence(text: str) -> str:
    """A title out of what was written: its first sentence, cut to a length that a list can show."""
    found = FIRST_SENTENCE.search(text.strip())
    title = (found.group() if found else text).strip()
    return title if len(title) <= TITLE_LENGTH else f"{title[: TITLE_LENGTH - 1]}…"


def check_phone(value: str) -> None:
    """Refuse what cannot be dialled."""
    if not re.fullmatch(r"1\d{10}|0?\d{7,11}", normal_phone(value)):
        raise ValidationError(_("请核对电话号码。"))


def reporting_areas(viewer: User) -> QuerySet[Area]:
    """Where this person may report: the subtrees of the roles that report."""
    within = Q(pk__in=[])
    for path in viewer.grants().area_paths(may_report):
        within |= Q(path__startswith=path)
    return Area.objects.filter(within).order_by("path")  # type: ignore[no-any-return]


class Placed(forms.Form):
    """What both kinds of report have."""

    draft_id = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    latitude = forms.FloatField(required=False, min_value=-90, max_value=90, widget=forms.HiddenInput)
    longitude = forms.FloatField(required=False, min_value=-180, max_value=180, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["draft_id"].initial = uuid.uuid4().hex

    def clean_draft_id(self) -> str:
        """Without one (a client that drops hidden fields) each sending is its own."""
        return self.cleaned_data["draft_id"] or uuid.uuid4().hex

    def chosen_photos(self) -> list[UploadedFile]:  # type: ignore[type-arg]
        """The photographs that come along."""
        return list(self.cleaned_data["photos"])

    def refuse(self, error: ValidationError) -> None:
        """Show what the command refused, at its field."""
        by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        for name, messages in by_field.items():
            for message in messages:
                self.add_error(name if name in self.fields else None, message)


class ReportForm(Placed):
    template_name = "workflows/_report_form.html"
    photos = PhotosField()
    description = text_field(_("发生了什么"), rows=4)
    place = forms.CharField(label=_("具体地点"), max_length=120, required=False)
    area = forms.ModelChoiceField(label=_("区域"), queryset=Area.objects.none(), empty_label=None)
    category = category_field(required=False, empty_label=_("不知道"))
    priority = card_field(_("紧急程度"), Priority.choices, row=True, initial=Priority.NORMAL)
    title = forms.CharField(label=_("标题"), max_length=120, required=False, help_text=_("不填就取第一句话。"))
    name = forms.CharField(label=_("居民姓名"), max_length=50, required=False)
    phone = forms.CharField(label=_("居民电话"), max_length=20, required=False, validators=[check_phone])
    email = forms.EmailField(label=_("居民邮箱"), required=False)
    address = forms.CharField(label=_("居民住址"), max_length=120, required=False)
    answer_way = forms.ChoiceField(
        label=_("希望怎样答复"), choices=[("", _("没有说")), *AnswerWay.choices], required=False
    )

    visit = forms.CharField(required=False, widget=forms.HiddenInput)
    of_household = forms.BooleanField(required=False, initial=True)

    def __init__(
        self, *args: Any, viewer: User, today: date, visit: Visit | None = None, campaign: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        self.visited = visit_to_raise(viewer, self.data.get("visit")) if self.is_bound else visit
        self._offer_campaigns(today, campaign)
        self._place()
        self._tell_of_visit()

    def _offer_campaigns(self, today: date, chosen: str) -> None:
        """A radio for each running campaign of the areas, its questions under it."""
        self.offered = offered_to(self.viewer.grants().area_paths(may_report), today, self.data)
        if not self.offered:
            return
        rows = [(str(one.campaign.pk), one.campaign.name) for one in self.offered]
        field = forms.ChoiceField(label=_("专项行动"), choices=[("", _("不属于专项行动")), *rows], required=False)
        field.initial = next((str(one.campaign.pk) for one in self.offered if one.campaign.code == chosen), "")
        self.fields["campaign"] = field
        for one in self.offered:
            for row in one.questions:
                self.fields[one.field_of(row.key)] = question_field(row)

    def _tell_of_visit(self) -> None:
        if self.visited is None:
            del self.fields["of_household"]
            return
        home = self.visited.household
        label = _("来访人是这户：%(who)s") % {"who": household_words(self.visited)}
        self.fields["of_household"].label = label
        self.fields["visit"].initial = self.visited.pk
        self.fields["description"].initial = self.visited.words
        self.fields["place"].initial = f"{home.area.name}{home.unit}"
        if not self.only_area:
            self.fields["area"].initial = home.area_id

    def _place(self) -> None:
        viewer = self.viewer
        areas = list(reporting_areas(viewer))
        field = self.fields["area"]
        field.queryset = reporting_areas(viewer)  # type: ignore[attr-defined]
        self.only_area = areas[0] if len(areas) == 1 else None
        field.label_from_instance = attrgetter("near_name")  # type: ignore[attr-defined]  # a phone cuts the full one
        if areas and areas[0].level in NEAREST:
            field.initial = areas[0].pk
        else:  # a desk answers for a whole street: nobody guesses where it was
            field.empty_label = _("请选择")  # type: ignore[attr-defined]
        if self.only_area:
            field.widget = forms.HiddenInput()
        for name, words in (("phone", "tel"), ("name", "off"), ("address", "off"), ("email", "off")):
            self.fields[name].widget.attrs |= {"autocomplete": "off"} | ({"inputmode": "tel"} if words == "tel" else {})

    def get_context(self) -> dict[str, Any]:
        first = ["photos", "description", *(["of_household"] if self.visited else [])]
        then = ["area", "category", "priority"]
        if self.only_area:
            then.remove("area")
        resident = bound(self, ["name", "phone", "email", "address", "answer_way"])
        return super().get_context() | {
            "first": bound(self, first),
            "place": self["place"],
            "then": bound(self, then),
            "title": self["title"],
            "resident": resident,
            "is_resident_open": self.is_bound and any(f.value() or f.errors for f in resident),
            "only_area": self.only_area,
            "campaign": self["campaign"] if self.offered else None,
            "offered": [self._drawn(one) for one in self.offered],
        }

    def _drawn(self, one: Offered) -> dict[str, Any]:
        """A campaign with its questions, as the template draws them."""
        return {
            "campaign": one.campaign,
            "is_chosen": str(self["campaign"].value() or "") == str(one.campaign.pk),
            "version": (one.version_field, one.form.pk) if one.form else None,
            "fields": bound(self, [one.field_of(row.key) for row in one.questions]),
        }

    @property
    def draft_key(self) -> str:
        """Where the browser keeps what was typed: a case of a visit apart from any other."""
        return f"report-{self.visited.pk}" if self.visited else "report"

    def chosen(self) -> Offered | None:
        """The campaign that was chosen."""
        wanted = self.cleaned_data.get("campaign") or ""
        return next((one for one in self.offered if str(one.campaign.pk) == wanted), None)

    def clean(self) -> None:
        """What the chosen campaign asks is answered; what others ask is not looked at."""
        if one := self.chosen():
            for name, said in one.errors(self.data).items():
                self.add_error(name, said)

    def report(self) -> Report:
        """What the command takes."""
        data = self.cleaned_data
        way = AnswerWay(data["answer_way"]) if data["answer_way"] else None
        person = Person(
            data["name"].strip(), data["phone"].strip(), data["email"], data["address"].strip(), answer_way=way
        )
        if self.visited and data["of_household"] and not (person.name or person.phone):
            person = person_of(self.visited)
        covers, campaign = self.viewer.grants().covers, self.chosen()
        source = next((source for role, source in SOURCES if covers(data["area"], role)), Source.DESK)
        return Report(
            area=data["area"],
            title=data["title"].strip() or first_sentence(data["description"]),
            description=data["description"],
            place=data["place"],
            category=data["category"],
            priority=Priority(data["priority"]),
            source=Source.HOUSEHOLD if self.visited else source,
            latitude=data["latitude"],
            longitude=data["longitude"],
            campaign=campaign.campaign if campaign else None,
            answers=campaign.given(self.data) if campaign else {},
            form=campaign.form if campaign else None,
            visit=self.visited,
            reporter=person,
            client_key=data["draft_id"],
        )


class PublicReportForm(Placed):
    """What a resident tells: as little as possible."""

    template_name = "workflows/_public_report_form.html"
    photos = PhotosField(most=3)
    description = text_field(_("发生了什么"), rows=5)
    place = forms.CharField(label=_("在哪里"), max_length=120, required=False)
    phone = forms.CharField(
        label=_("您的电话"),
        max_length=20,
        required=False,
        validators=[check_phone],
        help_text=_("留下电话，办好后能告诉您；只有经办人看得到。"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    website = forms.CharField(  # people do not see it, programs fill it in
        label=_("这一栏请留空"), required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"})
    )

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise ValidationError(_("请把这一栏清空后再提交。"))
        return ""

    def get_context(self) -> dict[str, Any]:
        return super().get_context() | {
            "first": bound(self, ["description", "photos"]),
            "place": self["place"],
            "last": self["phone"],
            "trap": self["website"],
        }

    def report(self, area: Area) -> Report:
        """What the command takes."""
        data = self.cleaned_data
        return Report(
            area=area,
            title=first_sentence(data["description"]),
            description=data["description"],
            place=data["place"],
            source=Source.RESIDENT,
            latitude=data["latitude"],
            longitude=data["longitude"],
            reporter=Person(phone=data["phone"].strip(), language=get_language() or ""),
            client_key=data["draft_id"],
        )
