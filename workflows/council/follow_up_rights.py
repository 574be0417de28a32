"""Who may do what with a follow-up and its micro-project: pure predicates for commands and pages."""

from datetime import date

from cases.council_terms import FollowUpKind, ProjectState
from cases.models import Council, FollowUp, MicroProject, User
from workflows.council.access import is_overseer_of, is_secretary_of

OVER = (ProjectState.SETTLED, ProjectState.SURVEYED, ProjectState.STOPPED)


def carries_out(follow_up: FollowUp, council: Council, actor: User, day: date) -> bool:
    """A member of the team that owes it on that day; an owners' ballot is run by the secretary as well."""
    if actor.grants(day).in_team(follow_up.owner_id):
        return True
    return follow_up.kind == FollowUpKind.OWNERS_BALLOT and is_secretary_of(council, actor)


def may_verify(follow_up: FollowUp, council: Council, actor: User) -> bool:
    """The secretary or an overseer, never who reported it done."""
    if follow_up.done_by_id == actor.pk:
        return False
    return is_secretary_of(council, actor) or is_overseer_of(council, actor)


def keeps_project(project: MicroProject, council: Council, actor: User, day: date) -> bool:
    """Enters quotes, dates, photographs and what residents said: the team that owes it, or the secretary."""
    return actor.grants(day).in_team(project.follow_up.owner_id) or is_secretary_of(council, actor)


def may_approve_project(project: MicroProject, council: Council, actor: User) -> bool:
    """An overseer, never who proposed it."""
    return is_overseer_of(council, actor) and project.proposed_by_id != actor.pk


def may_accept_project(project: MicroProject, council: Council, actor: User) -> bool:
    """The secretary or an overseer, never who proposed it; they ask the residents afterwards, too."""
    is_theirs = is_secretary_of(council, actor) or is_overseer_of(council, actor)
    return is_theirs and project.proposed_by_id != actor.pk


def unsettled_project(follow_up: FollowUp) -> bool:
    """Whether a micro-project has still to be proposed, or is not over; one query."""
    project = MicroProject.objects.filter(follow_up=follow_up).only("state").first()
    return project is None or project.state not in OVER
