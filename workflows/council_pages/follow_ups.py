"""What the pages of follow-ups show: who may see which, how long is left, what may be done, what was reported."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.council_terms import DECISIONS_IN_FORCE, OWED_FOLLOW_UPS, DecisionState, FollowUpKind, FollowUpState
from cases.models import Case, Decision, FollowUp, MicroProject, ProgressEntry, User
from cases.terms import ClockKind, EventType, Role
from workflows.council.access import councils_visible_to, is_overseer_of, is_secretary_of
from workflows.council.follow_up_rights import carries_out, may_verify, unsettled_project
from workflows.lights import DONE, OVERDUE, PAUSED, Light, clock_light
from workflows.models import Clock

S = FollowUpState
LISTS = ("mine", "open", "done", "ended")
LATEST = float("inf")  # what is not owed keeps its place behind what is
MOST = 200  # rows of one list; more are never open in one district at a time
ENDED = (S.VERIFIED, S.CANCELLED)
BADGES = {
    S.OPEN: "badge--amber", S.ACCEPTED: "", S.IN_PROGRESS: "", S.DONE: "badge--green", S.REWORK: "badge--red",
    S.VERIFIED: "badge--green", S.CANCELLED: "badge--grey",
}  # fmt: skip
MOVES = {
    "accept": gettext_lazy("接受"), "report": gettext_lazy("报进展"), "finish": gettext_lazy("报完成"),
    "verify": gettext_lazy("验收"), "send_back": gettext_lazy("退回返工"), "cancel": gettext_lazy("取消"),
}  # fmt: skip
WORKABLE = (S.ACCEPTED, S.IN_PROGRESS, S.REWORK)


@dataclass(frozen=True)
class FollowUpRow:
    """A follow-up as a list shows it; its clock is the newest, None before the decision took effect."""

    row: FollowUp
    clock: Clock | None
    light: Light
    badge: str


@dataclass(frozen=True)
class FollowUps:
    """What follows from one decision, as its page shows it."""

    rows: list[FollowUpRow]
    nothing_to_do: str
    may_plan: bool
    decision: Decision


@dataclass(frozen=True)
class Said:
    """One line of what happened: the move in words, who, when, why."""

    label: str
    who: str
    at: datetime
    lines: list[str]


@dataclass(frozen=True)
class FollowUpPage:
    """One follow-up with its reports and history; `acts` are what the viewer may do now, the likely one first."""

    shown: FollowUpRow
    entries: list[ProgressEntry]
    history: list[Said]
    acts: tuple[str, ...]
    sees_case: bool
    sees_council: bool
    project: MicroProject | None
    may_propose: bool
    may_start_ballot: bool


def visible_follow_ups(viewer: User) -> QuerySet[FollowUp]:
    """Of decisions taken here: those of the councils that the viewer may see, and those of the viewer's teams."""
    taken_here = FollowUp.objects.filter(decision__item__isnull=False)
    seen = Q(decision__council__in=councils_visible_to(viewer).values("pk"))
    return taken_here.filter(seen | Q(owner__in=viewer.grants().team_ids()))


def narrowed(found: QuerySet[FollowUp], which: str, viewer: User) -> QuerySet[FollowUp]:
    """One of the lists, what is due first in front: of my teams, open, waiting to be verified, ended."""
    in_force = found.filter(decision__state__in=DECISIONS_IN_FORCE)
    if which == "mine":
        return in_force.filter(state__in=OWED_FOLLOW_UPS, owner__in=viewer.grants().team_ids())
    if which == "done":
        return in_force.filter(state=S.DONE)
    if which == "ended":
        return found.filter(state__in=ENDED).order_by("-ended_at", "-pk")
    return in_force.filter(state__in=OWED_FOLLOW_UPS)


def list_counts(viewer: User) -> dict[str, int]:
    """How many each list but that of the ended holds; one query."""
    in_force = Q(decision__state__in=DECISIONS_IN_FORCE)
    owed = in_force & Q(state__in=OWED_FOLLOW_UPS)
    mine = owed & Q(owner__in=viewer.grants().team_ids())
    count = {"mine": Count("pk", mine), "open": Count("pk", owed), "done": Count("pk", in_force & Q(state=S.DONE))}
    return visible_follow_ups(viewer).aggregate(**count)


def rows_of(found: QuerySet[FollowUp], now: datetime, *, most: int | None = MOST) -> list[FollowUpRow]:
    """With the newest clock of each: two queries; the most pressing first as far as they are owed."""
    newest_first = Clock.objects.select_related("policy", "calendar").order_by("-pk")
    joined = found.select_related("owner", "decision__council__area", "decision__case", "done_by", "poll")
    read = joined.prefetch_related(Prefetch("clocks", newest_first))[:most]
    rows = [_row(follow_up, now) for follow_up in read]
    return sorted(rows, key=lambda r: due_of(r).timestamp() if r.row.state in OWED_FOLLOW_UPS else LATEST)


def due_of(row: FollowUpRow) -> datetime:
    """When it is due: by its clock, before the decision took effect by its day."""
    if row.clock is not None:
        return row.clock.due_at
    return timezone.make_aware(datetime.combine(row.row.due_date, time.max))


def _row(follow_up: FollowUp, now: datetime) -> FollowUpRow:
    clock = next(iter(follow_up.clocks.all()), None)
    return FollowUpRow(follow_up, clock, _light(follow_up, clock, now), BADGES[S(follow_up.state)])


def _light(follow_up: FollowUp, clock: Clock | None, now: datetime) -> Light:
    """How long is left; afterwards whether it was done in time."""
    decision = follow_up.decision
    if follow_up.state == S.CANCELLED:
        return Light(DONE, str(S.CANCELLED.label))
    if follow_up.state in (S.DONE, S.VERIFIED):
        return Light(OVERDUE, _("超期完成")) if clock and clock.is_met is False else Light(DONE, _("按时完成"))
    if clock is not None and clock.stopped_at is None:
        return clock_light(clock, now)
    words = _("待决议生效") if decision.state in BEFORE_EFFECT else decision.get_state_display()
    return Light(PAUSED, words)


BEFORE_EFFECT = (DecisionState.PROVISIONAL, DecisionState.IN_PUBLICATION)


def follow_ups_of(viewer: User, decision: Decision, now: datetime) -> FollowUps:
    """What follows from a decision that the viewer sees; two queries."""
    may_plan = decision.state == DecisionState.PROVISIONAL and is_secretary_of(decision.council, viewer)
    rows = rows_of(decision.follow_ups.all(), now)
    return FollowUps(rows, decision.nothing_to_do, may_plan, decision)


def waiting_clocks(viewer: User) -> QuerySet[Clock]:
    """Of follow-ups: those that the viewer's teams owe, and those reported done that the viewer verifies as secretary.

    Most pressing first; one query when read.
    """
    grants = viewer.grants()
    in_force = Q(follow_up__decision__state__in=DECISIONS_IN_FORCE, follow_up__decision__item__isnull=False)
    mine = Q(stopped_at=None, follow_up__state__in=OWED_FOLLOW_UPS, follow_up__owner__in=grants.team_ids())
    newest = Clock.objects.filter(follow_up=OuterRef("follow_up")).order_by("-pk").values("pk")[:1]
    councils = [council for council in grants.council_ids() if grants.in_council(council, Role.SECRETARY)]
    done = Q(pk=Subquery(newest), follow_up__state=S.DONE, follow_up__decision__council__in=councils)
    found = Clock.objects.filter(in_force & (mine | (done & ~Q(follow_up__done_by=viewer))), kind=ClockKind.FOLLOW_UP)
    joined = ("policy", "calendar", "case__area", "follow_up__decision", "follow_up__done_by")
    return found.select_related(*joined).order_by("due_at", "pk")


def follow_up_page(viewer: User, pk: int, now: datetime) -> FollowUpPage | None:
    """One follow-up, or None when the viewer may not see it."""
    shown = next(iter(rows_of(visible_follow_ups(viewer).filter(pk=pk), now)), None)
    if shown is None:
        return None
    row, day = shown.row, timezone.localdate(now)
    project = MicroProject.objects.filter(follow_up=row).first()
    council = row.decision.council
    return FollowUpPage(
        shown=shown,
        entries=list(row.entries.select_related("by").order_by("-at", "-pk")),
        history=_history(row),
        acts=tuple(_acts(row, viewer, day)),
        sees_case=Case.objects.visible_to(viewer).filter(pk=row.decision.case_id).exists(),
        sees_council=councils_visible_to(viewer).filter(pk=council.pk).exists(),
        project=project,
        may_propose=project is None
        and row.kind == FollowUpKind.MICRO_PROJECT
        and _is_workable(row)
        and carries_out(row, council, viewer, day),
        may_start_ballot=row.kind == FollowUpKind.OWNERS_BALLOT
        and row.poll_id is None
        and row.state in OWED_FOLLOW_UPS
        and row.decision.state in DECISIONS_IN_FORCE
        and is_secretary_of(council, viewer),
    )


def _is_workable(row: FollowUp) -> bool:
    return row.state in WORKABLE and row.decision.state in DECISIONS_IN_FORCE


def _acts(row: FollowUp, viewer: User, day: date) -> Iterator[str]:
    council = row.decision.council
    in_force = row.decision.state in DECISIONS_IN_FORCE
    if in_force and carries_out(row, council, viewer, day):
        if row.state == S.OPEN:
            yield "accept"
        if row.state in WORKABLE:
            if row.kind != FollowUpKind.MICRO_PROJECT or not unsettled_project(row):
                yield "finish"
            yield "report"
    if in_force and row.state == S.DONE and may_verify(row, council, viewer):
        yield from ("verify", "send_back")
    if row.state in OWED_FOLLOW_UPS and is_overseer_of(council, viewer):
        yield "cancel"


def _history(row: FollowUp) -> list[Said]:
    """What the council's history says of it, the newest first."""
    about = row.decision.council.events.filter(type=EventType.FOLLOW_UP_MOVED, data__follow_up=row.pk)
    return [
        Said(
            str(MOVES.get(event.data["move"], event.data["move"])), str(event.actor or ""), event.at, _lines(event.data)
        )
        for event in about.select_related("actor").order_by("-seq")
    ]


def _lines(data: dict[str, object]) -> list[str]:
    lines = [str(data[key]) for key in ("reason", "note") if data.get(key)]
    if "percent" in data:
        lines.append(f"{data['percent']}%")
    if "due_date" in data:
        lines.append(_("完成日期 %(day)s") % {"day": data["due_date"]})
    return lines
