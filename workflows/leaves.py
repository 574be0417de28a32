"""Who stands in for whom today, who may, and what a substitute finds beside their own cases.

A substitute is told, and given nothing: they see and may do what their own roles allow, no more.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.lib.sheets import Column, Sheet
from cases.models import Area, Case, RoleAssignment, User
from cases.querysets import AREA_ROLES, CaseQuerySet
from cases.scope import below
from cases.terms import Role
from workflows.models import Leave

OVERSEERS = (Role.SUPERVISOR, Role.LEADER)
NAMED = ("user", "substitute", "registered_by")
MOST_SHOWN = 20
Line = tuple[Leave, Promise | str]  # and what it is to the person who reads the list
LEAVES = Sheet[Line](
    "leaves",
    _("休假代理"),
    (
        Column(_("休假人"), 12, lambda line: str(line[0].user)),
        Column(_("自"), 12, lambda line: line[0].valid_from),
        Column(_("至"), 12, lambda line: line[0].last_day),
        Column(_("状态"), 10, lambda line: str(line[1])),
        Column(_("代理人"), 12, lambda line: str(line[0].substitute)),
        Column(_("代为登记"), 12, lambda line: str(line[0].by_another or "")),
    ),
)


def substitutes_on(day: date, users: Iterable[int] | None = None) -> dict[int, Leave]:
    """The leave by which each of those who are away on that day has somebody who is there; one query.

    A substitute who is away as well has their own; a circle, or one who left the office, stands in for nobody.
    """
    rows = {row.user_id: row for row in Leave.objects.on(day).select_related("user", "substitute").order_by("pk")}
    found = {}
    for user in rows if users is None else rows.keys() & set(users):
        seen, leave = {user}, rows[user]
        while leave.substitute_id in rows and leave.substitute_id not in seen:
            seen.add(leave.substitute_id)
            leave = rows[leave.substitute_id]
        if leave.substitute_id not in seen and leave.substitute.is_active:
            found[user] = Leave(user=rows[user].user, substitute=leave.substitute, valid_to=rows[user].valid_to)
    return found


def standing_in(viewer: User, day: date) -> list[Leave]:
    """For whom this person stands in on that day, directly or because another substitute is away too."""
    return [leave for leave in substitutes_on(day).values() if leave.substitute_id == viewer.pk]


def may_stand_in(user: User, day: date) -> QuerySet[User]:
    """Colleagues who see what the person sees of some unit anyway: the same team, council or area, or one above it."""
    units = Q(pk__in=[])
    for grant in user.grants(day).held:
        if grant.area_path is not None:
            above = [grant.area_path[:n] for n in range(len(grant.area_path), 0, -Area.steplen)]
            units |= Q(area__path__in=above, role__in=AREA_ROLES)
        elif grant.team_id is not None:
            units |= Q(team=grant.team_id)
        else:
            units |= Q(council=grant.council_id)
    holders = RoleAssignment.objects.on(day).filter(units).values("user")
    return User.objects.filter(pk__in=holders, is_active=True).exclude(pk=user.pk).order_by("name", "username")


def colleagues_of(viewer: User, day: date) -> QuerySet[User]:
    """For whom this person registers leave: an administrator for those of their area, a team leader for their team.

    Only who has no role beyond it: the substitute hears of all that comes to the person.
    """
    grants = viewer.grants(day)
    within = _within(grants.area_paths((Role.ADMINISTRATOR,))) | Q(team__in=grants.team_ids(Role.TEAM_LEADER))
    roles = RoleAssignment.objects.on(day)
    people = User.objects.filter(pk__in=roles.filter(within).values("user"), is_active=True).exclude(pk=viewer.pk)
    beyond = roles.exclude(pk__in=roles.filter(within).values("pk"))
    return people.exclude(pk__in=beyond.values("user")).order_by("name", "username")


@dataclass(frozen=True)
class Colleagues:
    """Those for whom somebody registers leave; where they are many, the few whose name was asked for."""

    asked: str
    are_many: bool
    people: list[User]


def colleagues_shown(viewer: User, day: date, asked: str) -> Colleagues | None:
    """As the page shows them; None for who registers leave for nobody."""
    found = colleagues_of(viewer, day)
    few = list(found[: MOST_SHOWN + 1])
    if len(few) <= MOST_SHOWN:
        return Colleagues("", are_many=False, people=few) if few else None
    named = found.filter(Q(name__icontains=asked) | Q(username__icontains=asked))[:MOST_SHOWN] if asked else ()
    return Colleagues(asked, are_many=True, people=list(named))


def _within(paths: Iterable[str]) -> Q:
    """Roles for units of these areas."""
    return below(paths, "area", "team__area", "council__area")


def covered_cases(viewer: User, user: User) -> CaseQuerySet:
    """What is held by name by somebody who is away, as far as the substitute sees it; most pressing first."""
    return Case.objects.visible_to(viewer).open().filter(holder_user=user).order_by("due_at", "pk")


def leaves_of(viewer: User, now: datetime) -> list[Leave]:
    """A person's own leave, today's and what is to come."""
    day = timezone.localdate(now)
    rows = viewer.leaves.filter(valid_to__gt=day, ended_at=None).select_related(*NAMED)
    return list(rows.order_by("valid_from", "pk"))


def overseen_leaves(viewer: User, now: datetime) -> QuerySet[Leave]:
    """The leave of those whose work somebody answers for, and what they registered, today's and what is to come."""
    day = timezone.localdate(now)
    overseen = RoleAssignment.objects.on(day).filter(_within(viewer.grants(day).area_paths(OVERSEERS)))
    theirs = Q(user__in=overseen.values("user")) | Q(registered_by=viewer)
    rows = Leave.objects.filter(theirs, valid_to__gt=day, ended_at=None).exclude(user=viewer)
    return rows.select_related(*NAMED).order_by("valid_from", "pk")


def leave_lines(viewer: User, now: datetime) -> Iterator[Line]:
    """Everything on the page of leave in its order: for whom I stand in, my own, and that of those I answer for."""
    day = timezone.localdate(now)
    yield from ((leave, _("我在代理")) for leave in standing_in(viewer, day))
    for leave in (*leaves_of(viewer, now), *overseen_leaves(viewer, now)):
        yield leave, _("休假中") if leave.valid_from <= day else _("未开始")
