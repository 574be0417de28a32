"""What a case is about."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Category(models.Model):
    """A kind of matter (小类) within a group (大类); Open311 calls it a service."""

    code = models.CharField(_("代码"), max_length=30, unique=True)
    name = models.CharField(_("小类"), max_length=60)
    group = models.CharField(_("大类"), max_length=60)
    needs_photo = models.BooleanField(_("提交时须有处置照片"), default=False)
    check_needs_photo = models.BooleanField(_("核查时须有核查照片"), default=False)
    check_needs_place = models.BooleanField(_("核查时须记录现场位置"), default=False)
    recheck_percent = models.PositiveSmallIntegerField(
        _("督办员抽查比例（%）"), default=0, validators=[MaxValueValidator(100)]
    )
    active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("类别")
        verbose_name_plural = _("类别")
        ordering = ["code"]
        constraints = [models.CheckConstraint(name="recheck_is_a_share", condition=Q(recheck_percent__lte=100))]

    def __str__(self) -> str:
        return self.name
