"""Input of the pages of message settings and of texts."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from notifications.models import Pace, Preference, QuietKind, Rhythm
from notifications.safe_text import Text
from notifications.standing_words import WHOLE

OFF = "off"
CLOCK = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class SettingsForm(forms.Form):
    """What of each channel goes at once, in which language, when it is quiet, and whether a digest is sent."""

    digest = forms.BooleanField(
        label=_("每个工作日 8:30 发一封汇总"),
        help_text=_(
            "用邮件或企业微信，一封说清：待办、超期、快到期、待审定和今天的会。没有事就不发。不要汇总的，消息全部随到随发。"
        ),
        required=False,
    )
    quiet = forms.ChoiceField(
        label=_("免打扰时段"),
        choices=QuietKind.choices,
        widget=forms.RadioSelect,
        help_text=_("特急件不受免打扰限制。"),
    )
    quiet_from = forms.TimeField(
        label=_("免打扰开始"), required=False, widget=CLOCK, help_text=_("选了“自己定一个时段”才填。")
    )
    quiet_to = forms.TimeField(label=_("免打扰结束"), required=False, widget=CLOCK)
    language = forms.ChoiceField(label=_("消息语言"))

    def __init__(self, typed: Any = None, *, rhythm: Rhythm, channels: Sequence[Preference]) -> None:
        chosen = channels[0].language if channels else ""
        initial = {name: getattr(rhythm, name) for name in ("digest", "quiet", "quiet_from", "quiet_to")}
        super().__init__(typed, initial=initial | {"language": chosen or settings.LANGUAGE_CODE})
        self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]  # read when used
        self.channels = channels
        for row in channels:
            self.fields[row.channel] = forms.ChoiceField(
                label=row.get_channel_display(),
                choices=[*Pace.choices, (OFF, _("不接收"))],
                initial=row.pace if row.on else OFF,
            )
        self.order_fields([*(row.channel for row in channels), "digest", "quiet", "quiet_from", "quiet_to"])

    def clean(self) -> dict[str, Any]:
        """Own quiet hours are two different times."""
        found: dict[str, Any] = super().clean() or {}
        if found.get("quiet") == QuietKind.OWN:
            for name in ("quiet_from", "quiet_to"):
                if not found.get(name) and name not in self.errors:
                    self.add_error(name, _("请填写时间，例如 21:00。"))
            if found.get("quiet_from") and found.get("quiet_from") == found.get("quiet_to"):
                self.add_error("quiet_to", _("起止时间相同，请改成不同的时间。"))
        return found

    def rhythm(self) -> dict[str, Any]:
        """When the person wants to be told."""
        found = self.cleaned_data
        own = found["quiet"] == QuietKind.OWN
        times = {name: found[name] if own else None for name in ("quiet_from", "quiet_to")}
        return {"digest": found["digest"], "quiet": found["quiet"], **times}

    def chosen(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What was said of each channel that was on the page."""
        for row in self.channels:
            said = self.cleaned_data[row.channel]
            kept = {"on": False} if said == OFF else {"on": True, "pace": said}
            yield row.channel, kept | {"language": self.cleaned_data["language"]}


class TextForm(forms.Form):
    """The subject and body of a message, and why it was changed."""

    subject = forms.CharField(label=_("主题"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    body = forms.CharField(
        label=_("正文"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("第一段要能单独读懂：短信和手机提醒只显示第一段。链接和设置说明总会附在文末。"),
    )
    note = forms.CharField(label=_("修改说明"), max_length=200, required=False)

    def __init__(self, typed: Any = None, *, text: Text, has: Collection[str] = WHOLE, has_foot: bool = False) -> None:
        super().__init__(typed, initial={"subject": text.subject, "body": text.body})
        if has_foot:
            self.fields["body"].help_text = _("单独一行 -- 以下的只在邮件里出现，短信和群消息只发它以上的部分。")
        if "body" not in has:
            self.fields["subject"].label = _("文字")
        for name in set(WHOLE) - set(has):
            del self.fields[name]

    def text(self) -> Text:
        """As it was typed; lines end as they do everywhere else."""
        typed = self.cleaned_data
        return Text(typed.get("subject", ""), typed.get("body", "").replace("\r\n", "\n"))

    def refuse(self, error: ValidationError) -> None:
        """What may not stand in a text, at its field."""
        self.add_error(None, error)
