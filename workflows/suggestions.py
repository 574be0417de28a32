"""What is suggested, for a person to decide: the usual team, members, councils, likely duplicates, the next case."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from cases.models import Area, Council, Posting, RoleAssignment, User
from cases.selectors import held_by
from workflows.lifecycle import CaseLifecycle
from workflows.near import Near, near_cases, told_of


def above(area: Area) -> list[str]:
    """The tree paths of an area and of everything above it, the nearest first."""
    step = Area.steplen
    return [area.path[:n] for n in range(len(area.path), 0, -step)]


def suggested_teams(case: CaseLifecycle, now: datetime) -> list[int]:
    """Teams stationed where the case lies, the nearest posting first."""
    day = timezone.localdate(now)
    posted = Posting.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day, team__active=True, area__path__in=above(case.area)
    )
    rows = posted.values_list("team_id", "area__path")
    return list(dict.fromkeys(team for team, path in sorted(rows, key=lambda row: (-len(row[1]), row[0]))))


def team_members(team_id: int | None, now: datetime) -> QuerySet[User]:
    """Who is in a team today."""
    today = RoleAssignment.objects.on(timezone.localdate(now)).filter(team=team_id)
    return User.objects.filter(is_active=True, pk__in=today.values("user")).order_by("name", "pk")


def councils_near(case: CaseLifecycle) -> QuerySet[Council]:
    """Active councils of the case's area, of those above it, and beneath its community, the nearest first."""
    paths = above(case.area)
    around = paths[min(2, len(paths) - 1)]
    near = Council.objects.filter(Q(area__path__in=paths) | Q(area__path__startswith=around), active=True)
    return near.order_by("-area__depth", "code")


def duplicates_of(case: CaseLifecycle, viewer: User) -> list[Near]:
    """Open cases of the last 90 days around the same place that may be the same matter; one bounded query."""
    return near_cases(told_of(case), CaseLifecycle.objects.visible_to(viewer), without=case.pk)


def next_held(viewer: User, *, after: CaseLifecycle) -> CaseLifecycle | None:
    """The most pressing case that waits at the viewer's desk, besides this one."""
    waiting = CaseLifecycle.objects.visible_to(viewer).open().filter(held_by(viewer))
    return waiting.exclude(pk=after.pk).order_by("due_at", "pk").first()  # type: ignore[return-value]
