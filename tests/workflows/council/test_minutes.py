from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import translation
from django_fsm import TransitionNotAllowed

from cases.council_terms import MinutesState
from cases.events import verify_all
from cases.models import (
    AgendaItem,
    Attendance,
    Certification,
    Decision,
    Mandate,
    Meeting,
    Minutes,
    MinutesVersion,
    Poll,
    PresenceInterval,
    Seat,
    Signature,
    Statement,
)
from cases.terms import DecisionOutcome, EventType, Role
from tests.councils import Body, make_body
from tests.decided import said
from tests.factories import World, user
from tests.posted import TEXT, formed, in_discussion, meeting_of, planned, state_of
from workflows.council import minutes as acts
from workflows.council import signing
from workflows.council.acts import digest
from workflows.council.minutes_text import chinese, minutes_text
from workflows.machines import ItemLifecycle


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


def seated(world: World, body: Body, *, away: int = 1) -> Meeting:
    """A meeting where all but the last seats came for an hour; one item was decided, one adjourned."""
    meeting = meeting_of(world)
    Meeting.objects.filter(pk=meeting.pk).update(chair=body.chair, recorder=body.all_seats[1])
    for n, seat in enumerate(body.all_seats):
        row = Attendance.objects.create(meeting=meeting, seat=seat)
        if n < len(body.all_seats) - away:
            PresenceInterval.objects.create(
                attendance=row, began_at=world.now, ended_at=world.now + timedelta(hours=1), method="sign"
            )
    return Meeting.objects.select_related("chair", "recorder", "pack", "council").get(pk=meeting.pk)


def closed(world: World, meeting: Meeting) -> Meeting:
    Meeting.objects.filter(pk=meeting.pk).update(state="closed", closed_at=world.now + timedelta(minutes=70))
    return Meeting.objects.select_related("chair", "recorder", "pack", "council").get(pk=meeting.pk)


def with_a_decision(world: World, body: Body, **given: Any) -> Meeting:
    meeting = seated(world, body, **given)
    planned(world, formed(world, in_discussion(world, meeting=meeting)))
    return closed(world, meeting)


def drafted(world: World, body: Body, **given: Any) -> Meeting:
    meeting = with_a_decision(world, body, **given)
    acts.draft_minutes(meeting_id=meeting.pk, actor=world.secretary, now=world.now)
    return meeting


def step(world: World, meeting: Meeting, *names: str) -> None:
    for name in names:
        getattr(acts, f"{name}_minutes")(meeting_id=meeting.pk, actor=world.secretary, now=world.now)


def approved(world: World, body: Body, **given: Any) -> Meeting:
    meeting = drafted(world, body, **given)
    step(world, meeting, "circulate", "approve")
    return meeting


def newest(meeting: Meeting) -> MinutesVersion:
    return MinutesVersion.objects.filter(minutes__meeting=meeting).order_by("-n")[0]


def sign(world: World, meeting: Meeting, seat: Seat, **given: Any) -> Signature:
    version = newest(meeting)
    words = {"actor": seat.user, "now": world.now, "sha256": version.sha256} | given
    return signing.sign_minutes(version_id=version.pk, **words)


def edit(world: World, meeting: Meeting, text: str, **given: Any) -> MinutesVersion:
    return acts.edit_minutes(
        meeting_id=meeting.pk, **({"actor": world.secretary, "now": world.now, "body": text} | given)
    )


def test_the_whole_text_comes_from_the_records(world: World, body: Body) -> None:
    meeting = seated(world, body)
    item = in_discussion(world, meeting=meeting)
    Statement.objects.create(
        item=item, seat=body.seats["residents"][0], stance="supports", text="老人停车难", at=world.now
    )
    Mandate.objects.create(
        meeting=meeting, principal=body.seats["residents"][2], holder=body.seats["residents"][0],
        document="委托书 3 号", given_at=world.now,
    )  # fmt: skip
    poll = certified(world, meeting, item)
    decision = planned(world, formed(world, item))
    later = ItemLifecycle.objects.get(pk=in_discussion(world, meeting=meeting).pk)
    later.adjourn(reason="等测绘")
    later.save(update_fields=["state", "outcome"])
    text = minutes_text(closed(world, meeting))
    assert text.splitlines()[0] == f"平山小区四方议事会 {meeting.number}会议纪要"
    for words in (
        "时间：2026-03-02 09:00 至 10:10", "地点：居委会二楼", "主持人：社区党组织1", "应到 9 人，到会 8 人",
        "居民代表：应到 3 人，到会 2 人：居民代表1（09:00–10:00）、居民代表2（09:00–10:00）；未到：居民代表3",
        "委托：居民代表3 委托 居民代表1（委托书 3 号）", f"二、{item.topic.title}（{item.topic.number}）",
        "居民代表1（居民代表）赞成：老人停车难", "表决方式：举手",
        "同意 7 人，反对 1 人，弃权 0 人，无效 0 人；参与 8 人，未参与 1 人，名册 9 人",
        "到会：应到（名册）9 人，实到 8 人，要求不少于三分之二（6 人），达到", "表决结果：通过",
        f"〔2026〕决议1号，决议，通过：\n{TEXT}\n", "落实：拆除花坛，责任单位平山小区工作队，2026-03-12 前完成",
        f"三、{later.topic.title}", "延后再议：等测绘", f"延后到下次会议的议题：{later.topic.title}",
    ):  # fmt: skip
        assert words in text
    assert (poll.pk, decision.text) == (poll.pk, TEXT)


def certified(world: World, meeting: Meeting, item: Any) -> Poll:
    poll = Poll.objects.create(
        council=world.council, topic=item.topic, item=item, text=TEXT, sha256=digest(TEXT), method="hands",
        pack=meeting.pack, state="certified", created_by=world.secretary, created_at=world.now,
    )  # fmt: skip
    totals = {"measure": "head", "group": "all", "votes_for": 7, "votes_against": 1, "abstained": 0, "invalid": 0,
              "participating": 8, "unreturned": 1, "roll": 9}  # fmt: skip
    quorum = {"name": "quorum", "measure": "head", "group": "all", "numerator_of": "present", "numerator": 8,
              "denominator_of": "roll", "denominator": 9, "op": ">=", "threshold": [2, 3], "passed": True,
              "missing": 0}  # fmt: skip
    Certification.objects.create(
        poll=poll, n=1, algorithm=1, input_sha256="", totals=[totals], criteria=[quorum], outcome="adopted",
        could_change=False, tie=False, certified_by=world.secretary, certified_at=world.now,
    )  # fmt: skip
    return poll


def test_minutes_are_written_in_the_language_of_the_office_whoever_drafts_them(world: World, body: Body) -> None:
    with translation.override("en"):
        meeting = drafted(world, body)
    assert "会议纪要" in newest(meeting).body
    assert "一、到会情况" in newest(meeting).body


@pytest.mark.parametrize(("n", "words"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (35, "三十五")])
def test_items_are_numbered_as_offices_do(n: int, words: str) -> None:
    assert chinese(n) == words


def test_a_draft_is_built_once_a_meeting_is_closed_and_again_when_the_records_changed(world: World, body: Body) -> None:
    sitting = seated(world, body)
    with pytest.raises(ValidationError, match="散会后"):
        acts.draft_minutes(meeting_id=sitting.pk, actor=world.secretary, now=world.now)
    meeting = drafted(world, body)
    again = acts.draft_minutes(meeting_id=meeting.pk, actor=world.secretary, now=world.now)
    assert again.versions.count() == 1
    Meeting.objects.filter(pk=meeting.pk).update(venue="小区广场")
    acts.draft_minutes(meeting_id=meeting.pk, actor=world.secretary, now=world.now)
    assert ("小区广场" in newest(meeting).body, again.versions.count()) == (True, 2)


def test_each_wording_is_kept_with_its_hash_and_only_the_keepers_write(world: World, body: Body) -> None:
    meeting = drafted(world, body)
    first = newest(meeting)
    second = edit(world, meeting, f"{first.body}\r\n（补充）", actor=body.all_seats[1].user)
    assert (second.n, second.sha256, second.body) == (2, digest(second.body), f"{first.body}\n（补充）")
    assert edit(world, meeting, second.body).pk == second.pk
    with pytest.raises(PermissionDenied):
        edit(world, meeting, "别的", actor=body.all_seats[2].user)
    with pytest.raises(ValidationError) as refused:
        edit(world, meeting, "  ")
    assert list(refused.value.message_dict) == ["body"]
    step(world, meeting, "circulate")
    with pytest.raises(ValidationError, match="不能改正文"):
        edit(world, meeting, "别的")
    with pytest.raises(ValidationError, match="请先转入修改"):
        acts.draft_minutes(meeting_id=meeting.pk, actor=world.secretary, now=world.now)


def test_a_seat_asks_for_a_correction_and_hears_what_became_of_it(world: World, body: Body) -> None:
    meeting = drafted(world, body)
    given = {"meeting_id": meeting.pk, "actor": body.all_seats[3].user, "now": world.now, "text": "我说的是十个"}
    with pytest.raises(ValidationError, match="不是征求意见"):
        acts.ask_correction(**given)
    step(world, meeting, "circulate")
    with pytest.raises(PermissionDenied):
        acts.ask_correction(**(given | {"actor": world.member}))
    first, second = acts.ask_correction(**given), acts.ask_correction(**given)
    with pytest.raises(ValidationError, match="还有修改意见"):
        step(world, meeting, "approve")
    settle = {"actor": world.secretary, "now": world.now}
    with pytest.raises(ValidationError) as refused:
        acts.settle_correction(correction_id=first.pk, taken=False, **settle)
    assert list(refused.value.message_dict) == ["reply"]
    acts.settle_correction(correction_id=first.pk, taken=False, reply="记录属实", **settle)
    assert state_of(Minutes.objects.get()) == MinutesState.CIRCULATED
    acts.settle_correction(correction_id=second.pk, taken=True, **settle)
    assert (state_of(first), state_of(second)) == ("declined", "taken")
    assert state_of(Minutes.objects.get()) == MinutesState.CORRECTING
    with pytest.raises(ValidationError, match="已经处理过"):
        acts.settle_correction(correction_id=second.pk, taken=True, **settle)
    edit(world, meeting, newest(meeting).body + "\n更正：十个。")
    step(world, meeting, "circulate", "correct", "approve")
    assert verify_all().broken == []


def test_minutes_without_the_literal_text_of_each_decision_are_not_approved(world: World, body: Body) -> None:
    meeting = drafted(world, body)
    whole = newest(meeting).body
    edit(world, meeting, whole.replace("十二个车位", "12 个车位"))
    step(world, meeting, "circulate")
    with pytest.raises(ValidationError, match="〔2026〕决议1号"):
        step(world, meeting, "approve")
    step(world, meeting, "correct")
    edit(world, meeting, whole)
    step(world, meeting, "approve")
    assert state_of(Minutes.objects.get()) == MinutesState.APPROVED


def test_enough_signatures_over_the_hash_make_them_signed_and_the_meeting_minuted(world: World, body: Body) -> None:
    meeting = approved(world, body)
    for seat in body.all_seats[:4]:
        sign(world, meeting, seat)
    assert state_of(Minutes.objects.get()) == MinutesState.APPROVED
    version = newest(meeting)
    signing.record_signature(version_id=version.pk, seat_id=body.all_seats[4].pk, actor=world.secretary, now=world.now)
    assert (state_of(Minutes.objects.get()), state_of(meeting)) == (MinutesState.SIGNED, "minuted")
    assert set(version.signatures.values_list("sha256", "method")) == {
        (version.sha256, "login"), (version.sha256, "paper")
    }  # fmt: skip
    sign(world, meeting, body.all_seats[5])
    acts.archive_meeting(meeting_id=meeting.pk, actor=world.secretary, now=world.now)
    assert state_of(meeting) == "archived"
    assert [event.data["move"] for event in said(world, EventType.MEETING_MOVED)] == ["minute", "archive"]
    assert verify_all().broken == []


def test_who_was_away_has_no_seat_or_signs_another_text_or_twice_does_not_sign(world: World, body: Body) -> None:
    meeting = approved(world, body)
    for actor in (body.all_seats[-1].user, world.member):
        with pytest.raises(PermissionDenied):
            sign(world, meeting, body.chair, actor=actor)
    with pytest.raises(ValidationError, match="不一样"):
        sign(world, meeting, body.chair, sha256="0" * 64)
    sign(world, meeting, body.chair)
    with pytest.raises(ValidationError, match="已经签过"):
        sign(world, meeting, body.chair)
    paper = {"version_id": newest(meeting).pk, "now": world.now}
    with pytest.raises(PermissionDenied):
        signing.record_signature(seat_id=body.all_seats[2].pk, actor=world.supervisor, **paper)
    with pytest.raises(ValidationError) as refused:
        signing.record_signature(seat_id=0, actor=world.secretary, **paper)
    assert list(refused.value.message_dict) == ["seat"]
    assert Signature.objects.count() == 1


def test_where_those_who_came_are_too_few_for_the_rule_every_member_may_sign(world: World, body: Body) -> None:
    meeting = approved(world, body, away=6)
    assert sign(world, meeting, body.all_seats[-1]).seat == body.all_seats[-1]


def test_by_other_rules_chair_and_recorder_sign(world: World, body: Body) -> None:
    meeting = approved(world, body)
    rules = meeting.pack.rules | {"sign": {"who": "chair_and_recorder", "op": ">=", "frac": [1, 1]}}
    type(meeting.pack).objects.filter(pk=meeting.pack_id).update(rules=rules)
    with pytest.raises(PermissionDenied):
        sign(world, meeting, body.all_seats[2])
    sign(world, meeting, body.chair)
    sign(world, meeting, body.all_seats[1])
    assert state_of(Minutes.objects.get()) == MinutesState.SIGNED


def test_only_the_approved_wording_is_signed(world: World, body: Body) -> None:
    meeting = drafted(world, body)
    first = newest(meeting)
    with pytest.raises(ValidationError, match="还不能签署"):
        sign(world, meeting, body.chair)
    edit(world, meeting, first.body + "\n补。")
    step(world, meeting, "circulate", "approve")
    with pytest.raises(ValidationError, match="不是定稿"):
        signing.sign_minutes(version_id=first.pk, actor=body.chair.user, now=world.now, sha256=first.sha256)


def test_after_signing_only_an_addendum_is_added_and_it_is_signed_likewise(world: World, body: Body) -> None:
    meeting = approved(world, body)
    given = {"meeting_id": meeting.pk, "actor": world.secretary, "now": world.now}
    with pytest.raises(ValidationError, match="直接改正文"):
        acts.add_addendum(**given, body="补充")
    signed = newest(meeting)
    for seat in body.all_seats[:5]:
        sign(world, meeting, seat)
    with pytest.raises(TransitionNotAllowed):
        step(world, meeting, "correct")
    step(world, meeting, "publish")
    addendum = acts.add_addendum(**given, body="第三项的面积以测绘为准。")
    assert (addendum.is_addendum, newest(meeting)) == (True, addendum)
    sign(world, meeting, body.chair)
    assert list(addendum.signatures.values_list("sha256", flat=True)) == [digest("第三项的面积以测绘为准。")]
    assert MinutesVersion.objects.get(pk=signed.pk).sha256 == digest(signed.body)
    assert state_of(Minutes.objects.get()) == MinutesState.PUBLISHED


def test_what_was_not_adopted_stands_in_the_minutes_too(world: World, body: Body) -> None:
    meeting = seated(world, body)
    formed(world, in_discussion(world, meeting=meeting), DecisionOutcome.NOT_ADOPTED)
    text = minutes_text(closed(world, meeting))
    assert f"〔2026〕决议1号，决议，未通过：\n{TEXT}" in text
    assert Decision.objects.get().text in text


def test_how_an_item_came_there_and_what_was_voided_is_told(world: World, body: Body) -> None:
    before, meeting = seated(world, body), seated(world, body)
    old, item = in_discussion(world, meeting=before), in_discussion(world, meeting=meeting)
    AgendaItem.objects.filter(pk=item.pk).update(carried_from=old, late_reason="水管爆裂")
    poll = certified(world, meeting, item)
    Poll.objects.filter(pk=poll.pk).update(
        state="void", void_reason="计票有误", void_asked_by=world.secretary, void_agreed_by=world.supervisor,
        voided_at=world.now,
    )  # fmt: skip
    Seat.objects.filter(pk=body.all_seats[0].pk).update(has_vote=False)
    Attendance.objects.filter(meeting=meeting, seat=body.all_seats[-1]).update(status="excused")
    Attendance.objects.get(meeting=meeting, seat=body.all_seats[0]).intervals.all().delete()
    text = minutes_text(closed(world, meeting))
    for words in (
        f"自{before.number}会议延后。", "临时增加的议程，理由：水管爆裂", "本次表决作废，理由：计票有误",
        "居民代表3（请假）",
    ):  # fmt: skip
        assert words in text
    assert "表决结果" not in text
    assert "列席" not in text


def test_of_a_meeting_that_has_not_ended_or_never_began_the_time_stays_open(world: World, body: Body) -> None:
    meeting = seated(world, body)
    assert "时间：2026-03-02 09:00\n" in minutes_text(meeting)
    meeting.opened_at = None
    assert "时间：—\n" in minutes_text(meeting)


def test_seats_without_a_vote_are_named_apart(world: World, body: Body) -> None:
    meeting = seated(world, body)
    guest = Seat.objects.create(
        party=body.parties["community"], name="列席人", role="observer", has_vote=False, valid_from="2020-01-01",
        user=user("guest", "列席人", Role.SEAT, council=world.council),
    )  # fmt: skip
    row = Attendance.objects.create(meeting=meeting, seat=guest)
    PresenceInterval.objects.create(attendance=row, began_at=world.now, method="qr")
    text = minutes_text(closed(world, meeting))
    assert "列席：列席人（09:00–）" in text
    assert "应到 9 人" in text
