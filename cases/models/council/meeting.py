"""Meetings: agenda, texts, statements, who was invited, who was there and when, who acts for whom."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.council_terms import (
    AttendanceStatus,
    ItemKind,
    ItemState,
    MeetingKind,
    MeetingMode,
    MeetingState,
    PresenceMethod,
    Stance,
)
from cases.lib.states import StateField
from cases.models.council.body import Council, RulePack, Seat
from cases.models.council.topic import Topic


class Meeting(models.Model):
    """One sitting of a council; the rules are fixed with it."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="meetings", verbose_name=_("议事会"))
    year = models.PositiveSmallIntegerField(_("年份"))
    serial = models.PositiveIntegerField(_("次数"))
    kind = models.CharField(_("类型"), max_length=20, choices=MeetingKind.choices, default=MeetingKind.REGULAR)
    mode = models.CharField(_("形式"), max_length=20, choices=MeetingMode.choices, default=MeetingMode.ONSITE)
    planned_at = models.DateTimeField(_("开会时间"))
    venue = models.CharField(_("地点"), max_length=120)
    chair = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+", verbose_name=_("主持人"))
    recorder = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+", verbose_name=_("记录人"))
    pack = models.ForeignKey(RulePack, models.PROTECT, related_name="meetings", verbose_name=_("议事规则"))
    state = StateField(_("状态"), choices=MeetingState.choices, default=MeetingState.DRAFT, protected=True)
    opened_at = models.DateTimeField(_("开始时间"), null=True)
    closed_at = models.DateTimeField(_("散会时间"), null=True)
    reason = models.CharField(_("理由"), max_length=300, blank=True)  # cancelled, or convened at short notice
    reconvenes = models.OneToOneField("self", models.PROTECT, null=True, related_name="reconvened_as")
    sign_in_salt = models.CharField(max_length=32)  # the token of the sign-in code is derived from it and the key
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("会议")
        verbose_name_plural = _("会议")
        ordering = ["-planned_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["council", "year", "serial"], name="meeting_number_once"),
            models.CheckConstraint(name="meeting_state_is_known", condition=Q(state__in=MeetingState.values)),
        ]

    def __str__(self) -> str:
        return f"{self.council} {self.number}"

    @property
    def number(self) -> str:
        """2026 年第 3 次."""
        return gettext("%(year)s 年第 %(serial)s 次") % {"year": self.year, "serial": self.serial}


class AgendaItem(models.Model):
    """One item of a meeting. It is decided on only when it stood in the posted notice."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="items", verbose_name=_("会议"))
    position = models.PositiveSmallIntegerField(_("次序"))
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="items", verbose_name=_("议题"))
    kind = models.CharField(_("类型"), max_length=20, choices=ItemKind.choices, default=ItemKind.DECIDE)
    published_at = models.DateTimeField(_("公告时间"), null=True)
    late_reason = models.CharField(_("未提前公告的理由"), max_length=300, blank=True)
    carried_from = models.OneToOneField("self", models.PROTECT, null=True, related_name="carried_to")
    state = StateField(_("状态"), choices=ItemState.choices, default=ItemState.CANDIDATE, protected=True)
    outcome = models.CharField(_("结论"), max_length=300, blank=True)  # consensus, adjourned, referred: in words
    referred_to = models.ForeignKey(Council, models.PROTECT, null=True, related_name="+", verbose_name=_("转交"))
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("议程")
        verbose_name_plural = _("议程")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "topic"], name="item_topic_once"),
            models.CheckConstraint(name="item_state_is_known", condition=Q(state__in=ItemState.values)),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.topic}"


class DraftText(models.Model):
    """A wording of what would be decided; the poll is about exactly one of them."""

    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="drafts")
    n = models.PositiveSmallIntegerField()
    body = models.TextField(_("决议草案"))
    sha256 = models.CharField(max_length=64)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = _("决议草案")
        verbose_name_plural = _("决议草案")
        ordering = ["n"]
        constraints = [models.UniqueConstraint(fields=["item", "n"], name="draft_once")]

    def __str__(self) -> str:
        return f"{self.item_id}/{self.n}"


class Statement(models.Model):
    """What somebody said on an item."""

    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="statements")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+", verbose_name=_("发言人"))
    stance = models.CharField(_("态度"), max_length=20, choices=Stance.choices)
    text = models.TextField(_("发言要点"), blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("发言")
        verbose_name_plural = _("发言")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.item_id} {self.stance}"


class Attendance(models.Model):
    """A seat that was invited to a meeting, and what it answered."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="attendances")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="attendances")
    status = models.CharField(
        _("回复"), max_length=20, choices=AttendanceStatus.choices, default=AttendanceStatus.INVITED
    )

    class Meta:
        verbose_name = _("参会")
        verbose_name_plural = _("参会")
        ordering = ["seat__party__position", "seat_id"]
        constraints = [models.UniqueConstraint(fields=["meeting", "seat"], name="attendance_once")]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.seat_id}"


class PresenceInterval(models.Model):
    """From when to when somebody was there (end excluded, open while they are); intervals never overlap."""

    attendance = models.ForeignKey(Attendance, models.PROTECT, related_name="intervals")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    method = models.CharField(max_length=20, choices=PresenceMethod.choices)

    class Meta:
        verbose_name = _("在场")
        verbose_name_plural = _("在场")
        ordering = ["began_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["attendance"], condition=Q(ended_at=None), name="presence_open_once"),
            models.CheckConstraint(
                name="presence_ends_after_start", condition=Q(ended_at=None) | Q(ended_at__gt=F("began_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attendance_id} {self.began_at:%F %R}"


class Mandate(models.Model):
    """A written proxy for one meeting: for which items, and how to vote on each."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="mandates")
    principal = models.ForeignKey(Seat, models.PROTECT, related_name="mandates_given", verbose_name=_("委托人"))
    holder = models.ForeignKey(Seat, models.PROTECT, related_name="mandates_held", verbose_name=_("受托人"))
    instructions = models.JSONField(default=dict)  # {agenda item id: choice}; empty: free, where the rules allow it
    document = models.CharField(_("委托书编号或说明"), max_length=120)
    given_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("委托")
        verbose_name_plural = _("委托")
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "principal"], condition=Q(revoked_at=None), name="mandate_live_once"
            ),
            models.CheckConstraint(name="mandate_to_another", condition=~Q(principal=F("holder"))),
        ]

    def __str__(self) -> str:
        return f"{self.principal} → {self.holder}"
