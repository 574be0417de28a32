"""Figures kept beside the history: what each case counts for, and the sums of areas. Written by `workflows.keeping`.

Nothing here is the truth: all of it can be made again from the events (`check_figures --rebuild`).
"""

from django.db import models
from django.db.models import Q

from cases.models import Area, Case, Team


class Counted(models.Model):
    """The numbers that are added up: of one case 0 or 1 each. `x` and `x_of` are both sides of the rate x."""

    cases = models.IntegerField(default=0)
    in_hand = models.IntegerField(default=0)
    overdue = models.IntegerField(default=0)
    response = models.IntegerField(default=0)
    response_of = models.IntegerField(default=0)
    resolution = models.IntegerField(default=0)
    resolution_of = models.IntegerField(default=0)
    satisfaction = models.IntegerField(default=0)
    satisfaction_of = models.IntegerField(default=0)
    on_time = models.IntegerField(default=0)
    on_time_of = models.IntegerField(default=0)
    rework = models.IntegerField(default=0)
    rework_of = models.IntegerField(default=0)
    returned = models.IntegerField(default=0)
    returned_of = models.IntegerField(default=0)
    reopened = models.IntegerField(default=0)
    reopened_of = models.IntegerField(default=0)
    excluded = models.IntegerField(default=0)
    excluded_of = models.IntegerField(default=0)
    surveyed = models.IntegerField(default=0)
    surveyed_of = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    rejected_of = models.IntegerField(default=0)

    class Meta:
        abstract = True


COLUMNS = tuple(field.name for field in Counted._meta.local_fields)


class KeptLife(Counted):
    """What the events of a case come to, as of `Case.kept_version` of them. Keys are of the history, not of today."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="kept")
    area = models.ForeignKey(Area, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False)
    team = models.ForeignKey(Team, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    category = models.CharField(max_length=30, blank=True, db_index=True)
    campaign = models.CharField(max_length=30, blank=True)
    reported_on = models.DateField(null=True, db_index=True)  # null: its history does not say, so it is not counted
    changed_at = models.DateTimeField(null=True, db_index=True)  # its last event: what was known before is found by it
    overdue_since = models.DateTimeField(null=True)
    steps = models.JSONField(default=list)  # [day, received, ended, in hand more or less, overdue more or less], …

    class Meta:
        indexes = [
            models.Index(fields=["area", "reported_on"], name="kept_of_area"),
            models.Index(fields=["campaign"], name="kept_of_campaign", condition=~Q(campaign="")),
            # what has been overdue for longest
            models.Index(fields=["overdue_since"], name="kept_overdue", condition=Q(overdue_since__isnull=False)),
        ]


class KeptSum(Counted):
    """The sum of an area and everything below it: cases reported in a month, all or those with one value of a facet.

    `path` is that of the area: areas never move. `month` is its first day.
    """

    path = models.CharField(max_length=30)
    facet = models.CharField(max_length=10)
    value = models.CharField(max_length=30, blank=True)
    month = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["path", "facet", "month", "value"], name="kept_sum_once")]


class KeptFlow(models.Model):
    """What came and went on a day in an area and everything below it: sums of days give how many there were."""

    path = models.CharField(max_length=30)
    day = models.DateField()
    received = models.IntegerField(default=0)
    ended = models.IntegerField(default=0)
    in_hand = models.IntegerField(default=0)  # more or less than the day before
    overdue = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["path", "day"], name="kept_flow_once")]
