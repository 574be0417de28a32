"""Messages that are owed or were sent."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from cases.models import Case, CaseEvent, Reporter, User
from cases.terms import Role
from workflows.council.access import councils_visible_to
from workflows.models import Leave, LeaveNews

if TYPE_CHECKING:
    from notifications.models.addresses import Subscriber


class ChannelName(TextChoices):
    """The channels of `notifications.channels`, by name."""

    IN_APP = "in_app", _("站内消息")
    EMAIL = "email", _("电子邮件")
    SMS = "sms", _("短信")
    WECOM = "wecom", _("企业微信应用")
    WECHAT = "wechat", _("微信公众号")
    WECOM_ROBOT = "wecom_robot", _("企业微信群机器人")
    DINGTALK_ROBOT = "dingtalk_robot", _("钉钉群机器人")
    FEISHU_ROBOT = "feishu_robot", _("飞书群机器人")
    WEBHOOK = "webhook", _("系统推送")


class DeliveryState(TextChoices):
    PENDING = "pending", _("待发送")
    SENT = "sent", _("已发送")
    DEAD = "dead", _("未送达")
    CANCELLED = "cancelled", _("不再发送")


class NotSent(TextChoices):
    """Why a message was not sent after all."""

    OPTED_OUT = "opted_out", _("本人不愿再收消息")
    SWITCHED_OFF = "switched_off", _("本人关闭了这个渠道")
    UNREACHABLE = "unreachable", _("没有可用的地址，或渠道已停用")
    NOT_THEIRS = "not_theirs", _("该件已不是本人反映的")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> Self:
        """Owed and not waiting for a later attempt."""
        return self.filter(state=DeliveryState.PENDING, next_try_at__lte=now)

    def inbox_of(self, user: User) -> Self:
        """What stands in a person's list of messages: single ones, and the heads of bundles."""
        return self.filter(recipient_user=user, channel=ChannelName.IN_APP, is_head=True)

    def unread(self) -> Self:
        """Not read yet."""
        return self.filter(read_at=None)

    def dead(self) -> Self:
        """Given up."""
        return self.filter(state=DeliveryState.DEAD)

    def overseen_by(self, viewer: User) -> Self:
        """Whose sending this person answers for: administrators for all, supervisors for the cases that they see."""
        grants = viewer.grants()
        if grants.has(Role.ADMINISTRATOR):
            return self
        if grants.has(Role.SUPERVISOR):
            of_councils = Q(event__council__in=councils_visible_to(viewer).values("pk"))
            return self.filter(Q(event__case__in=Case.objects.visible_to(viewer).values("pk")) | of_councils)
        return self.none()


class Delivery(models.Model):
    """One event told to one recipient by one channel. Its words are made anew from the event: none are kept here.

    Or, with `leave` and no event, that somebody registered or ended the leave of the recipient. The type of `event` is
    that of the many: who reads others as well asks `leave_id` first.
    """

    event: "models.ForeignKey[CaseEvent, CaseEvent]" = models.ForeignKey(  # type: ignore[misc]  # see above
        CaseEvent, models.PROTECT, null=True, related_name="deliveries"
    )
    leave = models.ForeignKey(Leave, models.PROTECT, null=True, related_name="+", verbose_name=_("休假"))
    news = models.CharField(max_length=10, choices=LeaveNews.choices, blank=True)
    recipient_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="deliveries", verbose_name=_("工作人员")
    )
    recipient_reporter = models.ForeignKey(
        Reporter, models.PROTECT, null=True, related_name="deliveries", verbose_name=_("来访人")
    )
    recipient_subscriber: "models.ForeignKey[Subscriber | None, Subscriber | None]" = models.ForeignKey(
        "notifications.Subscriber", models.PROTECT, null=True, related_name="deliveries", verbose_name=_("群或系统")
    )
    on_behalf_of = models.ForeignKey(  # who is away, when the recipient stands in for them
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("代")
    )
    channel = models.CharField(_("渠道"), max_length=20, choices=ChannelName.choices)
    state = models.CharField(_("状态"), max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    # Messages inside that came together are read as one: the head stands in the list, the others under it.
    bundle = models.UUIDField(null=True)
    is_head = models.BooleanField(default=True)
    attempts = models.PositiveSmallIntegerField(_("已尝试次数"), default=0)
    next_try_at = models.DateTimeField(_("下次尝试"), null=True)  # only while pending
    sent_at = models.DateTimeField(_("发送时间"), null=True)
    read_at = models.DateTimeField(_("已读时间"), null=True)
    last_error = models.CharField(_("最近的错误"), max_length=300, blank=True)  # masked before it is written
    not_sent = models.CharField(_("没有发的原因"), max_length=20, choices=NotSent.choices, blank=True)  # only cancelled
    # Set by the claim, cleared by what came of it: a row that is claimed with it set was left by a worker that died.
    in_flight = models.BooleanField(default=False)
    # Attempts of which nobody knows whether the message arrived: as often may the recipient have got it twice.
    unknown_ends = models.PositiveSmallIntegerField(_("结果不明的次数"), default=0)
    answer_status = models.PositiveSmallIntegerField(_("对方的状态码"), null=True)
    answer_code = models.CharField(_("对方的结果码"), max_length=40, blank=True)
    answer_id = models.CharField(_("对方的消息编号"), max_length=100, blank=True)
    created_at = models.DateTimeField(_("生成时间"))

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("消息")
        verbose_name_plural = _("消息")
        constraints = [
            models.UniqueConstraint(
                name="delivery_once_a_user",
                fields=["event", "recipient_user", "channel"],
                condition=Q(recipient_user__isnull=False),
            ),
            models.UniqueConstraint(
                name="delivery_once_a_reporter",
                fields=["event", "recipient_reporter", "channel"],
                condition=Q(recipient_reporter__isnull=False),
            ),
            models.UniqueConstraint(
                name="delivery_once_a_subscriber",
                fields=["event", "recipient_subscriber", "channel"],
                condition=Q(recipient_subscriber__isnull=False),
            ),
            models.UniqueConstraint(
                name="delivery_once_a_leave",
                fields=["leave", "news", "channel"],
                condition=Q(leave__isnull=False),
            ),
            models.CheckConstraint(
                name="delivery_of_event_or_leave",
                condition=Q(event__isnull=False, leave=None, news="")
                | Q(event=None, leave__isnull=False, recipient_user__isnull=False) & ~Q(news=""),
            ),
            models.CheckConstraint(
                name="delivery_has_one_recipient",
                condition=Q(recipient_user__isnull=False, recipient_reporter=None, recipient_subscriber=None)
                | Q(recipient_user=None, recipient_reporter__isnull=False, recipient_subscriber=None)
                | Q(recipient_user=None, recipient_reporter=None, recipient_subscriber__isnull=False),
            ),
            models.CheckConstraint(
                name="delivery_tries_while_pending",
                condition=Q(state=DeliveryState.PENDING, next_try_at__isnull=False)
                | (~Q(state=DeliveryState.PENDING) & Q(next_try_at=None)),
            ),
            models.CheckConstraint(
                name="delivery_cancelled_has_reason", condition=Q(not_sent="") | Q(state=DeliveryState.CANCELLED)
            ),
            models.CheckConstraint(
                name="delivery_sent_has_moment",
                condition=Q(state=DeliveryState.SENT, sent_at__isnull=False)
                | (~Q(state=DeliveryState.SENT) & Q(sent_at=None)),
            ),
        ]
        indexes = [
            # notifications.delivery: what is due to be sent
            models.Index(fields=["next_try_at", "id"], name="delivery_due", condition=Q(state="pending")),
            # the number beside 消息 on every page
            models.Index(
                fields=["recipient_user"],
                name="delivery_unread",
                condition=Q(channel="in_app", read_at=None, is_head=True),
            ),
            # the page of messages, newest first, keyset paging
            models.Index(
                fields=["recipient_user", "-id"], name="delivery_inbox", condition=Q(channel="in_app", is_head=True)
            ),
            # what stands under a head
            models.Index(fields=["bundle"], name="delivery_bundle", condition=Q(bundle__isnull=False)),
            # the list of what was not delivered
            models.Index(fields=["-id"], name="delivery_dead", condition=Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.event_id or self.leave_id} · {self.get_channel_display()}"  # never the recipient: logs show it

    @property
    def recipient(self) -> "User | Reporter | Subscriber":
        """The person, group or system: exactly one is set."""
        found = self.recipient_user or self.recipient_reporter or self.recipient_subscriber
        if found is None:
            raise ValueError("a delivery has exactly one recipient")
        return found
