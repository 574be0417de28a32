"""Who of a council hears of what: seats that are invited or vote, and whoever has the next step."""

from cases.models import Attendance, Elector, FollowUp, Mandate, Topic
from cases.terms import Role
from notifications.occasion import Occasion

TO_BE_READ = ("circulate", "approve")  # moves of minutes that ask something of those who were there
OFF = ("cancel", "miss_quorum")
UNSETTLED = ("suspend", "uphold", "remand", "annul", "take_effect")


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


def secretaries_of_what_changed(o: Occasion) -> set[int]:
    """The secretaries, when a decision took effect or was called into question without them."""
    return set(o.directory.by_council[Role.SECRETARY, o.council_id]) if o.data.get("move") in UNSETTLED else set()


def readers_of_minutes(o: Occasion) -> set[int]:
    """Those who were invited, when the minutes are sent round or wait for signatures."""
    return invited(o) if o.data.get("move") in TO_BE_READ else set()


def next_with_follow_up(o: Occasion) -> set[int]:
    """Who checks what is said to be done, or does again what was sent back."""
    move = o.data.get("move")
    if move == "finish":
        return set(o.directory.by_council[Role.SECRETARY, o.council_id])
    if move in ("send_back", "cancel"):
        return {user for team in _owners(o) for user in o.directory.team(team)}
    return set()


def next_with_project(o: Occasion) -> set[int]:
    """Who approves what is proposed."""
    return o.nearest(Role.SUPERVISOR) if o.data.get("move") == "propose" else set()


def _owners(o: Occasion) -> set[int]:
    return set(FollowUp.objects.filter(pk=o.data.get("follow_up") or 0).values_list("owner", flat=True))
