"""Decisions: formed at an agenda item with the literal text of the draft, and posted for their time.

Lock order: the council first, then the decision and its notice.
"""

import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.council_terms import DecisionKind, DecisionState, NoticeKind
from cases.models import AgendaItem, Certification, Council, Decision, Notice, Poll, User
from cases.terms import DecisionOutcome, EventType
from workflows.council import access
from workflows.council.acts import locked, locked_council, make, say
from workflows.council.decision_words import notice_text, office_words
from workflows.council.notices import post_notice
from workflows.council.packs import competent_in
from workflows.council.periods import end_after, publishing_of
from workflows.machines import DecisionLifecycle, ItemLifecycle, PollLifecycle

LONGEST_TITLE = 120


def form_decision(  # noqa: PLR0913  # what was decided, word by word
    item: AgendaItem,
    *,
    outcome: DecisionOutcome,
    text: str,
    actor: User,
    now: datetime,
    poll: Poll | None = None,
    certification: Certification | None = None,
) -> Decision:
    """What an item came to: a numbered decision, not in force yet; the item is decided. The council is locked.

    `text` is the draft, letter by letter. It only recommends where another body is competent in the matter.
    Raises TransitionNotAllowed (the item is not up for a decision), ValidationError (another text than the draft).
    """
    row = locked(ItemLifecycle, item.pk, "meeting__council", "topic")
    _check_text(row, text, poll)
    council, matter = row.meeting.council, competent_in(row.topic.matter)
    is_ours = matter.competent == council.kind
    make(row, "decide", at=now, outcome=office_words(DecisionOutcome(outcome).label))
    row.save(update_fields=["state", "decided_at", "outcome"])
    decision = Decision.objects.create(
        case_id=row.topic.cases.order_by("pk").values_list("pk", flat=True)[0],
        council=council,
        item=row,
        poll=poll,
        certification=certification,
        number=next_number(council, now),
        kind=DecisionKind.DECISION if is_ours else DecisionKind.RECOMMENDATION,
        competent="" if is_ours else matter.competent,
        state=DecisionState.PROVISIONAL,
        outcome=outcome,
        text=text,
        decided_on=timezone.localdate(now),
        recorded_by=actor,
        recorded_at=now,
    )
    _say_formed(decision, actor, now)
    return decision


def _check_text(item: AgendaItem, text: str, poll: Poll | None) -> None:
    """The text is that of the poll, else that of a draft of the item, where it has any."""
    if not text.strip():
        raise ValidationError({"text": _("请写明决议内容。")})
    drafts = [poll.text] if poll else list(item.drafts.values_list("body", flat=True))
    if drafts and text not in drafts:
        raise ValidationError({"text": _("决议内容须与决议草案一字不差，要改请先改草案。")})


def next_number(council: Council, now: datetime) -> str:
    """〔2026〕决议7号: the next of this council in the year at `now`; the council is locked."""
    year = timezone.localtime(now, timezone.get_default_timezone()).year
    given = council.decisions.filter(number__startswith=f"〔{year}〕决议").values_list("number", flat=True)
    found = [re.fullmatch(rf"〔{year}〕决议(\d+)号", number, re.ASCII) for number in given]
    return f"〔{year}〕决议{max((int(n[1]) for n in found if n), default=0) + 1}号"


def _say_formed(decision: Decision, actor: User, now: datetime) -> None:
    say(
        decision.council,
        EventType.DECISION_RECORDED,
        actor=actor,
        now=now,
        decision=decision.pk,
        item=decision.item_id,
        poll=decision.poll_id,
        number=decision.number,
        kind=decision.kind,
        outcome=decision.outcome,
    )


@transaction.atomic
def publish_decision(*, decision_id: int, actor: User, now: datetime, channels: str = "") -> Notice:
    """Post it for the time that the rules say; it takes effect when that time is over.

    What follows must be planned before, or why nothing does; of what was not adopted nothing follows. A notice that
    goes up later than the rules allow is posted all the same: the history says that it was late.
    Raises TransitionNotAllowed, PermissionDenied (no secretary), ValidationError (nothing planned).
    """
    council = locked_council(Decision.objects.only("council_id").get(pk=decision_id).council_id)
    decision = locked(DecisionLifecycle, decision_id, "item__topic", "item__meeting__pack", "poll__pack")
    make(decision, "publish")
    access.require_secretary(council, actor, "publish_decision")
    _check_plan(decision)
    rules = publishing_of(decision)
    until = end_after(now, rules.min_days, rules.calendar)
    decision.objection_until = end_after(now, rules.objection_days, rules.calendar)
    decision.save(update_fields=["state", "objection_until", "nothing_to_do"])
    title, body = notice_text(decision)
    passed = decision.outcome != DecisionOutcome.NOT_ADOPTED
    notice = post_notice(
        council,
        NoticeKind.DECISION if passed else NoticeKind.RESULT,
        title[:LONGEST_TITLE],
        body,
        until=until,
        alarm_at=until,
        actor=actor,
        now=now,
        channels=channels,
        decision=decision,
    )
    is_late = now > publish_by(decision)
    said = {"notice": notice.pk, "objection_until": decision.objection_until, "late": is_late}
    say(council, EventType.DECISION_MOVED, actor=actor, now=now, decision=decision.pk, move="publish", **said)
    _publish_poll(decision)
    return notice


def _check_plan(decision: Decision) -> None:
    if decision.nothing_to_do or decision.follow_ups.exists():
        return
    if decision.outcome != DecisionOutcome.NOT_ADOPTED:
        raise ValidationError(_("请先安排落实事项（责任单位和日期），或写明无须落实的理由，再张贴公示。"))
    decision.nothing_to_do = office_words(_("未通过，无须落实"))


def _publish_poll(decision: Decision) -> None:
    if decision.poll_id is None:
        return
    poll = locked(PollLifecycle, decision.poll_id)
    make(poll, "publish")
    poll.save(update_fields=["state"])


def publish_by(decision: Decision) -> datetime:
    """Until when the rules want it posted."""
    rules = publishing_of(decision)
    return end_after(decision.recorded_at, rules.within_days, rules.calendar)
