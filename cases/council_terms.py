"""The office words of councils: every code that is stored, with the word that people read."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SeatRole(TextChoices):
    MEMBER = "member", _("成员")
    CHAIR = "chair", _("主持人")
    RECORDER = "recorder", _("记录人")
    OBSERVER = "observer", _("列席")


class TopicState(TextChoices):
    PENDING = "pending", _("待审核")
    ACCEPTED = "accepted", _("列为议题")
    REJECTED = "rejected", _("不列为议题")
    MERGED = "merged", _("并入他题")
    OUT_OF_SCOPE = "out_of_scope", _("不属议事范围")


class MeetingKind(TextChoices):
    REGULAR = "regular", _("例会")
    SPECIAL = "special", _("临时会议")
    EMERGENCY = "emergency", _("紧急会议")


class MeetingMode(TextChoices):
    ONSITE = "onsite", _("现场")
    ONLINE = "online", _("线上")
    HYBRID = "hybrid", _("现场和线上")
    WRITTEN = "written", _("书面")


class MeetingState(TextChoices):
    DRAFT = "draft", _("筹备中")
    CONVENED = "convened", _("已通知")
    IN_SESSION = "in_session", _("开会中")
    RECESS = "recess", _("休会")
    CLOSED = "closed", _("已散会")
    MINUTED = "minuted", _("纪要已定")
    ARCHIVED = "archived", _("已归档")
    NO_QUORUM = "no_quorum", _("不足法定人数")
    RECONVENED = "reconvened", _("已另行召集")
    CANCELLED = "cancelled", _("已取消")


class ItemKind(TextChoices):
    INFORM = "inform", _("通报")
    DELIBERATE = "deliberate", _("讨论")
    DECIDE = "decide", _("表决")
    REVIEW = "review", _("回头看")


class ItemState(TextChoices):
    CANDIDATE = "candidate", _("拟议")
    ACCEPTED = "accepted", _("列入议程")
    REJECTED = "rejected", _("不列入")
    ANNOUNCED = "announced", _("已公告")
    IN_DISCUSSION = "in_discussion", _("讨论中")
    POLLING = "polling", _("表决中")
    DECIDED = "decided", _("已议定")
    ADJOURNED = "adjourned", _("延后再议")
    REFERRED = "referred", _("转交")
    WITHDRAWN = "withdrawn", _("撤回")


class Stance(TextChoices):
    SUPPORTS = "supports", _("赞成")
    OPPOSES = "opposes", _("反对")
    PROPOSES = "proposes", _("建议")
    ASKS = "asks", _("询问")
    INFORMS = "informs", _("说明")


class AttendanceStatus(TextChoices):
    INVITED = "invited", _("已邀请")
    CONFIRMED = "confirmed", _("确认参会")
    EXCUSED = "excused", _("请假")


class PresenceMethod(TextChoices):
    SIGN = "sign", _("签到")
    QR = "qr", _("扫码")
    ONLINE = "online", _("线上")
    RECORDER = "recorder", _("记录人代记")


class PollMethod(TextChoices):
    HANDS = "hands", _("举手")
    NAMED = "named", _("记名")
    SECRET = "secret", _("无记名")
    WRITTEN = "written", _("书面")


class PollState(TextChoices):
    DRAFT = "draft", _("未开始")
    OPEN = "open", _("表决中")
    CLOSED = "closed", _("已截止")
    CERTIFIED = "certified", _("已核定")
    PUBLISHED = "published", _("已公布")
    VOID = "void", _("作废")


class BallotChoice(TextChoices):
    FOR = "for", _("同意")
    AGAINST = "against", _("反对")
    ABSTAIN = "abstain", _("弃权")
    INVALID = "invalid", _("无效")


class BallotChannel(TextChoices):
    SCREEN = "screen", _("现场屏幕")
    PHONE = "phone", _("手机")
    PAPER = "paper", _("纸质票")


class AreaSource(TextChoices):
    REGISTER = "register", _("不动产登记")
    SURVEY = "survey", _("测绘报告")
    CONTRACT = "contract", _("买卖合同")


class PollOutcome(TextChoices):
    ADOPTED = "adopted", _("通过")
    NOT_ADOPTED = "not_adopted", _("未通过")
    NO_QUORUM = "no_quorum", _("未达法定人数")


class DecisionKind(TextChoices):
    """What the body may do in the matter: decide itself, or only recommend to the one that is competent."""

    DECISION = "decision", _("决议")
    RECOMMENDATION = "recommendation", _("建议")


class DecisionState(TextChoices):
    PROVISIONAL = "provisional", _("待公示")
    IN_PUBLICATION = "in_publication", _("公示中")
    EFFECTIVE = "effective", _("已生效")
    IMPLEMENTING = "implementing", _("落实中")
    IMPLEMENTED = "implemented", _("已落实")
    REVIEWED = "reviewed", _("已回头看")
    SUSPENDED = "suspended", _("暂缓执行")
    UPHELD = "upheld", _("维持")
    REMANDED = "remanded", _("发回重议")
    ANNULLED = "annulled", _("撤销")
    SUPERSEDED = "superseded", _("被替代")


# In which what follows from a decision is owed.
DECISIONS_IN_FORCE = (DecisionState.EFFECTIVE, DecisionState.IMPLEMENTING, DecisionState.UPHELD)


class NoticeKind(TextChoices):
    MEETING = "meeting", _("会议通知")
    PRE_MEETING = "pre_meeting", _("会前公告")
    DECISION = "decision", _("决议公示")
    RESULT = "result", _("结果公告")


class NoticeState(TextChoices):
    PLANNED = "planned", _("待张贴")
    POSTED = "posted", _("公示中")
    TAKEN_DOWN_EARLY = "taken_down_early", _("提前取下")
    ENDED = "ended", _("期满")
    CONTESTED = "contested", _("有异议")
    CLEARED = "cleared", _("公示无异议")


class ObjectionState(TextChoices):
    OPEN = "open", _("待答复")
    REPLIED = "replied", _("已答复")
    SUSTAINED = "sustained", _("成立")
    WITHDRAWN = "withdrawn", _("撤回")


class MinutesState(TextChoices):
    DRAFT = "draft", _("草稿")
    CIRCULATED = "circulated", _("征求意见")
    CORRECTING = "correcting", _("修改中")
    APPROVED = "approved", _("已定稿")
    SIGNED = "signed", _("已签署")
    PUBLISHED = "published", _("已公布")


class SignatureMethod(TextChoices):
    LOGIN = "login", _("本人登录确认")
    PAPER = "paper", _("纸质签名")


class CorrectionState(TextChoices):
    OPEN = "open", _("待处理")
    TAKEN = "taken", _("已采纳")
    DECLINED = "declined", _("未采纳")


class FollowUpKind(TextChoices):
    TASK = "task", _("任务")
    MICRO_PROJECT = "micro_project", _("微项目")
    OWNERS_BALLOT = "owners_ballot", _("业主表决")
    REFERRAL = "referral", _("转交")
    NEXT_MEETING = "next_meeting", _("下次会议再议")


class FollowUpState(TextChoices):
    OPEN = "open", _("待接受")
    ACCEPTED = "accepted", _("已接受")
    IN_PROGRESS = "in_progress", _("落实中")
    DONE = "done", _("待验收")
    VERIFIED = "verified", _("已验收")
    REWORK = "rework", _("返工")
    CANCELLED = "cancelled", _("取消")


# Still to be done by its owner.
OWED_FOLLOW_UPS = (FollowUpState.OPEN, FollowUpState.ACCEPTED, FollowUpState.IN_PROGRESS, FollowUpState.REWORK)


class ProjectState(TextChoices):
    PROPOSED = "proposed", _("申报")
    APPROVED = "approved", _("立项")
    CONTRACTED = "contracted", _("已签约")
    UNDER_WAY = "under_way", _("施工中")
    ACCEPTED = "accepted", _("已验收")
    SETTLED = "settled", _("已结算")
    SURVEYED = "surveyed", _("已回访")
    STOPPED = "stopped", _("终止")


class FundSource(TextChoices):
    PARTY_FUND = "party_fund", _("党组织服务群众经费")
    SUBDISTRICT = "subdistrict", _("街道社区经费")
    MAINTENANCE_FUND = "maintenance_fund", _("住宅专项维修资金")
    PUBLIC_INCOME = "public_income", _("小区公共收益")
    RAISED = "raised", _("居民自筹")
    OTHER = "other", _("其他")


class ProjectPhotoKind(TextChoices):
    BEFORE = "before", _("施工前")
    DURING = "during", _("施工中")
    AFTER = "after", _("完工后")


class AppealState(TextChoices):
    OPEN = "open", _("处理中")
    UPHELD = "upheld", _("维持决议")
    REMANDED = "remanded", _("发回重议")
    ANNULLED = "annulled", _("撤销决议")
