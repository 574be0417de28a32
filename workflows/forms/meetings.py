"""Forms around a meeting: screen a topic, propose a matter, plan a meeting, and the small ones of its page."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from cases.council_terms import ItemKind, MeetingKind, MeetingMode, Stance
from cases.models import Area, Category, Council, Meeting, Seat, Topic
from cases.terms import MatterType
from workflows.commands.council import Matter
from workflows.council.meetings import Plan
from workflows.forms.fields import GroupedChoiceField, card_field, text_field


class CouncilForm(forms.Form):
    """The input of one command of a council; what it refuses comes back to the field."""

    def __init__(self, *args: Any, council: Council, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.council = council
        self.prepare()

    def prepare(self) -> None:
        """Fill choices; forms that need some override it."""

    def inputs(self) -> dict[str, Any]:
        """Keyword arguments of the command."""
        return dict(self.cleaned_data)

    def refuse(self, error: ValidationError) -> None:
        """Show what the command refused, at the field where it was typed."""
        by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, messages in by_field.items():
            for message in messages:
                self.add_error(name if name in self.fields else None, message)


class ScreenForm(CouncilForm):
    """Take a topic up, or not."""

    verdict = card_field(
        _("处理"),
        [
            ("accept", _("列为议题")),
            ("merge", _("并入他题")),
            ("reject", _("不列为议题")),
            ("refuse", _("不属议事范围")),
        ],
    )
    other = forms.ModelChoiceField(
        label=_("并入"), queryset=Topic.objects.none(), required=False, empty_label=_("没有")
    )
    reason = text_field(_("理由"), rows=2, required=False, help_text=_("不列为议题时须写明，提请的人会看到。"))

    def __init__(self, *args: Any, topic: Topic, **kwargs: Any) -> None:
        self.topic = topic
        super().__init__(*args, council=topic.council, **kwargs)

    def prepare(self) -> None:
        others = Topic.objects.filter(council=self.council, state__in=["pending", "accepted"])
        self.fields["other"].queryset = others.exclude(pk=self.topic.pk)  # type: ignore[attr-defined]

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        other = data["other"].pk if data["other"] else None
        return {"verdict": data["verdict"], "reason": data["reason"], "other_id": other}


class ProposeMatterForm(CouncilForm):
    """What the council brings itself."""

    title = forms.CharField(label=_("议题"), max_length=120)
    text = text_field(_("提请议定的内容"), rows=3, help_text=_("会作为决议草案，会前会上都可以再改。"))
    matter = forms.ChoiceField(label=_("事项类型"), choices=MatterType.choices)
    area = forms.ModelChoiceField(label=_("地点"), queryset=Area.objects.none(), empty_label=None)
    category = GroupedChoiceField(label=_("类别"), queryset=Category.objects.none(), empty_label=None)

    def prepare(self) -> None:
        below = Area.objects.filter(path__startswith=self.council.area.path).order_by("path")
        self.fields["area"].queryset = below  # type: ignore[attr-defined]
        kinds = Category.objects.filter(active=True).order_by("group", "code")
        self.fields["category"].queryset = kinds  # type: ignore[attr-defined]

    def inputs(self) -> dict[str, Any]:
        return {"proposal": Matter(**self.cleaned_data)}


class PlanMeetingForm(CouncilForm):
    """When, where and who leads it."""

    planned_at = forms.DateTimeField(
        label=_("开会时间"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    venue = forms.CharField(label=_("地点"), max_length=120)
    kind = forms.ChoiceField(label=_("类型"), choices=MeetingKind.choices, initial=MeetingKind.REGULAR)
    mode = forms.ChoiceField(label=_("形式"), choices=MeetingMode.choices, initial=MeetingMode.ONSITE)
    chair = forms.ModelChoiceField(label=_("主持人"), queryset=Seat.objects.none(), empty_label=_("请选择"))
    recorder = forms.ModelChoiceField(label=_("记录人"), queryset=Seat.objects.none(), empty_label=_("请选择"))
    topics = forms.ModelMultipleChoiceField(
        label=_("议程"), queryset=Topic.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, topics: list[Topic], **kwargs: Any) -> None:
        self.offered = topics
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        seats = Seat.objects.filter(party__council=self.council, valid_to=None).select_related("party")
        last = Meeting.objects.filter(council=self.council).order_by("-pk").first()
        leading = [seat for seat in seats if seat.role in ("chair", "recorder")]
        for name in ("chair", "recorder"):
            field: Any = self.fields[name]
            field.queryset = seats
            role = next((seat.pk for seat in leading if seat.role == name), None)
            field.initial = (getattr(last, f"{name}_id") if last else None) or role
        if last is not None:
            self.fields["venue"].initial = last.venue
        if self.offered:
            topics: Any = self.fields["topics"]
            topics.queryset = Topic.objects.filter(pk__in=[topic.pk for topic in self.offered])
            topics.initial = [topic.pk for topic in self.offered]
        else:
            del self.fields["topics"]

    def plan(self) -> Plan:
        """The meeting as it was typed."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "topics"}
        return Plan(**data | {"kind": MeetingKind(data["kind"])})

    def chosen(self) -> list[Topic]:
        """The topics that were ticked, in the order in which they were offered."""
        ticked = {topic.pk for topic in self.cleaned_data.get("topics", ())}
        return [topic for topic in self.offered if topic.pk in ticked]


class ReasonForm(CouncilForm):
    """One sentence."""

    reason = forms.CharField(label=_("理由"), max_length=300)


class ConveneForm(CouncilForm):
    """How the notice goes out."""

    channels = forms.CharField(label=_("公示方式"), max_length=120, required=False, initial=_("小区公告栏、业主群"))
    reason = forms.CharField(
        label=_("通知时间不足的理由"), max_length=300, required=False, help_text=_("只有紧急会议才填。")
    )


class DraftForm(CouncilForm):
    """The wording of what would be decided."""

    body = text_field(_("决议草案"), rows=4)


class NoteForm(CouncilForm):
    """What was noted on an item that only informs."""

    words_of_it = forms.CharField(label=_("结论"), max_length=300)


class StatementForm(CouncilForm):
    """Who said what."""

    seat_id = forms.TypedChoiceField(label=_("发言人"), coerce=int)
    stance = forms.ChoiceField(label=_("态度"), choices=Stance.choices)
    text = text_field(_("发言要点"), rows=2, required=False)

    def prepare(self) -> None:
        seats = Seat.objects.filter(party__council=self.council).select_related("party")
        choices = [(seat.pk, f"{seat.name}（{seat.party}）") for seat in seats]
        self.fields["seat_id"].choices = choices  # type: ignore[attr-defined]


class ReferForm(ReasonForm):
    """To which other council."""

    field_order = ("council_id", "reason")
    council_id = forms.TypedChoiceField(label=_("转交给"), coerce=int)

    def prepare(self) -> None:
        others = Council.objects.filter(active=True).exclude(pk=self.council.pk)
        self.fields["council_id"].choices = [(one.pk, one.name) for one in others]  # type: ignore[attr-defined]


class AddItemForm(CouncilForm):
    """Another topic for the agenda."""

    topic_id = forms.TypedChoiceField(label=_("议题"), coerce=int)
    kind = forms.ChoiceField(label=_("类型"), choices=ItemKind.choices, initial=ItemKind.DECIDE)
    late_reason = forms.CharField(
        label=_("没有提前公告的理由"), max_length=300, required=False, help_text=_("会上临时增加时须写明。")
    )

    def __init__(self, *args: Any, topics: list[Topic], **kwargs: Any) -> None:
        self.offered = topics
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        self.fields["topic_id"].choices = [(topic.pk, topic.title) for topic in self.offered]  # type: ignore[attr-defined]


class MandateForm(CouncilForm):
    """Who votes for whom, by which paper, and how on each item."""

    principal_id = forms.TypedChoiceField(label=_("委托人"), coerce=int)
    holder_id = forms.TypedChoiceField(label=_("受托人"), coerce=int)
    document = forms.CharField(label=_("委托书编号或说明"), max_length=120)

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        self.meeting = meeting
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        seats = Seat.objects.filter(party__council=self.council, has_vote=True).select_related("party")
        choices = [(seat.pk, f"{seat.name}（{seat.party}）") for seat in seats]
        for name in ("principal_id", "holder_id"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        told = [("", _("未写明")), ("for", _("同意")), ("against", _("反对")), ("abstain", _("弃权"))]
        for item in self.meeting.items.select_related("topic"):
            label = _("第 %(n)s 项：%(topic)s") % {"n": item.position, "topic": item.topic.title}
            self.fields[f"item_{item.pk}"] = forms.ChoiceField(label=label, choices=told, required=False)

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        told = {name.removeprefix("item_"): value for name, value in data.items() if name.startswith("item_") and value}
        given = {name: data[name] for name in ("principal_id", "holder_id", "document")}
        return given | {"instructions": told}

    def refuse(self, error: ValidationError) -> None:
        """The command names the people; the form asks for their keys."""
        by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, messages in by_field.items():
            for message in messages:
                self.add_error(f"{name}_id" if f"{name}_id" in self.fields else None, message)
