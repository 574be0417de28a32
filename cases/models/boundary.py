"""Where an area lies on the map: its outline, as imported from GeoJSON."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models.place import Area


class AreaBoundary(models.Model):
    """The outline of an area in degrees (WGS 84): polygons, each a list of closed rings, the first one the outer."""

    area = models.OneToOneField(Area, models.CASCADE, primary_key=True, related_name="boundary", verbose_name=_("区域"))
    polygons = models.JSONField(_("边界"))
    is_invented = models.BooleanField(_("示意"), default=False)  # of a demonstration

    class Meta:
        verbose_name = _("区域边界")
        verbose_name_plural = _("区域边界")

    def __str__(self) -> str:
        return str(self.area)
