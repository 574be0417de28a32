"""The wiring as an application: its commands, templates and checks."""

from importlib import import_module

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.forms import Field
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    """Label `config`; has no models."""

    name = "config"
    label = "config"

    def ready(self) -> None:
        """Register the checks, and the worker's application, so that the web can wake it."""
        import_module("config.checks")  # it names settings, so it cannot be imported before they are whole
        import_module("config.celery")
        Field.default_error_messages |= {"required": _("请填写或选择这一项。")}  # what to do, not what is wrong


class OurStaticFilesConfig(StaticFilesConfig):
    """Leaves out viewflow's own pages: they name files that it does not ship, which stops a manifest."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "viewflow", "viewflow/*"]
