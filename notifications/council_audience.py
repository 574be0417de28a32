"""Who of a council hears of what: seats that are invited or vote, and whoever has the next step."""

from cases.models import Attendance, Elector, Mandate, Meeting, Seat, Topic
from cases.terms import Role
from notifications.occasion import Occasion
from workflows.council.signing import signers_of

OFF = ("cancel", "miss_quorum")
SETTLED = ("suspend", "uphold", "annul", "take_effect")


def proposer(o: Occasion) -> set[int]:
    """Who brought the topic, when it is taken up; what is not comes back as a case."""
    found = Topic.objects.filter(pk=o.data.get("topic") or 0, proposed_by__is_active=True)
    return set(found.values_list("proposed_by", flat=True)) if o.data.get("move") == "accept" else set()


def invited(o: Occasion) -> set[int]:
    """Seats with a login that were invited to the meeting."""
    found = Attendance.objects.filter(meeting=o.data.get("meeting"), seat__user__is_active=True)
    return set(found.values_list("seat__user", flat=True))


def invited_to_what_is_off(o: Occasion) -> set[int]:
    """The same, when the meeting does not take place; a recess is seen in the room."""
    return invited(o) if o.data.get("move") in OFF else set()


def holder_of_mandate(o: Occasion) -> set[int]:
    """Who votes for another."""
    found = Mandate.objects.filter(pk=o.data.get("mandate") or 0, holder__user__is_active=True)
    return set(found.values_list("holder__user", flat=True))


def electors(o: Occasion) -> set[int]:
    """Seats with a login that may vote in this poll; hands are raised in the room."""
    found = Elector.objects.filter(poll=o.data.get("poll"), recused=False, seat__user__is_active=True)
    return set(found.exclude(poll__method="hands").values_list("seat__user", flat=True))


def voter(o: Occasion) -> set[int]:
    """Whose ballot was struck: it may be cast again."""
    found = Elector.objects.filter(pk=o.data.get("elector") or 0, seat__user__is_active=True)
    return set(found.values_list("seat__user", flat=True))


def secretaries(o: Occasion) -> set[int]:
    """The secretaries of the council that it happened in."""
    return set(o.directory.by_council[Role.SECRETARY, o.council_id])


def secretaries_of_what_changed(o: Occasion) -> set[int]:
    """The secretaries, when a decision took effect or was called into question without them."""
    return secretaries(o) if o.data.get("move") in SETTLED else set()


def secretaries_who_discuss_again(o: Occasion) -> set[int]:
    """The secretaries, when a decision comes back to the council."""
    return secretaries(o) if o.data.get("move") == "remand" else set()


def deciders_on_voiding(o: Occasion) -> set[int]:
    """Who agrees, when a poll is to be void."""
    return o.nearest(Role.SUPERVISOR) if o.data.get("move") == "ask" else set()


def secretaries_after_voiding(o: Occasion) -> set[int]:
    """The secretaries, when that was decided: they go on with the poll, or with the discussion."""
    return secretaries(o) if o.data.get("move") in ("agree", "decline") else set()


def readers_of_minutes(o: Occasion) -> set[int]:
    """Those who were invited, when the minutes are sent round."""
    return invited(o) if o.data.get("move") == "circulate" else set()


def signers_of_minutes(o: Occasion) -> set[int]:
    """Those whose signature counts, when the minutes wait for signatures."""
    meeting = Meeting.objects.select_related("pack").filter(pk=o.data.get("meeting") or 0).first()
    if meeting is None or o.data.get("move") != "approve":
        return set()
    found = Seat.objects.filter(pk__in=signers_of(meeting).may_sign, user__is_active=True)
    return set(found.values_list("user", flat=True))


def verifiers_of_follow_up(o: Occasion) -> set[int]:
    """Who looks at what is said to be done: the secretaries, or a supervisor where the only one did it."""
    if o.data.get("move") != "finish":
        return set()
    return secretaries(o) - {o.event.actor_id} or o.nearest(Role.SUPERVISOR, o.event.actor_id)


def owners_who_redo(o: Occasion) -> set[int]:
    """The team that owes it, when it was sent back."""
    return _owners(o) if o.data.get("move") == "send_back" else set()


def owners_of_cancelled(o: Occasion) -> set[int]:
    """The team that owed it, when it is owed no longer."""
    return _owners(o) if o.data.get("move") == "cancel" else set()


def approvers_of_project(o: Occasion) -> set[int]:
    """Who approves what is proposed."""
    return o.nearest(Role.SUPERVISOR, o.event.actor_id) if o.data.get("move") == "propose" else set()


def _owners(o: Occasion) -> set[int]:
    return o.directory.team(o.data.get("team"))
