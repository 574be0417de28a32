"""Polls: the frozen roll, the ballots, hands that were counted, and what was certified."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.council_terms import AreaSource, BallotChannel, BallotChoice, PollMethod, PollOutcome, PollState
from cases.lib.crypto import EncryptedTextField
from cases.lib.states import StateField
from cases.models.council.body import Council, CouncilParty, RulePack, Seat
from cases.models.council.meeting import AgendaItem, DraftText, Mandate
from cases.models.council.register import Owner
from cases.models.council.topic import Topic

HIDDEN = (PollMethod.SECRET,)


class Poll(models.Model):
    """One question put to a vote: on an agenda item, or to all owners of an estate (no item). Never opened twice."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="polls")
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="polls")
    item = models.ForeignKey(AgendaItem, models.PROTECT, null=True, related_name="polls")
    draft = models.ForeignKey(DraftText, models.PROTECT, null=True, related_name="polls")
    text = models.TextField(_("表决内容"))
    sha256 = models.CharField(max_length=64)  # of the text
    method = models.CharField(_("表决方式"), max_length=20, choices=PollMethod.choices)
    pack = models.ForeignKey(RulePack, models.PROTECT, related_name="polls", verbose_name=_("表决规则"))
    state = StateField(_("状态"), choices=PollState.choices, default=PollState.DRAFT, protected=True)
    opens_at = models.DateTimeField(_("开始时间"), null=True)  # as planned, of a poll in writing
    closes_at = models.DateTimeField(_("截止时间"), null=True)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    at_opening = models.JSONField(null=True)  # who was there, and whether that was enough
    at_closing = models.JSONField(null=True)
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="revotes")
    void_reason = models.CharField(_("作废理由"), max_length=300, blank=True)
    void_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    void_agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    voided_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("表决")
        verbose_name_plural = _("表决")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="poll_state_is_known", condition=Q(state__in=PollState.values)),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state__in=[PollState.DRAFT, PollState.OPEN]), name="poll_running_once"
            ),
            models.CheckConstraint(
                name="poll_voided_by_two",
                condition=~Q(state=PollState.VOID)
                | (
                    Q(void_asked_by__isnull=False, void_agreed_by__isnull=False)
                    & ~Q(void_asked_by=F("void_agreed_by"))
                    & ~Q(void_reason="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"


class Elector(models.Model):
    """One line of the roll, frozen when the poll opens."""

    poll = models.ForeignKey(Poll, models.PROTECT, related_name="electors")
    voter = models.CharField(max_length=40)  # "seat:12", "owner:345"
    label = models.CharField(max_length=60)  # as the roll is printed; of an owner the number of the unit
    party = models.CharField(max_length=30, blank=True)
    head = models.PositiveSmallIntegerField(default=1)
    area_cm2 = models.PositiveBigIntegerField(default=0)
    area_source = models.CharField(max_length=20, choices=AreaSource.choices, blank=True)
    recused = models.BooleanField(_("回避"), default=False)
    recusal = models.CharField(_("回避理由"), max_length=200, blank=True)
    seat = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(Owner, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("表决人")
        verbose_name_plural = _("表决人")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["poll", "voter"], name="elector_once")]

    def __str__(self) -> str:
        return self.label


class Ballot(models.Model):
    """One vote by name; one that was entered wrongly is struck with a reason, never changed."""

    poll = models.ForeignKey(Poll, models.PROTECT, related_name="ballots")
    elector = models.ForeignKey(Elector, models.PROTECT, related_name="ballots")
    choice = models.CharField(_("意见"), max_length=10, choices=BallotChoice.choices)
    channel = models.CharField(_("方式"), max_length=10, choices=BallotChannel.choices)
    cast_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    mandate = models.ForeignKey(Mandate, models.PROTECT, null=True, related_name="ballots")
    holder = EncryptedTextField(_("受托人"), blank=True)  # who handed in the paper of an owner; a seat's has a mandate
    holder_index = models.CharField(max_length=64, blank=True)  # of their phone: one may hold so many
    document = models.CharField(_("委托书"), max_length=120, blank=True)
    scan = models.FileField(_("票样"), upload_to="ballots/", max_length=200, blank=True)
    at = models.DateTimeField()
    struck_at = models.DateTimeField(null=True)
    struck_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    struck_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("选票")
        verbose_name_plural = _("选票")
        constraints = [
            models.UniqueConstraint(fields=["elector"], condition=Q(struck_at=None), name="ballot_counted_once"),
            models.CheckConstraint(
                name="ballot_of_a_holder_has_its_document",
                condition=Q(holder_index="", document="") | (~Q(holder_index="") & ~Q(document="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.poll_id}/{self.elector_id}"


class Participation(models.Model):
    """Somebody has voted in secret: that they did, not how and not when."""

    poll = models.ForeignKey(Poll, models.PROTECT, related_name="participations")
    elector = models.OneToOneField(Elector, models.PROTECT, related_name="participation")

    class Meta:
        verbose_name = _("无记名投票人")
        verbose_name_plural = _("无记名投票人")

    def __str__(self) -> str:
        return f"{self.poll_id}/{self.elector_id}"


class Slip(models.Model):
    """A secret vote: a random key and a choice; nothing leads from it to a person or a moment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    poll = models.ForeignKey(Poll, models.PROTECT, related_name="slips")
    choice = models.CharField(max_length=10, choices=BallotChoice.choices)

    class Meta:
        verbose_name = _("无记名选票")
        verbose_name_plural = _("无记名选票")
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.pk)


class HandCount(models.Model):
    """Hands of one party as two people counted them."""

    poll = models.ForeignKey(Poll, models.PROTECT, related_name="hand_counts")
    party = models.ForeignKey(CouncilParty, models.PROTECT, related_name="+")
    votes_for = models.PositiveIntegerField(_("同意"))
    votes_against = models.PositiveIntegerField(_("反对"))
    abstained = models.PositiveIntegerField(_("弃权"))
    first_counter = models.CharField(_("计票人"), max_length=50)
    second_counter = models.CharField(_("监票人"), max_length=50)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("举手计数")
        verbose_name_plural = _("举手计数")
        constraints = [
            models.UniqueConstraint(fields=["poll", "party"], name="hands_counted_once"),
            models.CheckConstraint(name="hands_counted_by_two", condition=~Q(first_counter=F("second_counter"))),
        ]

    def __str__(self) -> str:
        return f"{self.poll_id} {self.party}"


class Certification(models.Model):
    """What a poll came to, with everything it follows from; a recount is a new row."""

    poll = models.ForeignKey(Poll, models.PROTECT, related_name="certifications")
    n = models.PositiveSmallIntegerField()
    algorithm = models.PositiveSmallIntegerField()
    input_sha256 = models.CharField(max_length=64)
    totals = models.JSONField()
    criteria = models.JSONField()
    outcome = models.CharField(_("结果"), max_length=20, choices=PollOutcome.choices)
    could_change = models.BooleanField()
    tie = models.BooleanField()
    reason = models.CharField(max_length=300, blank=True)  # of a recount
    certified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    certified_at = models.DateTimeField()

    class Meta:
        verbose_name = _("核定")
        verbose_name_plural = _("核定")
        ordering = ["n"]
        constraints = [models.UniqueConstraint(fields=["poll", "n"], name="certification_once")]

    def __str__(self) -> str:
        return f"{self.poll_id}/{self.n}"
