"""Residents who raised a case: encrypted at rest, found by a blind index, answered once for each case."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.lib.crypto import EncryptedTextField, is_mobile
from cases.terms import AnswerWay

if TYPE_CHECKING:
    from cases.models.case import Case


class Reporter(models.Model):
    """A resident. Pages show the masked forms; the whole is shown by `reveal_reporter`, with a reason."""

    name = EncryptedTextField(_("姓名"), blank=True)
    phone = EncryptedTextField(_("电话"), blank=True)
    phone_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)  # finds "same phone"
    email = EncryptedTextField(_("电子邮箱"), blank=True)
    address = EncryptedTextField(_("住址"), blank=True)
    answer_way = models.CharField(_("怎样答复"), max_length=10, choices=AnswerWay.choices, default=AnswerWay.MESSAGE)
    opted_out = models.BooleanField(_("不接收消息"), default=False)
    language = models.CharField(_("消息语言"), max_length=10, blank=True)  # empty: that of the installation

    class Meta:
        verbose_name = _("来访人")
        verbose_name_plural = _("来访人")

    def __str__(self) -> str:
        return f"#{self.pk}"  # never the name: this text reaches logs and the admin

    @property
    def is_reachable(self) -> bool:
        """Whether the resident left a way to be reached."""
        return bool(self.phone or self.email)

    @property
    def needs_call(self) -> bool:
        """Whether somebody has to call with an answer: they wish it so, or no message reaches their phone."""
        if self.opted_out or not self.phone or self.answer_way == AnswerWay.PAGE:
            return False
        has_message = bool(self.email) or bool(settings.SMS_URL and is_mobile(self.phone))
        return self.answer_way == AnswerWay.PHONE or not has_message


class ResidentLink(models.Model):
    """The link by which a resident follows a case without a login; only the hash of its token is kept."""

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey("cases.Case", models.PROTECT, related_name="links")
    reporter = models.ForeignKey(Reporter, models.PROTECT, null=True, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    salt = models.CharField(max_length=32)  # the token is derived from it and the secret key, so messages can repeat it
    handed_by = models.ForeignKey(  # somebody of the staff has seen the token: it follows the case, it cannot rate it
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("居民链接")
        verbose_name_plural = _("居民链接")

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_the_residents_own(self) -> bool:
        """Whether it belongs to a resident, and nobody of the staff has seen it."""
        return self.reporter_id is not None and self.handed_by_id is None


class Answer(models.Model):
    """What a reporter was told about a case, and when: one for each case, round and reporter."""

    case: "models.ForeignKey[Case, Case]" = models.ForeignKey("cases.Case", models.PROTECT, related_name="answers")
    reporter = models.ForeignKey(Reporter, models.PROTECT, null=True, related_name="answers")
    round = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20)  # the event that answered: verified, rejected, merged, voided …
    text = models.TextField(_("答复内容"))
    answered_at = models.DateTimeField()

    class Meta:
        verbose_name = _("答复")
        verbose_name_plural = _("答复")
        constraints = [
            models.UniqueConstraint(fields=["case", "reporter", "round", "kind"], name="answer_once"),
            models.UniqueConstraint(  # SQLite knows no "nulls not distinct"
                fields=["case", "round", "kind"], condition=Q(reporter=None), name="answer_once_to_nobody"
            ),
        ]
        indexes = [models.Index(fields=["case"], name="answer_case", condition=Q(kind="verified"))]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"
