"""One matter from its report to its outcome."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.lib.states import StateField
from cases.models.campaign import Campaign
from cases.models.category import Category
from cases.models.council import Council
from cases.models.person import Reporter
from cases.models.place import Area
from cases.models.team import Team
from cases.querysets import CaseQuerySet
from cases.terms import END_STATES, Priority, ResultCode, Role, Source, State

ENDED = Q(state__in=sorted(END_STATES))


class Case(models.Model):
    """A suggestion, complaint or appeal. It cannot move itself: see workflows/lifecycle.py."""

    number = models.CharField(_("编号"), max_length=20, unique=True)  # from year and primary key: no hot counter row
    source = models.CharField(_("来源"), max_length=20, choices=Source.choices)
    external_ref = models.CharField(_("外部编号"), max_length=60, blank=True)
    client_key = models.CharField(max_length=64, blank=True)  # of the phone's draft: a resend makes no second case
    title = models.CharField(_("标题"), max_length=120)
    description = models.TextField(_("情况"))
    place = models.CharField(_("地点"), max_length=120, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    area = models.ForeignKey(Area, models.PROTECT, related_name="cases", verbose_name=_("区域"))
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("类别"))
    priority = models.CharField(_("紧急程度"), max_length=10, choices=Priority.choices, default=Priority.NORMAL)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="reported_cases", verbose_name=_("上报人")
    )
    reporter = models.ForeignKey(Reporter, models.PROTECT, null=True, related_name="cases", verbose_name=_("来访人"))
    extra = models.JSONField(default=dict, blank=True)  # columns of a ledger that nobody knew: kept as given

    state = StateField(_("环节"), choices=State.choices, default=State.REPORTED, protected=True)
    round = models.PositiveSmallIntegerField(_("轮次"), default=1)
    holder_role = models.CharField(_("由谁办"), max_length=20, choices=Role.choices, blank=True)
    holder_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="cases", verbose_name=_("主办"))
    co_teams = models.ManyToManyField(Team, related_name="joint_cases", verbose_name=_("协办"))
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="handled_cases", verbose_name=_("承办人")
    )
    dispatch_is_final = models.BooleanField(default=False)  # after the third return a supervisor's dispatch stands
    council = models.ForeignKey(Council, models.PROTECT, null=True, related_name="cases", verbose_name=_("议事会"))
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name=_("专项行动")
    )
    follows = models.ForeignKey(  # reported again after its rounds were used up: a case of its own
        "self", models.PROTECT, null=True, related_name="followed_by", verbose_name=_("前件")
    )
    main_case = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged_cases")
    result_code = models.CharField(_("结果"), max_length=1, choices=ResultCode.choices, blank=True)
    result_text = models.TextField(_("处置情况"), blank=True)
    promised_date = models.DateField(_("承诺日期"), null=True, blank=True)

    policy_version = models.PositiveIntegerField(null=True)  # fixed at acceptance
    version = models.PositiveIntegerField(default=0)  # number of events
    last_hash = models.CharField(max_length=64, blank=True)  # of the newest event: finds a cut tail
    kept_version = models.PositiveIntegerField(default=0, editable=False)  # events that the kept figures know of
    reported_at = models.DateTimeField(_("上报时间"))
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    answer_workdays = models.IntegerField(_("答复用时（工作日）"), null=True)
    closed_at = models.DateTimeField(_("结案时间"), null=True)
    # Copied here by workflows.clocks so that a list needs no second table:
    due_at = models.DateTimeField(_("时限"), null=True)
    warn_at = models.DateTimeField(null=True)
    search_terms = models.TextField(
        blank=True, editable=False
    )  # bigrams: two-character words never use a trigram index

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("件")
        verbose_name_plural = _("件")
        constraints = [
            models.CheckConstraint(name="case_state_is_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="case_open_has_holder",
                condition=(ENDED & Q(holder_role="")) | (~ENDED & ~Q(holder_role="")),
            ),
            models.CheckConstraint(
                name="case_team_holds_team_states",
                condition=~Q(state__in=[State.DISPATCHED, State.IN_PROGRESS, State.ON_HOLD]) | Q(team__isnull=False),
            ),
            models.CheckConstraint(
                name="case_merged_has_main",
                condition=~Q(state=State.MERGED) | (Q(main_case__isnull=False) & ~Q(main_case=models.F("id"))),
            ),
            models.UniqueConstraint(
                name="case_external_ref_once", fields=["source", "external_ref"], condition=~Q(external_ref="")
            ),
            models.UniqueConstraint(name="case_client_key_once", fields=["client_key"], condition=~Q(client_key="")),
        ]
        indexes = [
            # lists, newest first, keyset paging
            models.Index(fields=["-reported_at", "-id"], name="case_newest"),
            # inbox and overdue list, most pressing first
            models.Index(fields=["due_at", "id"], name="case_open_by_due", condition=~ENDED),
            models.Index(fields=["state", "area"], name="case_state_area"),
            # what is overdue and what soon will be, in one look
            models.Index(fields=["warn_at"], name="case_open_by_warning", condition=~ENDED),
            # whose last events the kept figures do not know of yet: few, however many cases there are
            models.Index(fields=["id"], name="case_not_kept_yet", condition=~Q(kept_version=models.F("version"))),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes an outcome."""
        return self.state not in END_STATES
