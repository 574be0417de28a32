"""Who may make which move: pure predicates over a case and an actor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cases.models import Case, User
from cases.terms import Role, Source

if TYPE_CHECKING:
    from workflows.models import SupervisionOrder


@dataclass(frozen=True)
class System:
    """Somebody who acts without a login: the resident behind a link, the clock, the import of a ledger."""

    name: str


RESIDENT = System("resident")
CLOCK = System("clock")
IMPORT = System("import")

Actor = User | System
Predicate = Callable[[Case, Actor], bool]


def by_area(*roles: Role) -> Predicate:
    """Holds one of the roles for the area of the case or one above it."""

    def predicate(case: Case, actor: Actor) -> bool:
        return isinstance(actor, User) and actor.grants().covers(case.area, *roles)

    return predicate


def by_team(*roles: Role) -> Predicate:
    """Is in the lead team, in one of the roles."""

    def predicate(case: Case, actor: Actor) -> bool:
        return isinstance(actor, User) and actor.grants().in_team(case.team_id, *roles)

    return predicate


def by_system(*systems: System) -> Predicate:
    """Is one of those who act without a login."""

    def predicate(case: Case, actor: Actor) -> bool:  # noqa: ARG001
        return actor in systems

    return predicate


def either(*predicates: Predicate) -> Predicate:
    """One of them is enough."""

    def predicate(case: Case, actor: Actor) -> bool:
        return any(p(case, actor) for p in predicates)

    return predicate


LIMIT_READERS = (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.LEADER, Role.AUDITOR)


def may_set_limits(user: User) -> bool:
    """Limits are configuration, as in the admin: administrators, and who was made by `createsuperuser`."""
    return user.is_superuser or user.grants().has(Role.ADMINISTRATOR)


def may_read_limits(user: User) -> bool:
    """Administrators, and those who watch over limits."""
    return user.is_superuser or user.grants().has(*LIMIT_READERS)


may_report = (Role.GRID_WORKER, Role.HOUSEHOLD_CONTACT, Role.DESK, Role.DISPATCHER)

is_desk = by_area(Role.DESK)
is_dispatcher = by_area(Role.DISPATCHER)
is_supervisor = by_area(Role.SUPERVISOR)
is_leader = by_area(Role.LEADER)
is_team_member = by_team(Role.TEAM_MEMBER, Role.TEAM_LEADER)
is_team_leader = by_team(Role.TEAM_LEADER)


def is_reporting_side(case: Case, actor: Actor) -> bool:
    """The one who reported it, or a grid worker of the area."""
    return isinstance(actor, User) and (case.reported_by_id == actor.pk or by_area(Role.GRID_WORKER)(case, actor))


def is_verifier(case: Case, actor: Actor) -> bool:
    """A grid worker or the desk of the area, never the handler and nobody of the lead team."""
    if not isinstance(actor, User) or actor.pk == case.handler_id or is_team_member(case, actor):
        return False
    return is_reporting_side(case, actor) or is_desk(case, actor)


def is_handler(case: Case, actor: Actor) -> bool:
    """The named handler, or the leader of the lead team in their place."""
    return isinstance(actor, User) and (
        (actor.pk == case.handler_id and is_team_member(case, actor)) or is_team_leader(case, actor)
    )


def may_dispatch(case: Case, actor: Actor) -> bool:
    """The dispatcher; after a third return the supervisor, whose dispatch is final."""
    return is_supervisor(case, actor) if case.dispatch_is_final else is_dispatcher(case, actor)


def is_proposer(case: Case, actor: Actor) -> bool:
    """The secretary who brought a matter of a council, before anybody else has it."""
    if not isinstance(actor, User) or case.source != Source.COUNCIL or case.team_id is not None:
        return False
    return case.reported_by_id == actor.pk and actor.grants().has(Role.SECRETARY)


def may_refer(case: Case, actor: Actor) -> bool:
    """The dispatcher or the leader of the lead team; what a council proposed itself, its secretary."""
    return is_dispatcher(case, actor) or is_team_leader(case, actor) or is_proposer(case, actor)


def is_secretary(case: Case, actor: Actor) -> bool:
    """The secretary of the council that deliberates on it."""
    return isinstance(actor, User) and actor.grants().in_council(case.council_id, Role.SECRETARY)


may_report_again = either(by_system(RESIDENT), is_desk, by_area(Role.SURVEY_DESK))


def may_survey_by_phone(case: Case, actor: Actor) -> bool:
    """The survey desk, never somebody who handled the case."""
    return by_area(Role.SURVEY_DESK)(case, actor) and isinstance(actor, User) and actor.pk != case.handler_id


def may_survey(case: Case, actor: Actor) -> bool:
    """The resident by link, or the survey desk by phone."""
    return actor == RESIDENT or may_survey_by_phone(case, actor)


def may_request_reopen(case: Case, actor: Actor) -> bool:
    """The resident by link, or the survey desk that hears "not solved"."""
    return actor == RESIDENT or may_survey_by_phone(case, actor)


def is_agreed(case: Case, actor: Actor) -> bool:
    """The one who agreed to the request that this move carries out: see `flows.approval`."""
    request = getattr(case, "agreed_request", None)
    return (
        request is not None
        and isinstance(actor, User)
        and request.decided_by_id == actor.pk
        and request.asked_by_id != actor.pk
    )


def may_merge(case: Case, actor: Actor) -> bool:
    """The desk alone before dispatch, two people after it."""
    return is_agreed(case, actor) or (is_desk(case, actor) and case.team_id is None)


def is_holder(case: Case, actor: Actor) -> bool:
    """Has the case now: by name, or by the role while nobody is named; `cases.selectors.held_by` for one case."""
    if not isinstance(actor, User) or not case.holder_role:
        return False
    if case.holder_user and case.holder_user.is_active:
        return case.holder_user_id == actor.pk
    if case.holder_role == Role.TEAM_MEMBER:
        return is_team_member(case, actor)
    if case.holder_role == Role.SECRETARY:
        return is_secretary(case, actor)
    return by_area(Role(case.holder_role))(case, actor)


may_order = either(is_supervisor, is_leader)


def may_reply_to_order(order: "SupervisionOrder", actor: Actor) -> bool:
    """The team it is addressed to. One to a desk goes along with its case: to the holder, and when the case has
    ended to its lead team, or to the desk of the area where it never had one.
    """
    if order.team_id:
        return isinstance(actor, User) and actor.grants().in_team(order.team_id)
    if order.case.is_open:
        return is_holder(order.case, actor)
    return is_team_member(order.case, actor) if order.case.team_id else is_desk(order.case, actor)


def may_judge_reply(order: "SupervisionOrder", actor: Actor) -> bool:
    """A supervisor or leader of the area who did not write the reply."""
    return may_order(order.case, actor) and isinstance(actor, User) and actor.pk != order.replied_by_id
