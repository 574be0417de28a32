"""The tree of areas: district, street, community, sector, group, neighbourhood, estate, grid, building."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node

from cases.terms import AreaLevel

STEP = " · "  # between the places of a full name


class Area(MP_Node):  # type: ignore[misc]  # treebeard has no types
    """A place in the tree; "everything under this street" is a prefix of `path`."""

    code = models.CharField(_("代码"), max_length=30, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    level = models.CharField(_("层级"), max_length=20, choices=AreaLevel.choices)
    full_name = models.CharField(_("全称"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = _("区域")
        verbose_name_plural = _("区域")

    def __str__(self) -> str:
        return self.full_name or self.name

    @property
    def near_name(self) -> str:
        """The last three steps, the estate, the grid and the building: as a row or a phone can show them."""
        return STEP.join(str(self).split(STEP)[-3:])
