"""Forms of limits: a table to upload, its confirmation, and the reason for putting running cases onto a version."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.models import Category
from workflows.commands.limits import NOTICE, REASON_LENGTH
from workflows.forms.fields import DayField, text_field
from workflows.forms.sheets import SheetField, read_upload
from workflows.limit_tables import Categories, LimitTable, read_table, unpacked

SALT = "workflows.limits.import"
KEPT_FOR = timedelta(hours=8)


class UploadForm(forms.Form):
    """The table as a file; `table` is what it says, row errors included."""

    file = SheetField(
        label=_("时限标准表"),
        help_text=_(
            "Excel（.xlsx）或 CSV：小类、立案标准、完成时限、结案标准、责任单位；可另有大类、紧急程度、时限种类、预警。"
        ),
    )
    table: LimitTable

    def clean_file(self) -> UploadedFile:  # type: ignore[type-arg]
        """Read the table; a file that is none says why."""
        file: UploadedFile = self.cleaned_data["file"]  # type: ignore[type-arg]
        known = Categories(Category.objects.all())
        self.table = read_upload(file, lambda path: read_table(path, known, name=str(file.name)))
        return file


class ConfirmForm(forms.Form):
    """From when a table that was read holds; the table comes along, signed, so that nobody uploads it twice."""

    table = forms.CharField(widget=forms.HiddenInput)
    base = forms.IntegerField(widget=forms.HiddenInput)
    live_from = DayField(
        label=_("从哪天起生效"), help_text=_("从这天零点起受理的件按新时限；已在办的件不变，除非另行应用。")
    )
    note = forms.CharField(label=_("说明"), max_length=200, required=False, help_text=_("例如：依据哪份文件。"))

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["live_from"].widget.attrs["min"] = (timezone.localdate(now) + timedelta(days=1)).isoformat()

    def clean_table(self) -> LimitTable:
        """The table, when it is the one that was shown."""
        try:
            return unpacked(signing.loads(self.cleaned_data["table"], salt=SALT, max_age=KEPT_FOR))
        except signing.BadSignature as error:
            raise ValidationError(gettext("上传已过期，请重新选择文件。")) from error

    def clean_live_from(self) -> datetime:
        """The first moment of that day, here."""
        return first_moment(self.cleaned_data["live_from"])


def first_moment(day: Any) -> datetime:
    """Midnight here."""
    return datetime.combine(day, time(), timezone.get_current_timezone())


def confirmation(table: LimitTable, *, base: int, now: datetime) -> ConfirmForm:
    """The form that asks from when; a week from now unless told."""
    initial = {
        "table": signing.dumps(table.packed(), salt=SALT, compress=True),
        "base": base,
        "live_from": timezone.localdate(now + NOTICE),
    }
    return ConfirmForm(initial=initial, now=now)


class ApplyForm(forms.Form):
    """Why running cases get other limits; the history of each keeps it."""

    reason = text_field(_("理由"), rows=3, help_text=_("会记入每件的流转记录。"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs["maxlength"] = str(REASON_LENGTH)
