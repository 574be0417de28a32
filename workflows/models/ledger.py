"""Imports of ledgers: what was uploaded, how far it has come, and which case came from which row."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models import Area, Case


class ImportState(models.TextChoices):
    """How far an import has come. What a worker owes is `checking`, `loading` and `undoing`."""

    UPLOADED = "uploaded", _("待对应列")
    CHECKING = "checking", _("正在核对")
    CHECKED = "checked", _("已核对，待导入")
    LOADING = "loading", _("正在导入")
    LOADED = "loaded", _("已导入")
    UNDOING = "undoing", _("正在撤回")
    UNDONE = "undone", _("已撤回")
    DROPPED = "dropped", _("已放弃")
    FAILED = "failed", _("没有导入")


class LedgerImport(models.Model):
    """One file: its shape and digest stay, its content goes as soon as it is loaded or dropped.

    The database holds the state: a worker that was killed is found by `touched_at`, and another one goes on at `done`.
    """

    NAME_LENGTH = 200

    file_name = models.CharField(_("文件"), max_length=NAME_LENGTH)
    file_hash = models.CharField(max_length=64, blank=True)
    content = models.TextField(blank=True)  # encrypted, while it is needed
    headers = models.JSONField(default=list)
    shape = models.CharField(max_length=64, db_index=True)  # of its headings: how such a file was read is offered again
    profile = models.JSONField(default=dict)  # how its columns are read
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("没有写明区域的行归入"))
    state = models.CharField(_("进度"), max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    only_good = models.BooleanField(default=False)  # the rows with errors are left out; else it is all or nothing
    rows = models.PositiveIntegerField(default=0)
    fresh = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    remarked = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)  # rows, or cases while it is undone
    attempts = models.PositiveSmallIntegerField(default=0)
    why = models.TextField(_("说明"), blank=True)  # it failed, or what remains after it was undone
    first_errors = models.JSONField(default=list)  # row, column and reason of the first ones, without what stood there
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    touched_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("台账导入")
        verbose_name_plural = _("台账导入")

    def __str__(self) -> str:
        return f"#{self.pk} {self.file_name}"


class ImportedCase(models.Model):
    """Which row of which import a case came from; the digest of the row tells the same row from another one."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="imported")
    ledger = models.ForeignKey(LedgerImport, models.PROTECT, related_name="cases")
    row = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("导入的件")
        verbose_name_plural = _("导入的件")

    def __str__(self) -> str:
        return f"{self.ledger_id}/{self.row}"
