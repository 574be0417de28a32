"""The office words of the training: kinds of teaching site, study modes (五学), where a written-up case stands."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SiteKind(TextChoices):
    HISTORY = "history", _("历史文化")
    ECOLOGY = "ecology", _("生态文明")
    GOVERNANCE = "governance", _("基层治理")
    INDUSTRY = "industry", _("产业发展")


class StudyMode(TextChoices):
    """五学: how people learn in a course."""

    LECTURE = "lecture", _("专题讲学")
    SITE = "site", _("现场教学")
    CASE = "case", _("案例研学")
    PRACTICE = "practice", _("实践跟学")
    EXCHANGE = "exchange", _("交流互学")


class ExemplaryState(TextChoices):
    """A case written up for others: a second person agrees before anybody else reads it."""

    DRAFT = "draft", _("草稿")
    PROPOSED = "proposed", _("待审核")
    PUBLISHED = "published", _("已发布")
    WITHDRAWN = "withdrawn", _("已撤下")
