import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django_fsm import TransitionNotAllowed
from PIL import Image

from cases.council_terms import DecisionState, NoticeKind, NoticeState
from cases.models import Decision, Notice
from cases.terms import EventType
from tests.decided import DAY, photo, said
from tests.factories import World
from tests.posted import AFTER, ENDS, OBJECTIONS_END, last_second, posted, state_of
from workflows.council import notices as acts
from workflows.council.acts import locked_council
from workflows.council.decision_reviews import remand_decision, suspend_decision
from workflows.council.notices import end_due_notices, post_notice
from workflows.tasks import sweep as sweep_task


def take_down(world: World, notice: Notice, **given: Any) -> Notice:
    words = {"actor": world.secretary, "now": world.now + DAY, "reason": "被雨淋坏"} | given
    return acts.take_down_early(notice_id=notice.pk, **words)


def moves(world: World) -> list[str]:
    return [event.data["move"] for event in said(world, EventType.NOTICE_MOVED)]


def test_a_notice_ends_when_its_time_is_over_and_is_clear_when_nobody_objected_in_time(world: World) -> None:
    notice = posted(world)
    end_due_notices(now=AFTER)
    ended = Notice.objects.get(pk=notice.pk)
    assert (ended.state, ended.ended_at, ended.alarm_at) == (NoticeState.ENDED, AFTER, OBJECTIONS_END)
    end_due_notices(now=OBJECTIONS_END)
    assert (state_of(notice), moves(world)) == (NoticeState.CLEARED, ["end", "clear"])
    assert Notice.objects.get(pk=notice.pk).alarm_at is None


def test_after_a_night_asleep_a_notice_is_ended_and_settled_in_one_look(world: World) -> None:
    notice = posted(world)
    assert end_due_notices(now=OBJECTIONS_END + DAY) == {"notices_ended": 1, "decisions_effective": 1}
    assert state_of(notice) == NoticeState.CLEARED


def test_one_that_was_taken_down_early_neither_ends_nor_takes_effect(world: World) -> None:
    notice = take_down(world, posted(world))
    assert (notice.taken_down_reason, notice.alarm_at) == ("被雨淋坏", None)
    assert end_due_notices(now=OBJECTIONS_END) == {"notices_ended": 0, "decisions_effective": 0}
    assert state_of(notice.decision) == DecisionState.IN_PUBLICATION


def test_posted_again_its_time_starts_afresh(world: World) -> None:
    notice = take_down(world, posted(world))
    again = acts.repost_notice(notice_id=notice.pk, actor=world.secretary, now=world.now + 2 * DAY)
    ends = last_second((ENDS + 2 * DAY).date())
    assert (again.state, again.must_stay_until, again.alarm_at) == (NoticeState.POSTED, ends, ends)
    assert Decision.objects.get(pk=notice.decision_id).objection_until == OBJECTIONS_END + 2 * DAY
    assert end_due_notices(now=AFTER)["decisions_effective"] == 0
    assert end_due_notices(now=ends)["decisions_effective"] == 1
    assert moves(world)[:2] == ["take_down", "post_again"]


def test_a_notice_of_a_meeting_is_posted_again_for_as_long_as_before(world: World) -> None:
    council = locked_council(world.council.pk)
    until = world.now + 3 * DAY
    given = {"until": until, "actor": world.secretary, "now": world.now}
    notice = post_notice(council, NoticeKind.MEETING, "开会", "周四开会", **given)
    take_down(world, notice)
    again = acts.repost_notice(notice_id=notice.pk, actor=world.secretary, now=world.now + DAY)
    assert (again.must_stay_until, again.alarm_at) == (until + DAY, None)


def test_a_notice_that_announces_no_decision_ends_by_itself_when_it_is_to(world: World) -> None:
    given = {"until": world.now + DAY, "alarm_at": world.now + DAY, "actor": world.secretary, "now": world.now}
    notice = post_notice(locked_council(world.council.pk), NoticeKind.RESULT, "结果", "业主表决通过", **given)
    assert end_due_notices(now=world.now + DAY) == {"notices_ended": 1, "decisions_effective": 0}
    assert state_of(notice) == NoticeState.CLEARED


def test_rules_without_a_time_are_over_at_once(world: World) -> None:
    posted(world, publish={"min_days": 0, "objection_days": 0})
    assert end_due_notices(now=world.now) == {"notices_ended": 1, "decisions_effective": 1}


def test_a_notice_that_stood_its_time_by_another_hand_is_left_alone(world: World) -> None:
    notice = take_down(world, posted(world))
    Notice.objects.filter(pk=notice.pk).update(alarm_at=AFTER)
    assert end_due_notices(now=AFTER) == {"notices_ended": 0, "decisions_effective": 0}
    assert state_of(notice) == NoticeState.TAKEN_DOWN_EARLY


def test_a_sweeper_that_comes_second_changes_nothing(world: World) -> None:
    notice = posted(world)
    end_due_notices(now=AFTER)
    said_before = moves(world)
    assert acts._look_at(notice.pk, notice.council_id, ENDS, AFTER) == []
    assert moves(world) == said_before


def test_taking_down_needs_a_reason_a_secretary_and_time_that_is_left(world: World) -> None:
    notice = posted(world)
    with pytest.raises(PermissionDenied):
        take_down(world, notice, actor=world.member)
    with pytest.raises(ValidationError) as refused:
        take_down(world, notice, reason="  ")
    assert list(refused.value.message_dict) == ["reason"]
    with pytest.raises(ValidationError, match="公示期已满"):
        take_down(world, notice, now=AFTER)
    with pytest.raises(TransitionNotAllowed):
        acts.repost_notice(notice_id=notice.pk, actor=world.secretary, now=world.now)


def test_what_was_sent_back_is_not_posted_again(world: World) -> None:
    notice = take_down(world, posted(world))
    given = {"decision_id": notice.decision_id, "actor": world.supervisor, "now": world.now, "reason": "重议"}
    suspend_decision(**given)
    remand_decision(**given)
    with pytest.raises(ValidationError, match="发回重议"):
        acts.repost_notice(notice_id=notice.pk, actor=world.secretary, now=world.now)


def test_the_photograph_of_the_wall_is_encoded_again(world: World) -> None:
    notice = acts.add_evidence(notice_id=posted(world).pk, actor=world.secretary, now=world.now, file=photo("green"))
    with notice.evidence.open() as file, Image.open(file) as kept:
        assert (kept.format, dict(kept.getexif())) == ("JPEG", {})
    assert (moves(world), "sha256" in said(world, EventType.NOTICE_MOVED)[0].data) == (["evidence"], True)


def test_what_is_no_photograph_is_refused_at_its_field(world: World) -> None:
    notice = posted(world)
    with pytest.raises(ValidationError) as refused:
        acts.add_evidence(notice_id=notice.pk, actor=world.secretary, now=world.now, file=io.BytesIO(b"<svg onload=x>"))
    assert list(refused.value.message_dict) == ["photo"]
    assert not Notice.objects.get(pk=notice.pk).evidence


def test_many_due_notices_are_ended_in_small_portions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "BATCH", 2)
    made = [posted(world) for _ in range(5)]
    assert end_due_notices(now=AFTER) == {"notices_ended": 5, "decisions_effective": 5}
    assert {state_of(notice.decision) for notice in made} == {DecisionState.EFFECTIVE}


def test_both_sweepers_end_notices(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    posted(world, now=world.now - timedelta(days=30))
    assert sweep_task()["notices_ended"] == 1
    out = io.StringIO()
    call_command("sweep", "--once", "--json", stdout=out)
    assert json.loads(out.getvalue())["notices_ended"] == 0
