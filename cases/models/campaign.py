"""A drive in which suggestions are collected together: 走找想促, 下网格解难题办实事."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.campaign_terms import SHARES, GoalKind
from cases.models.place import Area
from cases.models.team import Team
from cases.terms import Role

if TYPE_CHECKING:
    from cases.models.user import User

# Whose areas decide which campaigns they see; teams see those they take part in, and those of where they are stationed.
CAMPAIGN_READERS = (
    Role.GRID_WORKER, Role.HOUSEHOLD_CONTACT, Role.DESK, Role.DISPATCHER, Role.SURVEY_DESK, Role.SUPERVISOR,
    Role.LEADER,
)  # fmt: skip


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def running(self, day: date) -> Self:
        """Those in which cases may be reported on a day."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), active=True, starts_on__lte=day)

    def touching(self, paths: Iterable[str]) -> Self:
        """Those with a target area in, or around, one of these subtrees; one without target areas is everywhere."""
        near = Q(areas=None)
        for path in set(paths):
            above = [path[:end] for end in range(Area.steplen, len(path) + 1, Area.steplen)]
            near |= Q(areas__path__startswith=path) | Q(areas__path__in=above)
        return self.filter(near).distinct()

    def visible_to(self, viewer: "User") -> Self:
        """The campaigns of the areas and teams of a person; auditors and administrators see all."""
        grants = viewer.grants()
        if viewer.is_superuser or grants.has(Role.AUDITOR, Role.ADMINISTRATOR):
            return self
        teams = grants.team_ids()
        paths = {*grants.area_paths(CAMPAIGN_READERS), *grants.posted_paths}
        if not (paths or teams):
            return self.none()
        near = self.model.objects.touching(paths).values("pk")
        return self.filter(Q(pk__in=near) | Q(lead_team__in=teams) | Q(pk__in=_joined(self.model, teams)))


def _joined(model: "type[Campaign]", teams: Iterable[int]) -> models.QuerySet[models.Model]:
    return model.teams.through.objects.filter(team_id__in=teams).values("campaign_id")  # type: ignore[return-value]


class Campaign(models.Model):
    """A named period whose cases are counted together, in some areas or, when none is named, everywhere."""

    code = models.SlugField(_("代码"), max_length=30, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    purpose = models.TextField(_("做什么"), blank=True)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"), null=True, blank=True)
    areas = models.ManyToManyField(Area, blank=True, related_name="campaigns", verbose_name=_("开展区域"))
    lead_team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="campaigns_led", verbose_name=_("牵头单位")
    )
    teams = models.ManyToManyField(Team, blank=True, related_name="campaigns", verbose_name=_("参加单位"))
    active = models.BooleanField(_("启用"), default=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("专项行动")
        verbose_name_plural = _("专项行动")
        ordering = ["-starts_on", "code"]
        constraints = [
            models.CheckConstraint(
                name="campaign_ends_after_it_starts", condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on"))
            )
        ]

    def is_on(self, day: date) -> bool:
        """Whether cases may be reported in it on a day."""
        return self.active and self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)

    def paths(self) -> list[str]:
        """The subtrees that it is about, none for everywhere; one query."""
        return list(self.areas.order_by("path").values_list("path", flat=True))

    def __str__(self) -> str:
        return self.name


class CampaignGoal(models.Model):
    """How much of something a campaign sets out to reach; how far it is, is computed."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="goals")
    kind = models.CharField(_("目标"), max_length=20, choices=GoalKind.choices)
    target = models.PositiveIntegerField(_("目标值"))

    class Meta:
        verbose_name = _("目标")
        verbose_name_plural = _("目标")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "kind"], name="goal_once"),
            models.CheckConstraint(
                name="goal_of_share_is_per_cent", condition=~Q(kind__in=sorted(SHARES)) | Q(target__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.target}"


def within(paths: Iterable[str], column: str = "path") -> Q:
    """Rows whose `column` lies in one of the subtrees; all rows when there is none."""
    found = Q()
    for path in paths:
        found |= Q(**{f"{column}__startswith": path})
    return found
