"""Who may see or edit which record: predicates."""

from collections.abc import Iterable
from datetime import date

from cases.models import Case, ExemplaryCase, Household, HouseholdContact, User
from cases.models.training import AGREEING
from cases.scope import Placed
from cases.terms import Role, State

IMPORTERS = (Role.DESK, Role.ADMINISTRATOR)  # of ledgers, into their areas

REVEALING = (Role.DESK, Role.SURVEY_DESK, Role.SUPERVISOR, Role.GRID_WORKER)


def can_see(viewer: User, case: Case) -> bool:
    """Whether the case is in the viewer's scope."""
    return Case.objects.visible_to(viewer).filter(pk=case.pk).exists()


def can_reveal_reporter(viewer: User, case: Case) -> bool:
    """Those who must reach the resident: desk, survey desk, supervisor, the one who reported it, the handler."""
    grants = viewer.grants()
    return (
        grants.covers(case.area, *REVEALING)
        or case.reported_by_id == viewer.pk
        or (case.handler_id == viewer.pk and grants.in_team(case.team_id))
    )


def is_administrator(viewer: User) -> bool:
    """The role, and who was made by `createsuperuser`: configuration belongs to them."""
    return viewer.is_superuser or viewer.grants().has(Role.ADMINISTRATOR)


def may_lead_campaigns(viewer: User) -> bool:
    """Whether there is an area in which the person may set a campaign up."""
    return is_administrator(viewer) or viewer.grants().has(Role.LEADER)


def may_edit_campaign(viewer: User, areas: Iterable[Placed]) -> bool:
    """Administrators; a leader, when the campaign stays within the leader's areas (one without areas is everywhere)."""
    places = list(areas)
    led = places and all(viewer.grants().covers(area, Role.LEADER) for area in places)
    return is_administrator(viewer) or bool(led)


def may_appoint_heads(viewer: User, area: Placed) -> bool:
    """Administrators, leaders and supervisors of the area."""
    return is_administrator(viewer) or viewer.grants().covers(area, Role.LEADER, Role.SUPERVISOR)


def may_keep_households(viewer: User, area: Placed) -> bool:
    """Who enters households and says who keeps contact: administrators, supervisors and grid workers of the area."""
    return is_administrator(viewer) or viewer.grants().covers(area, Role.SUPERVISOR, Role.GRID_WORKER)


def may_visit(viewer: User, household: Household, day: date) -> bool:
    """Who keeps contact with the household on that day, and the grid workers of its area."""
    if viewer.grants().covers(household.area, Role.GRID_WORKER):
        return True
    return HouseholdContact.objects.on(day).filter(household=household, user=viewer).exists()


def may_write_up(viewer: User, case: Case) -> bool:
    """Who sees a closed case may write it up for others."""
    return case.state == State.CLOSED and can_see(viewer, case)


def may_agree_to(viewer: User, written: ExemplaryCase) -> bool:
    """A supervisor or leader of its area who did not write it."""
    return viewer.pk != written.written_by_id and viewer.grants().covers(written.case.area, *AGREEING)
