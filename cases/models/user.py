"""People who work here, and the roles they hold: for an area, a team or a council, from a day to a day."""

from datetime import date

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models.council import Council
from cases.models.place import Area
from cases.models.team import Posting, Team
from cases.scope import Grant, Grants
from cases.terms import Role


class User(AbstractUser):
    """An official. Never deleted (their moves name them); deactivated instead."""

    name = models.CharField(_("姓名"), max_length=50, blank=True)

    class Meta:
        verbose_name = _("工作人员")
        verbose_name_plural = _("工作人员")

    def __str__(self) -> str:
        return self.name or self.username

    def grants(self, on: date | None = None) -> Grants:
        """The roles held on that day (today unless told), read once for this object."""
        day = on or timezone.localdate()
        kept: tuple[date, Grants] | None = self.__dict__.get("_grants")
        if kept is None or kept[0] != day:
            rows = self.roles.on(day).select_related("area").order_by("pk") if self.is_active else ()
            kept = (day, Grants(self.pk, tuple(_grant(row) for row in rows), lambda: _posted(self, day)))
            self.__dict__["_grants"] = kept
        return kept[1]


def _grant(row: "RoleAssignment") -> Grant:
    return Grant(Role(row.role), row.area.path if row.area else None, row.team_id, row.council_id)


def _posted(user: User, day: date) -> tuple[str, ...]:
    teams = [team for team in user.roles.on(day).values_list("team", flat=True) if team]
    current = Posting.objects.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day, team__in=teams)
    return tuple(current.values_list("area__path", flat=True))


class RoleAssignmentQuerySet(models.QuerySet["RoleAssignment"]):
    def on(self, day: date) -> "RoleAssignmentQuerySet":
        """Those held on that day; the last day is excluded."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


class RoleAssignment(models.Model):
    """One role of one person, for exactly one area, team or council."""

    user = models.ForeignKey(User, models.PROTECT, related_name="roles", verbose_name=_("人员"))
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, verbose_name=_("区域"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, verbose_name=_("工作队"))
    council = models.ForeignKey(Council, models.PROTECT, null=True, blank=True, verbose_name=_("议事会"))
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至（不含）"), null=True, blank=True)

    objects = RoleAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        constraints = [
            models.CheckConstraint(
                name="role_for_one_unit",
                condition=Q(area__isnull=False, team=None, council=None)
                | Q(area=None, team__isnull=False, council=None)
                | Q(area=None, team=None, council__isnull=False),
                violation_error_message=_("任职须且只能对应一个区域、工作队或议事会。"),
            ),
            models.CheckConstraint(
                name="role_ends_after_start",
                condition=Q(valid_to=None) | Q(valid_to__gt=models.F("valid_from")),
                violation_error_message=_("结束日期须晚于开始日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"
