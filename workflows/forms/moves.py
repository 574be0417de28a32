"""What all forms of moves share: who, on which case, when; errors of the command come back to their field."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from cases.models import User
from cases.terms import PhotoKind
from workflows.lifecycle import CaseLifecycle


class MoveForm(forms.Form):
    """The input of one command. `inputs()` are its keyword arguments besides case, actor and moment."""

    photo_kind: ClassVar[PhotoKind | None] = None  # set where photographs may come along
    errors_at: ClassVar[dict[str, str]] = {}  # where the command's field is called otherwise here
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)  # of the case when the page was made

    def __init__(self, *args: Any, case: CaseLifecycle, viewer: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case, self.viewer, self.now = case, viewer, now
        self.fields["version"].initial = case.version
        self.prepare()

    def prepare(self) -> None:
        """Fill choices and suggestions; forms that need some override it."""

    def inputs(self) -> dict[str, Any]:
        """Keyword arguments of the command."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("version", "photos")}

    def chosen_photos(self) -> list[UploadedFile]:  # type: ignore[type-arg]
        """The photographs that come along."""
        return list(self.cleaned_data.get("photos") or [])

    def refuse(self, error: ValidationError) -> None:
        """Show what the command refused, at the field where it was typed."""
        by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, messages in by_field.items():
            field = self.errors_at.get(name, name)
            for message in messages:
                self.add_error(field if field in self.fields else None, message)

    @property
    def today(self) -> str:
        """The first day that a date picker offers, and the default of "today"."""
        return timezone.localdate(self.now).isoformat()
