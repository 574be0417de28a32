"""Paging by the last row seen instead of by counting: as quick at the end of a long list as at its beginning."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

SIZE = 30
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Order:
    """By a moment and the primary key, both in one direction. The moment must not be empty in the rows listed.

    `group` names a text of the rows that comes before the moment, in ascending order and never NULL.
    """

    field: str
    newest_first: bool = False
    group: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """As `order_by` wants them."""
        sign = "-" if self.newest_first else ""
        return *([self.group] if self.group else []), f"{sign}{self.field}", f"{sign}pk"

    def beyond(self, moment: datetime, pk: int, group: str = "", *, forward: bool) -> Q:
        """The rows after (or before) this one. The first half alone bounds the scan of the index."""
        word = "gt" if forward != self.newest_first else "lt"
        here = Q(**{f"{self.field}__{word}e": moment}) & (
            Q(**{f"{self.field}__{word}": moment}) | Q(**{f"pk__{word}": pk})
        )
        if not self.group:
            return here
        way = "gt" if forward else "lt"
        return Q(**{f"{self.group}__{way}e": group}) & (Q(**{f"{self.group}__{way}": group}) | here)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of one page, and the cursors of its neighbours; empty where the list ends."""

    rows: list[Row]
    previous: str
    next: str


def take(found: QuerySet[Row], order: Order, *, after: str = "", before: str = "", size: int = SIZE) -> Page[Row]:
    """One page in one query. A cursor that cannot be read is the first page: links get cut when they are copied."""
    here = read_cursor(after) or read_cursor(before)
    backward = read_cursor(after) is None and here is not None
    rows = found.order_by(*order.columns)
    if here:
        rows = rows.filter(order.beyond(*here, forward=not backward))
    got = list((rows.reverse() if backward else rows)[: size + 1])
    more, got = len(got) > size, got[:size]
    if backward:
        got.reverse()
    has_previous, has_next = (more, True) if backward else (here is not None, more)
    return Page(
        got,
        cursor(got[0], order) if got and has_previous else "",
        cursor(got[-1], order) if got and has_next else "",
    )


def cursor(row: Model, order: Order) -> str:
    """The place of a row in the list."""
    place = f"{(getattr(row, order.field) - EPOCH) // MICROSECOND}.{row.pk}"
    return f"{place}.{getattr(row, order.group)}" if order.group else place


def read_cursor(text: str) -> tuple[datetime, int, str] | None:
    """The moment, the primary key and the group of a cursor."""
    moment, _, place = text.partition(".")
    pk, _, group = place.partition(".")
    try:
        return EPOCH + int(moment) * MICROSECOND, _small(int(pk)), group.replace("\0", "")
    except (ValueError, OverflowError):
        return None


def _small(pk: int) -> int:
    if not 0 < pk < 2**63:  # more than a column holds
        raise ValueError(pk)
    return pk


def counted(found: QuerySet[Row], most: int) -> tuple[int, bool]:
    """How many there are and whether that is all; counting stops past `most`."""
    n = found.order_by()[: most + 1].count()
    return min(n, most), n <= most
