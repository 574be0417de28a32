"""Who is told of which event: one table. The words are in templates/notifications/<event type>[.resident].txt."""

from dataclasses import dataclass

from cases.council_terms import FollowUpState
from cases.models import CaseEvent, Reporter, User
from cases.terms import ClockKind, EventType, RequestState, Role, State
from notifications import council_audience as council
from notifications.occasion import Occasion, Who
from workflows import permissions as may

E = EventType


def holder(o: Occasion) -> set[int]:
    """Whoever has the case now. Nobody when it has moved on since: there is nothing left for them to do."""
    return holder_now(o) if o.case.state == o.event.state else set()


def holder_now(o: Occasion) -> set[int]:
    """Whoever has the case at this moment, whatever became of it since the event."""
    case = o.case
    if not case.holder_role:
        return set()
    if case.holder_user and case.holder_user.is_active:
        return {case.holder_user.pk}
    if case.holder_role == Role.TEAM_MEMBER:
        return o.directory.team(case.team_id)
    if case.holder_role == Role.SECRETARY:
        return secretaries(o)
    barred = case.handler_id if case.state == State.SUBMITTED else None  # the handler never verifies
    return o.nearest(case.holder_role, barred)


def secretaries(o: Occasion) -> set[int]:
    """The secretaries of the council that it happened in, or that the case was referred to."""
    return set(o.directory.by_council[Role.SECRETARY, o.council_id])


def lead_team(o: Occasion) -> set[int]:
    """Leaders and members of the lead team."""
    return o.directory.team(o.data.get("team") or o.case.team_id)


def co_teams(o: Occasion) -> set[int]:
    """Everybody of the co-handling teams."""
    return {user for row in o.data.get("co_handlers") or () for user in o.directory.team(row.get("team"))}


def part_team(o: Occasion) -> set[int]:
    """Everybody of the team that owes a part."""
    return o.directory.team(o.data.get("team"))


def part_team_anew(o: Occasion) -> set[int]:
    """The same, unless it was sent back: of that they hear by itself."""
    return set() if o.data.get("reason") else part_team(o)


def part_team_of_done(o: Occasion) -> set[int]:
    """The same, unless it was cancelled: of that they hear by itself."""
    return set() if o.data.get("outcome") == FollowUpState.CANCELLED else part_team(o)


def follow_up_owners(o: Occasion) -> set[int]:
    """Leaders of the teams to which a decision on paper gave something to do, as far as they have the case before them.

    Of a decision that was taken here each team hears by its follow-up.
    """
    if o.event.actor_id is None:
        return set()
    owners = {row.get("owner") for row in o.data.get("follow_ups") or ()}
    at_it = {o.case.team_id, *o.case.co_teams.values_list("pk", flat=True)} if owners else set()
    return {user for owner in owners & at_it for user in o.directory.team(owner, Role.TEAM_LEADER)}


def leaders(o: Occasion) -> set[int]:
    """Leaders of the lead team."""
    return o.directory.team(o.case.team_id, Role.TEAM_LEADER)


def handler(o: Occasion) -> set[int]:
    """The named handler."""
    return _one(o.case.handler)


def workers(o: Occasion) -> set[int]:
    """The handler with the team leaders; the whole team while nobody is named."""
    return handler(o) | leaders(o) if handler(o) else o.directory.team(o.case.team_id)


def reporting_side(o: Occasion) -> set[int]:
    """The colleague who reported it, and who meets the resident."""
    return _one(o.case.reported_by)


def supervisors(o: Occasion) -> set[int]:
    """The nearest supervisors."""
    return o.nearest(Role.SUPERVISOR)


def callers(o: Occasion) -> set[int]:
    """The survey desk, when a resident who is to be answered has to be called: no message reaches them."""
    return o.nearest(Role.SURVEY_DESK) if any(resident.needs_call for resident in residents_told(o)) else set()


def deciders(o: Occasion) -> set[int]:
    """Those who may decide on the request while it is open; never the one who asked."""
    request = o.request
    if request is None or request.state != RequestState.ASKED:
        return set()
    return o.nearest(request.decider_role, request.asked_by_id)


def asker(o: Occasion) -> set[int]:
    """The one who asked."""
    return _one(o.request.asked_by) if o.request else set()


def ordered(o: Occasion) -> set[int]:
    """Those to whom a supervision order is addressed: a team, else whoever has the case now."""
    return o.directory.team(o.data["team"]) if o.data.get("team") else holder_now(o)


def issuer(o: Occasion) -> set[int]:
    """The one who issued the order."""
    return _one(o.order.issued_by) if o.order else set()


def replier(o: Occasion) -> set[int]:
    """The one who wrote the reply that the order has now."""
    return _one(o.order.replied_by) if o.order else set()


def holder_of_new_limits(o: Occasion) -> set[int]:
    """The holder, when a correction moved a limit."""
    return holder(o) if o.data.get("limits") else set()


def clock_watchers(o: Occasion) -> set[int]:
    """Who can still keep the limit: whoever owes what the clock measures, for a stage the holder."""
    owing = OWING.get(o.data.get("clock", ""), holder)
    return owing(o)


def overdue_watchers(o: Occasion) -> set[int]:
    """The same; others hear by the ladder. A survey clock that ran out closes the case: nobody is late."""
    return set() if o.data.get("clock") == ClockKind.SURVEY else clock_watchers(o)


def next_on_the_ladder(o: Occasion) -> set[int]:
    """Whom this step of the ladder names, while the matter is still open: nobody is told of what was done since."""
    if not clock_watchers(o):
        return set()
    if o.data.get("to") == Role.TEAM_LEADER:
        return o.directory.team(o.data.get("team") or o.case.team_id, Role.TEAM_LEADER)
    return o.nearest(o.data.get("to", ""))


OWING: dict[str, Who] = {
    ClockKind.PROMISE: workers,
    ClockKind.REQUEST: deciders,
    ClockKind.PART: part_team,
    ClockKind.ORDER: ordered,
    ClockKind.FOLLOW_UP: part_team,
    ClockKind.OBJECTION: secretaries,
    ClockKind.SPOT_CHECK: supervisors,
    ClockKind.OVERALL: holder_now,
}


def _one(user: User | None) -> set[int]:
    return {user.pk} if user and user.is_active else set()


@dataclass(frozen=True)
class Told:
    """One row: which colleagues, whether the resident, whether those of merged cases too; or why nobody.

    Of `staff` the event asks something, `informed` need only know: the digest tells them, unless they wish otherwise.
    """

    staff: tuple[Who, ...] = ()
    informed: tuple[Who, ...] = ()
    resident: bool = False
    merged_too: bool = False
    nobody_because: str = ""

    @property
    def colleagues(self) -> tuple[Who, ...]:
        """All of them."""
        return self.staff + self.informed


AUDIENCE: dict[EventType, Told] = {
    E.REPORTED: Told((holder,)),
    E.INFO_REQUESTED: Told((holder,)),
    E.INFO_SUPPLIED: Told((holder,)),
    E.ACCEPTED: Told((holder,), resident=True),
    E.REJECTED: Told((callers,), (reporting_side,), resident=True),
    E.MERGED: Told((callers,), (reporting_side, handler), resident=True),
    E.SPLIT_OFF: Told((holder,), resident=True),
    E.DISPATCHED: Told((lead_team, co_teams)),
    E.SIGNED: Told((handler,)),
    E.RETURNED_TO_DISPATCH: Told((holder,)),
    E.REASSIGNED: Told((handler,)),
    E.REFERRED_TO_COUNCIL: Told((secretaries,)),
    E.DECISION_TAKEN: Told((holder, follow_up_owners)),
    E.RETURNED_FROM_COUNCIL: Told((holder,)),
    E.HELD: Told(informed=(workers,)),
    E.RESUMED: Told((handler,)),
    E.EXTENDED: Told(informed=(workers,)),
    E.SUBMITTED: Told((holder,)),
    E.VERIFIED: Told((holder, callers), (reporting_side,), resident=True, merged_too=True),
    E.SENT_BACK: Told((holder,)),
    E.SURVEY_RECORDED: Told((holder,), resident=True),  # a holder there is when it was not solved: the supervisor
    E.CLOSED_UNANSWERED: Told(resident=True),
    E.REOPEN_REQUESTED: Told((holder,)),
    E.REOPENED: Told((lead_team, holder), resident=True),
    E.REOPEN_DECLINED: Told((callers,), resident=True),
    E.VOIDED: Told((callers,), (reporting_side, handler), resident=True),
    E.FAILED_SPOT_CHECK: Told((lead_team, holder, callers), (reporting_side,), resident=True),
    E.ANSWER_ADOPTED: Told(nobody_because="answered elsewhere, before it came here"),
    E.IMPORT_UNDONE: Told(nobody_because="it had come by mistake, and nobody was told of its coming"),
    E.MERGED_INTO: Told(informed=(holder,)),
    E.REPORTED_AGAIN: Told(nobody_because="the new case tells its own holder"),
    E.NOTE_ADDED: Told(nobody_because="read on the page of the case; a note asks nothing of anybody"),
    E.PHOTO_ADDED: Told(nobody_because="comes with a move that is told, or asks nothing of anybody"),
    E.FACTS_CORRECTED: Told(informed=(holder_of_new_limits,)),
    E.REPORTER_REVEALED: Told(nobody_because="kept for the auditor, who reads the history"),
    E.LINK_ISSUED: Told(nobody_because="handed over in person"),
    E.URGED: Told((holder, leaders)),
    E.REQUEST_ASKED: Told((deciders,)),
    E.REQUEST_AGREED: Told((asker,)),
    E.REQUEST_DECLINED: Told((asker,)),
    E.REQUEST_WITHDRAWN: Told(nobody_because="it leaves the list of those who would have decided"),
    E.REQUEST_OVERDUE: Told((deciders,)),
    E.PART_ANSWERED: Told(informed=(workers,)),
    E.PART_OVERDUE: Told((part_team, workers)),
    E.PROMISE_KEPT: Told((callers,), resident=True, merged_too=True),
    E.SPOT_CHECK_DRAWN: Told((supervisors,)),
    E.SPOT_CHECK_PASSED: Told(nobody_because="it stands on the page of the case, and asks nothing of anybody"),
    E.SPOT_CHECK_DROPPED: Told(nobody_because="the case goes on, and whoever has it knows"),
    E.SURVEY_INVITED: Told(nobody_because="handed over in person; the answer brings its own link"),
    E.SURVEY_EXCLUDED: Told(nobody_because="those who asked and agreed hear of their request"),
    E.CLOCK_WARNED: Told((clock_watchers,)),
    E.CLOCK_OVERDUE: Told((overdue_watchers,)),
    E.CLOCK_ESCALATED: Told((next_on_the_ladder,)),
    E.CLOCK_RECOMPUTED: Told(informed=(holder,)),
    E.CLOCK_STOPPED_LATE: Told(nobody_because="it is done; the figures say that it was late"),
    E.ORDER_ISSUED: Told((ordered,), (leaders,)),
    E.ORDER_REPLIED: Told((issuer, supervisors)),
    E.ORDER_ACCEPTED: Told(informed=(ordered, replier)),
    E.ORDER_RETURNED: Told((ordered,)),
    E.ORDER_WITHDRAWN: Told(informed=(ordered,)),
    E.FOLLOW_UP_STARTED: Told((part_team_anew,)),
    E.FOLLOW_UP_ENDED: Told(informed=(part_team_of_done,)),
    E.OBJECTION_RAISED: Told((secretaries,)),
    E.OBJECTION_ANSWERED: Told(nobody_because="the answer stands beside the objection on the public page"),
    E.TOPIC_PROPOSED: Told(nobody_because="the secretary heard of the case that was referred"),
    E.TOPIC_SCREENED: Told(informed=(council.proposer,)),
    E.MEETING_PREPARED: Told(nobody_because="a draft asks nothing of anybody"),
    E.MEETING_CONVENED: Told((council.invited,)),
    E.MEETING_OPENED: Told(nobody_because="those who are there know"),
    E.MEETING_MOVED: Told((council.invited_to_what_is_off,)),
    E.MEETING_CLOSED: Told(nobody_because="those who were there know; the minutes are sent round"),
    E.ITEM_MOVED: Told(nobody_because="it happens in the room, and stands in the minutes"),
    E.MANDATE_CHANGED: Told((council.holder_of_mandate,)),
    E.POLL_OPENED: Told((council.electors,)),
    E.POLL_CLOSED: Told(nobody_because="the result follows when it is certified"),
    E.POLL_CERTIFIED: Told(nobody_because="the notice of the result tells everybody at once"),
    E.POLL_VOIDED: Told((council.deciders_on_voiding, council.secretaries_after_voiding)),
    E.BALLOT_STRUCK: Told((council.voter,)),
    E.DECISION_RECORDED: Told(nobody_because="it is made known by its notice"),
    E.DECISION_MOVED: Told((council.secretaries_who_discuss_again,), (council.secretaries_of_what_changed,)),
    E.NOTICE_POSTED: Told(nobody_because="it hangs in public; those who are invited hear of the meeting"),
    E.NOTICE_MOVED: Told(nobody_because="what follows from it is an event of the decision"),
    E.MINUTES_MOVED: Told((council.readers_of_minutes, council.signers_of_minutes)),
    E.MINUTES_SIGNED: Told(nobody_because="those who sign see on the page who did"),
    E.FOLLOW_UP_MOVED: Told((council.verifiers_of_follow_up, council.owners_who_redo), (council.owners_of_cancelled,)),
    E.PROJECT_MOVED: Told((council.approvers_of_project,)),
    E.REGISTER_IMPORTED: Told(nobody_because="whoever imports it reads the report of it"),
}


# What comes in numbers, and what a person reads as one list: how their limits stand.
BUNDLED = frozenset(
    {
        E.CLOCK_WARNED,
        E.CLOCK_OVERDUE,
        E.CLOCK_ESCALATED,
        E.CLOCK_RECOMPUTED,
        E.REQUEST_OVERDUE,
        E.PART_OVERDUE,
        E.URGED,
    }
)


def row_of(event: CaseEvent) -> Told:
    """The row of an event; a type that a newer release wrote tells nobody."""
    return AUDIENCE[EventType(event.type)] if event.type in EventType.values else Told(nobody_because="unknown here")


def is_history(event: CaseEvent) -> bool:
    """Whether it happened elsewhere and was only written down here."""
    return bool(event.data.get("by") == may.IMPORT.name)


def staff_told(o: Occasion) -> dict[int, bool]:
    """Keys of the colleagues to tell, and whether it asks something of them.

    Never who did it, nor the asker of what was agreed (they hear of the request).
    """
    told = row_of(o.event)
    found = {user: False for who in told.informed for user in who(o)}
    found |= {user: True for who in told.staff for user in who(o)}
    knows = set() if o.event.type in (E.REQUEST_AGREED, E.REQUEST_DECLINED) else asker(o)
    for user in {*knows, o.event.actor_id}:
        found.pop(user or 0, None)
    return found


def residents_told(o: Occasion) -> list[Reporter]:
    """The residents to tell, those of merged cases included: not of what they have just done themselves."""
    told = row_of(o.event)
    if not told.resident or o.data.get("by") == may.RESIDENT.name:
        return []
    found = [o.case.reporter] if o.case.reporter else []
    if told.merged_too:
        found += o.directory.merged.get(o.case.pk, [])
    return list({reporter.pk: reporter for reporter in found}.values())
