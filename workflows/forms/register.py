"""Forms of the register of owners: a sheet to upload, and its confirmation."""

from datetime import timedelta

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.lib.crypto import WrongKey, decrypt, encrypt
from workflows.council.register_sheet import RegisterSheet, read_register, unpacked
from workflows.forms.sheets import SheetField, read_upload

SALT = "workflows.register.import"
KEPT_FOR = timedelta(hours=8)


class RegisterUploadForm(forms.Form):
    """The sheet as a file; `sheet` is what it says, row errors included."""

    file = SheetField(
        label=_("业主名册"),
        help_text=_("Excel（.xlsx）或 CSV：房号、业主姓名、专有部分面积、面积来源；可另有业主编号、电话。"),
    )
    sheet: RegisterSheet

    def clean_file(self) -> UploadedFile:  # type: ignore[type-arg]
        """Read the sheet; a file that is none says why."""
        file: UploadedFile = self.cleaned_data["file"]  # type: ignore[type-arg]
        self.sheet = read_upload(file, lambda path: read_register(path, title=str(file.name)))
        return file


class RegisterConfirmForm(forms.Form):
    """The sheet that was looked at; it comes along encrypted, for it holds names and phones."""

    sheet = forms.CharField(widget=forms.HiddenInput)
    base = forms.CharField(widget=forms.HiddenInput)

    def clean_sheet(self) -> RegisterSheet:
        """The sheet, when it is the one that was shown."""
        try:
            signed = decrypt(self.cleaned_data["sheet"], context=SALT)
            return unpacked(signing.loads(signed, salt=SALT, max_age=KEPT_FOR))
        except (WrongKey, signing.BadSignature) as error:
            raise ValidationError(gettext("上传已过期，请重新选择文件。")) from error


def confirmation(sheet: RegisterSheet, *, base: str) -> RegisterConfirmForm:
    """The form that carries a sheet on."""
    signed = signing.dumps(sheet.packed(), salt=SALT, compress=True)
    return RegisterConfirmForm(initial={"sheet": encrypt(signed, context=SALT), "base": base})
