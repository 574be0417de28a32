"""Forms of a notice of holidays: the file, and its confirmation without a second upload."""

from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.lib.spreadsheet import UnreadableSheet
from workflows.limits import FIRST_DAY, LAST_DAY
from workflows.models import Calendar
from workflows.notices import NoNotice, Notice, read_notice, unpacked

SUFFIXES = (".xlsx", ".xls", ".csv")
MOST_BYTES = 2 * 1024 * 1024
SALT = "workflows.notices.take"
KEPT_FOR = timedelta(hours=8)
SOURCE_LENGTH = 120


class NoticeForm(forms.Form):
    """The notice as a file; `notice` is what it says, row errors included."""

    file = forms.FileField(
        label=_("放假通知表"),
        help_text=_("Excel（.xlsx）或 CSV，三列：日期、类型（休或班）、说明。一段日子可写成 2027-10-01至2027-10-07。"),
        widget=forms.FileInput(attrs={"accept": ",".join(SUFFIXES)}),
        error_messages={"required": _("请选择文件。"), "empty": _("文件是空的，请另选一个。")},
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
            except NoNotice as error:
                self.add_error("file", str(error))
            except UnreadableSheet:
                self.add_error("file", gettext("这个文件读不了，请用 Excel 另存为 .xlsx（不设密码）后再选。"))
        return cleaned

    def clean_file(self) -> UploadedFile:  # type: ignore[type-arg]
        """A table, and not a huge one."""
        file: UploadedFile = self.cleaned_data["file"]  # type: ignore[type-arg]
        if Path(file.name or "").suffix.lower() not in SUFFIXES:
            raise ValidationError(gettext("请选择 .xlsx 或 .csv 文件。"))
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(gettext("文件超过 %(n)s MB，请核对是不是选错了。") % {"n": MOST_BYTES // 2**20})
        return file

    def _read(self, file: UploadedFile, year: int | None) -> Notice:  # type: ignore[type-arg]
        with NamedTemporaryFile(suffix=Path(file.name or "").suffix.lower()) as kept:
            for chunk in file.chunks():
                kept.write(chunk)
            kept.flush()
            years = [year] if year else []
            return read_notice(Path(kept.name), years=years, weekdays=self._calendar.weekdays, title=str(file.name))


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
