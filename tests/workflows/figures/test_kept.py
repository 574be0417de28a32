"""What is kept is what the history says, whatever was done and whenever it was folded; readers see it at once."""

import json
import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.core.management import call_command

from cases.models import Area, Campaign, Case, User
from cases.terms import ResultCode, Satisfaction
from tests.factories import World
from tests.scenarios.test_random_lives import MOVES, first_possible
from workflows import permissions as may
from workflows.commands import surveys
from workflows.commands.sweep import sweep
from workflows.figures.rates import BY_NAME, SIDES, tally
from workflows.figures.reading import Question, read_lives
from workflows.keeping import reading as reading_
from workflows.keeping.checking import check, rebuild
from workflows.keeping.fold import fold, fold_all
from workflows.keeping.reading import reading
from workflows.keeping.shares import FACETS, column_of, share_of
from workflows.models import KeptFlow, KeptLife, KeptSum

DAY = timedelta(days=1)


def kept(question: Question, viewer: User | None = None) -> dict[str, tuple[int, int]]:
    with reading(question, viewer) as found:
        total = found.total().tally()
    return {name: (one.numerator, one.denominator) for name, one in total.figures.items()} | {"n": (total.cases, 0)}


def told(question: Question, viewer: User | None = None) -> dict[str, tuple[int, int]]:
    total = tally(read_lives(question, viewer))
    return {name: (one.numerator, one.denominator) for name, one in total.figures.items()} | {"n": (total.cases, 0)}


def compare(question: Question, viewer: User | None = None) -> None:
    """Every number of a reading against the fold of the history."""
    lives = list(read_lives(question, viewer))
    assert kept(question, viewer) == told(question, viewer)
    with reading(question, viewer) as found:
        for facet, of in (("team", lambda one: one.team), ("category", lambda one: one.category or None)):
            parts = {value: counts["cases"] for value, counts in found.by(facet).items() if counts["cases"]}
            expected: dict[Any, int] = {}
            for life in lives:
                if life.counted:
                    expected[of(life)] = expected.get(of(life), 0) + 1
            assert parts == expected
        areas = found.by_area(found.paths or [""])
        assert sum(counts["cases"] for counts in areas.values()) == found.total()["cases"]
        for rate, side in product(BY_NAME.values(), SIDES):
            keys = sorted((life.case for life in lives if rate.holds(life, side)), reverse=True)
            assert list(found.keys(column_of(rate.name, side))) == keys
        assert sum(flow[2] for flow in found.flows().values()) == sum(life.in_hand for life in every(question, viewer))
        late = {share.case: share.overdue_since for share in found.longest_overdue(1000)}
        assert late == {life.case: life.overdue_since for life in lives if life.overdue_since}


def every(question: Question, viewer: User | None) -> list[Any]:
    return list(read_lives(replace(question, since=None, until=None), viewer))


def a_district(world: World, seed: int, cases: int = 8, moves: int = 6) -> list[datetime]:
    """Cases with random lives in two streets over some months, folded now and then; returns the moments."""
    dice, moments = random.Random(seed), []  # noqa: S311
    walk = Campaign.objects.create(code="walk", name="走找想促", starts_on=world.now.date() - 90 * DAY)
    elsewhere = Area.objects.get(code="S2G1")
    for n in range(cases):
        now = world.now + timedelta(days=dice.choice((0, 3, 20, 45)), hours=dice.randrange(8))
        area, who = (world.grid, world.grid_worker) if n % 3 else (elsewhere, world.other_grid_worker)
        case = world.report(now=now, area=area, actor=who, campaign=walk if n % 2 else None, resident=True)
        for _ in range(dice.randrange(moves)):
            now += timedelta(minutes=dice.choice((1, 240, 1440, 4000, 12000)))
            first_possible(world, case.pk, now, dice.sample(sorted(MOVES), len(MOVES)))
            moments.append(now)
            if dice.random() < 0.3:
                fold(batch=dice.choice((1, 3, 500)))
    return moments


@pytest.mark.parametrize("seed", range(2))
def test_readings_equal_the_history_whatever_is_folded_yet(world: World, seed: int) -> None:
    moments = a_district(world, seed)
    questions = [
        Question(),
        Question(area=world.street),
        Question(area=world.grid),
        Question(since=date(2026, 3, 3), until=date(2026, 4, 15)),
        Question(since=date(2026, 3, 1), until=date(2026, 3, 31), area=world.district),
        Question(since=date(2026, 3, 5), until=date(2026, 3, 25)),
        Question(team=world.team),
        Question(campaign=Campaign.objects.get()),
        Question(category=world.category, until=date(2026, 3, 20)),
        Question(as_of=sorted(moments)[len(moments) // 2]),
        Question(as_of=max(moments), since=date(2026, 3, 3), area=world.street),
    ]
    assert Case.objects.not_kept().exists()
    for question in questions:
        compare(question)
    for viewer in (world.auditor, world.supervisor, world.leader, world.grid_worker, world.survey_desk):
        compare(Question(), viewer)
        compare(Question(since=date(2026, 3, 3), area=world.estate), viewer)
    fold_all()
    assert not Case.objects.not_kept().exists()
    for question in questions:
        compare(question)
    checked = check()
    assert checked.holds, checked
    assert (checked.cases, checked.pending) == (8, 0)


@pytest.mark.parametrize("seed", range(4))
def test_overdue_by_the_history_is_overdue_by_the_clock_of_the_stage(world: World, seed: int) -> None:
    dice, now = random.Random(seed), world.now  # noqa: S311
    case = world.report(resident=True)
    for _ in range(25):
        now += timedelta(minutes=dice.choice((30, 1440, 4000, 9000)))
        first_possible(world, case.pk, now, dice.sample(sorted(MOVES), len(MOVES)))
        sweep(now=now)
        case = Case.objects.get(pk=case.pk)  # type: ignore[assignment]
        (life,) = read_lives(Question())
        assert life.in_hand == case.is_open
        assert (life.overdue_since is not None) == (case.due_at is not None and case.due_at <= now)
        if life.overdue_since:
            assert life.overdue_since == case.due_at
        steps = share_of(life).steps
        assert sum(step.overdue for step in steps) == (life.overdue_since is not None)
        assert sum(step.in_hand for step in steps) == life.in_hand
        assert sum(step.received for step in steps) == 1


def test_a_fold_writes_what_differs_and_a_second_one_nothing(world: World) -> None:
    case = world.case("answered")
    assert (fold_all(), fold_all()) == (1, 0)
    before = list(KeptSum.objects.order_by("pk").values())
    assert {row["facet"] for row in before} == set(FACETS)
    answer = surveys.SurveyAnswer(True, Satisfaction.SATISFIED, "")
    surveys.record_survey(case_id=case.pk, actor=may.RESIDENT, now=world.now + DAY, answer=answer)
    assert list(Case.objects.not_kept()) == [Case.objects.get(pk=case.pk)]
    assert fold_all() == 1
    assert KeptSum.objects.count() == len(before)
    assert KeptLife.objects.get().satisfaction == 1
    assert check().holds


def test_many_pending_cases_are_folded_before_they_are_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_, "MOST_PENDING", 2)
    for _ in range(3):
        world.report()
    assert kept(Question())["n"] == (3, 0)
    assert not Case.objects.not_kept().exists()


def test_a_difference_is_found_and_made_good(world: World) -> None:
    case = world.case("closed")
    world.report()
    fold_all()
    assert check().holds
    KeptLife.objects.filter(pk=case.pk).update(resolution=0)
    KeptSum.objects.filter(facet="team").update(cases=7)
    KeptFlow.objects.filter(path=world.district.path).update(received=0)
    found = check()
    assert found.wrong_cases == [case.number]
    assert [row.count("/") for row in found.wrong_sums].count(1) == 1
    assert any("/team/" in row for row in found.wrong_sums)
    assert rebuild() == 2
    assert check().holds


def test_the_code_of_a_result_is_a_count_of_its_own(world: World) -> None:
    world.case("answered")
    fold_all()
    row = KeptLife.objects.get()
    assert (row.resolution, row.resolution_of, row.in_hand, row.overdue, row.area_id) == (1, 1, 1, 0, world.grid.pk)
    assert row.steps == [["2026-03-02", 1, 0, 1, 0]]
    assert Case.objects.get().result_code == ResultCode.SOLVED


def test_the_command_compares_and_says_where_it_differs(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    case = world.case("closed")
    call_command("check_figures")
    assert "与流转记录一致" in capsys.readouterr().out
    KeptLife.objects.filter(pk=case.pk).update(on_time=0)
    with pytest.raises(SystemExit) as ended:
        call_command("check_figures", "--json")
    assert ended.value.code == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["holds"], found["wrong_cases"], found["wrong_sums"]) == (False, [case.number], [])
    call_command("check_figures", "--rebuild", "--json")
    assert json.loads(capsys.readouterr().out) | {"holds": True, "folded": 1, "cases": 1} == found | {
        "holds": True, "folded": 1, "wrong_cases": [],
    }  # fmt: skip
