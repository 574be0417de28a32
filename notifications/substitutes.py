"""Who hears in the place of somebody who is away: told of what they may see, and told for whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from cases.models import Case, CaseEvent, User
from workflows.council.access import councils_visible_to
from workflows.leaves import substitutes_on


@dataclass(frozen=True)
class Telling:
    """One event for one colleague (for a resident without a key): whether it asks something, and for whom they hear."""

    event: CaseEvent
    user: int = 0
    asked: bool = True
    on_behalf_of: User | None = None
    is_away: bool = False  # somebody else hears of it: their own channels stay silent


def with_substitutes(told: Sequence[Telling], day: date) -> list[Telling]:
    """The same, with those who stand in for whoever is away that day.

    Nobody hears twice of one event, nobody of what they did themselves or may not see; then it goes to the one who
    is away, as if nobody stood in.
    """
    away = substitutes_on(day, {telling.user for telling in told})
    if not away:
        return list(told)
    knows = {(telling.event.pk, telling.user) for telling in told}
    seen = {leave.substitute_id: _seen(leave.substitute, told) for leave in away.values()}
    found, more = [], []
    for telling in told:
        leave = away.get(telling.user)
        if leave is None or not _may_hear(telling.event, seen[leave.substitute_id], leave.substitute_id):
            found.append(telling)
            continue
        found.append(replace(telling, is_away=True))
        if (telling.event.pk, leave.substitute_id) not in knows:
            knows.add((telling.event.pk, leave.substitute_id))
            more.append(Telling(telling.event, leave.substitute_id, telling.asked, on_behalf_of=leave.user))
    return found + more


def _seen(substitute: User, told: Iterable[Telling]) -> tuple[set[int], set[int]]:
    """The keys of the cases and councils of these events that the substitute may see by their own roles."""
    cases = {telling.event.case_id for telling in told if telling.event.case_id}
    councils = {telling.event.council_id for telling in told if telling.event.council_id}
    visible = Case.objects.visible_to(substitute).filter(pk__in=cases).values_list("pk", flat=True)
    open_to = councils_visible_to(substitute).filter(pk__in=councils).values_list("pk", flat=True) if councils else ()
    return set(visible), set(open_to)


def _may_hear(event: CaseEvent, seen: tuple[set[int], set[int]], substitute: int) -> bool:
    cases, councils = seen
    is_seen = event.council_id in councils if event.council_id else event.case_id in cases
    return is_seen and event.actor_id != substitute
