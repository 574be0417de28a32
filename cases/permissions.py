"""Who may see or edit which record: predicates."""

from cases.models import Case, User
from cases.terms import Role

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
