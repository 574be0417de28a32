"""How every form is drawn: label above, help, errors at the field, tied together for screen readers."""

from pathlib import Path

import django.forms
from django.forms.renderers import DjangoTemplates
from django.template.backends.django import DjangoTemplates as Engine
from django.utils.functional import cached_property


class FormRenderer(DjangoTemplates):
    """Our form and field templates over Django's own widgets; named by the setting FORM_RENDERER."""

    form_template_name = "_form.html"
    field_template_name = "_field.html"

    @cached_property
    def engine(self) -> Engine:
        """Look in config/templates first, then where Django keeps its widgets."""
        folders = [Path(__file__).parent / "templates", Path(django.forms.__file__).parent / "templates"]
        return Engine({"NAME": "forms", "APP_DIRS": True, "DIRS": folders, "OPTIONS": {}})
