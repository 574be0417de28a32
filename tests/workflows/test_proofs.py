"""Proofs against examples that were computed by hand, with a calendar of 2026 on the desk."""

import json
import random
from dataclasses import asdict
from datetime import date, timedelta

import pytest

from cases.models import Case
from cases.terms import ClockKind, RequestKind
from tests.factories import ROADS, World
from tests.scenarios.test_random_lives import MOVES, first_possible
from tests.workflows.proving import at, extended, held, prove, read
from workflows.clock_audit import audit
from workflows.commands import adjust, handling, orders, review, surveys
from workflows.commands.calendar import publish_calendar
from workflows.commands.sweep import sweep
from workflows.flows.approval import ask_request, decide_request
from workflows.flows.joint import dispatch_jointly
from workflows.models import CalendarDay, Clock, PolicyVersion, SlaPolicy
from workflows.proofs import clock_proof

NOTICE = {  # what the State Council published for 2026, as far as it is needed here
    "春节": ["2026-02-15", "2026-02-23"],
    "中秋节": ["2026-09-25", "2026-09-27"],
    "国庆节": ["2026-10-01", "2026-10-07"],
}
MAKE_UP = ["2026-02-14", "2026-02-28", "2026-09-20", "2026-10-10"]


@pytest.fixture
def notice(world: World) -> World:
    rows = [CalendarDay(calendar=world.calendar, date=day, is_working=True, name="调休补班") for day in MAKE_UP]
    for name, (first, last) in NOTICE.items():
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            rows.append(CalendarDay(calendar=world.calendar, date=day, is_working=False, name=name))
            day += timedelta(days=1)
    CalendarDay.objects.bulk_create(rows)
    publish_calendar(world.calendar, source="国办发明电〔2025〕7号", now=world.now)
    return world


def test_ten_working_days_over_two_holidays_and_a_make_up_saturday(notice: World) -> None:
    proof = prove(notice.case("in_progress", now=at("09-24T10:00")), ClockKind.HANDLE, at("09-24T11:00"))
    assert proof.due == "2026-10-15 周四 17:30"
    assert read(proof.steps[0].lines) == [
        ("09-24 周四", "起算之日，不计"),
        ("09-25 周五 – 09-27 周日", "不计：中秋节"),
        ("第 1–3 日", "09-28 周一 – 09-30 周三", "工作日"),
        ("10-01 周四 – 10-07 周三", "不计：国庆节"),
        ("第 4–5 日", "10-08 周四 – 10-09 周五", "工作日"),
        ("第 6 日", "10-10 周六", "工作日（调休补班）"),
        ("10-11 周日", "不计：休息日"),
        ("第 7–10 日", "10-12 周一 – 10-15 周四", "工作日"),
    ]
    assert proof.rule == "自起算之日的次日数起，第 10 个工作日下班时（17:30）到期。"
    assert proof.policy == (
        "处置时限：10 个工作日（时限第 1 版 · 各类 · 各级紧急程度 · "
        "国家法定工作日第 2 版日历，依据：国办发明电〔2025〕7号）"
    )
    assert proof.started == "2026-09-24 周四 10:00 · 签收（陈队员）"


def test_four_working_hours_from_a_friday_over_a_make_up_saturday(notice: World) -> None:
    proof = prove(notice.case("accepted", now=at("02-13T16:00")), ClockKind.DISPATCH, at("02-13T16:00"))
    assert proof.due == "2026-02-14 周六 11:00"
    assert read(proof.steps[0].lines) == [
        ("02-13 周五", "16:00–17:30", "1 小时 30 分", "1 小时 30 分"),
        ("02-14 周六", "08:30–11:00（调休补班）", "2 小时 30 分", "4 小时"),
    ]
    assert proof.rule == "自起算之时数起，只计工作日 08:30–12:00、14:00–17:30 以内的时间，计满 4 小时到期。"
    assert proof.warning
    assert proof.warning.words.startswith("起算至到期共计入 4 小时，其 75% 为 3 小时")
    assert proof.warning.moment == "2026-02-14 周六 10:00"
    assert read(proof.warning.lines)[-1] == ("02-14 周六", "08:30–10:00（调休补班）", "1 小时 30 分", "3 小时")


def test_four_working_hours_from_an_evening_before_the_holiday_begin_after_it(notice: World) -> None:
    proof = prove(notice.case("accepted", now=at("02-14T18:05")), ClockKind.DISPATCH, at("02-14T19:00"))
    assert read(proof.steps[0].lines) == [
        ("02-14 周六", "不计：不在上班时段内"),
        ("02-15 周日 – 02-23 周一", "不计：春节"),
        ("02-24 周二", "08:30–12:00、14:00–14:30", "4 小时", "4 小时"),
    ]


def test_a_pause_over_a_weekend_gives_back_exactly_what_was_left(world: World) -> None:
    case = world.case("in_progress")
    held(world, case, "03-06T14:00", "03-09T10:00")
    proof = prove(case, ClockKind.HANDLE, at("03-09T10:00"))
    pause = proof.steps[1]
    assert (proof.steps[0].due, proof.due) == ("2026-03-16 周一 17:30", "2026-03-17 周二 15:30")
    assert (pause.began, pause.ended) == ("2026-03-06 周五 14:00", "2026-03-09 周一 10:00")
    assert (pause.who, pause.why) == ("陈队员申请，钱督办同意", "挂账：理由")
    assert (pause.left, pause.left_seconds) == ("45 小时 30 分", 163800)
    assert read(pause.left_lines) == [
        ("03-06 周五", "14:00–17:30", "3 小时 30 分", "3 小时 30 分"),
        ("03-07 周六 – 03-08 周日", "不计：休息日", "3 小时 30 分"),
        ("03-09 周一 – 03-13 周五", "每日 08:30–12:00、14:00–17:30，共 5 日", "35 小时", "38 小时 30 分"),
        ("03-14 周六 – 03-15 周日", "不计：休息日", "38 小时 30 分"),
        ("03-16 周一", "08:30–12:00、14:00–17:30", "7 小时", "45 小时 30 分"),
    ]
    assert read(pause.lines) == [
        ("03-09 周一", "10:00–12:00、14:00–17:30", "5 小时 30 分", "5 小时 30 分"),
        ("03-10 周二 – 03-13 周五", "每日 08:30–12:00、14:00–17:30，共 4 日", "28 小时", "33 小时 30 分"),
        ("03-14 周六 – 03-15 周日", "不计：休息日", "33 小时 30 分"),
        ("03-16 周一", "08:30–12:00、14:00–17:30", "7 小时", "40 小时 30 分"),
        ("03-17 周二", "08:30–12:00、14:00–15:30", "5 小时", "45 小时 30 分"),
    ]


def test_two_pauses_follow_one_from_the_other(world: World) -> None:
    case = world.case("in_progress")
    held(world, case, "03-06T14:00", "03-09T10:00")
    held(world, case, "03-10T09:00", "03-11T09:00")
    steps = prove(case, ClockKind.HANDLE, at("03-11T09:00")).steps
    assert [step.kind for step in steps] == ["count", "pause", "pause"]
    assert [step.left for step in steps] == ["", "45 小时 30 分", "39 小时 30 分"]
    assert steps[-1].due == "2026-03-18 周三 15:30"


def test_an_extension_after_a_pause_sets_the_moment_itself(world: World) -> None:
    case = world.case("in_progress")
    held(world, case, "03-06T14:00", "03-09T10:00")
    extended(world, case, "03-09T11:00", "03-27T17:30")
    steps = prove(case, ClockKind.HANDLE, at("03-09T11:00")).steps
    assert [step.due for step in steps][1:] == ["2026-03-17 周二 15:30", "2026-03-27 周五 17:30"]
    assert (steps[-1].kind, steps[-1].who, steps[-1].why) == ("extension", "陈队员申请，钱督办同意", "延期：理由")


def test_a_pause_after_an_extension_is_counted_from_the_new_moment(world: World) -> None:
    case = world.case("in_progress")
    extended(world, case, "03-09T11:00", "03-20T17:30")
    held(world, case, "03-12T09:00", "03-13T09:00")
    steps = prove(case, ClockKind.HANDLE, at("03-13T09:00")).steps
    assert [step.kind for step in steps] == ["count", "extension", "pause"]
    assert (steps[-1].left, steps[-1].due) == ("48 小时 30 分", "2026-03-23 周一 17:30")


def test_a_pause_that_lasts_says_what_is_left_and_one_after_the_limit_gives_nothing_back(world: World) -> None:
    waiting, late = world.case("in_progress"), world.case("in_progress")
    for case, now in ((waiting, "03-16T14:00"), (late, "03-17T09:30")):
        request = world.agreed(case, RequestKind.HOLD, review_at=at("04-20T09:00").isoformat(), reason_code="season")
        adjust.hold_case(request=request, actor=world.supervisor, now=at(now))
    proof = prove(waiting, ClockKind.HANDLE, at("03-20T09:00"))
    assert (proof.steps[-1].kind, proof.steps[-1].left, proof.steps[-1].ended) == ("open_pause", "3 小时 30 分", "")
    assert proof.verdict.words == "已暂停，还剩 3 小时 30 分"
    proof = prove(late, ClockKind.HANDLE, at("03-20T09:00"))
    assert (proof.steps[-1].kind, proof.due) == ("late_pause", "2026-03-16 周一 17:30")
    assert (proof.verdict.words, proof.verdict.late_seconds) == ("已暂停，此前已超期 1 个工作日（计 1 小时）", 3600)


def test_the_clock_of_a_returned_case_goes_on_and_its_proof_says_so(world: World) -> None:
    case = world.case("in_progress")
    request = world.agreed(case, RequestKind.RETURN)
    request.decided_by = world.dispatcher
    handling.return_to_dispatch(request=request, actor=world.dispatcher, now=at("03-04T09:00"))
    handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=at("03-04T10:00"), team=world.other_team)
    signed = {"actor": world.other_member, "handler": world.other_member}
    handling.sign_case(case_id=case.pk, now=at("03-05T09:00"), **signed)
    proof = prove(case, ClockKind.HANDLE, at("03-05T09:00"))
    assert (proof.generation, proof.due) == (1, "2026-03-16 周一 17:30")
    assert [mark.words for mark in proof.marks] == ["退回（赵派遣）：时限不重新起算，再次签收后接着走，其间照计"]


def test_time_in_verification_is_not_the_handlers_and_both_moves_are_named(world: World) -> None:
    case = world.case("submitted")
    review.send_back_case(case_id=case.pk, actor=world.grid_worker, now=at("03-03T09:00"), missing="还有一盏")
    step = prove(case, ClockKind.HANDLE, at("03-03T09:00")).steps[1]
    assert (step.who, step.why) == ("陈队员、王网格", "自提交核查至返工，件不在这一环节")
    assert step.due == "2026-03-17 周二 17:30"


def test_a_reopened_case_has_clocks_of_its_second_round(world: World) -> None:
    case = world.case("reopen_requested")
    review.reopen_case(case_id=case.pk, actor=world.supervisor, now=at("03-03T09:00"), reason="属实")
    proof = prove(case, ClockKind.HANDLE, at("03-03T10:00"))
    assert (proof.owed, proof.round, proof.due) == ("第 2 轮", 2, "2026-03-17 周二 17:30")
    assert proof.started == "2026-03-03 周二 09:00 · 重办（钱督办）"


def test_the_second_dispatch_clock_of_a_round_is_told_from_the_first(world: World) -> None:
    case = world.case("in_progress")
    request = world.agreed(case, RequestKind.RETURN)
    request.decided_by = world.dispatcher
    handling.return_to_dispatch(request=request, actor=world.dispatcher, now=at("03-04T09:00"))
    assert prove(case, ClockKind.DISPATCH, at("03-04T09:00")).owed == "第 2 次"


def test_a_review_date_is_set_at_the_start_and_not_counted(world: World) -> None:
    case = world.case("in_progress")
    request = world.agreed(case, RequestKind.HOLD, review_at=at("04-20T09:00").isoformat(), reason_code="season")
    adjust.hold_case(request=request, actor=world.supervisor, now=at("03-06T14:00"))
    proof = prove(case, ClockKind.HOLD_REVIEW, at("03-06T14:00"))
    assert [(step.kind, step.due, step.who) for step in proof.steps] == [
        ("set", "2026-04-20 周一 09:00", "陈队员申请，钱督办同意")
    ]


def test_natural_days_run_around_the_clock(notice: World) -> None:
    proof = prove(notice.case("answered", now=at("09-29T16:20")), ClockKind.SURVEY, at("09-30T16:20"))
    assert read(proof.steps[0].lines) == [
        ("09-29 周二 16:20 – 10-06 周二 16:20", "昼夜连续计算", "168 小时", "168 小时")
    ]
    assert proof.verdict.words == "进行中，还剩 144 小时"
    assert proof.rule == "自起算之时起昼夜连续计算，不分工作日与休息日，满 7 个 24 小时到期。"
    assert (proof.policy, proof.provisional_years) == ("回访时限：7 个自然日（时限第 1 版 · 各类 · 各级紧急程度）", [])


def test_natural_hours_and_hours_of_a_category_and_priority_say_for_what_they_hold(world: World) -> None:
    SlaPolicy.objects.create(
        version=PolicyVersion.objects.get(), clock="handle", priority="critical", category=world.category, amount=24,
        unit="hours", calendar=world.calendar,
    )  # fmt: skip
    case = world.case("in_progress", priority="critical", now=at("03-06T16:00"))
    proof = prove(case, ClockKind.HANDLE, at("03-06T16:00"))
    assert proof.policy == "处置时限：24 个自然时（时限第 1 版 · 路灯 · 特急）"
    assert (proof.due, proof.rule[-10:]) == ("2026-03-07 周六 16:00", "满 24 小时到期。")


def test_a_limit_that_reaches_a_year_without_a_notice_is_provisional(world: World) -> None:
    case = world.case("in_progress", now=at("12-22T10:00"))
    assert prove(case, ClockKind.HANDLE, at("12-22T10:00")).provisional_years == [2027]
    assert prove(case, ClockKind.SIGN, at("12-22T10:00")).provisional_years == []


def test_a_stopped_clock_shows_what_was_used_as_a_sum_and_by_how_much_it_was_late(world: World) -> None:
    case = world.case("in_progress")
    held(world, case, "03-06T14:00", "03-09T10:00")
    submit = {"result_code": "A", "result_text": "好了"}
    handling.submit_case(case_id=case.pk, actor=world.member, now=at("03-18T09:00"), **submit)
    proof = prove(case, ClockKind.HANDLE, at("03-18T09:00"))
    assert (proof.verdict.kind, proof.verdict.words) == ("missed", "超期 1 个工作日（计 2 小时 30 分）")
    assert (proof.used, proof.used_seconds) == ("79 小时", 284400)
    assert [row[:2] for row in read(proof.used_lines) if "暂停" in row[1]] == [
        ("03-06 周五 14:00 – 03-09 周一 10:00", "不计：暂停")
    ]
    assert read(proof.used_lines)[-1][-1] == "79 小时"
    assert prove(case, ClockKind.SIGN).verdict.words == "按时"


def test_what_rang_is_told_with_the_role_that_heard_of_it(world: World) -> None:
    case = world.case("in_progress")
    for day in (12, 15, 16, 25):
        sweep(now=world.now + timedelta(days=day))
    marks = prove(case, ClockKind.HANDLE, at("03-28T09:00")).marks
    assert [mark.words for mark in marks] == [
        "临近时限", "超过时限", "第 1 级提醒：工作队队长", "第 2 级提醒：督办员", "第 3 级提醒：分管领导",
    ]  # fmt: skip
    assert marks[0].moment == "2026-03-14 周六 09:00"
    proof = prove(case, ClockKind.HANDLE, at("03-18T09:00"))
    assert (proof.verdict.kind, proof.verdict.words) == ("overdue", "进行中，已超期 2 个工作日（计 7 小时 30 分）")


def test_a_new_calendar_moves_the_limit_and_the_proof_says_by_which_notice(world: World) -> None:
    case = world.case("in_progress")
    sweep(now=at("03-14T09:00"))
    CalendarDay.objects.create(calendar=world.calendar, date="2026-03-05", is_working=False, name="停工日")
    publish_calendar(world.calendar, source="区政府通知", now=at("03-14T10:00"))
    proof = prove(case, ClockKind.HANDLE, at("03-14T10:00"))
    assert proof.due == "2026-03-17 周二 17:30"
    assert [mark.words for mark in proof.marks] == [
        "临近时限（当时的到期时刻为 2026-03-16 周一 17:30）",
        "国家法定工作日第 2 版日历发布，依据：区政府通知：到期由 2026-03-16 周一 17:30 改为 2026-03-17 周二 17:30",
    ]


def test_a_corrected_priority_is_told_with_was_and_is(world: World) -> None:
    SlaPolicy.objects.create(
        version=PolicyVersion.objects.get(), clock="handle", priority="urgent", amount=3, unit="working_days",
        calendar=world.calendar,
    )  # fmt: skip
    case = world.case("in_progress")
    adjust.correct_facts(
        case_id=case.pk, actor=world.dispatcher, now=at("03-03T09:00"), category=world.category, priority="urgent",
        reason="有老人摔倒，联系 13800138000",
    )  # fmt: skip
    proof = prove(case, ClockKind.HANDLE, at("03-03T09:00"))
    assert [mark.words for mark in proof.marks] == [
        "更正信息，赵派遣，有老人摔倒，联系 138****8000：到期由 2026-03-16 周一 17:30 改为 2026-03-05 周四 17:30"
    ]


def test_requests_parts_and_promises_name_what_is_owed(world: World) -> None:
    case = world.case("accepted")
    owed = handling.CoHandling(world.other_team, "清理绿化", at("03-05T17:30"))
    dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[owed])
    part = prove(case, ClockKind.PART)
    assert (part.owed, part.started, part.steps[0].kind) == (
        "城管工作组", "2026-03-02 周一 09:00 · 派遣（赵派遣）", "set",
    )  # fmt: skip
    request = ask_request(
        case_id=case.pk,
        actor=world.member,
        now=world.now,
        kind=RequestKind.RETURN,
        reason="电话 13800138000",
        details={},
    )
    proof = prove(case, ClockKind.REQUEST)
    assert (proof.owed, proof.started, proof.due) == (
        "退回", "2026-03-02 周一 09:00 · 提出申请（陈队员）", "2026-03-03 周二 17:30",
    )  # fmt: skip
    decide_request(request_id=request.pk, actor=world.dispatcher, now=at("03-03T10:00"), agree=True)
    assert prove(case, ClockKind.REQUEST).verdict.kind == "met"
    assert "13800138000" not in json.dumps(asdict(clock_proof(case, now=world.now)), default=str)


def test_an_order_is_proved_with_its_number_and_the_date_that_it_set(world: World) -> None:
    case = world.case("in_progress")
    due = at("03-05T17:30")
    order = orders.issue_order(case_id=case.pk, actor=world.supervisor, now=world.now, demand="限期办结", due_at=due)
    proof = prove(case, ClockKind.ORDER)
    assert (proof.owed, proof.due) == (order.number, "2026-03-05 周四 17:30")
    assert (proof.started, proof.rule) == (
        "2026-03-02 周一 09:00 · 督办（钱督办）", "到期时刻在起算时定明，不按上列标准数。",
    )  # fmt: skip


def closed(world: World) -> Case:
    """A case that was held, extended, submitted late and closed, with rings on the way."""
    case = world.case("in_progress")
    held(world, case, "03-06T14:00", "03-09T10:00")
    extended(world, case, "03-10T11:00", "03-19T17:30")
    sweep(now=at("03-23T09:00"))
    done = {"result_code": "A", "result_text": "好了"}
    handling.submit_case(case_id=case.pk, actor=world.member, now=at("03-24T09:00"), **done)
    review.verify_case(case_id=case.pk, actor=world.grid_worker, now=at("03-24T10:00"), finding="好了")
    surveys.close_unanswered(case_id=case.pk, now=at("04-01T09:00"))
    return case


def test_the_proof_of_what_has_ended_is_the_same_for_ever(world: World) -> None:
    case = closed(world)

    def written(now: str) -> str:
        return json.dumps(asdict(clock_proof(Case.objects.get(pk=case.pk), now=at(now))), default=str)

    before = written("04-01T09:00")
    for n, day in enumerate(("2026-03-05", "2026-03-11", "2026-03-20")):
        CalendarDay.objects.create(calendar=world.calendar, date=day, is_working=False, name=f"停工日 {n}")
    world.calendar.periods = [["09:00", "17:00"]]
    world.calendar.save()
    publish_calendar(world.calendar, source="新的作息", now=at("04-02T09:00"))
    version = PolicyVersion.objects.create(number=2, live_from=at("04-02T09:00"))
    SlaPolicy.objects.create(version=version, clock="handle", amount=1, unit="hours", calendar=world.calendar)
    assert written("12-31T09:00") == before
    assert json.loads(before)["as_of"] is None


def test_a_moment_changed_behind_the_clocks_back_is_said_loudly(world: World) -> None:
    case = world.case("submitted")
    wrong = {"due_at": at("03-17T17:30"), "used_seconds": 7200}
    Clock.objects.filter(case=case, kind=ClockKind.HANDLE).update(**wrong)
    Clock.objects.filter(case=case, kind=ClockKind.OVERALL).update(warn_at=at("03-02T09:00"))
    proof = clock_proof(case, now=world.now)
    assert proof.holds is False
    assert {clock.clock: clock.differences for clock in proof.clocks if not clock.holds} == {
        "handle": [
            "到期：逐步推算为 2026-03-16 周一 17:30，记录为 2026-03-17 周二 17:30。",
            "用时：逐段相加为 0 分，记录为 2 小时。",
        ],
        "overall": ["预警：逐步推算为 2026-03-18 周三 08:37:30，记录为 2026-03-02 周一 09:00。"],
    }


def test_a_clock_whose_calendar_is_gone_cannot_be_proved_and_says_so(world: World) -> None:
    case = world.case("in_progress")
    Clock.objects.filter(case=case, kind=ClockKind.HANDLE).update(calendar_revision=9)
    proof = next(clock for clock in clock_proof(case, now=world.now).clocks if clock.clock == "handle")
    assert (proof.holds, proof.verdict.kind, proof.steps) == (False, "unknown", [])
    assert proof.differences == ["国家法定工作日没有第 9 版日历，无法推算。"]


@pytest.mark.parametrize("state", sorted(ROADS))
def test_every_clock_of_every_state_is_proved(world: World, state: str) -> None:
    assert clock_proof(world.case(state), now=world.now).holds


@pytest.mark.parametrize("seed", range(4))
def test_every_proof_holds_along_a_random_life_and_no_obligation_is_unwatched(world: World, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    case, now = world.report(resident=True), world.now
    for _ in range(25):
        now += timedelta(seconds=dice.choice((61, 1800, 14_407, 86_400, 240_000)))
        first_possible(world, case.pk, now, dice.sample(sorted(MOVES), len(MOVES)))
        proof = clock_proof(Case.objects.get(pk=case.pk), now=now)
        assert [clock.differences for clock in proof.clocks if clock.differences] == []
    sweep(now=now)
    seen = audit(now=now)
    assert (seen.faults, seen.holds) == ([], True)
