"""One lock for errands and direct moves: the row of the case, or of the council."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from viewflow.workflow.models import Process

from cases.models import Case, Council


class CaseRowLock:
    """Holds the case row while an errand moves on; `process` is the way from a case to the errand.

    A lock on the errand's own row would be taken after that of the case here and before it there: a deadlock.
    """

    def __init__(self, process: str) -> None:
        self.process = process

    @contextmanager
    def __call__(self, flow_class: Any, process_pk: int) -> Iterator[None]:  # noqa: ARG002
        with transaction.atomic():
            rows = Case.objects.select_for_update(of=("self",)).only("pk")
            rows.get(**{self.process: process_pk})
            yield


class CouncilRowLock:
    """Holds the row of the council; `council` is the way from the record of the errand to it."""

    def __init__(self, process: type[Process], council: str) -> None:
        self.process, self.council = process, council

    @contextmanager
    def __call__(self, flow_class: Any, process_pk: int) -> Iterator[None]:  # noqa: ARG002
        with transaction.atomic():
            found = self.process.objects.filter(pk=process_pk).values(self.council)
            Council.objects.select_for_update(of=("self",)).only("pk").get(pk__in=found)
            yield
