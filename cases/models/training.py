"""The training: lecturers, teaching sites, courses and who took part; cases written up, and where they are shared."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.models.campaign import Campaign
from cases.models.place import Area
from cases.scope import below
from cases.terms import Role
from cases.training_terms import ExemplaryState, SiteKind, StudyMode

if TYPE_CHECKING:
    from cases.models.case import Case
    from cases.models.user import User

AGREEING = (Role.SUPERVISOR, Role.LEADER)  # who may agree that a case is made known to all staff


class Lecturer(models.Model):
    """One of the pool (师资库)."""

    name = models.CharField(_("姓名"), max_length=50)
    organisation = models.CharField(_("单位"), max_length=80, blank=True)
    field = models.CharField(_("擅长"), max_length=80, blank=True)
    active = models.BooleanField(_("在库"), default=True)

    class Meta:
        verbose_name = _("师资")
        verbose_name_plural = _("师资库")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["name", "organisation"], name="lecturer_once")]

    def __str__(self) -> str:
        return self.name


class TeachingSite(models.Model):
    """A place where people learn by seeing (现场教学点)."""

    name = models.CharField(_("名称"), max_length=80, unique=True)
    kind = models.CharField(_("类型"), max_length=20, choices=SiteKind.choices)
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("区域"))
    address = models.CharField(_("地址"), max_length=120, blank=True)
    active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("现场教学点")
        verbose_name_plural = _("现场教学点")
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return self.name


class Course(models.Model):
    """A course (培训班) with its lecturers, sites and study modes."""

    code = models.SlugField(_("代码"), max_length=30, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"))
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="courses", verbose_name=_("专项行动")
    )
    modes = models.JSONField(_("五学"), default=list, blank=True)  # codes of StudyMode
    lecturers = models.ManyToManyField(Lecturer, blank=True, related_name="courses", verbose_name=_("师资"))
    sites = models.ManyToManyField(TeachingSite, blank=True, related_name="courses", verbose_name=_("现场教学点"))
    summary = models.TextField(_("内容"), blank=True)

    class Meta:
        verbose_name = _("培训班")
        verbose_name_plural = _("培训班")
        ordering = ["-starts_on", "code"]
        constraints = [
            models.CheckConstraint(name="course_ends_after_it_starts", condition=Q(ends_on__gte=F("starts_on")))
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def mode_words(self) -> list[str]:
        """The study modes, as people read them."""
        words = dict(StudyMode.choices)
        return [str(words.get(code, code)) for code in self.modes]


class Enrolment(models.Model):
    """Somebody in a course: a colleague with a login, or a name with an office. Who did not come is not counted."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="enrolments")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="enrolments",
        verbose_name=_("工作人员"),
    )  # fmt: skip
    name = models.CharField(_("姓名"), max_length=50, blank=True)
    organisation = models.CharField(_("单位"), max_length=80, blank=True)
    absent = models.BooleanField(_("没有到"), default=False)

    class Meta:
        verbose_name = _("学员")
        verbose_name_plural = _("学员")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="participant_is_one_person",
                condition=Q(user=None) & ~Q(name="") | Q(user__isnull=False, name=""),
            ),
            models.UniqueConstraint(fields=["course", "user"], condition=~Q(user=None), name="participant_once"),
            models.UniqueConstraint(
                fields=["course", "name", "organisation"], condition=Q(user=None), name="named_participant_once"
            ),
        ]

    def __str__(self) -> str:
        return self.person

    @property
    def person(self) -> str:
        """The name."""
        return str(self.user) if self.user else self.name


class ExemplaryCaseQuerySet(models.QuerySet["ExemplaryCase"]):
    def visible_to(self, viewer: "User") -> Self:
        """What is published is read by all staff; before that the author, and who sees the case and may agree."""
        grants, offered = viewer.grants(), ~Q(state=ExemplaryState.DRAFT)
        seen = Q(state=ExemplaryState.PUBLISHED) | Q(written_by=viewer)
        if grants.has(Role.AUDITOR):
            seen |= offered
        return self.filter(seen | (offered & below(grants.area_paths(AGREEING), "case__area")))


class ExemplaryCase(models.Model):
    """A closed case written up for others to learn from (典型案例)."""

    case: "models.OneToOneField[Case, Case]" = models.OneToOneField(
        "cases.Case", models.PROTECT, related_name="exemplary"
    )
    title = models.CharField(_("题目"), max_length=80)
    situation = models.TextField(_("起因"))
    done = models.TextField(_("怎样办的"))
    lesson = models.TextField(_("经验"))
    state = models.CharField(_("状态"), max_length=20, choices=ExemplaryState.choices, default=ExemplaryState.DRAFT)
    note = models.CharField(_("审核意见"), max_length=300, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    agreed_at = models.DateTimeField(null=True)

    objects = ExemplaryCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("典型案例")
        verbose_name_plural = _("典型案例")
        ordering = ["-agreed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="exemplary_published_by_two_people",
                condition=~Q(state=ExemplaryState.PUBLISHED)
                | (Q(agreed_by__isnull=False) & ~Q(agreed_by=F("written_by"))),
            )
        ]

    def __str__(self) -> str:
        return self.title


class SharingSession(models.Model):
    """A session in which written-up cases are told to colleagues (案例分享会)."""

    name = models.CharField(_("名称"), max_length=80)
    held_on = models.DateField(_("日期"))
    place = models.CharField(_("地点"), max_length=80, blank=True)
    cases = models.ManyToManyField(ExemplaryCase, blank=True, related_name="sessions", verbose_name=_("典型案例"))
    attendance = models.PositiveIntegerField(_("到会人数"), null=True, blank=True)
    summary = models.TextField(_("情况"), blank=True)

    class Meta:
        verbose_name = _("案例分享会")
        verbose_name_plural = _("案例分享会")
        ordering = ["-held_on", "-pk"]

    def __str__(self) -> str:
        return self.name
