"""What a process of the tests may do: what ours do, and what naive ones would do instead, which is the control."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from multiprocessing.synchronize import Barrier
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django_fsm import TransitionNotAllowed

from cases import events
from cases.models import Case, CaseEvent, Category, User
from cases.terms import EventType
from notifications import delivery
from notifications import relay as relaying
from notifications.models import Delivery, DeliveryState
from tests.faults.points import die
from workflows import import_runs
from workflows.commands import adjust, calendar, handling
from workflows.commands import sweep as sweeping
from workflows.limits import arithmetic
from workflows.models import Calendar, Clock, LedgerImport

LONGEST = 20  # seconds that one process waits for another
MINUTE = timedelta(minutes=1)


def sweep(_: Barrier, *, now: list[str], batch: int = sweeping.BATCH) -> list[dict[str, int]]:
    """Our sweeper, with its machine's clock showing each of these moments in turn."""
    sweeping.BATCH = batch
    return [sweeping.sweep(now=datetime.fromisoformat(moment)) for moment in now]


def relay(_: Barrier, *, now: str, limit: int) -> int:
    """Our relay."""
    return relaying.relay(now=datetime.fromisoformat(now), limit=limit)


def deliver(_: Barrier, *, now: str) -> dict[str, int]:
    """Our sender, to systems on this machine."""
    settings.WEBHOOK_NETWORKS = ("127.0.0.0/8",)
    return delivery.deliver(now=datetime.fromisoformat(now))


def marking_deliver(_: Barrier, *, now: str) -> None:
    """A naive sender: it marks the message first, and dies before it is sent."""
    rows = Delivery.objects.filter(channel="webhook", state=DeliveryState.PENDING).order_by("pk")
    Delivery.objects.filter(pk=rows[0].pk).update(state=DeliveryState.SENT, sent_at=now, next_try_at=None)
    die()


def publish(_: Barrier, *, now: str, chunk: int = calendar.CHUNK, longest_wait: float = calendar.LONGEST_WAIT) -> int:
    """Our publication of the only calendar."""
    calendar.CHUNK, calendar.LONGEST_WAIT = chunk, longest_wait
    return calendar.publish_calendar(Calendar.objects.get(), source="通知", now=datetime.fromisoformat(now)).moved


def settle(_: Barrier, *, now: str) -> int:
    """What each sweep does about a publication that was cut off."""
    return calendar.settle_all(now=datetime.fromisoformat(now))


def import_ledger(_: Barrier, *, ledger: int, now: str, batch: int, tries: int = import_runs.TRIES) -> bool:
    """Our worker at an import: what it owes, part by part."""
    import_runs.BATCH, import_runs.UNDONE_AT_ONCE, import_runs.TRIES = batch, batch, tries
    return import_runs.work(ledger, now=datetime.fromisoformat(now))


def go_on_with_imports(_: Barrier, *, now: str) -> int:
    """What the timetable does about an import whose worker is gone."""
    return import_runs.go_on(now=datetime.fromisoformat(now))


def marking_import(_: Barrier, *, ledger: int, batch: int) -> None:
    """Control: how far it has come is committed, the rows come next, but the process is killed between them."""
    LedgerImport.objects.filter(pk=ledger).update(done=batch)
    die()


def forgetful_import(_: Barrier, *, ledger: int, now: str, batch: int) -> None:
    """Control: the rows are committed, how far it has come is to be written next, but the process is killed."""
    row, at = LedgerImport.objects.get(pk=ledger), datetime.fromisoformat(now)
    import_runs.take([one for one in islice(import_runs.checked_rows(row, at), batch) if one.entry], row, now=at)
    die()


def submit(_: Barrier, *, cases: list[int], now: str) -> int:
    """A member of the team who hands in one case after the other."""
    at, actor = datetime.fromisoformat(now), User.objects.get(username="member")
    words = {"result_code": "A", "result_text": "已换灯泡。"}
    return _moved(lambda key: handling.submit_case(case_id=key, actor=actor, now=at, **words), cases)


def sign(_: Barrier, *, cases: list[int], now: str) -> int:
    """A member who takes over one case after the other: each gets a clock that nobody published for yet."""
    at, actor = datetime.fromisoformat(now), User.objects.get(username="member")
    return _moved(lambda key: handling.sign_case(case_id=key, actor=actor, now=at, handler=actor), cases)


def correct(_: Barrier, *, cases: list[int], now: str) -> int:
    """A supervisor who gives one case after the other another priority: limits are reckoned anew."""
    at, actor, category = (
        datetime.fromisoformat(now),
        User.objects.get(username="supervisor"),
        Category.objects.get(code="101"),
    )
    words = {"category": category, "priority": "urgent", "reason": "更正"}
    return _moved(lambda key: adjust.correct_facts(case_id=key, actor=actor, now=at, **words), cases)


def _moved(move: Callable[[int], object], cases: Iterable[int]) -> int:
    """How many were moved; those that somebody else moved before are left."""
    done = 0
    for key in cases:
        try:
            move(key)
        except (TransitionNotAllowed, PermissionDenied):
            continue
        done += 1
    return done


def naive_sweep(meeting: Barrier, *, now: str) -> int:
    """Control: look, then ring what was seen. All have looked before the first one rings."""
    due = list(Clock.objects.filter(alarm_at__lte=now).order_by("pk"))
    meeting.wait(LONGEST)
    Clock.objects.filter(pk__in=[clock.pk for clock in due]).update(overdue_at=now, alarm_at=None)
    return ring(due, datetime.fromisoformat(now))


def marking_sweep(_: Barrier, *, now: str) -> None:
    """Control: the mark is committed, the event comes next, but the process is killed between them."""
    Clock.objects.filter(alarm_at__lte=now).update(overdue_at=now, alarm_at=None)
    die()


def minute_sweep(_: Barrier, *, now: list[str]) -> list[int]:
    """Control: each minute, ring what fell due since the minute before; no mark is needed for that, one would think."""
    moments = [datetime.fromisoformat(moment) for moment in now]
    return [ring(Clock.objects.filter(due_at__gt=at - MINUTE, due_at__lte=at), at) for at in moments]


def ring(due: Iterable[Clock], now: datetime) -> int:
    rang = 0
    for clock in due:
        with transaction.atomic():
            case = Case.objects.select_for_update().get(pk=clock.case_id)
            said = {"clock": clock.kind, "clock_id": clock.pk, "due_at": clock.due_at}
            events.record_fact(case, EventType.CLOCK_OVERDUE, actor=None, at=now, data=said)
            rang += 1
    return rang


def naive_publish(meeting: Barrier, *, now: str) -> None:
    """Control: set the limits that there are, then publish. Somebody makes a move in between."""
    fresh = calendar.snapshot(Calendar.objects.get(), source="通知", now=datetime.fromisoformat(now))
    for chunk in calendar.differing(Clock.objects.filter(stopped_at=None), arithmetic(fresh)):
        for clock, moments in chunk.moved:
            Clock.objects.filter(pk=clock.pk).update(due_at=moments.due_at, warn_at=moments.warn_at)
    meeting.wait(LONGEST)
    meeting.wait(LONGEST)
    fresh.save(force_insert=True)
    Calendar.objects.update(revision=fresh.number, settled=fresh.number)


def sign_in_between(meeting: Barrier, *, cases: list[int], now: str) -> int:
    """The move that a naive publication does not reckon with."""
    meeting.wait(LONGEST)
    done = sign(meeting, cases=cases, now=now)
    meeting.wait(LONGEST)
    return done


def marking_relay(_: Barrier, *, now: str) -> None:
    """Control: events are marked as told, who is told comes next, but the process is killed between them."""
    CaseEvent.objects.filter(relayed_at=None).update(relayed_at=now)
    die()


WORKS: dict[str, Callable[..., Any]] = {
    work.__name__: work
    for work in (
        *(sweep, relay, deliver, publish, settle, submit, sign, correct, import_ledger, go_on_with_imports),
        *(marking_import, forgetful_import),
        *(naive_sweep, marking_sweep, minute_sweep, naive_publish, sign_in_between, marking_relay, marking_deliver),
    )
}
