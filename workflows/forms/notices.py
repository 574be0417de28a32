"""Forms of a notice of holidays: the file, and its confirmation without a second upload."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workflows.forms.sheets import SheetField, read_upload
from workflows.limits import FIRST_DAY, LAST_DAY
from workflows.models import Calendar
from workflows.notices import Notice, read_notice, unpacked

SALT = "workflows.notices.take"
KEPT_FOR = timedelta(hours=8)
SOURCE_LENGTH = 120


class NoticeForm(forms.Form):
    """The notice as a file; `notice` is what it says, row errors included."""

    file = SheetField(
        label=_("放假通知表"),
        help_text=_("Excel（.xlsx）或 CSV，三列：日期、类型（休或班）、说明。一段日子可写成 2027-10-01至2027-10-07。"),
        most_mb=2,
    )
    source = forms.CharField(
        label=_("依据"),
        max_length=SOURCE_LENGTH,
        help_text=_("通知的文号，例如 国办发明电〔2026〕7号。会写在日历的版次上。"),
        error_messages={"required": _("请写明依据哪份通知。")},
    )
    year = forms.IntegerField(
        label=_("年份"),
        required=False,
        min_value=FIRST_DAY.year + 1,
        max_value=LAST_DAY.year,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), _("请写四位数的年份，如 2027。")),
        help_text=_("不填就按表里的日期。上一年 12 月的日子属于这一年的通知，不用填上一年。"),
    )
    notice: Notice

    def __init__(self, *args: Any, calendar: Calendar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._calendar = calendar

    def clean(self) -> dict[str, Any]:
        """Read the notice by the year that is asked for; a file that is none says why."""
        cleaned: dict[str, Any] = super().clean() or {}
        file = cleaned.get("file")
        if file is not None and "year" in cleaned:
            try:
                self.notice = self._read(file, cleaned["year"])
            except ValidationError as error:
                self.add_error("file", error)
        return cleaned

    def _read(self, file: UploadedFile, year: int | None) -> Notice:  # type: ignore[type-arg]
        years, weekdays = [year] if year else [], self._calendar.weekdays

        def read(path: Path) -> Notice:
            return read_notice(path, years=years, weekdays=weekdays, title=str(file.name))

        return read_upload(file, read)


class TakeForm(forms.Form):
    """A notice that was looked at; it comes along, signed, so that nobody uploads it twice."""

    notice = forms.CharField(widget=forms.HiddenInput)
    source = forms.CharField(widget=forms.HiddenInput, max_length=SOURCE_LENGTH)
    base = forms.IntegerField(widget=forms.HiddenInput)

    def clean_notice(self) -> Notice:
        """The notice, when it is the one that was shown."""
        try:
            return unpacked(signing.loads(self.cleaned_data["notice"], salt=SALT, max_age=KEPT_FOR))
        except signing.BadSignature as error:
            raise ValidationError(gettext("上传已过期，请重新选择文件。")) from error


def confirmation(notice: Notice, *, source: str, base: int) -> TakeForm:
    """The form that takes the notice as it was shown, unless the calendar has another revision by then."""
    packed = signing.dumps(notice.packed(), salt=SALT, compress=True)
    return TakeForm(initial={"notice": packed, "source": source, "base": base})
