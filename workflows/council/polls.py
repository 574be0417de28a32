"""Polls on agenda items: open with a frozen roll, close, certify; void by two people. A re-vote is a new poll.

Lock order: the council, the item, the poll. A ballot locks its poll only.
"""

import random
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.council_terms import ItemKind, ItemState, MeetingState, PollMethod, PollOutcome, PollState
from cases.models import AgendaItem, Certification, Council, Elector, Participation, Poll, Seat, Slip, User
from cases.terms import DecisionOutcome, EventType
from workflows.council import access, presence
from workflows.council.acts import digest, locked, locked_council, make, say, words
from workflows.council.certify import compute, keep, newest
from workflows.council.decisions import form_decision
from workflows.council.packs import rules_of
from workflows.machines import ItemLifecycle, PollLifecycle
from workflows.polling.facts import Measure
from workflows.polling.result import BallotRefused, Needed, NotCountable, heads_needed
from workflows.polling.rules import RulePack

DICE = random.SystemRandom()
TAKEN = (PollState.CERTIFIED, PollState.PUBLISHED)


@transaction.atomic
def open_poll(
    *, item_id: int, method: str, actor: User, now: datetime, recused: Mapping[int, str] | None = None
) -> Poll:
    """Put the newest draft of an item to the vote: the roll is frozen, quorum is checked at this moment.

    `recused` are seats that take no part, with the reason. Raises TransitionNotAllowed, PermissionDenied,
    ValidationError (not announced, a method that the rules do not know, no quorum).
    """
    council, item = _item(item_id)
    access.require_secretary(council, actor, "open_poll")
    rules = rules_of(item.meeting.pack)
    _check_item(item, method, rules)
    make(item, "put_to_vote")
    item.save(update_fields=["state"])
    draft = item.drafts.order_by("-n").first()
    if draft is None:
        raise ValidationError(_("请先写好决议草案。"))
    poll = PollLifecycle.objects.create(
        council=council,
        topic=item.topic,
        item=item,
        draft=draft,
        text=draft.body,
        sha256=digest(draft.body),
        method=method,
        pack=item.meeting.pack,
        follows=item.polls.order_by("-pk").first(),
        created_by=actor,
        created_at=now,
    )
    electors = _frozen(poll, item, recused or {})
    poll.at_opening = snapshot(poll, electors, now)
    if any(need["missing"] for need in poll.at_opening["quorum"]):
        raise ValidationError(no_quorum_words(poll.at_opening["quorum"]))
    make(poll, "open", at=now)
    poll.save(update_fields=["state", "opened_at", "at_opening"])
    said = {"method": method, "heads": poll.at_opening["heads"], "recused": sorted(recused or {})}
    say(council, EventType.POLL_OPENED, actor=actor, now=now, poll=poll.pk, item=item.pk, **said)
    return poll


def _check_item(item: AgendaItem, method: str, rules: RulePack) -> None:
    if item.meeting.state != MeetingState.IN_SESSION:
        raise ValidationError(_("会议还没有开始或正在休会，不能表决。"))
    if item.kind not in (ItemKind.DECIDE, ItemKind.DELIBERATE):
        raise ValidationError(_("通报和回头看的事项不表决。"))
    if item.published_at is None and (rules.unannounced_items != "emergency" or not item.late_reason):
        raise ValidationError(_("这一项没有列入会议通知，不能表决。"))
    if method not in rules.ballot:
        raise ValidationError({"method": _("本会议事规则没有这种表决方式，请另选。")})
    measures = {*(rule.measure for rule in rules.quorum), *(rule.measure for rule in rules.approval)}
    if Measure.AREA in measures:
        raise ValidationError(_("按面积计票的事项须由全体业主表决，请发起业主表决。"))
    if method == PollMethod.SECRET and any(rule.group != "all" for rule in rules.approval):
        raise ValidationError({"method": _("规则要分方计票，不能无记名：那会看出谁怎样投票。")})
    if rules.after and not _adopted_before(item, rules.after):
        raise ValidationError(_("按规则须先经过上一步会议通过，这个议题还没有。"))


def _adopted_before(item: AgendaItem, pack_code: str) -> bool:
    cases = item.topic.cases.values("pk")
    earlier = Poll.objects.filter(topic__cases__in=cases, pack__code=pack_code, state__in=TAKEN).distinct()
    return any((row := newest(poll)) and row.outcome == PollOutcome.ADOPTED for poll in earlier)


def _frozen(poll: Poll, item: AgendaItem, recused: Mapping[int, str]) -> list[Elector]:
    """The roll as it is now: the voting seats that were invited, one head each."""
    seats = presence.voting_seats(item.meeting)
    for pk, reason in recused.items():
        if pk not in {seat.pk for seat in seats} or not reason.strip():
            raise ValidationError({"recused": _("回避的人须在名单里，并写明理由。")})
    rows = [_elector(poll, seat, recused.get(seat.pk)) for seat in seats]
    return Elector.objects.bulk_create(rows)


def _elector(poll: Poll, seat: Seat, reason: str | None) -> Elector:
    return Elector(
        poll=poll,
        voter=f"seat:{seat.pk}",
        label=seat.name,
        party=seat.party.code,
        recused=reason is not None,
        recusal=(reason or "").strip()[:200],
        seat=seat,
    )


def snapshot(poll: Poll, electors: Collection[Elector], at: datetime) -> dict[str, Any]:
    """Who is there at a moment, themselves or by mandate, and what that means for each quorum by heads."""
    if poll.item is None:
        raise ValueError("an owners' ballot has no room to be in")
    there = presence.counted_at(poll.item.meeting, at, poll.item)
    present = sorted(e.voter for e in electors if e.seat_id in there and not e.recused)
    needs = needs_of(poll, electors, present)
    rows = [{"group": n.group, "present": n.present, "needed": n.needed, "missing": n.missing} for n in needs]
    return {"present": present, "heads": len(electors), "quorum": rows}


def needs_of(poll: Poll, electors: Collection[Elector], present: Collection[str]) -> list[Needed]:
    """Each quorum by heads of the rules of a poll."""
    from workflows.polling import facts  # noqa: PLC0415  # the pure elector beside the row of the same name

    roll = [facts.Elector(e.voter, e.party, e.head, e.area_cm2, e.recused) for e in electors]
    return heads_needed(rules_of(poll.pack), roll, present)


def no_quorum_words(quorum: Collection[Mapping[str, Any]]) -> str:
    """到会人数不足，还差 2 人: the greatest need."""
    return _("到会人数不足法定人数，还差 %(n)s 人，不能表决。") % {"n": max(need["missing"] for need in quorum)}


@transaction.atomic
def close_poll(*, poll_id: int, actor: User, now: datetime) -> Poll:
    """Take no more votes; who is there is looked at again. Raises TransitionNotAllowed, PermissionDenied."""
    council, poll = locked_poll(poll_id)
    access.require_secretary(council, actor, "close_poll")
    require_item(poll)
    make(poll, "close", at=now)
    _finish(poll, now)
    say(council, EventType.POLL_CLOSED, actor=actor, now=now, poll=poll.pk, item=poll.item_id)
    return poll


def _finish(poll: PollLifecycle, now: datetime) -> None:
    poll.at_closing = snapshot(poll, list(poll.electors.all()), now)
    poll.save(update_fields=["state", "closed_at", "at_closing"])
    if poll.method == PollMethod.SECRET:
        _mix(poll)


def _mix(poll: Poll) -> None:
    """Write the slips and the list of those who voted anew, so that no order and no transaction joins them."""
    voters = sorted(poll.participations.values_list("elector_id", flat=True))
    choices = list(poll.slips.values_list("choice", flat=True))
    DICE.shuffle(choices)
    poll.participations.all().delete()
    poll.slips.all().delete()
    Participation.objects.bulk_create(Participation(poll=poll, elector_id=pk) for pk in voters)
    rows = [Slip(id=uuid.uuid4(), poll=poll, choice=choice) for choice in choices]
    Slip.objects.bulk_create(sorted(rows, key=lambda row: row.pk))


@transaction.atomic
def certify_poll(*, poll_id: int, actor: User, now: datetime) -> Certification:
    """Compute the result and keep it; the item is decided, or goes back to the discussion without quorum.

    Raises TransitionNotAllowed, PermissionDenied, ValidationError (what was counted cannot be).
    """
    council, poll = locked_poll(poll_id)
    access.require_secretary(council, actor, "certify_poll")
    item = require_item(poll)
    make(poll, "certify")
    try:
        found = compute(poll)
    except (BallotRefused, NotCountable) as error:
        raise ValidationError(_("票数有误，请核对：%(error)s") % {"error": error}) from error
    row = keep(poll, found, actor, now)
    poll.save(update_fields=["state"])
    said = {"n": row.n, "outcome": row.outcome, "input_sha256": row.input_sha256}
    say(council, EventType.POLL_CERTIFIED, actor=actor, now=now, poll=poll.pk, item=poll.item_id, **said)
    if row.outcome == PollOutcome.NO_QUORUM:
        _back_to_discussion(item.pk)
    else:
        outcome = DecisionOutcome.ADOPTED if row.outcome == PollOutcome.ADOPTED else DecisionOutcome.NOT_ADOPTED
        form_decision(item, outcome=outcome, text=poll.text, actor=actor, now=now, poll=poll, certification=row)
    return row


def require_item(poll: Poll) -> AgendaItem:
    """The item that a poll is about. Raises ValidationError for a ballot of all owners: it has its own commands."""
    if poll.item is None:
        raise ValidationError(_("业主表决请在业主表决页办理。"))
    return poll.item


def _back_to_discussion(item_id: int) -> None:
    item = locked(ItemLifecycle, item_id)
    if item.state == ItemState.POLLING:
        make(item, "take_back")
        item.save(update_fields=["state"])


@transaction.atomic
def ask_to_void(*, poll_id: int, actor: User, now: datetime, reason: str) -> Poll:
    """The secretary asks to have a poll declared void; an overseer agrees. Raises PermissionDenied, ValidationError."""
    council, poll = locked_poll(poll_id)
    access.require_secretary(council, actor, "ask_to_void")
    _check_voidable(poll)
    poll.void_reason = words("reason", reason, _("请写明为什么作废。"), longest=300)
    poll.void_asked_by = actor
    poll.save(update_fields=["void_reason", "void_asked_by"])
    said = {"move": "ask", "reason": poll.void_reason}
    say(council, EventType.POLL_VOIDED, actor=actor, now=now, poll=poll.pk, item=poll.item_id, **said)
    return poll


@transaction.atomic
def void_poll(*, poll_id: int, actor: User, now: datetime) -> Poll:
    """Agree that a poll is void: its ballots stay, its item goes back to the discussion.

    Raises TransitionNotAllowed, PermissionDenied (no overseer, or the one who asked), ValidationError (nobody asked).
    """
    council, poll = locked_poll(poll_id)
    access.require_overseer(council, actor, "void_poll")
    _check_voidable(poll)
    if poll.void_asked_by_id is None:
        raise ValidationError(_("还没有人提请作废。"))
    if poll.void_asked_by_id == actor.pk:
        raise PermissionDenied("void_poll")
    make(poll, "void", at=now)
    poll.void_agreed_by = actor
    poll.save(update_fields=["state", "voided_at", "void_agreed_by"])
    if poll.item_id:
        _back_to_discussion(poll.item_id)
    said = {"move": "agree", "reason": poll.void_reason}
    say(council, EventType.POLL_VOIDED, actor=actor, now=now, poll=poll.pk, item=poll.item_id, **said)
    return poll


@transaction.atomic
def decline_to_void(*, poll_id: int, actor: User, now: datetime, note: str) -> Poll:
    """Do not agree: the poll goes on, and it may be asked for again. Raises PermissionDenied, ValidationError."""
    council, poll = locked_poll(poll_id)
    access.require_overseer(council, actor, "decline_to_void")
    if poll.void_asked_by_id == actor.pk:
        raise PermissionDenied("decline_to_void")
    said = {"move": "decline", "reason": words("note", note, _("请写明不同意的理由。"), longest=300)}
    poll.void_asked_by, poll.void_reason = None, ""
    poll.save(update_fields=["void_asked_by", "void_reason"])
    say(council, EventType.POLL_VOIDED, actor=actor, now=now, poll=poll.pk, item=poll.item_id, **said)
    return poll


def _check_voidable(poll: Poll) -> None:
    if poll.decisions.exists():
        raise ValidationError(_("结果已形成决议：请在决议页暂缓、撤销或另作决议。"))
    if poll.state == PollState.VOID:
        raise ValidationError(_("这次表决已经作废。"))


def locked_poll(poll_id: int) -> tuple[Council, PollLifecycle]:
    """The council, then the poll, both locked."""
    council = locked_council(Poll.objects.only("council_id").get(pk=poll_id).council_id)
    poll = locked(PollLifecycle, poll_id, "pack", "topic", "item__meeting__pack", "item__topic")
    return council, poll


def _item(item_id: int) -> tuple[Council, ItemLifecycle]:
    found = AgendaItem.objects.select_related("meeting").get(pk=item_id)
    council = locked_council(found.meeting.council_id)
    item = locked(ItemLifecycle, item_id, "meeting__pack", "topic")
    item.meeting.council = council
    return council, item
