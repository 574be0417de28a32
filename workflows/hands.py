"""Who had a hand in a case: they neither check it again, nor take down how satisfied the resident is."""

from django.db.models import Q

from cases.models import Case, User
from cases.terms import EventType
from workflows import permissions as may

HANDLING = (
    EventType.SIGNED, EventType.SUBMITTED, EventType.REASSIGNED, EventType.PART_ANSWERED, EventType.RESUMED,
    EventType.PROMISE_KEPT, EventType.VERIFIED,
)  # fmt: skip


def in_events(actor: User) -> Q:
    """Events that show a hand: made handler; signed, submitted, reassigned, answered a part, verified."""
    named = Q(type__in=(EventType.SIGNED, EventType.REASSIGNED), data__handler=actor.pk)
    return named | Q(actor=actor, type__in=HANDLING)


def had_a_hand(case: Case, actor: User) -> bool:
    """Is the handler or of a team that handles it, or the history shows a hand in whatever round; two queries at most.

    `flows.approval.requests_to_decide` asks the same in SQL.
    """
    if actor.pk == case.handler_id or may.is_team_member(case, actor):
        return True
    if (teams := actor.grants().team_ids()) and case.co_teams.filter(pk__in=teams).exists():
        return True
    return case.events.filter(in_events(actor)).exists()
