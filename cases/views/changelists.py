"""The lists of the admin as files: what a list shows, by its search and filters, all of it."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.lib.sheets import Cell, Column, Sheet
from cases.views import sheets

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Admin = ModelAdmin[Any]
else:
    Admin = object
WIDTH = 24


class ExportsList(Admin):
    """A list of the admin that answers with `?export=`; `impersonal` as of a `Sheet`."""

    impersonal = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The page, or the list as a file."""
        if kind := sheets.wanted(request):
            return self._exported(request, kind)
        return super().changelist_view(request, extra_context)

    def _exported(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied("export")
        query = request.GET.copy()
        del query["export"]  # the list would take it for a filter
        request.GET = query  # type: ignore[assignment]
        try:
            found: ChangeList = self.get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise Http404 from error
        return sheets.download(request, self._sheet(request), found.queryset, kind, now=timezone.now())

    def _sheet(self, request: HttpRequest) -> Sheet[Model]:
        names = [str(name) for name in self.get_list_display(request)]
        columns = [Column(str(label_for_field(name, self.model, self)), WIDTH, self._reader(name)) for name in names]
        options = self.model._meta
        title = options.verbose_name_plural or options.model_name
        return Sheet(options.model_name or "", title, tuple(columns), impersonal=self.impersonal)

    def _reader(self, name: str) -> Callable[[Model], Cell]:
        def read(row: Model) -> Cell:
            field, _attribute, value = lookup_field(name, row, self)
            if field is not None and field.is_relation:
                value = getattr(row, field.name)
            elif field is not None and field.flatchoices:
                value = dict(field.flatchoices).get(value, value)
            if isinstance(value, bool):
                return _("是") if value else _("否")
            if isinstance(value, int | float | date):
                return value
            return "" if value is None else str(value)

        return read
