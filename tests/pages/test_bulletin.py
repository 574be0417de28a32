"""The bulletin: as of the end of its period, the same again later, with the one before beside it; print, PDF, Excel."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from python_calamine import CalamineWorkbook

from cases.lib import pdf
from cases.terms import Satisfaction
from tests.factories import World
from workflows import permissions as may
from workflows.commands import surveys
from workflows.commands.sweep import sweep
from workflows.keeping.fold import fold_all

PAGE = "/bulletin/"
DAY = timedelta(days=1)


def a_month(world: World) -> None:
    """World.now is Monday 2 March 2026: two weeks of moves."""
    for days in (0, 1, 7, 8, 9):
        world.case("in_progress", now=world.now + days * DAY)
    world.case("closed", now=world.now + 2 * DAY)
    world.case("answered", now=world.now + 8 * DAY)
    for days in range(1, 40):
        sweep(now=world.now + days * DAY)


def numbers(page: Any) -> dict[str, tuple[int, int]]:
    return {str(number.label): (number.now, number.before) for number in page.numbers}


def test_a_week_with_the_one_before(world: World, client: Client) -> None:
    a_month(world)
    client.force_login(world.supervisor)
    with time_machine.travel(world.now + 45 * DAY, tick=False):
        client.force_login(world.supervisor)
        page = client.get(PAGE, {"grain": "week", "day": "2026-03-11"}).context["page"]
        assert (page.span.begins, page.span.ends, page.span.is_over) == (date(2026, 3, 9), date(2026, 3, 15), True)
        assert numbers(page) == {"收到": (4, 3), "办结": (0, 1), "期末在办": (6, 2), "期末超期": (0, 0)}
        resolution = next(rate for rate in page.rates if rate.rate.name == "resolution")
        assert (resolution.now.numerator, resolution.now.denominator) == (2, 7)
        assert (resolution.before.numerator, resolution.before.denominator) == (1, 3)
        later = client.get(PAGE, {"day": "2026-03-31"}).context["page"]
        assert later.overdue == len(later.late) > 0
        assert [late.since for late in later.late] == sorted(late.since for late in later.late)


def test_a_past_bulletin_is_the_same_again_whatever_happened_since(world: World, client: Client) -> None:
    a_month(world)
    answered = world.case("answered", now=world.now + 9 * DAY)
    asked = {"grain": "month", "day": "2026-03-05"}

    def told() -> Any:
        client.force_login(world.auditor)
        page = client.get(PAGE, asked).context["page"]
        parts = [(unit.name, unit.counts.numbers) for _label, units in page.units for unit in units]
        late = [(row.case.number, row.since) for row in page.late]
        return numbers(page), [(rate.now, rate.before) for rate in page.rates], parts, late

    with time_machine.travel(world.now + 31 * DAY, tick=False):
        first = told()
    fold_all()
    answer = surveys.SurveyAnswer(False, Satisfaction.DISSATISFIED, "还是不亮")
    surveys.record_survey(case_id=answered.pk, actor=may.RESIDENT, now=world.now + 32 * DAY, answer=answer)
    world.case("closed", now=world.now + 33 * DAY)
    with time_machine.travel(world.now + 60 * DAY, tick=False):
        assert told() == first
        fold_all()
        assert told() == first


def test_what_runs_still_says_so_and_the_future_is_refused(world: World, client: Client) -> None:
    with time_machine.travel(world.now, tick=False):
        client.force_login(world.supervisor)
        assert "本期还没有结束" in client.get(PAGE, {"day": "2026-03-02"}).content.decode()
        assert "本期还没有结束" not in client.get(PAGE).content.decode()
        wrong = client.get(PAGE, {"day": "2026-03-09"})
        assert wrong.status_code == 422
        assert "只能看已经开始的一期" in wrong.content.decode()


def test_every_rate_stands_with_both_numbers_and_its_formula(world: World, client: Client) -> None:
    a_month(world)
    with time_machine.travel(world.now + 45 * DAY, tick=False):
        client.force_login(world.supervisor)
        answer = client.get(PAGE, {"day": "2026-03-11"})
        html = answer.content.decode()
        for rate in answer.context["page"].rates:
            assert rate.rate.formula in html
            assert f"{rate.now.numerator} ÷ {rate.now.denominator}" in html
        english = client.get(PAGE, {"day": "2026-03-11"}, headers={"accept-language": "en"}).content.decode()
        assert "Weekly bulletin" in english


def test_excel_has_the_numbers_and_what_was_typed_stays_text(world: World, client: Client) -> None:
    a_month(world)
    world.report(title="=1+1 路灯", now=world.now)
    sweep(now=world.now + 20 * DAY)
    with time_machine.travel(world.now + 45 * DAY, tick=False):
        client.force_login(world.supervisor)
        answer = client.get(PAGE, {"day": "2026-03-31", "export": "xlsx"})
        book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer)))  # type: ignore[arg-type]
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0][:6] == ["部分", "项目", "本期", "上期", "分子", "分母"]
    assert any(row[:2] == ["本期情况", "收到"] for row in rows)
    resolution = next(row for row in rows if row[1] == "解决率")
    assert resolution[2] == round(resolution[4] / resolution[5], 4)
    assert any("=1+1" in str(row[1]) for row in rows)


def test_the_pdf_is_one_or_says_why_not(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    a_month(world)
    client.force_login(world.supervisor)
    if not pdf.missing():
        made = client.get(f"{PAGE}bulletin.pdf", {"grain": "month"})
        assert made.content.startswith(b"%PDF")
    monkeypatch.setattr(pdf, "missing", lambda: ("libpango-1.0-0",))
    told = client.get(f"{PAGE}bulletin.pdf", follow=True)
    assert "这台服务器不能生成 PDF" in told.content.decode()


def test_bulletins_are_for_those_who_answer_for_an_area(world: World, client: Client) -> None:
    for person, status in ((world.chief, 200), (world.desk, 200), (world.grid_worker, 403), (world.member, 403)):
        client.force_login(person)
        assert client.get(PAGE).status_code == status
        assert client.get(f"{PAGE}bulletin.pdf").status_code in ((200, 302) if status == 200 else (403,))
