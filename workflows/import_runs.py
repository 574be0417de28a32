"""Imports of ledgers as they go through the office: uploaded, columns matched, checked, loaded, taken back.

The row in the database holds the state and how far it has come. Whoever works on it commits one part at a time, so
a worker that was killed leaves whole parts, and another one goes on from there. What cannot go on is taken back.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import monotonic

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_fsm import TransitionNotAllowed

from cases.lib.crypto import decrypt, encrypt
from cases.lib.spreadsheet import Row
from cases.lib.waking import wake
from cases.models import Area, Case, User
from cases.permissions import IMPORTERS
from cases.scope import below
from workflows import limits
from workflows.commands.history import AlreadyTouched, touched, undo_import
from workflows.imports import BATCH, headers_of, read_ledger, take
from workflows.ledger_profiles import (
    ImportRefused,
    Profile,
    by_hand,
    column_of,
    fitting_profile,
    from_json,
    shape_of,
)
from workflows.ledger_rows import Checked, RowError, RowReader, check, seen_in
from workflows.models import ImportedCase, ImportState, LedgerImport

S = ImportState
BUSY = (S.CHECKING, S.LOADING, S.UNDOING)
TASK = "workflows.tasks.work_on_import"
CONTEXT = "workflows.ledgerimport.content"
STALE = timedelta(seconds=90)  # longer than a part takes: whoever had it is gone
KEPT_FOR = timedelta(days=7)  # the file of an import that nobody decides on
UNDONE_AT_ONCE = 100
SHOWN_ERRORS = 200
TRIES = 5  # a part that kills its worker again and again
SLICE_SECONDS = 60  # below the time limit of a task


class NotNow(ValueError):
    """The import has moved on meanwhile; the page shows where it is."""


class AlreadyWorkedOn(ValueError):
    """Cases of the import have been worked on: it can no longer be taken back."""

    def __init__(self, numbers: Sequence[str]) -> None:
        super().__init__("、".join(numbers))
        self.numbers = numbers


def paths_of(viewer: User) -> list[str]:
    """The areas into which a person may import."""
    return list(viewer.grants().area_paths(list(IMPORTERS)))


def visible_imports(viewer: User) -> QuerySet[LedgerImport]:
    """Imports into the areas of the viewer."""
    found = LedgerImport.objects.filter(below(paths_of(viewer), "area"))
    return found.select_related("area", "created_by", "undone_by")


def areas_of(viewer: User) -> QuerySet[Area]:
    """Areas to which rows without one may go."""
    found: QuerySet[Area] = Area.objects.filter(below(paths_of(viewer))).order_by("path")
    return found


def upload(*, content: bytes, file_name: str, area: Area, actor: User, now: datetime) -> LedgerImport:
    """Keep a file until it is loaded or dropped. Raises ImportRefused, PermissionDenied (not the actor's area)."""
    if not area.path.startswith(tuple(paths_of(actor)) or ("-",)):
        raise PermissionDenied("import")
    headers = headers_of(_rows_of(content, file_name))
    shape = shape_of(headers)
    profile = remembered(shape) or fitting_profile(headers)
    return LedgerImport.objects.create(
        file_name=file_name[-LedgerImport.NAME_LENGTH :], file_hash=hashlib.sha256(content).hexdigest(),
        content=encrypt(base64.b64encode(content).decode(), context=CONTEXT), headers=headers, shape=shape, area=area,
        profile=profile.as_json() if profile else {}, created_by=actor, created_at=now,
    )  # fmt: skip


def remembered(shape: str) -> Profile | None:
    """How a file with these headings was read the last time."""
    kept = LedgerImport.objects.filter(shape=shape).exclude(profile={}).exclude(state=S.UPLOADED)
    last = kept.order_by("-pk").values_list("profile", flat=True).first()
    return from_json(last) if last else None


def same_file(ledger: LedgerImport) -> LedgerImport | None:
    """The import that has loaded this very file already."""
    if not ledger.file_hash:
        return None
    return LedgerImport.objects.filter(file_hash=ledger.file_hash, state=S.LOADED).exclude(pk=ledger.pk).first()


@transaction.atomic
def match_columns(ledger_id: int, columns: Mapping[str, str], *, keeps: Sequence[str]) -> None:
    """Say which column holds what ({field: heading}); the check begins."""
    ledger = _locked(ledger_id, S.UPLOADED, S.CHECKED)
    known = from_json(ledger.profile) if ledger.profile else by_hand({})
    if known.found_in(ledger.headers) == dict(columns):
        profile = replace(known, keeps=tuple(keeps))
    else:
        profile = replace(by_hand(columns, keeps=keeps), zone=known.zone)
    ledger.profile = profile.as_json()
    ledger.rows = ledger.fresh = ledger.same = ledger.wrong = ledger.remarked = 0
    ledger.first_errors = []
    _begin(ledger, S.CHECKING)


@transaction.atomic
def load(ledger_id: int, *, only_good: bool) -> None:
    """Take in what was checked: all of it, or the rows without errors as they were shown. Raises NotNow."""
    ledger = _locked(ledger_id, S.CHECKED)
    if not ledger.fresh or (ledger.wrong and not only_good):
        raise NotNow
    ledger.only_good = only_good
    _begin(ledger, S.LOADING)


@transaction.atomic
def drop(ledger_id: int, *, now: datetime) -> None:
    """Leave it: the content goes, what was found stays."""
    ledger = _locked(ledger_id, S.UPLOADED, S.CHECKED)
    _end(ledger, S.DROPPED, now)


@transaction.atomic
def undo(ledger_id: int, *, actor: User) -> None:
    """Take an import back on whose cases nobody has worked yet. Raises NotNow, AlreadyWorkedOn."""
    ledger = _locked(ledger_id, S.LOADED)
    if keys := touched(Case.objects.filter(imported__ledger=ledger)):
        raise AlreadyWorkedOn(list(Case.objects.filter(pk__in=keys).order_by("pk").values_list("number", flat=True)))
    ledger.undone_by, ledger.why = actor, ""
    _begin(ledger, S.UNDOING)


def work(ledger_id: int, *, now: datetime, until: Callable[[], bool] = lambda: False) -> bool:
    """Do what an import owes, part by part, until it is done or `until` says so; True when something is left."""
    steps = {S.CHECKING: _check_part, S.LOADING: _load_part, S.UNDOING: _undo_part}
    rows: list[Row] = []
    while True:
        ledger = LedgerImport.objects.select_related("area", "created_by").get(pk=ledger_id)
        step = steps.get(S(ledger.state))
        if step is None:
            return False
        if ledger.attempts >= TRIES:
            _give_up(ledger, _("处理时多次中断。"), now)
            continue
        if until():
            return True
        LedgerImport.objects.filter(pk=ledger_id).update(touched_at=now, attempts=ledger.attempts + 1)
        try:
            if step is not _undo_part:
                rows = rows or _rows_of(_content_of(ledger), ledger.file_name)
            step(ledger, rows, now)
        except NotNow:  # somebody else has done this part meanwhile, and goes on
            return False
        except (limits.NoLimit, ImportRefused, _Refused) as error:
            _give_up(ledger, str(error), now)


def work_for_a_while(ledger_id: int, *, now: datetime) -> None:
    """What a task does of it; the rest is another task's."""
    began = monotonic()
    if work(ledger_id, now=now, until=lambda: monotonic() - began > SLICE_SECONDS):
        wake(TASK, ledger_id)


def go_on(*, now: datetime) -> int:
    """Imports that nobody works on although they owe something go on; those that were forgotten lose their file."""
    forgotten = LedgerImport.objects.filter(state__in=(S.UPLOADED, S.CHECKED), created_at__lt=now - KEPT_FOR)
    for ledger_id in forgotten.values_list("pk", flat=True):
        drop(ledger_id, now=now)
    waiting = LedgerImport.objects.filter(Q(touched_at=None) | Q(touched_at__lt=now - STALE), state__in=BUSY)
    owed = list(waiting.exclude(created_by=None).order_by("pk").values_list("pk", flat=True))
    for ledger_id in owed[:1]:  # one at a time: the timetable comes again
        work_for_a_while(ledger_id, now=now)
    return len(owed)


def checked_rows(ledger: LedgerImport, now: datetime) -> Iterator[Checked]:
    """Every row of a file that is still kept, with its verdict of this moment."""
    rows = _rows_of(_content_of(ledger), ledger.file_name)
    return check(rows, _reader(ledger, now))


class _Refused(ValueError):
    """A row that had been found good is not good any more."""


def _begin(ledger: LedgerImport, state: ImportState) -> None:
    ledger.state, ledger.done, ledger.attempts, ledger.touched_at, ledger.finished_at = state, 0, 0, None, None
    ledger.save()
    wake(TASK, ledger.pk)


def _end(ledger: LedgerImport, state: ImportState, now: datetime) -> None:
    ledger.state, ledger.content, ledger.finished_at = state, "", now
    ledger.save()


def _locked(ledger_id: int, *states: ImportState) -> LedgerImport:
    ledger = LedgerImport.objects.select_for_update().get(pk=ledger_id)
    if ledger.state not in states:
        raise NotNow
    return ledger


def _mine(ledger: LedgerImport) -> LedgerImport:
    """The row locked, if nobody else has done this part meanwhile."""
    fresh = LedgerImport.objects.select_for_update().get(pk=ledger.pk)
    if (fresh.state, fresh.done) != (ledger.state, ledger.done):
        raise NotNow
    fresh.attempts = 0
    return fresh


def _content_of(ledger: LedgerImport) -> bytes:
    if not ledger.content:
        raise ImportRefused(_("原文件已经删除。"))
    return base64.b64decode(decrypt(ledger.content, context=CONTEXT))


def _rows_of(content: bytes, file_name: str) -> list[Row]:
    with NamedTemporaryFile(suffix=Path(file_name).suffix.lower()) as kept:
        kept.write(content)
        kept.flush()
        try:
            return read_ledger(Path(kept.name))
        except ImportRefused as error:
            raise ImportRefused(str(error).replace(Path(kept.name).name, file_name)) from error


def _reader(ledger: LedgerImport, now: datetime) -> RowReader:
    profile = from_json(ledger.profile)
    within = paths_of(ledger.created_by) if ledger.created_by else None
    return RowReader(profile, profile.found_in(ledger.headers), ledger.area, now, within)


def _part(ledger: LedgerImport, rows: Sequence[Row], now: datetime) -> list[Checked]:
    reader = _reader(ledger, now)
    return list(check(rows[ledger.done : ledger.done + BATCH], reader, seen_in(rows[: ledger.done], reader)))


@transaction.atomic
def _check_part(ledger: LedgerImport, rows: Sequence[Row], now: datetime) -> None:
    part, ledger = _part(ledger, rows, now), _mine(ledger)
    for one in part:
        ledger.fresh += one.entry is not None
        ledger.same += bool(one.same)
        ledger.wrong += bool(one.errors)
        ledger.remarked += bool(one.remarks) and not one.errors
        room = SHOWN_ERRORS - len(ledger.first_errors)
        ledger.first_errors += [_kept(error, ledger) for error in one.errors[:room]]
    ledger.done += len(part)
    ledger.rows = len(rows)
    if ledger.done >= len(rows):
        ledger.state, ledger.finished_at = S.CHECKED, now
    ledger.save()


def _kept(error: RowError, ledger: LedgerImport) -> dict[str, object]:
    """Without what stood there: the page stays when the file is gone."""
    columns = from_json(ledger.profile).found_in(ledger.headers)
    return {"row": error.row, "column": column_of(error.field, columns), "reason": error.reason}


@transaction.atomic
def _load_part(ledger: LedgerImport, rows: Sequence[Row], now: datetime) -> None:
    part, ledger = _part(ledger, rows, now), _mine(ledger)
    fresh = [one for one in part if one.entry]
    first_wrong = next((one for one in part if one.errors), None)
    if first_wrong and not ledger.only_good:
        said = {"row": first_wrong.row.number, "why": first_wrong.errors[0].reason}
        raise _Refused(_("第 %(row)s 行核对以后变了：%(why)s") % said)
    if fresh:
        take(fresh, ledger, now=now)
    ledger.done += len(part)
    if ledger.done < len(rows):
        ledger.save()
        return
    taken = ImportedCase.objects.filter(ledger=ledger).count()
    if taken + ledger.same + ledger.wrong < len(rows):
        raise _Refused(_("有的行核对以后变了，请重新上传核对。"))
    _end(ledger, S.LOADED, now)


@transaction.atomic
def _undo_part(ledger: LedgerImport, _rows: Sequence[Row], now: datetime) -> None:
    ledger = _mine(ledger)
    by = ledger.undone_by or ledger.created_by
    rows = ledger.cases.filter(row__gt=ledger.done).order_by("row").select_related("case")[:UNDONE_AT_ONCE]
    left = []
    for row in rows:
        try:
            undo_import(case_id=row.case_id, by=by, now=now)
        except (AlreadyTouched, TransitionNotAllowed):  # between the question and its turn
            left.append(row.case.number)
        ledger.done = row.row
    if left:
        ledger.why += _("撤回时已有人办理，留下的件：%(numbers)s。") % {"numbers": "、".join(left)}
    if len(rows) < UNDONE_AT_ONCE:
        _end(ledger, S.UNDONE if ledger.undone_by else S.FAILED, now)
    else:
        ledger.save()


@transaction.atomic
def _give_up(ledger: LedgerImport, why: str, now: datetime) -> None:
    """It cannot go on: what of it was loaded is taken back, so that nothing is left of it."""
    fresh = LedgerImport.objects.select_for_update().get(pk=ledger.pk)
    if fresh.state != ledger.state:
        return
    fresh.why = why
    if fresh.state == S.LOADING and fresh.cases.exists():
        _begin(fresh, S.UNDOING)
    else:
        _end(fresh, S.FAILED, now)
