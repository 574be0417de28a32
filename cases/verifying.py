"""Looking at every history, slice by slice: whether the chains hold and, where a seal is given, what was sealed.

A page asks for it and the worker does it, each slice in a transaction of its own, so that a worker that is killed loses
a slice and never the look.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from cases import events, seals
from cases.audit_terms import CheckKind
from cases.events import Break, Verified
from cases.models import Case, CaseEvent, Council, HistoryCheck, Seal, User
from cases.seals import CASE, COUNCIL, Head

SLICE = 2000
SLICE_AGAINST = 20_000  # the kept list is read from its beginning for each
KEPT = 200  # breaks that are kept word for word; the rest is counted
NOT_GENUINE = Break("", 0, "the kept list is not the one that was sealed")


@dataclass
class Looked:
    """What a look has found so far."""

    cases: int = 0
    events: int = 0
    broken: list[Break] = field(default_factory=list)

    def add(self, verified: Verified) -> None:
        """Add a slice."""
        self.cases += verified.cases
        self.events += verified.events
        self.broken += verified.broken


class Sealed:
    """The sealed heads of cases, taken in the order of their keys."""

    def __init__(self, heads: Iterable[Head], *, after: int = 0) -> None:
        self.heads = (head for head in heads if head.kind == CASE and head.pk > after)
        self.next: Head | None = next(self.heads, None)

    def until(self, last: int | None) -> list[Head]:
        """Those that come next, up to a key; all the rest without one."""
        found = []
        while self.next is not None and (last is None or self.next.pk <= last):
            found.append(self.next)
            self.next = next(self.heads, None)
        return found


def look(heads: Callable[[], Iterable[Head]] | None = None) -> Looked:
    """Everything in one go, compared with a sealed list when one is given: for the command line."""
    found, after = Looked(), 0
    sealed = Sealed(heads()) if heads else None
    while True:
        last, verified = look_at_slice(after, sealed)
        found.add(verified)
        if last is None:
            break
        after = last
    found.add(look_at_councils(heads() if heads else ()))
    return found


def look_at_slice(after: int, sealed: Sealed | None = None, size: int = SLICE) -> tuple[int | None, Verified]:
    """The next cases after a key: the last key of them, None when there are no more, and what was found."""
    heads = list(Case.objects.filter(pk__gt=after).order_by("pk").values_list(*events.CASE_COLUMNS)[:size])
    last = heads[-1][0] if len(heads) == size else None
    rows = CaseEvent.objects.filter(council=None, case_id__gt=after)
    if last is not None:
        rows = rows.filter(case_id__lte=last)
    said = rows.order_by("case_id", "seq").values_list(*events.EVENT_COLUMNS).iterator(size)
    verified = events.verify(heads, said)
    broken = [again for first in verified.broken for again in looked_at_again(first)]
    if sealed is not None:
        broken += _compared(sealed.until(last), {row[0]: row[1] for row in heads})
    return last, Verified(verified.cases, verified.events, broken)


def _compared(sealed: list[Head], here: dict[int, str]) -> Iterator[Break]:
    """Every sealed head is still a point of its history; what came later stands behind it."""
    kept: dict[tuple[int, int], str] = {}
    if sealed:
        rows = CaseEvent.objects.filter(council=None, case_id__gte=sealed[0].pk, case_id__lte=sealed[-1].pk)
        kept = {(pk, seq): last for pk, seq, last in rows.values_list("case_id", "seq", "hash").iterator(SLICE)}
    yield from _differences(sealed, here, kept)


def _differences(sealed: list[Head], here: dict[int, str], kept: dict[tuple[int, int], str]) -> Iterator[Break]:
    for head in sealed:
        if here.get(head.pk) != head.number:
            yield Break(head.number, head.version, "it was sealed and is not there any more")
        elif head.version and kept.get((head.pk, head.version)) != head.hash:
            yield Break(head.number, head.version, "it is not as it was sealed")


def look_at_councils(sealed: Iterable[Head] = ()) -> Verified:
    """The histories of councils, all of them; they are few."""
    found = events.verify_councils()
    heads = [head for head in sealed if head.kind == COUNCIL]
    codes = dict(Council.objects.values_list("pk", "code")) if heads else {}
    rows = CaseEvent.objects.filter(case=None).values_list("council_id", "seq", "hash") if heads else ()
    kept = {(pk, seq): last for pk, seq, last in rows}
    return Verified(0, found.events, [*found.broken, *_differences(heads, codes, kept)])


@transaction.atomic
def looked_at_again(found: Break) -> list[Break]:
    """A case that moved between the two reads looks broken: its row is locked and it is read once more."""
    case = Case.objects.select_for_update().filter(number=found.number).first()
    return events.verify_case(case).broken if case else [found]


# -- as the worker does it


def ask_for_check(*, kind: CheckKind, actor: User, now: datetime, seal: Seal | None = None) -> HistoryCheck:
    """Have the worker look. One of a kind at a time: a second wish joins the first."""
    waiting = HistoryCheck.objects.filter(kind=kind, seal=seal, ended_at=None).first()
    return waiting or HistoryCheck.objects.create(kind=kind, asked_by=actor, asked_at=now, seal=seal)


@transaction.atomic
def go_on(*, now: datetime) -> bool:
    """One slice of the oldest look that is not done; False when there is nothing to do. Two workers never share one."""
    waiting = HistoryCheck.objects.filter(ended_at=None).select_related("seal", "asked_by").order_by("pk")
    skip = connection.features.has_select_for_update_skip_locked
    check = waiting.select_for_update(skip_locked=skip, of=("self",)).first() if skip else waiting.first()
    if check is None:
        return False
    if check.started_at is None:
        check.started_at, check.total = now, Case.objects.count()
        if check.kind == CheckKind.AGAINST and check.seal and not seals.is_genuine(check.seal):
            _note(check, [NOT_GENUINE])
            check.ended_at = now
    if check.ended_at is None:
        _take_slice(check, now)
    check.save()
    return True


def _take_slice(check: HistoryCheck, now: datetime) -> None:
    against = check.seal if check.kind == CheckKind.AGAINST else None
    if against:
        sealed = Sealed(seals.sealed_heads(against), after=check.after)
        last, verified = look_at_slice(check.after, sealed, SLICE_AGAINST)
    else:
        last, verified = look_at_slice(check.after)
    check.cases += verified.cases
    check.events += verified.events
    _note(check, verified.broken)
    if last is not None:
        check.after = last
        return
    rest = look_at_councils(seals.sealed_heads(against) if against else ())
    check.events += rest.events
    _note(check, rest.broken)
    check.ended_at = now
    if check.kind == CheckKind.SEAL and not check.faults:
        check.seal = seals.make_seal(actor=check.asked_by, now=now)


def _note(check: HistoryCheck, broken: list[Break]) -> None:
    check.faults += len(broken)
    room = max(KEPT - len(check.broken), 0)
    check.broken = [*check.broken, *({"number": b.number, "seq": b.seq, "reason": b.reason} for b in broken[:room])]
