"""Supervision orders (督办单): a formal demand with a number, a deadline and a reply."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Team
from cases.terms import OrderState


class OrderSerial(models.Model):
    """The last serial number given in a year: locked while one is given, so that none is skipped or given twice."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("督办单流水号")
        verbose_name_plural = _("督办单流水号")

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class SupervisionOrder(models.Model):
    """One order about one case; its reply is looked at by the supervisor, who accepts it or asks again."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="orders")
    year = models.PositiveSmallIntegerField(_("年份"))
    serial = models.PositiveIntegerField(_("流水号"))
    state = models.CharField(_("状态"), max_length=20, choices=OrderState.choices, default=OrderState.ISSUED)
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="orders", verbose_name=_("责任单位"))
    unit = models.CharField(_("主送"), max_length=120)  # whom it is addressed to, in words, as printed
    demand = models.TextField(_("督办要求"))
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("签发人"))
    issued_at = models.DateTimeField(_("签发时间"))
    reply = models.TextField(_("回复"), blank=True)
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("回复人")
    )
    replied_at = models.DateTimeField(_("回复时间"), null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("销号时间"), null=True)
    note = models.TextField(_("处理意见"), blank=True)  # of the supervisor: accepted, asked again or withdrawn, and why

    class Meta:
        verbose_name = _("督办单")
        verbose_name_plural = _("督办单")
        constraints = [
            models.UniqueConstraint(fields=["year", "serial"], name="order_number_once"),
            models.UniqueConstraint(
                fields=["case"], condition=Q(state__in=[OrderState.ISSUED, OrderState.REPLIED]), name="order_open_once"
            ),
            models.CheckConstraint(
                name="order_ended_by_somebody",
                condition=Q(state__in=[OrderState.ISSUED, OrderState.REPLIED], ended_by=None, ended_at=None)
                | Q(
                    state__in=[OrderState.ACCEPTED, OrderState.WITHDRAWN],
                    ended_by__isnull=False,
                    ended_at__isnull=False,
                ),
            ),
        ]
        indexes = [
            # the list of orders, newest first
            models.Index(fields=["-issued_at", "-id"], name="order_newest"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """As documents of government offices are numbered: 〔2026〕23号."""
        return f"〔{self.year}〕{self.serial}号"
