"""Forms of imports: a file to upload, and which of its columns holds what."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.models import Area
from workflows.forms.sheets import SheetField
from workflows.ledger_profiles import FIELDS, KEEPABLE, REQUIRED, from_json
from workflows.models import LedgerImport

MOST_MB = 20


class LedgerUploadForm(forms.Form):
    """The file, and where its rows go that name no area."""

    file = SheetField(
        label=_("台账文件"), help_text=_("Excel（.xlsx）或 CSV，最大 20 MB，第一行是列名。"), most_mb=MOST_MB
    )
    area = forms.ModelChoiceField(Area.objects.none(), label=_("没有写明区域的行归入"), empty_label=None)

    def __init__(self, *args: Any, areas: QuerySet[Area], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = areas  # type: ignore[attr-defined]


class ColumnsForm(forms.Form):
    """One choice for each thing that a row can say; the headings of the file are what may be chosen."""

    keeps = forms.BooleanField(
        required=False,
        label=_("不认识的类别、主办照原文留着"),
        help_text=_("别处的台账可以这样：原文留在附加信息里并逐行注明；不选就算错误。"),
    )

    def __init__(self, data: Any = None, *, ledger: LedgerImport) -> None:
        profile = from_json(ledger.profile) if ledger.profile else None
        known = profile.found_in(ledger.headers) if profile else {}
        initial = known | {"keeps": bool(profile and profile.keeps)}
        super().__init__(data, initial=initial)
        choices = [("", gettext("—— 没有这一列"))] + [(header, header) for header in ledger.headers]
        for name, label in FIELDS.items():
            self.fields[name] = forms.ChoiceField(choices=choices, label=str(label), required=name in REQUIRED)
        self.order_fields([*FIELDS, "keeps"])

    def clean(self) -> dict[str, Any]:
        """One column says one thing."""
        cleaned = super().clean() or {}
        taken: dict[str, str] = {}
        for name in FIELDS:
            header = cleaned.get(name)
            if header and header in taken:
                said = {"name": FIELDS[taken[header]]}
                self.add_error(name, gettext("这一列已经对应“%(name)s”，请另选一列。") % said)
            elif header:
                taken[header] = name
        return cleaned

    def columns(self) -> dict[str, str]:
        """{field: heading} of what was chosen."""
        return {name: self.cleaned_data[name] for name in FIELDS if self.cleaned_data.get(name)}

    def keeping(self) -> tuple[str, ...]:
        """The fields of which unknown words are kept."""
        return KEEPABLE if self.cleaned_data["keeps"] else ()
