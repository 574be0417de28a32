"""Who is told of which event: one table. The words are in templates/notifications/<event type>[.resident].txt."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cases.models import Case, CaseEvent, Reporter, User
from cases.terms import ClockKind, EventType, RequestState, Role, State
from notifications.directory import Directory
from workflows import permissions as may
from workflows.models import Request

E = EventType


@dataclass(frozen=True)
class Occasion:
    """One event with its case as it is now, and the directory to look people up in."""

    event: CaseEvent
    directory: Directory

    @property
    def case(self) -> Case:
        return self.event.case

    @property
    def data(self) -> dict[str, Any]:
        return self.event.data  # type: ignore[no-any-return]

    @property
    def request(self) -> Request | None:
        return self.directory.requests.get(self.data.get("request", 0))

    def nearest(self, role: str, *without: int | None) -> set[int]:
        return self.directory.nearest(role, self.case.area.path, without)


Who = Callable[[Occasion], set[int]]


def holder(o: Occasion) -> set[int]:
    """Whoever has the case now. Nobody when it has moved on since: there is nothing left for them to do."""
    case = o.case
    if case.state != o.event.state or not case.holder_role:
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
    """The secretaries of the council that the case was referred to."""
    return set(o.directory.by_council[Role.SECRETARY, o.data.get("council") or o.case.council_id])


def lead_team(o: Occasion) -> set[int]:
    """Leaders and members of the lead team."""
    return o.directory.team(o.data.get("team") or o.case.team_id)


def co_teams(o: Occasion) -> set[int]:
    """Everybody of the co-handling teams."""
    return {user for row in o.data.get("co_handlers") or () for user in o.directory.team(row.get("team"))}


def part_team(o: Occasion) -> set[int]:
    """Everybody of the team that owes a part."""
    return o.directory.team(o.data.get("team"))


def follow_up_owners(o: Occasion) -> set[int]:
    """Leaders of the teams to which a decision gave something to do."""
    owners = {row.get("owner") for row in o.data.get("follow_ups") or ()}
    return {user for owner in owners for user in o.directory.team(owner, Role.TEAM_LEADER)}


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


def deciders(o: Occasion) -> set[int]:
    """Those who may decide on the request while it is open; never the one who asked."""
    request = o.request
    if request is None or request.state != RequestState.ASKED:
        return set()
    return o.nearest(request.decider_role, request.asked_by_id)


def asker(o: Occasion) -> set[int]:
    """The one who asked."""
    return _one(o.request.asked_by) if o.request else set()


def holder_of_new_limits(o: Occasion) -> set[int]:
    """The holder, when a correction moved a limit."""
    return holder(o) if o.data.get("limits") else set()


def clock_watchers(o: Occasion) -> set[int]:
    """Who can still keep the limit: the holder, for a promise those who made it."""
    if o.data.get("clock") == ClockKind.PROMISE:
        return workers(o)
    return holder(o)


def overdue_watchers(o: Occasion) -> set[int]:
    """The holder with the team leaders and supervisors. A survey clock that ran out closes the case: nobody is late."""
    if o.data.get("clock") == ClockKind.SURVEY:
        return set()
    return clock_watchers(o) | leaders(o) | supervisors(o)


def _one(user: User | None) -> set[int]:
    return {user.pk} if user and user.is_active else set()


@dataclass(frozen=True)
class Told:
    """One row: which colleagues, whether the resident, whether those of merged cases too; or why nobody."""

    staff: tuple[Who, ...] = ()
    resident: bool = False
    merged_too: bool = False
    nobody_because: str = ""


AUDIENCE: dict[EventType, Told] = {
    E.REPORTED: Told((holder,)),
    E.INFO_REQUESTED: Told((holder,)),
    E.INFO_SUPPLIED: Told((holder,)),
    E.ACCEPTED: Told((holder,), resident=True),
    E.REJECTED: Told((reporting_side,), resident=True),
    E.MERGED: Told((reporting_side, handler), resident=True),
    E.SPLIT_OFF: Told((holder,), resident=True),
    E.DISPATCHED: Told((lead_team, co_teams)),
    E.SIGNED: Told((handler,)),
    E.RETURNED_TO_DISPATCH: Told((holder,)),
    E.REASSIGNED: Told((handler,)),
    E.REFERRED_TO_COUNCIL: Told((secretaries,)),
    E.DECISION_TAKEN: Told((holder, follow_up_owners)),
    E.HELD: Told((workers,)),
    E.RESUMED: Told((handler,)),
    E.EXTENDED: Told((workers,)),
    E.SUBMITTED: Told((holder,)),
    E.VERIFIED: Told((holder, reporting_side), resident=True, merged_too=True),
    E.SENT_BACK: Told((holder,)),
    E.SURVEY_RECORDED: Told((holder,), resident=True),  # a holder there is when it was not solved: the supervisor
    E.CLOSED_UNANSWERED: Told(resident=True),
    E.REOPEN_REQUESTED: Told((holder,)),
    E.REOPENED: Told((lead_team, holder), resident=True),
    E.REOPEN_DECLINED: Told(resident=True),
    E.VOIDED: Told((reporting_side, handler), resident=True),
    E.ANSWER_ADOPTED: Told(nobody_because="answered elsewhere, before it came here"),
    E.MERGED_INTO: Told((holder,)),
    E.NOTE_ADDED: Told(nobody_because="read on the page of the case; a note asks nothing of anybody"),
    E.PHOTO_ADDED: Told(nobody_because="comes with a move that is told, or asks nothing of anybody"),
    E.FACTS_CORRECTED: Told((holder_of_new_limits,)),
    E.REPORTER_REVEALED: Told(nobody_because="kept for the auditor, who reads the history"),
    E.LINK_ISSUED: Told(nobody_because="handed over in person"),
    E.URGED: Told((holder, leaders)),
    E.REQUEST_ASKED: Told((deciders,)),
    E.REQUEST_AGREED: Told((asker,)),
    E.REQUEST_DECLINED: Told((asker,)),
    E.REQUEST_WITHDRAWN: Told(nobody_because="it leaves the list of those who would have decided"),
    E.REQUEST_OVERDUE: Told((deciders, supervisors)),
    E.PART_ANSWERED: Told((workers,)),
    E.PART_OVERDUE: Told((part_team, workers)),
    E.PROMISE_KEPT: Told(resident=True, merged_too=True),
    E.CLOCK_WARNED: Told((clock_watchers,)),
    E.CLOCK_OVERDUE: Told((overdue_watchers,)),
}


def row_of(event: CaseEvent) -> Told:
    """The row of an event; a type that a newer release wrote tells nobody."""
    return AUDIENCE[EventType(event.type)] if event.type in EventType.values else Told(nobody_because="unknown here")


def is_history(event: CaseEvent) -> bool:
    """Whether it happened elsewhere and was only written down here."""
    return bool(event.data.get("by") == may.IMPORT.name)


def staff_told(o: Occasion) -> set[int]:
    """Keys of the colleagues to tell: never who did it, nor the asker of what was agreed (they hear of the request)."""
    told = row_of(o.event)
    found = {user for who in told.staff for user in who(o)}
    found.discard(o.event.actor_id or 0)
    if o.event.type not in (E.REQUEST_AGREED, E.REQUEST_DECLINED):
        found -= asker(o)
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
