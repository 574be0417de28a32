"""The agenda: what comes on it, in which order, with which wording, and how each item ends."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from cases.council_terms import ItemKind, ItemState, MeetingState, Stance, TopicState
from cases.models import AgendaItem, Council, Decision, DraftText, Meeting, Seat, Statement, Topic, User
from cases.terms import DecisionOutcome, EventType
from workflows.council import access
from workflows.council.acts import digest, locked, locked_council, make, next_serial, say, words
from workflows.council.decisions import form_decision
from workflows.council.packs import rules_of
from workflows.council.topics import check_rested
from workflows.machines import ItemLifecycle

RUNNING = (MeetingState.IN_SESSION, MeetingState.RECESS)
OPEN = (ItemState.ACCEPTED, ItemState.ANNOUNCED, ItemState.IN_DISCUSSION, ItemState.POLLING)
ENDING = {"adjourn": _("请写明延后的理由。"), "refer": _("请写明转交的理由。"), "withdraw": _("请写明撤回的理由。")}


def put_on_agenda(
    meeting: Meeting,
    topic: Topic,
    *,
    kind: str,
    now: datetime,
    carried_from: AgendaItem | None = None,
    late_reason: str = "",
) -> AgendaItem:
    """Put a topic that was taken up at the end of an agenda, with its text, or that of last time, as the first draft.

    The council is locked. Raises ValidationError (not taken up, already on it, voted down too recently).
    """
    if topic.council_id != meeting.council_id or topic.state != TopicState.ACCEPTED:
        raise ValidationError(_("“%(topic)s”还没有列为议题，不能列入议程。") % {"topic": topic})
    if meeting.items.filter(topic=topic).exists():
        raise ValidationError(_("“%(topic)s”已在议程里。") % {"topic": topic})
    if topic.items.filter(state__in=OPEN).exists():
        raise ValidationError(_("“%(topic)s”已在另一次会议的议程里。") % {"topic": topic})
    check_rested(topic, now)
    carried_from = carried_from or _left_over(topic)
    last = meeting.items.aggregate(last=Max("position"))["last"] or 0
    item = ItemLifecycle(
        meeting=meeting, topic=topic, kind=kind, position=last + 1, carried_from=carried_from, late_reason=late_reason
    )
    make(item, "accept")
    item.save()
    draft = carried_from.drafts.order_by("-n").first() if carried_from else None
    body = draft.body if draft else topic.text
    DraftText.objects.create(
        item=item, n=1, body=body, sha256=digest(body), written_by=meeting.created_by, written_at=now
    )
    return item


def _left_over(topic: Topic) -> AgendaItem | None:
    """The item that was put off and comes back now; or stood on the agenda of a meeting that was cancelled."""
    cancelled = Q(state=ItemState.WITHDRAWN, meeting__state=MeetingState.CANCELLED)
    left = topic.items.filter(Q(state=ItemState.ADJOURNED) | cancelled, carried_to=None)
    return left.order_by("-pk").first()


@transaction.atomic
def add_item(
    *, meeting_id: int, topic_id: int, actor: User, now: datetime, kind: str = ItemKind.DECIDE, late_reason: str = ""
) -> AgendaItem:
    """Another topic: before the notice freely, in the meeting only where the rules allow it, with a reason.

    Raises PermissionDenied, ValidationError.
    """
    council, meeting = _meeting(meeting_id)
    access.require_secretary(council, actor, "add_item")
    if meeting.state != MeetingState.DRAFT:
        if meeting.state not in RUNNING:
            raise ValidationError(_("会议已通知，不能再加议题。"))
        if rules_of(meeting.pack).unannounced_items != "emergency":
            raise ValidationError(_("本会议事规则不允许临时增加议题。"))
        late_reason = words("late_reason", late_reason, _("请写明为什么没有提前公告。"), longest=300)
    topic = Topic.objects.filter(council=council).get(pk=topic_id)
    item = put_on_agenda(meeting, topic, kind=kind, now=now, late_reason=late_reason)
    _said(council, item, "add", actor, now, reason=late_reason)
    return item


@transaction.atomic
def reorder_item(*, item_id: int, up: bool, actor: User, now: datetime) -> AgendaItem:
    """One place up or down, until the notice is posted. Raises PermissionDenied, ValidationError."""
    council, item = _item(item_id)
    access.require_secretary(council, actor, "reorder_item")
    if item.meeting.state != MeetingState.DRAFT:
        raise ValidationError(_("议程已公告，次序不能再改。"))
    others = item.meeting.items.filter(**{"position__lt" if up else "position__gt": item.position})
    other = others.order_by("-position" if up else "position").first()
    if other is not None:
        item.position, other.position = other.position, item.position
        item.save(update_fields=["position"])
        other.save(update_fields=["position"])
        _said(council, item, "reorder", actor, now)
    return item


@transaction.atomic
def drop_item(*, item_id: int, actor: User, now: datetime) -> None:
    """Take it off again before anybody was told of it. Raises PermissionDenied, ValidationError."""
    council, item = _item(item_id)
    access.require_secretary(council, actor, "drop_item")
    if item.meeting.state != MeetingState.DRAFT:
        raise ValidationError(_("议程已公告，请用“撤回”。"))
    _said(council, item, "drop", actor, now, topic=item.topic_id)
    item.drafts.all().delete()
    item.delete()


@transaction.atomic
def write_draft(*, item_id: int, body: str, actor: User, now: datetime) -> DraftText:
    """A new wording, beside the ones before; not while it is voted on. Raises PermissionDenied, ValidationError."""
    council, item = _item(item_id)
    access.require_secretary(council, actor, "write_draft")
    if item.state not in (ItemState.ACCEPTED, ItemState.ANNOUNCED, ItemState.IN_DISCUSSION):
        raise ValidationError(_("这一项已付诸表决或有结论，草案不能再改。"))
    text = words("body", body, _("请写明决议草案。"))
    last = item.drafts.order_by("-n").first()
    if last is not None and last.body == text:
        return last
    n = last.n + 1 if last else 1
    return DraftText.objects.create(item=item, n=n, body=text, sha256=digest(text), written_by=actor, written_at=now)


@transaction.atomic
def discuss_item(*, item_id: int, actor: User, now: datetime) -> AgendaItem:
    """Take it up in the room. Raises TransitionNotAllowed, PermissionDenied, ValidationError."""
    council, item = _item(item_id)
    access.require_secretary(council, actor, "discuss_item")
    if item.meeting.state != MeetingState.IN_SESSION:
        raise ValidationError(_("会议还没有开始或正在休会。"))
    if item.published_at is None and not item.late_reason:
        raise ValidationError(_("这一项没有公告，不能讨论。"))
    make(item, "discuss")
    item.save(update_fields=["state"])
    _said(council, item, "discuss", actor, now)
    return item


@transaction.atomic
def add_statement(*, item_id: int, seat_id: int, stance: str, text: str, actor: User, now: datetime) -> Statement:
    """Note what somebody said. Raises PermissionDenied, ValidationError (not up for discussion)."""
    council, item = _item(item_id)
    access.require_secretary(council, actor, "add_statement")
    if item.state not in (ItemState.IN_DISCUSSION, ItemState.POLLING):
        raise ValidationError(_("这一项不在讨论中，不能记发言。"))
    seat = Seat.objects.get(pk=seat_id, party__council=council)
    return Statement.objects.create(item=item, seat=seat, stance=Stance(stance), text=text.strip(), at=now)


@transaction.atomic
def settle_by_consensus(*, item_id: int, actor: User, now: datetime) -> Decision:
    """Nobody objects: decided without a poll, where quorum holds. Raises TransitionNotAllowed, ValidationError."""
    from workflows.council.presence import counted_at, quorum_now  # noqa: PLC0415  # it reads meetings, as this does

    council, item = _item(item_id)
    access.require_secretary(council, actor, "settle_by_consensus")
    if item.kind not in (ItemKind.DECIDE, ItemKind.DELIBERATE):
        raise ValidationError(_("通报和回头看的事项不作决议。"))
    if any(need.missing for need in quorum_now(item.meeting, counted_at(item.meeting, now, item))):
        raise ValidationError(_("到会人数不足法定人数，不能议定。"))
    draft = item.drafts.order_by("-n").first()
    if draft is None:
        raise ValidationError(_("请先写好决议草案。"))
    return form_decision(item, outcome=DecisionOutcome.CONSENSUS, text=draft.body, actor=actor, now=now)


@transaction.atomic
def note_item(*, item_id: int, actor: User, now: datetime, words_of_it: str) -> AgendaItem:
    """What only informs or looks back ends with what was noted. Raises TransitionNotAllowed, ValidationError."""
    council, item = _item(item_id)
    access.require_secretary(council, actor, "note_item")
    if item.kind not in (ItemKind.INFORM, ItemKind.REVIEW):
        raise ValidationError(_("这一项要议定，不能只作通报。"))
    make(item, "decide", at=now, outcome=words("outcome", words_of_it, _("请写明通报的结论。"), longest=300))
    item.save(update_fields=["state", "decided_at", "outcome"])
    _said(council, item, "note", actor, now, reason=item.outcome)
    return item


@transaction.atomic
def end_item(
    *, item_id: int, move: str, reason: str, actor: User, now: datetime, council_id: int | None = None
) -> AgendaItem:
    """It ends without a decision here: `move` is adjourn, refer (to another council) or withdraw.

    What is adjourned waits for the next meeting with its text. Raises TransitionNotAllowed, ValidationError.
    """
    council, item = _item(item_id)
    access.require_secretary(council, actor, "end_item")
    if move not in ENDING:
        raise ValidationError(_("请选择怎样结束这一项。"))
    said = words("reason", reason, ENDING[move], longest=300)
    make(item, move, reason=said)
    if move == "refer":
        item.referred_to = _referred(item, council, council_id, actor, now)
    item.save(update_fields=["state", "outcome", "referred_to"])
    _said(council, item, move, actor, now, reason=said)
    return item


def _referred(item: AgendaItem, council: Council, council_id: int | None, actor: User, now: datetime) -> Council:
    """A topic of its own at the other council, resting on the same cases, which go along."""
    other = Council.objects.filter(active=True, pk=council_id or 0).exclude(pk=council.pk).select_for_update().first()
    if other is None:
        raise ValidationError({"council": _("请选择转交给哪个议事会。")})
    year, serial = next_serial(other.topics, now)
    topic = Topic.objects.create(
        council=other,
        year=year,
        serial=serial,
        title=item.topic.title,
        text=item.topic.text,
        matter=item.topic.matter,
        proposer=str(council),
        proposed_by=actor,
        proposed_at=now,
    )
    topic.cases.set(item.topic.cases.all())
    for case in item.topic.cases.filter(council=council).select_for_update(of=("self",)).order_by("pk"):
        case.council = other
        case.save(update_fields=["council"])
    say(other, EventType.TOPIC_PROPOSED, actor=actor, now=now, topic=topic.pk, number=topic.number, item=item.pk)
    return other


def _meeting(meeting_id: int) -> tuple[Council, Meeting]:
    council = locked_council(Meeting.objects.only("council_id").get(pk=meeting_id).council_id)
    meeting = locked(Meeting, meeting_id, "pack")
    meeting.council = council
    return council, meeting


def _item(item_id: int) -> tuple[Council, ItemLifecycle]:
    found = AgendaItem.objects.select_related("meeting").get(pk=item_id)
    council = locked_council(found.meeting.council_id)
    item = locked(ItemLifecycle, item_id, "meeting__pack", "topic")
    item.meeting.council = council
    return council, item


def _said(council: Council, item: AgendaItem, move: str, actor: User, now: datetime, **data: object) -> None:
    say(
        council,
        EventType.ITEM_MOVED,
        actor=actor,
        now=now,
        item=item.pk,
        meeting=item.meeting_id,
        move=move,
        **data,
    )
