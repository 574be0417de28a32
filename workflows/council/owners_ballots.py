"""Ballots of all owners of an estate (Civil Code art. 278): start, open, close, certify, publish.

Lock order: the council that recommended, then the owners' assembly, then the poll, then follow-ups and cases.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.council_terms import (
    DECISIONS_IN_FORCE,
    OWED_FOLLOW_UPS,
    DecisionKind,
    FollowUpKind,
    NoticeKind,
    PollMethod,
    PollState,
)
from cases.models import Area, Certification, Council, Decision, Elector, FollowUp, Poll, Topic, User
from cases.terms import CouncilKind, DecisionOutcome, EventType
from workflows.council import access
from workflows.council.acts import digest, locked, locked_council, make, say, words
from workflows.council.certify import compute, keep, newest
from workflows.council.follow_ups import settle_owners_ballot
from workflows.council.notices import post_notice
from workflows.council.owners_result import announcement, is_adopted, result_text
from workflows.council.owners_roll import electors_of, estate_of, has_register
from workflows.council.owners_votes import runs_ballot
from workflows.council.packs import competent_in, pack_in_force, rules_of
from workflows.council.periods import end_after
from workflows.machines import PollLifecycle

PACKS = ("owners_278_ordinary", "owners_278_special", "fund_emergency")
RUNNING = (PollState.DRAFT, PollState.OPEN, PollState.CLOSED)
TITLE_LENGTH, NAME_LENGTH = 120, 60
BATCH = 500


@dataclass(frozen=True)
class OwnersQuestion:
    """What the owners are asked, by which rules, from when until when (end excluded)."""

    pack_code: str
    text: str
    opens_at: datetime
    closes_at: datetime


def may_start(decision: Decision, actor: User) -> bool:
    """The secretary of the council that took the decision."""
    return access.is_secretary_of(decision.council, actor)


def refusal(decision: Decision, follow_up: FollowUp | None) -> str:
    """Why a decision gives no reason for an owners' ballot; empty when it does."""
    if decision.outcome == DecisionOutcome.NOT_ADOPTED:
        return gettext("这项议题没有通过，不能据此发起业主表决。")
    if decision.state not in DECISIONS_IN_FORCE:
        state = decision.get_state_display()
        return gettext("决议现在是「%(state)s」，生效以后才能发起业主表决。") % {"state": state}
    if follow_up is not None:
        return "" if _is_owed(follow_up) else gettext("这件落实事项不是待办的业主表决，不能据此发起。")
    if decision.kind != DecisionKind.RECOMMENDATION:
        return gettext("这是议事会自己的决议，不用业主表决；只有建议才可以交业主表决。")
    topic = topic_of(decision)
    if topic is None or competent_in(topic.matter).competent != CouncilKind.OWNERS_ASSEMBLY:
        return gettext("这类事项不由业主共同决定，不用业主表决。")
    return ""


def topic_of(decision: Decision) -> Topic | None:
    """What a decision is about; of one that was taken on paper, the topic of its case in that council."""
    if decision.item is not None:
        return decision.item.topic
    return Topic.objects.filter(cases=decision.case_id, council=decision.council_id).order_by("-pk").first()


def asking_follow_up(decision: Decision) -> FollowUp | None:
    """The follow-up of a decision that asks for an owners' ballot and still waits for one."""
    rows = decision.follow_ups.filter(kind=FollowUpKind.OWNERS_BALLOT, state__in=OWED_FOLLOW_UPS)
    return rows.filter(Q(poll=None) | Q(poll__state=PollState.VOID)).first()


def running_ballot(decision: Decision) -> Poll | None:
    """The owners' ballot on its topic that is not over yet."""
    topic = topic_of(decision)
    return Poll.objects.filter(topic=topic, item=None, state__in=RUNNING).first() if topic else None


def earliest_opening(pack_code: str, now: datetime) -> datetime:
    """The first moment at which a ballot announced now may open: when the days of notice of its rules are over."""
    rules = rules_of(pack_in_force(pack_code, timezone.localdate(now)))
    if not rules.notice_days:
        return now
    return end_after(now, rules.notice_days, rules.notice_calendar) + timedelta(seconds=1)


@transaction.atomic
def start_owners_ballot(
    *, decision_id: int, question: OwnersQuestion, actor: User, now: datetime, follow_up_id: int | None = None
) -> Poll:
    """Announce a ballot of all owners on what a council recommended; it opens by itself when its time has come.

    Raises PermissionDenied, ValidationError (no reason for it, no register, one is running, too little notice).
    """
    decision, council = _locked_decision(decision_id)
    if not may_start(decision, actor):
        raise PermissionDenied("start_owners_ballot")
    follow_up = _follow_up(decision, follow_up_id)
    if why := refusal(decision, follow_up):
        raise ValidationError(why)
    topic = topic_of(decision)
    if topic is None:
        raise ValidationError(_("这项决议没有对应的议题，不能发起业主表决。"))
    if running_ballot(decision) is not None:
        raise ValidationError(_("这个议题的业主表决正在进行，没有重复发起。"))
    area = estate_of(decision.case, council)
    if area is None:
        raise ValidationError(_("该小区还没有业主名册，请先导入名册再发起业主表决。"))
    text = _checked(question, now)
    poll = Poll.objects.create(
        council=_assembly(area),
        topic=topic,
        text=text,
        sha256=digest(text),
        method=PollMethod.WRITTEN,
        pack=pack_in_force(question.pack_code, timezone.localdate(question.opens_at)),
        opens_at=question.opens_at,
        closes_at=question.closes_at,
        created_by=actor,
        created_at=now,
        follows=Poll.objects.filter(topic=topic, item=None).order_by("-pk").first(),
    )
    if follow_up is not None:
        follow_up.poll = poll
        follow_up.save(update_fields=["poll"])
    title = gettext("业主表决公告：%(topic)s") % {"topic": topic.title}
    _post(poll, NoticeKind.PRE_MEETING, title, announcement(poll), until=question.closes_at, actor=actor, now=now)
    if question.opens_at <= now:
        _open(poll.pk, now=now, actor=actor)
    return Poll.objects.get(pk=poll.pk)


def _checked(question: OwnersQuestion, now: datetime) -> str:
    wrong: dict[str, Any] = {}
    if question.pack_code not in PACKS:
        raise ValidationError({"pack_code": _("请选择业主表决适用的规则。")})
    first = earliest_opening(question.pack_code, now)
    if timezone.localdate(question.opens_at) < timezone.localdate(first):
        days = rules_of(pack_in_force(question.pack_code, timezone.localdate(now))).notice_days
        said = {"days": days, "day": timezone.localdate(first)}
        wrong["opens_at"] = (
            _("按规则须提前 %(days)s 天公告，最早 %(day)s 开始。") % said if days else _("开始时间不能早于今天。")
        )
    if question.closes_at <= max(question.opens_at, now):
        wrong["closes_at"] = _("截止时间须晚于开始时间和现在。")
    if wrong:
        raise ValidationError(wrong)
    return words("text", question.text, _("请写明请业主表决的内容。"))


def _follow_up(decision: Decision, follow_up_id: int | None) -> FollowUp | None:
    if follow_up_id is None:
        return asking_follow_up(decision)
    found = FollowUp.objects.select_for_update(of=("self",)).filter(pk=follow_up_id, decision=decision).first()
    if found is None:
        raise ValidationError(_("没有这件落实事项，请从决议页重新发起。"))
    return found


def _is_owed(follow_up: FollowUp) -> bool:
    return follow_up.kind == FollowUpKind.OWNERS_BALLOT and follow_up.state in OWED_FOLLOW_UPS


def _locked_decision(decision_id: int) -> tuple[Decision, Council]:
    council = locked_council(Decision.objects.only("council_id").get(pk=decision_id).council_id)
    return locked(Decision, decision_id, "council", "case__area", "item__topic"), council


def _assembly(area: Area) -> Council:
    """The owners' assembly of an estate, locked; made when the estate has none yet."""
    known = Council.objects.filter(area=area, kind=CouncilKind.OWNERS_ASSEMBLY, active=True).order_by("pk").first()
    if known is None:
        tail = gettext("业主大会")
        name = f"{area.name[: NAME_LENGTH - len(tail)]}{tail}"
        kind = CouncilKind.OWNERS_ASSEMBLY
        known, _made = Council.objects.get_or_create(
            code=f"owners-{area.pk}", defaults={"name": name, "kind": kind, "area": area}
        )
    return locked_council(known.pk)


def _post(poll: Poll, kind: NoticeKind, title: str, body: str, *, until: datetime, **by: Any) -> None:
    where = gettext("小区公告栏、网上公示")
    post_notice(
        poll.council, kind, title[:TITLE_LENGTH], body, channels=where, until=until, alarm_at=until, poll=poll, **by
    )


@transaction.atomic
def open_owners_ballot(*, poll_id: int, actor: User | None, now: datetime) -> bool:
    """Freeze the roll and take votes; by the clock (no actor), or by who runs it once the time has come.

    False when it was open already. Raises PermissionDenied, ValidationError (too early, no register left).
    """
    _locked_councils(poll_id)
    return _open(poll_id, actor=actor, now=now)


def _open(poll_id: int, *, actor: User | None, now: datetime) -> bool:
    poll = _locked_poll(poll_id)
    _require_runner(poll, actor, "open_owners_ballot")
    if poll.state == PollState.OPEN:
        return False
    make(poll, "open", at=now)
    if poll.opens_at is None or now < poll.opens_at:
        raise ValidationError(_("还没有到公告的开始时间，不能提前开始。"))
    roll = electors_of(poll, poll.council.area)
    if not roll:
        raise ValidationError(_("业主名册是空的，不能开始表决：请先导入名册。"))
    Elector.objects.bulk_create(roll, batch_size=BATCH)
    poll.at_opening = {"heads": sum(e.head for e in roll), "area_cm2": sum(e.area_cm2 for e in roll)}
    poll.save(update_fields=["state", "opened_at", "at_opening"])
    say(poll.council, EventType.POLL_OPENED, actor=actor, now=now, poll=poll.pk, topic=poll.topic_id, **poll.at_opening)
    return True


@transaction.atomic
def close_owners_ballot(*, poll_id: int, actor: User | None, now: datetime) -> bool:
    """Take no more votes: by the clock at its time, or earlier by who runs it when everybody has voted.

    False when it was closed already. Raises TransitionNotAllowed, PermissionDenied, ValidationError (too early).
    """
    _locked_councils(poll_id)
    poll = _locked_poll(poll_id)
    _require_runner(poll, actor, "close_owners_ballot")
    if poll.state == PollState.CLOSED:
        return False
    make(poll, "close", at=now)
    returned = poll.ballots.filter(struck_at=None).count()
    out = poll.electors.count() - returned
    is_time = poll.closes_at is not None and now >= poll.closes_at
    if out and not is_time:
        raise ValidationError(_("还有 %(n)s 票未回，截止时间以前不能提前结束。") % {"n": out})
    poll.at_closing = {"returned": returned, "out": out}
    poll.save(update_fields=["state", "closed_at", "at_closing"])
    say(poll.council, EventType.POLL_CLOSED, actor=actor, now=now, poll=poll.pk, **poll.at_closing)
    return True


@transaction.atomic
def certify_owners_ballot(*, poll_id: int, actor: User, now: datetime) -> Certification:
    """Count, and keep the result with everything it follows from; a yes settles the follow-up that asked for it.

    Raises TransitionNotAllowed, PermissionDenied.
    """
    council = _locked_councils(poll_id)
    poll = _locked_poll(poll_id)
    make(poll, "certify")
    _require_runner(poll, actor, "certify_owners_ballot")
    row = keep(poll, compute(poll), actor, now)
    poll.save(update_fields=["state"])
    said = {"poll": poll.pk, "n": row.n, "outcome": row.outcome, "input_sha256": row.input_sha256}
    say(poll.council, EventType.POLL_CERTIFIED, actor=actor, now=now, **said)
    if is_adopted(row):
        _settle(poll, council, actor, now)
    return row


def _settle(poll: Poll, council: Council, actor: User, now: datetime) -> None:
    """What asked for the ballot is done, when whoever certified may say so and its decision is still in force."""
    asked = FollowUp.objects.filter(poll=poll, decision__council=council, decision__state__in=DECISIONS_IN_FORCE)
    if access.is_secretary_of(council, actor):
        for follow_up in asked.select_related("decision"):
            settle_owners_ballot(follow_up, actor=actor, now=now, text=gettext("业主表决已通过，结果已核定。"))


@transaction.atomic
def publish_owners_ballot(*, poll_id: int, actor: User, now: datetime) -> Poll:
    """Post the result for as long as its rules say. Raises TransitionNotAllowed, PermissionDenied."""
    _locked_councils(poll_id)
    poll = _locked_poll(poll_id)
    make(poll, "publish")
    _require_runner(poll, actor, "publish_owners_ballot")
    poll.save(update_fields=["state"])
    row = newest(poll)
    if row is None:
        raise ValidationError(_("结果还没有核定，不能公布。"))
    title = gettext("业主表决结果：%(topic)s") % {"topic": poll.topic.title}
    publish = rules_of(poll.pack).publish
    until = end_after(now, max(publish.min_days, 1), publish.calendar)
    _post(poll, NoticeKind.RESULT, title, result_text(poll, row), until=until, actor=actor, now=now)
    return poll


def end_due_ballots(*, now: datetime) -> dict[str, int]:
    """Open and close what is due; several sweepers at once do each once."""
    counts = {"ballots_opened": 0, "ballots_closed": 0}
    due = Q(state=PollState.DRAFT, opens_at__lte=now) | Q(state=PollState.OPEN, closes_at__lte=now)
    polls = Poll.objects.filter(due, item=None).select_related("council__area").order_by("pk")
    for poll in polls:
        opens = poll.state == PollState.DRAFT
        if opens and not has_register(poll.council.area):
            continue  # the page says that the register is missing
        if opens:
            counts["ballots_opened"] += open_owners_ballot(poll_id=poll.pk, actor=None, now=now)
        else:
            counts["ballots_closed"] += close_owners_ballot(poll_id=poll.pk, actor=None, now=now)
    return counts


def _locked_councils(poll_id: int) -> Council:
    """The council that recommended, locked, and the owners' assembly after it."""
    known = Poll.objects.select_related("topic").only("council_id", "topic__council_id").get(pk=poll_id)
    council = locked_council(known.topic.council_id)
    locked_council(known.council_id)
    return council


def _locked_poll(poll_id: int) -> PollLifecycle:
    poll = locked(PollLifecycle, poll_id, "council__area", "topic__council", "pack")
    if poll.item_id is not None:
        raise ValidationError(_("这不是业主表决。"))
    return poll


def _require_runner(poll: Poll, actor: User | None, what: str) -> None:
    """The clock (no actor) may always; it acts only when the time has come. Raises PermissionDenied."""
    if actor is not None and not runs_ballot(poll, actor):
        raise PermissionDenied(what)
