"""Rates over real lives: counted once, as of a moment, in a scope, and the same from the command and from the page."""

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from cases.models import Area, Campaign, Case
from cases.terms import ResultCode, Satisfaction
from tests.factories import World
from workflows import permissions as may
from workflows.commands import handling, intake, review, surveys
from workflows.commands.sweep import sweep
from workflows.figures.rates import BY_NAME, RATES, Figure, tally
from workflows.figures.reading import Question, read_lives

DAY = timedelta(days=1)


def rates(**asked: object) -> dict[str, tuple[int, int]]:
    total = tally(read_lives(Question(**asked)))  # type: ignore[arg-type]
    return {name: (figure.numerator, figure.denominator) for name, figure in total.figures.items()}


def rate(world: World, case: Case, *, solved: bool, satisfaction: Satisfaction, at: timedelta = DAY) -> None:
    answer = surveys.SurveyAnswer(solved, satisfaction, "还是不亮")
    surveys.record_survey(case_id=case.pk, actor=may.RESIDENT, now=world.now + at, answer=answer)


def test_every_rate_over_a_small_district(world: World) -> None:
    rate(world, world.case("answered"), solved=True, satisfaction=Satisfaction.SATISFIED)
    rate(world, world.case("answered"), solved=False, satisfaction=Satisfaction.DISSATISFIED)
    world.case("closed")
    world.case("in_progress")
    world.case("rejected")
    world.case("reported")
    assert rates() == {
        "response": (5, 5),
        "resolution": (2, 5),
        "satisfaction": (1, 2),
        "on_time": (2, 2),
        "rework": (0, 3),
        "return": (0, 4),
        "reopened": (0, 3),
        "excluded": (0, 2),
        "surveyed": (2, 3),
        "rejected": (1, 5),
    }


def test_a_case_that_comes_back_twice_is_one_case_in_every_rate(world: World) -> None:
    case, now = world.case("answered"), world.now
    for n in range(2):
        rate(world, case, solved=False, satisfaction=Satisfaction.DISSATISFIED, at=(2 * n + 1) * DAY)
        now = world.now + (2 * n + 2) * DAY
        review.reopen_case(case_id=case.pk, actor=world.supervisor, now=now, reason="属实")
        handling.submit_case(
            case_id=case.pk, actor=world.member, now=now, result_code=ResultCode.SOLVED, result_text="换了整盏。"
        )
        review.verify_case(case_id=case.pk, actor=world.grid_worker, now=now, finding="亮了。")
    rate(world, case, solved=True, satisfaction=Satisfaction.FAIR, at=6 * DAY)
    found = rates()
    assert (found["reopened"], found["satisfaction"], found["resolution"]) == ((1, 1), (1, 1), (1, 1))
    assert tally(read_lives(Question())).cases == 1


def test_a_limit_that_nobody_swept_is_still_missed(world: World) -> None:
    in_time, late = world.case("answered"), world.case("answered")
    surveys.close_unanswered(case_id=in_time.pk, now=world.now + DAY)
    surveys.close_unanswered(case_id=late.pk, now=world.now + 90 * DAY)
    assert rates()["on_time"] == (1, 2)
    swept = world.case("in_progress")
    sweep(now=world.now + 90 * DAY)
    assert rates()["on_time"] == (1, 3)
    kinds = swept.events.filter(type="clock.overdue").values_list("data__clock", flat=True)
    assert "overall" in set(kinds)
    assert not late.events.filter(type="clock.overdue").exists()
    assert set(late.events.filter(type="clock.stopped_late").values_list("data__clock", flat=True)) >= {"overall"}


def test_as_of_a_past_moment_the_figures_are_those_of_then(world: World) -> None:
    case = world.case("answered")
    before = rates(as_of=world.now)
    rate(world, case, solved=False, satisfaction=Satisfaction.DISSATISFIED)
    assert rates(as_of=world.now) == before
    assert rates()["resolution"] == (0, 1)
    assert before["resolution"] == (1, 1)


def test_days_areas_teams_categories_and_campaigns_narrow_them(world: World) -> None:
    walk = Campaign.objects.create(code="walk", name="走找想促", starts_on=world.now.date())
    world.case("in_progress")
    in_it = world.report(campaign=walk, category=world.photo_category)
    elsewhere_grid = Area.objects.get(code="S2G1")
    elsewhere = world.report(area=elsewhere_grid, actor=world.other_grid_worker, now=world.now - 9 * DAY)
    collected = {
        "all": rates(),
        "campaign": rates(campaign=walk),
        "category": rates(category=world.photo_category),
        "team": rates(team=world.team),
        "area": rates(area=world.street),
        "days": rates(since=date(2026, 3, 2), until=date(2026, 3, 2)),
        "before": rates(until=date(2026, 3, 1)),
    }
    assert {name: found["resolution"][1] for name, found in collected.items()} == {
        "all": 3, "campaign": 1, "category": 1, "team": 1, "area": 2, "days": 2, "before": 1,
    }  # fmt: skip
    cases = {life.case for life in read_lives(Question(campaign=walk))}
    assert cases == {in_it.pk}
    assert elsewhere.pk not in {life.case for life in read_lives(Question(), world.supervisor)}


def test_the_command_prints_both_numbers_and_the_cases_behind_them(world: World) -> None:
    solved, open_one = world.case("closed"), world.case("in_progress")
    found = json.loads(printed("figures", "--json"))
    assert [row["name"] for row in found] == [one.name for one in RATES]
    resolution = next(row for row in found if row["name"] == "resolution")
    assert (resolution["numerator"], resolution["denominator"], resolution["value"]) == (1, 2, 0.5)
    assert "÷" in resolution["formula"]
    assert next(row for row in found if row["name"] == "satisfaction")["value"] is None
    explained = json.loads(printed("figures", "--explain", "resolution", "--json"))
    assert explained["numerator"] == [solved.number]
    assert explained["denominator"] == sorted([solved.number, open_one.number])
    assert open_one.number in printed("figures", "--explain", "resolution")
    assert "解决率  50.00%  1/2" in printed("figures")


def test_the_command_names_what_it_does_not_know(world: World) -> None:
    with pytest.raises(CommandError, match="没有代码为 X9 的区域"):
        call_command("figures", "--area", "X9")
    with pytest.raises(CommandError, match="看不懂时刻"):
        call_command("figures", "--as-of", "gestern")


def test_a_campaign_takes_no_case_before_it_begins(world: World) -> None:
    later = Campaign.objects.create(code="later", name="以后", starts_on=date(2026, 4, 1))
    with pytest.raises(Exception, match="这项专项行动不在进行"):
        world.report(campaign=later)
    assert not Case.objects.exists()


def printed(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_an_interval_holds_the_share_and_lies_between_nothing_and_everything(n: int, of: int) -> None:
    figure = Figure(BY_NAME["resolution"], min(n, of), of)
    assert figure.value is not None
    assert figure.interval is not None
    low, high = figure.interval
    assert 0 <= low <= figure.value + 1e-12
    assert figure.value - 1e-12 <= high <= 1


def test_wilson_is_wilson() -> None:
    low, high = Figure(BY_NAME["resolution"], 8, 10).interval or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)


def test_reported_again_after_the_rounds_are_used_up(world: World) -> None:
    case = world.case("closed", resident=True)
    Case.objects.filter(pk=case.pk).update(round=3)
    with pytest.raises(Exception, match="已经重办 2 次"):
        surveys.request_reopen(case_id=case.pk, actor=may.RESIDENT, now=world.now + DAY, words="又坏了")
    made = intake.report_again(case_id=case.pk, actor=may.RESIDENT, now=world.now + DAY, words="又坏了")
    assert (made.follows_id, made.state, made.reporter_id) == (case.pk, "reported", case.reporter_id)
    assert case.events.get(type="case.reported_again").data == {"number": made.number}
    with pytest.raises(Exception, match="已经另立新件"):
        intake.report_again(case_id=case.pk, actor=may.RESIDENT, now=world.now + DAY, words="又坏了")


def test_not_solved_in_the_last_round_ends_the_case_and_counts_as_not_solved(world: World) -> None:
    case = world.case("answered")
    Case.objects.filter(pk=case.pk).update(round=3)
    rate(world, case, solved=False, satisfaction=Satisfaction.DISSATISFIED)
    assert Case.objects.get(pk=case.pk).state == "closed"
    assert rates()["resolution"] == (0, 1)
