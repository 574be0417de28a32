"""The office words of auditing: what a look at the history was for, and by which door personal data were seen."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class CheckKind(TextChoices):
    VERIFY = "verify", _("核对")
    SEAL = "seal", _("核对并封存")
    AGAINST = "against", _("对照封存核对")


class AccessKind(TextChoices):
    """By which door somebody saw, got out or changed what is known of residents."""

    REPORTER = "reporter", _("查看来访人信息")
    OBJECTOR = "objector", _("查看异议人信息")
    LINK = "link", _("生成居民链接")
    SLIP = "slip", _("生成回访二维码")
    BALLOTS = "ballots", _("打印业主选票")
    REGISTER = "register", _("查看业主名册")
    HOUSEHOLD = "household", _("查看住户信息")
    SCAN = "scan", _("查看选票扫描件")
    CHANGED = "changed", _("更改个人信息")
    ENTERED = "entered", _("批量录入个人信息")
    EXPORTED = "exported", _("导出名单")
    SEARCHED = "searched", _("按电话查找")
