"""What the page of a case computes."""

from datetime import timedelta

from tests.factories import World
from workflows.available import case_for
from workflows.case_page import case_page
from workflows.commands import history, intake


def test_a_paused_clock_shows_the_share_that_was_used_when_it_paused(world: World) -> None:
    case = world.report()  # one working day of seven hours: Monday 09:00 to Tuesday 17:30
    asked = world.now + timedelta(hours=3)
    intake.request_info(case_id=case.pk, actor=world.desk, now=asked, question="哪一栋？")
    seen = case_for(world.desk, case.number)
    assert seen is not None
    page = case_page(world.desk, seen, now=asked + timedelta(days=3))
    share = {clock.label: clock.percent for clock in page.running}
    assert 0 < share["受理时限"] < 30


def test_what_nobody_did_here_is_no_step_of_an_adopted_case(world: World) -> None:
    report = intake.Report(area=world.grid, title="路灯", description="不亮", source="import", external_ref="9")
    case = history.adopt_case(
        report=report, reported_at=world.now, answer="已修好。", answered_at=world.now + timedelta(days=2)
    )
    seen = case_for(world.desk, case.number)
    assert seen is not None
    steps = case_page(world.desk, seen, now=world.now + timedelta(days=9)).steps
    assert [(step.label, step.status) for step in steps] == [
        ("上报", "done"),
        ("核查", "done"),
        ("回访", "done"),
        ("结案", "done current"),
    ]
