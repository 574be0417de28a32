"""The office words of campaigns, households and area heads: every code that is stored, with the word people read."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class GoalKind(TextChoices):
    """What a campaign sets out to reach; each is measured, never typed."""

    SUGGESTIONS = "suggestions", _("收集意见建议（件）")
    SOLVED = "solved", _("解决（件）")
    RESPONSE = "response", _("响应率（%）")
    RESOLUTION = "resolution", _("解决率（%）")
    SATISFACTION = "satisfaction", _("满意率（%）")
    VISITS = "visits", _("走访（次）")
    HOUSEHOLDS = "households", _("走访住户（户）")
    COVERAGE = "coverage", _("走访覆盖率（%）")
    MEETINGS = "meetings", _("议事会议（场）")
    MATTERS = "matters", _("议定事项（件）")
    PARTICIPANTS = "participants", _("培训（人次）")


SHARES = frozenset({GoalKind.RESPONSE, GoalKind.RESOLUTION, GoalKind.SATISFACTION, GoalKind.COVERAGE})


class QuestionKind(TextChoices):
    TEXT = "text", _("文字")
    CHOICE = "choice", _("单选")
    NUMBER = "number", _("数字")
    YES_NO = "yes_no", _("是或否")


class YesNo(TextChoices):
    YES = "yes", _("是")
    NO = "no", _("否")


class VisitWay(TextChoices):
    HOME = "home", _("上门")
    NEARBY = "nearby", _("在小区里碰到")
    PHONE = "phone", _("电话")
    MESSAGE = "message", _("微信或短信")
    NOBODY = "nobody", _("没有见到人")


MET = frozenset(VisitWay) - {VisitWay.NOBODY}  # somebody of the household was spoken with
