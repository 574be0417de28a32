"""P12: what the hash chain costs: an event with its chain against the same event as a plain insert."""

from itertools import count
from time import perf_counter

from django.db import transaction

from cases import events
from cases.models import Case
from cases.terms import EventType
from workflows.benchmark.measure import Figure, take_turns
from workflows.benchmark.world import World, insert_plainly

ROUNDS, SIZE = 8, 100
WORDS = {"words": "已联系物业，周三到场维修，请来访人等候通知。"}


def measure_chain(world: World, *, rounds: int = ROUNDS, size: int = SIZE) -> list[Figure]:
    """Notes in the history, in turn with the chain and without; then how fast chains are verified."""
    chained, plain = (Case.objects.get(pk=world.reported()) for _ in range(2))
    actor, place = world.people["grid"], count(2)

    def subject(_: int) -> None:
        for _note in range(size):
            with transaction.atomic():
                events.record(chained, EventType.NOTE_ADDED, actor=actor, at=world.now, data=WORDS)
                Case.objects.filter(pk=chained.pk).update(version=chained.version, last_hash=chained.last_hash)

    def anchor(_: int) -> None:
        for _note in range(size):
            with transaction.atomic():
                insert_plainly(plain, next(place), actor=actor, at=world.now, data=WORDS)

    turns = take_turns(subject, anchor, rounds=rounds, size=size)
    began = perf_counter()
    verified = events.verify_case(Case.objects.get(pk=chained.pk))
    rate = verified.events / (perf_counter() - began)
    equal = not verified.broken and verified.events == (rounds + 1) * size + 1
    return [
        Figure(
            "P12 events a second with hash chain",
            turns.subject,
            turns.anchor,
            turns.ratio,
            0.4,
            0.6,
            equal,
            turns.noisy,
        ),
        Figure("P12 · events verified a second", rate, goal=300_000, equal=equal),
    ]
