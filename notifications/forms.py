"""Input of the page of messages."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class EmailForm(forms.Form):
    """Whether and in which language a person wants e-mail."""

    on = forms.BooleanField(label=_("同时发电子邮件给我"), required=False)
    language = forms.ChoiceField(label=_("邮件语言"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["language"]
        field.choices = settings.LANGUAGES  # type: ignore[attr-defined]  # read when used, not at import
