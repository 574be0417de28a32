"""What somebody did to many cases at once: one form, one row for each case with what came of it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models import Case


class DeskActKind(models.TextChoices):
    """What can be done from the overdue desk; the case is moved by the command of the same word."""

    URGE = "urge", _("催办")
    ORDER = "order", _("督办")
    DISPATCH = "dispatch", _("派遣")
    REASSIGN = "reassign", _("转办")
    DECIDE = "decide", _("审定申请")


class Outcome(models.TextChoices):
    """What came of one case; the three refusals are those of a single move."""

    DONE = "done", _("已办")
    CONFLICT = "conflict", _("情况已变")
    FORBIDDEN = "forbidden", _("不归您办")
    INVALID = "invalid", _("不能办")


class DeskAct(models.Model):
    """One form that was sent; its key is made of that of its page and of what it says: sent twice it acts once."""

    key = models.UUIDField(unique=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("办理人"))
    kind = models.CharField(_("事项"), max_length=20, choices=DeskActKind.choices)
    cases = models.JSONField(default=list)  # keys of what was ticked, in the order in which it stood there
    typed = models.JSONField(default=dict)  # as it came, to try those again that were refused
    back = models.CharField(max_length=500, blank=True)  # the query of the list that it was sent from
    at = models.DateTimeField(_("办理时间"))

    class Meta:
        verbose_name = _("批量办理")
        verbose_name_plural = _("批量办理")

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class DeskActRow(models.Model):
    """What came of one case; written in the transaction of its command."""

    act = models.ForeignKey(DeskAct, models.PROTECT, related_name="rows")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    outcome = models.CharField(_("结果"), max_length=20, choices=Outcome.choices)
    said = models.TextField(_("说明"), blank=True)

    class Meta:
        verbose_name = _("批量办理的一件")
        verbose_name_plural = _("批量办理的各件")
        # a second sender of the same form waits here and then passes by
        constraints = [models.UniqueConstraint(fields=["act", "case"], name="desk_act_once_a_case")]

    def __str__(self) -> str:
        return f"{self.act_id}/{self.case_id} {self.outcome}"
