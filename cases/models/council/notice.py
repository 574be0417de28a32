"""Notices that hang in public for their time, and objections to them."""

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.council_terms import NoticeKind, NoticeState, ObjectionState
from cases.lib.crypto import EncryptedTextField
from cases.lib.states import StateField
from cases.models.council.body import Council
from cases.models.council.decision import Decision
from cases.models.council.meeting import Meeting
from cases.models.council.poll import Poll

if TYPE_CHECKING:
    from datetime import datetime


def evidence_path(_instance: "Notice", _filename: str) -> str:
    """A name that cannot be guessed and says nothing; the given file name is dropped."""
    return f"notices/{secrets.token_hex(16)}.jpg"


def new_slug() -> str:
    """The public address of a notice: not a secret, but it cannot be counted through."""
    return secrets.token_hex(5)


class Notice(models.Model):
    """One text as it was posted; a change is another notice."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="notices")
    kind = models.CharField(_("类型"), max_length=20, choices=NoticeKind.choices)
    meeting = models.ForeignKey(Meeting, models.PROTECT, null=True, related_name="notices")
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="notices")
    poll = models.ForeignKey(Poll, models.PROTECT, null=True, related_name="notices")
    slug = models.SlugField(max_length=20, unique=True, default=new_slug)
    title = models.CharField(_("标题"), max_length=120)
    body = models.TextField(_("内容"))
    sha256 = models.CharField(max_length=64)
    channels = models.CharField(_("公示方式"), max_length=120)  # 小区公告栏、业主群 …
    state = StateField(_("状态"), choices=NoticeState.choices, default=NoticeState.PLANNED, protected=True)
    posted_at = models.DateTimeField(_("张贴时间"), null=True)
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    must_stay_until = models.DateTimeField(_("公示至"), null=True)
    alarm_at = models.DateTimeField(null=True)  # when to look at it again; NULL: nothing will end by itself
    taken_down_at = models.DateTimeField(_("提前取下时间"), null=True)
    taken_down_reason = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)
    evidence = models.FileField(_("张贴照片"), upload_to=evidence_path, max_length=200, blank=True)

    class Meta:
        verbose_name = _("公示")
        verbose_name_plural = _("公示")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="notice_state_is_known", condition=Q(state__in=NoticeState.values)),
            models.CheckConstraint(
                name="notice_posted_with_its_time",
                condition=Q(state=NoticeState.PLANNED) | Q(posted_at__isnull=False, must_stay_until__isnull=False),
            ),
        ]
        indexes = [
            # the sweep: whose time is over
            models.Index(fields=["alarm_at"], name="notice_alarm", condition=Q(alarm_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title

    def stands_at(self, now: "datetime") -> bool:
        """Whether it hangs at that moment."""
        return self.posted_at is not None and self.posted_at <= now and self.state == NoticeState.POSTED


class Objection(models.Model):
    """What somebody has against a posted notice; answered by a date."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="objections")
    name = EncryptedTextField(_("姓名"), blank=True)
    contact = EncryptedTextField(_("联系方式"), blank=True)
    text = models.TextField(_("异议内容"))
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state = models.CharField(_("状态"), max_length=20, choices=ObjectionState.choices, default=ObjectionState.OPEN)
    reply = models.TextField(_("答复"), blank=True)
    replied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    replied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("异议")
        verbose_name_plural = _("异议")
        ordering = ["received_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="objection_replied_by_somebody",
                condition=Q(state__in=[ObjectionState.OPEN, ObjectionState.WITHDRAWN])
                | (Q(replied_by__isnull=False, replied_at__isnull=False) & ~Q(reply="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} #{self.pk}"
