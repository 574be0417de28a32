"""Ledgers in: rows of Excel or CSV become cases at their true times; wrong rows are named, the others load."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.lib.copying import Blank, copy_many
from cases.lib.spreadsheet import Row, UnreadableSheet, read_rows
from cases.models import Area
from workflows import limits
from workflows.commands.adopting import adopt_many
from workflows.ledger_profiles import ImportRefused, Profile, find_profile, shape_of
from workflows.ledger_rows import Checked, RowError, RowReader, Seen, check
from workflows.models import ImportedCase, ImportState, LedgerImport

BATCH = 2000
ROWS = Blank(ImportedCase)


@dataclass
class Imported:
    """What became of the rows."""

    profile: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    created: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)
    remarks: list[RowError] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """How many rows have errors; one may have several."""
        return len({error.row for error in self.errors})

    def add(self, checked: Sequence[Checked]) -> None:
        """Count some rows more."""
        self.rows += len(checked)
        for one in checked:
            self.errors += one.errors
            self.remarks += one.remarks
            self.unchanged += bool(one.same)
            self.created += one.entry is not None


def default_area(code: str = "") -> Area:
    """The area asked for, else the root of the tree."""
    area: Area | None = (Area.objects.filter(code=code) if code else Area.objects.order_by("path")).first()
    if area is None:
        text = (
            _("没有代码为 %(code)s 的区域。") if code else _("还没有任何区域：请先在后台建立区域，或用 --area 指定。")
        )
        raise ImportRefused(text % {"code": code})
    return area


def read_ledger(path: Path, limit: int | None = None) -> list[Row]:
    """The rows of a file. Raises ImportRefused when it cannot be read or holds none."""
    try:
        rows = list(islice(read_rows(path), limit))
    except (UnreadableSheet, OSError) as error:
        raise ImportRefused(str(error)) from error
    if not rows:
        raise ImportRefused(_("%(path)s 里没有数据行。") % {"path": path.name})
    return rows


def headers_of(rows: Sequence[Row]) -> list[str]:
    """The names of the columns."""
    return list(dict.fromkeys(name for row in rows[:1] for name in row.values))


def import_file(  # noqa: PLR0913  # the options of the command
    path: Path,
    *,
    now: datetime,
    profile: str = "",
    area: str = "",
    dry_run: bool = False,
    limit: int | None = None,
    on_row: Callable[[int, int], None] | None = None,
) -> Imported:
    """Import a ledger. `on_row(done, total)` is told of progress; a dry run counts the same and writes nothing.

    Raises ImportRefused when the file cannot be taken as a whole.
    """
    rows = read_ledger(path, limit)
    headers = headers_of(rows)
    chosen = find_profile(headers, profile)
    reader = RowReader(chosen, chosen.found_in(headers), default_area(area), now)
    done, seen, ledger = Imported(profile=chosen.name, headers=reader.headers), Seen(), None
    try:
        for start in range(0, len(rows), BATCH):
            with transaction.atomic():
                checked = list(check(rows[start : start + BATCH], reader, seen))
                fresh = [one for one in checked if one.entry]
                if fresh and not dry_run:
                    ledger = ledger or _begun(path, headers, chosen, reader.area, now)
                    take(fresh, ledger, now=now)
            done.add(checked)
            if on_row:
                on_row(done.rows, len(rows))
    except limits.NoLimit as error:
        text = _("还没有设时限，件无法计时（%(why)s）：请先运行 manage.py seed_calendar。")
        raise ImportRefused(text % {"why": error}) from error
    if ledger:
        ledger.state, ledger.finished_at = ImportState.LOADED, now
        ledger.rows, ledger.fresh, ledger.same, ledger.wrong = done.rows, done.created, done.unchanged, done.wrong
        ledger.save()
    return done


def _begun(path: Path, headers: list[str], profile: Profile, area: Area, now: datetime) -> LedgerImport:
    """The record of an import by the command, which loads what is good of each part as it comes."""
    return LedgerImport.objects.create(
        file_name=path.name[:LedgerImport.NAME_LENGTH], headers=headers, shape=shape_of(headers), area=area,
        profile=profile.as_json(), state=ImportState.LOADING, only_good=True, created_at=now,
    )  # fmt: skip


def take(fresh: Sequence[Checked], ledger: LedgerImport, *, now: datetime) -> None:
    """Make the cases of rows that were found good, and keep which row of which import each came from.

    The book of doors has a row for the residents who came with them.
    """
    entries = [one.entry for one in fresh if one.entry]
    cases = adopt_many(entries)
    people = [entry.report.reporter for entry in entries if entry.report.reporter]
    if residents := sum(person.is_somebody for person in people):
        details = {"list": "cases", "key": ledger.pk, "new": residents}
        record_access(AccessKind.ENTERED, by=ledger.created_by, at=now, area=ledger.area, details=details)
    copy_many([
        ROWS.fill(case_id=case.pk, ledger_id=ledger.pk, row=one.row.number, digest=one.digest)
        for case, one in zip(cases, fresh, strict=True)
    ])  # fmt: skip
