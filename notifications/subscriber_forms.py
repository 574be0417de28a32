"""Input about robots and systems: the address as the platform hands it out, the secret never shown again."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.models import Area, Team
from cases.terms import AreaLevel, EventType
from notifications.channels.guard import Refused, checked
from notifications.models import ROBOTS, ChannelName, Subscriber
from notifications.subscriptions import FOR_GROUPS, FOR_SYSTEMS, USUAL

KEY = re.compile(r"[A-Za-z0-9_-]{8,200}")
LEVELS = (AreaLevel.DISTRICT, AreaLevel.STREET, AreaLevel.COMMUNITY)  # what lies below has its team
PARAMETER = {ChannelName.WECOM_ROBOT: "key", ChannelName.DINGTALK_ROBOT: "access_token"}
SIGNED = (ChannelName.DINGTALK_ROBOT, ChannelName.FEISHU_ROBOT)
Choices = list[tuple[str, Any]]


class SubscriberForm(forms.Form):
    """A robot or system of one channel; in a changed one, an empty address or secret stays what it is."""

    name = forms.CharField(label=_("名称"), max_length=60, help_text=_("写在记录里，例如：平山小区工作队群"))
    address = forms.CharField(label=_("地址"), max_length=2000, required=False)
    secret = forms.CharField(
        label=_("加签密钥"), max_length=200, required=False, widget=forms.PasswordInput, strip=True,
        help_text=_("机器人安全设置选“加签”时填写；保存后不再显示。"),
    )  # fmt: skip
    unit = forms.ChoiceField(label=_("区域或工作队"), help_text=_("只告知这个区域（含下级）或这支工作队的事。"))
    event_types = forms.MultipleChoiceField(label=_("告知哪些事"), widget=forms.CheckboxSelectMultiple)
    language = forms.ChoiceField(label=_("语言"), required=False)
    active = forms.BooleanField(label=_("启用"), required=False)

    def __init__(self, data: Any = None, *, subscriber: Subscriber) -> None:
        self.subscriber, self.channel = subscriber, ChannelName(subscriber.channel)
        self.is_new = subscriber._state.adding
        super().__init__(data, initial=self._initial())
        kinds = FOR_GROUPS if self.channel in ROBOTS else FOR_SYSTEMS
        self._choose("event_types", [(kind.value, EventType(kind).label) for kind in kinds])
        self._choose("unit", _units())
        self._choose("language", list(settings.LANGUAGES))
        self.fields["address"].help_text = self._how_to()
        self.fields["address"].required = self.is_new
        if self.channel not in SIGNED:
            del self.fields["secret"]
        if self.channel == ChannelName.WEBHOOK:
            del self.fields["language"]

    def _choose(self, name: str, choices: Choices) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # a field with choices

    def _initial(self) -> dict[str, Any]:
        row = self.subscriber
        if self.is_new:
            return {"event_types": [kind.value for kind in USUAL], "active": True, "language": settings.LANGUAGE_CODE}
        unit = f"area:{row.area_id}" if row.area_id else f"team:{row.team_id}"
        shown = {"name": row.name, "unit": unit, "event_types": row.event_types, "active": row.active}
        return shown | {"language": row.language or settings.LANGUAGE_CODE}

    def _how_to(self) -> Any:
        if self.channel == ChannelName.WEBHOOK:
            words = _("接收方的地址，以 https:// 开头。")
        else:
            words = _("在群里添加机器人后，把平台给的 Webhook 地址整个粘贴到这里。")
        return words if self.is_new else _("保存后不再显示；要换成新的才填写。")

    def clean_address(self) -> str:
        """The key out of the address of a robot; the address of a system, if it may be called at all."""
        given = self.cleaned_data["address"].strip()
        if not given:
            return ""
        if self.channel != ChannelName.WEBHOOK:
            return self._key(given)
        if not given.isascii():
            raise forms.ValidationError(gettext("地址里只能有英文字母、数字和符号。"))
        try:
            checked(given, guarded=True)
        except Refused as error:
            raise forms.ValidationError(str(error)) from error
        return str(given)

    def _key(self, given: str) -> str:
        base = urlsplit(str(getattr(settings, f"{self.channel.value.partition('_')[0].upper()}_BASE_URL")))
        found = given
        if "://" in given:
            parts = urlsplit(given)
            if parts.netloc != base.netloc:
                raise forms.ValidationError(gettext("这不是 %(host)s 的地址，请核对平台。") % {"host": base.netloc})
            name = PARAMETER.get(self.channel)
            found = parse_qs(parts.query).get(name, [""])[0] if name else parts.path.rpartition("/")[2]
        if not KEY.fullmatch(found):
            raise forms.ValidationError(gettext("地址里没有找到机器人的密钥，请把地址完整地粘贴过来。"))
        return found

    def given(self) -> dict[str, Any]:
        """What was typed, as the command takes it."""
        data = dict(self.cleaned_data)
        kind, _sep, key = data.pop("unit").partition(":")
        data |= {"area": None, "team": None, kind: (Area if kind == "area" else Team).objects.get(pk=key)}
        return {name: value for name, value in data.items() if value != "" or name not in ("address", "secret")}


def _units() -> Choices:
    areas = Area.objects.filter(level__in=LEVELS).order_by("path")
    teams = Team.objects.filter(active=True).order_by("code")
    return [
        (gettext("区域"), [(f"area:{area.pk}", str(area)) for area in areas]),
        (gettext("工作队"), [(f"team:{team.pk}", team.name) for team in teams]),
    ]
