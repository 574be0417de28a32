"""The one list of office words: every code that is stored, with the word that people read."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """Where a case stands; see docs/lifecycle.svg."""

    REPORTED = "reported", _("已上报")
    INFO_REQUESTED = "info_requested", _("待补充")
    ACCEPTED = "accepted", _("已受理")
    DISPATCHED = "dispatched", _("待签收")
    IN_PROGRESS = "in_progress", _("处置中")
    DELIBERATING = "deliberating", _("议事中")
    ON_HOLD = "on_hold", _("挂账")
    SUBMITTED = "submitted", _("待核查")
    ANSWERED = "answered", _("待回访")
    REOPEN_REQUESTED = "reopen_requested", _("申请重办")
    CLOSED = "closed", _("已结案")
    REJECTED = "rejected", _("不予受理")
    MERGED = "merged", _("并案")
    VOIDED = "voided", _("作废")


END_STATES = frozenset({State.CLOSED, State.REJECTED, State.MERGED, State.VOIDED})
OPEN_STATES = tuple(state for state in State if state not in END_STATES)


class Priority(TextChoices):
    NORMAL = "normal", _("一般")
    URGENT = "urgent", _("紧急")
    CRITICAL = "critical", _("特急")


class ResultCode(TextChoices):
    """As for the suggestions of people's congress deputies."""

    SOLVED = "A", _("A 已解决")
    PLANNED = "B", _("B 正在解决或列入计划")
    NOT_NOW = "C", _("C 暂时无法解决")
    REFERENCE = "D", _("D 留作参考")


class Role(TextChoices):
    GRID_WORKER = "grid_worker", _("网格员")
    HOUSEHOLD_CONTACT = "household_contact", _("包户联系人")
    DESK = "desk", _("受理员")
    DISPATCHER = "dispatcher", _("派遣员")
    TEAM_MEMBER = "team_member", _("工作队队员")
    TEAM_LEADER = "team_leader", _("工作队队长")
    SECRETARY = "secretary", _("议事会秘书")
    SEAT = "seat", _("议事会成员")
    SURVEY_DESK = "survey_desk", _("回访员")
    SUPERVISOR = "supervisor", _("督办员")
    LEADER = "leader", _("分管领导")
    AUDITOR = "auditor", _("审计员")
    ADMINISTRATOR = "administrator", _("管理员")


class AreaLevel(TextChoices):
    DISTRICT = "district", _("区")
    STREET = "street", _("街道")
    COMMUNITY = "community", _("社区")
    SECTOR = "sector", _("片")
    GROUP = "group", _("组")
    NEIGHBOURHOOD = "neighbourhood", _("邻")
    ESTATE = "estate", _("小区")
    GRID = "grid", _("网格")
    BUILDING = "building", _("楼栋")


class RequestKind(TextChoices):
    """What needs a second person."""

    RETURN = "return", _("退回")
    EXTENSION = "extension", _("延期")
    HOLD = "hold", _("挂账")
    VOID = "void", _("作废")
    MERGE = "merge", _("并案")
    EXCLUSION = "exclusion", _("剔除")


class RequestState(TextChoices):
    ASKED = "asked", _("待同意")
    AGREED = "agreed", _("已同意")
    DECLINED = "declined", _("不同意")
    WITHDRAWN = "withdrawn", _("已撤回")


class RejectReason(TextChoices):
    NOT_OURS = "not_ours", _("不属于本辖区")
    NOT_A_MATTER = "not_a_matter", _("不属于受理范围")
    NO_FACTS = "no_facts", _("内容不清且无法补充")
    IN_COURT = "in_court", _("已进入诉讼、仲裁或信访程序")
    REPEATED = "repeated", _("已答复过的重复事项")


class HoldReason(TextChoices):
    SEASON = "season", _("受季节限制")
    ENGINEERING = "engineering", _("需列入工程计划")
    FUNDS = "funds", _("资金未落实")
    LAW = "law", _("需法律或政策依据")


class VoidReason(TextChoices):
    NOT_A_MATTER = "not_a_matter", _("不构成事项")
    TEST = "test", _("测试数据")
    WITHDRAWN = "withdrawn", _("本人撤回")


class OrderState(TextChoices):
    """Where a supervision order (督办单) stands."""

    ISSUED = "issued", _("待回复")
    REPLIED = "replied", _("已回复")
    ACCEPTED = "accepted", _("已销号")
    WITHDRAWN = "withdrawn", _("已撤销")


class ClockKind(TextChoices):
    """What a clock measures: a stage, the whole of a round (`overall`), or an obligation beside the stage."""

    ACCEPT = "accept", _("受理时限")
    INFO = "info", _("补充时限")
    DISPATCH = "dispatch", _("派遣时限")
    SIGN = "sign", _("签收时限")
    HANDLE = "handle", _("处置时限")
    DELIBERATE = "deliberate", _("议事时限")
    HOLD_REVIEW = "hold_review", _("挂账复核时限")
    VERIFY = "verify", _("核查时限")
    SURVEY = "survey", _("回访时限")
    REOPEN_DECISION = "reopen_decision", _("重办审定时限")
    OVERALL = "overall", _("总时限")
    PROMISE = "promise", _("承诺期限")
    REQUEST = "request", _("申请审定时限")
    PART = "part", _("协办时限")
    ORDER = "order", _("督办回复时限")
    FOLLOW_UP = "follow_up", _("决议落实时限")
    OBJECTION = "objection", _("异议答复时限")
    SPOT_CHECK = "spot_check", _("抽查时限")


# Owed beside the stage of the case; but for the parts of co-handlers it is owed after the case has ended, too.
OBLIGATIONS = frozenset(
    {
        ClockKind.PROMISE,
        ClockKind.REQUEST,
        ClockKind.PART,
        ClockKind.ORDER,
        ClockKind.FOLLOW_UP,
        ClockKind.OBJECTION,
        ClockKind.SPOT_CHECK,
    }
)
OUTLIVING = OBLIGATIONS - {ClockKind.PART}


class Unit(TextChoices):
    WORKING_DAYS = "working_days", _("工作日")
    WORKING_HOURS = "working_hours", _("工作时")
    DAYS = "days", _("自然日")
    HOURS = "hours", _("自然时")


class Satisfaction(TextChoices):
    SATISFIED = "satisfied", _("满意")
    FAIR = "fair", _("基本满意")
    DISSATISFIED = "dissatisfied", _("不满意")


class SurveyReason(TextChoices):
    """Why somebody is not satisfied, or finds it not solved."""

    NOT_DONE = "not_done", _("没办或没办完")
    SLOW = "slow", _("办得慢")
    BACK_AGAIN = "back_again", _("又出现了")
    ATTITUDE = "attitude", _("态度不好")
    UNCLEAR = "unclear", _("答复不清楚")
    NOT_ASKED = "not_asked", _("没人来问过情况")
    OTHER = "other", _("其他")


class ExclusionReason(TextChoices):
    """Why a rating may be left out of the rate; it is still counted beside it."""

    OTHER_MATTER = "other_matter", _("评价的是另一件事")
    NOT_THE_REPORTER = "not_the_reporter", _("不是本人评价")
    BEYOND_LAW = "beyond_law", _("诉求违法或超出政策")
    FORCE_MAJEURE = "force_majeure", _("不可抗力")


class SpotCheckState(TextChoices):
    """A case drawn by lot to be looked at again by a supervisor."""

    DRAWN = "drawn", _("待抽查")
    PASSED = "passed", _("抽查合格")
    FAILED = "failed", _("抽查不合格")
    DROPPED = "dropped", _("不再抽查")


class AnswerWay(TextChoices):
    """How a resident wishes to hear of the outcome; it always stands on their page, too."""

    MESSAGE = "message", _("发消息")
    PHONE = "phone", _("打电话")
    PAGE = "page", _("自己看网页")


class InvitationWay(TextChoices):
    """How the link to a survey reaches the resident."""

    MESSAGE = "message", _("随答复发出")
    SLIP = "slip", _("回访员给二维码")


class SurveyChannel(TextChoices):
    LINK = "link", _("居民链接")
    PHONE = "phone", _("电话回访")
    NONE = "none", _("到期未回应")


class Source(TextChoices):
    GRID = "grid", _("网格上报")
    HOUSEHOLD = "household", _("包户走访")
    DESK = "desk", _("窗口与来电")
    RESIDENT = "resident", _("居民自报")
    COUNCIL = "council", _("议事会提议")
    IMPORT = "import", _("导入")


class CouncilKind(TextChoices):
    FOUR_PARTY = "four_party", _("四方议事会")
    RESIDENTS = "residents", _("居民会议")
    OWNERS_COMMITTEE = "owners_committee", _("业主委员会")
    OWNERS_ASSEMBLY = "owners_assembly", _("业主大会")
    PARTY = "party", _("党组织会议")


class MatterType(TextChoices):
    """What a council deliberates on."""

    FACILITY = "facility", _("公共设施")
    MAINTENANCE_FUND = "maintenance_fund", _("维修资金")
    CULTURE = "culture", _("文化活动")
    PARKING = "parking", _("停车秩序")
    PROPERTY = "property", _("物业服务")
    OTHER = "other", _("其他")


class DecisionOutcome(TextChoices):
    ADOPTED = "adopted", _("通过")
    NOT_ADOPTED = "not_adopted", _("未通过")
    CONSENSUS = "consensus", _("达成共识")


class PhotoKind(TextChoices):
    REPORT = "report", _("上报照片")
    RESULT = "result", _("处置照片")
    CHECK = "check", _("核查照片")


class EventType(TextChoices):
    """Everything that the history can say; moves are `case.` and the past of the move."""

    REPORTED = "case.reported", _("上报")
    INFO_REQUESTED = "case.info_requested", _("要求补充")
    INFO_SUPPLIED = "case.info_supplied", _("补充")
    ACCEPTED = "case.accepted", _("受理")
    REJECTED = "case.rejected", _("不予受理")
    MERGED = "case.merged", _("并案")
    SPLIT_OFF = "case.split_off", _("拆案")
    DISPATCHED = "case.dispatched", _("派遣")
    SIGNED = "case.signed", _("签收")
    RETURNED_TO_DISPATCH = "case.returned_to_dispatch", _("退回")
    REASSIGNED = "case.reassigned", _("转办")
    REFERRED_TO_COUNCIL = "case.referred_to_council", _("提请议事")
    DECISION_TAKEN = "case.decision_taken", _("落实决议")
    RETURNED_FROM_COUNCIL = "case.returned_from_council", _("退回提请")
    HELD = "case.held", _("挂账")
    RESUMED = "case.resumed", _("恢复")
    EXTENDED = "case.extended", _("延期")
    SUBMITTED = "case.submitted", _("提交核查")
    VERIFIED = "case.verified", _("核查通过")
    SENT_BACK = "case.sent_back", _("返工")
    SURVEY_RECORDED = "case.survey_recorded", _("回访")
    CLOSED_UNANSWERED = "case.closed_unanswered", _("回访到期")
    REOPEN_REQUESTED = "case.reopen_requested", _("申请重办")
    REOPENED = "case.reopened", _("重办")
    REOPEN_DECLINED = "case.reopen_declined", _("不予重办")
    VOIDED = "case.voided", _("作废")
    FAILED_SPOT_CHECK = "case.failed_spot_check", _("抽查不合格")
    ANSWER_ADOPTED = "case.answer_adopted", _("录入既有答复")
    IMPORT_UNDONE = "case.import_undone", _("撤回导入")
    MERGED_INTO = "case.merged_into", _("并入他件")
    REPORTED_AGAIN = "case.reported_again", _("另立新件")
    NOTE_ADDED = "case.note_added", _("备注")
    PHOTO_ADDED = "case.photo_added", _("添加照片")
    FACTS_CORRECTED = "case.facts_corrected", _("更正信息")
    REPORTER_REVEALED = "case.reporter_revealed", _("查看来访人信息")
    LINK_ISSUED = "case.link_issued", _("生成居民链接")
    URGED = "case.urged", _("催办")
    REQUEST_ASKED = "request.asked", _("提出申请")
    REQUEST_AGREED = "request.agreed", _("同意申请")
    REQUEST_DECLINED = "request.declined", _("不同意申请")
    REQUEST_WITHDRAWN = "request.withdrawn", _("撤回申请")
    REQUEST_OVERDUE = "request.overdue", _("申请审定超期")
    PART_ANSWERED = "part.answered", _("协办答复")
    PART_OVERDUE = "part.overdue", _("协办超期")
    PROMISE_KEPT = "promise.kept", _("承诺兑现")
    SPOT_CHECK_DRAWN = "spot_check.drawn", _("抽中抽查")
    SPOT_CHECK_PASSED = "spot_check.passed", _("抽查合格")
    SPOT_CHECK_DROPPED = "spot_check.dropped", _("不再抽查")
    SURVEY_INVITED = "survey.invited", _("邀请回访")
    SURVEY_EXCLUDED = "survey.excluded", _("剔除评价")
    CLOCK_WARNED = "clock.warned", _("临近时限")
    CLOCK_OVERDUE = "clock.overdue", _("超过时限")
    CLOCK_ESCALATED = "clock.escalated", _("逐级提醒")
    CLOCK_RECOMPUTED = "clock.recomputed", _("时限重算")
    CLOCK_STOPPED_LATE = "clock.stopped_late", _("超期办结")
    ORDER_ISSUED = "order.issued", _("督办")
    ORDER_REPLIED = "order.replied", _("督办回复")
    ORDER_ACCEPTED = "order.accepted", _("督办销号")
    ORDER_RETURNED = "order.returned", _("督办退回重报")
    ORDER_WITHDRAWN = "order.withdrawn", _("撤销督办")
    FOLLOW_UP_STARTED = "follow_up.started", _("交办落实事项")
    FOLLOW_UP_ENDED = "follow_up.ended", _("落实事项办结")
    OBJECTION_RAISED = "objection.raised", _("收到异议")
    OBJECTION_ANSWERED = "objection.answered", _("异议答复")
    # In the history of a council, not of a case:
    TOPIC_PROPOSED = "topic.proposed", _("提出议题")
    TOPIC_SCREENED = "topic.screened", _("审核议题")
    MEETING_PREPARED = "meeting.prepared", _("筹备会议")
    MEETING_CONVENED = "meeting.convened", _("通知开会")
    MEETING_OPENED = "meeting.opened", _("开会")
    MEETING_MOVED = "meeting.moved", _("会议进程")
    MEETING_CLOSED = "meeting.closed", _("散会")
    ITEM_MOVED = "item.moved", _("议程进程")
    MANDATE_CHANGED = "mandate.changed", _("委托")
    POLL_OPENED = "poll.opened", _("开始表决")
    POLL_CLOSED = "poll.closed", _("表决截止")
    POLL_CERTIFIED = "poll.certified", _("核定结果")
    POLL_VOIDED = "poll.voided", _("表决作废")
    BALLOT_STRUCK = "ballot.struck", _("选票作废")
    DECISION_RECORDED = "decision.recorded", _("形成决议")
    DECISION_MOVED = "decision.moved", _("决议进程")
    NOTICE_POSTED = "notice.posted", _("张贴公示")
    NOTICE_MOVED = "notice.moved", _("公示进程")
    MINUTES_MOVED = "minutes.moved", _("会议纪要进程")
    MINUTES_SIGNED = "minutes.signed", _("签署纪要")
    FOLLOW_UP_MOVED = "follow_up.moved", _("落实进展")
    PROJECT_MOVED = "project.moved", _("微项目进程")
    REGISTER_IMPORTED = "register.imported", _("导入业主名册")


# These stand in the history of a council; every other type in that of a case.
COUNCIL_EVENTS = frozenset(
    kind
    for kind in EventType
    if kind.value.partition(".")[0]
    in ("topic", "meeting", "item", "mandate", "poll", "ballot", "decision", "notice", "minutes", "project", "register")
) | {EventType.FOLLOW_UP_MOVED}
