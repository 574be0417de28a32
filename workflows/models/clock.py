"""Clocks of a case: one row per kind and round; intervals are kept, dates are computed from them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models import Case, CaseEvent, FollowUp, Objection, SpotCheck
from cases.terms import ClockKind
from workflows.models.approval import Request
from workflows.models.calendar import Calendar
from workflows.models.joint import Part
from workflows.models.order import SupervisionOrder
from workflows.models.sla import SlaPolicy

OWED_TO = {
    ClockKind.REQUEST: "request",
    ClockKind.PART: "part",
    ClockKind.ORDER: "order",
    ClockKind.FOLLOW_UP: "follow_up",
    ClockKind.OBJECTION: "objection",
    ClockKind.SPOT_CHECK: "spot_check",
}
OF_THE_CASE = Q(**dict.fromkeys(OWED_TO.values()))


def _knows_what_is_owed() -> Q:
    known = OF_THE_CASE & ~Q(kind__in=list(OWED_TO))
    for kind, owed in OWED_TO.items():
        others = dict.fromkeys(other for other in OWED_TO.values() if other != owed)
        known |= Q(kind=kind, **{f"{owed}__isnull": False}, **others)
    return known


class Clock(models.Model):
    """A limit that runs, is paused or has stopped. Written by `workflows.clocks` only."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="clocks")
    kind = models.CharField(_("时限种类"), max_length=20, choices=ClockKind.choices)
    round = models.PositiveSmallIntegerField()
    generation = models.PositiveIntegerField(default=1)  # of the same kind in the same round: rework, a second refer
    policy = models.ForeignKey(SlaPolicy, models.PROTECT, related_name="clocks")
    # The calendar that it counts by, and the revision by which its moments were last computed.
    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="clocks")
    calendar_revision = models.PositiveIntegerField()
    # What is owed, where it is not a stage of the case.
    request = models.OneToOneField(Request, models.PROTECT, null=True, related_name="clock")
    part = models.OneToOneField(Part, models.PROTECT, null=True, related_name="clock")
    order = models.ForeignKey(SupervisionOrder, models.PROTECT, null=True, related_name="clocks")
    follow_up = models.ForeignKey(FollowUp, models.PROTECT, null=True, related_name="clocks")
    objection = models.OneToOneField(Objection, models.PROTECT, null=True, related_name="clock")
    spot_check = models.OneToOneField(SpotCheck, models.PROTECT, null=True, related_name="clock")
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    alarm_at = models.DateTimeField(null=True)  # the next moment to look again; NULL: nothing is due
    paused_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)  # when the overdue mark was made
    level = models.PositiveSmallIntegerField(default=0)  # steps of the ladder that were taken after it
    adjusted = models.BooleanField(default=False)  # has intervals: without any, they need not be asked for
    used_seconds = models.PositiveBigIntegerField(null=True)  # of counted time, a fact once stopped

    class Meta:
        verbose_name = _("时钟")
        verbose_name_plural = _("时钟")
        constraints = [
            models.UniqueConstraint(fields=["case", "kind", "round", "generation"], name="clock_once"),
            models.UniqueConstraint(
                fields=["case", "kind"], condition=Q(stopped_at=None) & OF_THE_CASE, name="clock_live_once"
            ),
            models.UniqueConstraint(
                fields=["order"], condition=Q(stopped_at=None, order__isnull=False), name="clock_live_once_an_order"
            ),
            models.UniqueConstraint(
                fields=["follow_up"],
                condition=Q(stopped_at=None, follow_up__isnull=False),
                name="clock_live_once_a_follow_up",
            ),
            models.CheckConstraint(name="clock_knows_what_is_owed", condition=_knows_what_is_owed()),
            models.CheckConstraint(
                name="clock_still_has_no_alarm",
                condition=Q(alarm_at=None) | Q(stopped_at=None, paused_at=None),
            ),
        ]
        indexes = [
            # the sweep: what is due next
            models.Index(fields=["alarm_at"], name="clock_alarm", condition=Q(alarm_at__isnull=False)),
            # the overdue list: what runs, most pressing first
            models.Index(fields=["due_at", "id"], name="clock_running", condition=Q(stopped_at=None, paused_at=None)),
            # its counts: what is past its warning, with all that finds the first of each case
            models.Index(
                fields=["warn_at", "case", "due_at", "id", "kind"],
                name="clock_near",
                condition=Q(stopped_at=None, paused_at=None),
            ),
            # a new revision of a calendar: what is still counted by it
            models.Index(fields=["calendar", "due_at"], name="clock_by_calendar", condition=Q(stopped_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"

    @property
    def owed_name(self) -> str:
        """The kind, with the key of what is owed where there may be several."""
        owed = getattr(self, f"{OWED_TO[ClockKind(self.kind)]}_id") if self.kind in OWED_TO else None
        return f"{self.kind}-{owed}" if owed else self.kind

    @property
    def is_met(self) -> bool | None:
        """Whether a stopped clock stopped in time; None while it is live."""
        return None if self.stopped_at is None else self.stopped_at <= self.due_at


class ClockInterval(models.Model):
    """A pause (from–to, open while it lasts) or an extension (`until` is the new due moment) of a clock."""

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="intervals")
    event = models.ForeignKey(CaseEvent, models.PROTECT, related_name="+")  # who and why
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("区间")
        verbose_name_plural = _("区间")
        ordering = ["began_at", "pk"]
        constraints = [
            models.CheckConstraint(name="interval_is_pause_or_extension", condition=Q(ended_at=None) | Q(until=None)),
            models.UniqueConstraint(fields=["clock"], condition=Q(ended_at=None, until=None), name="one_open_pause"),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.began_at:%F}"
