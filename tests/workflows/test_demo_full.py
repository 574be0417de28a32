"""The district at its full size, with every figure of the report and every proof over it; .ci/run runs it once."""

import sys
from datetime import datetime
from time import perf_counter

import pytest
import time_machine

from cases import events
from cases.models import Campaign, Poll
from tests.factories import SHANGHAI
from workflows.clock_audit import audit
from workflows.council.certify import recount
from workflows.demo import build_district
from workflows.figures.campaign import campaign_report
from workflows.keeping.checking import check

pytestmark = [pytest.mark.django_db, pytest.mark.data, pytest.mark.district]
NOW = datetime(2026, 4, 15, 10, 20, tzinfo=SHANGHAI)


def test_every_figure_of_the_report_comes_out_exactly(capsys: pytest.CaptureFixture[str]) -> None:
    begun = perf_counter()
    with time_machine.travel(NOW, tick=False):
        built = build_district(NOW)
        seconds = perf_counter() - begun
        report = campaign_report(Campaign.objects.get())
        histories, clocks, kept = events.verify_all(), audit(now=NOW), check()
    with capsys.disabled():
        figures = "".join(f"  {name} {count}\n" for name, count in report.counts().items())
        sys.stdout.write(f"\n{built.cases} cases, {histories.events} events in {seconds:.0f} s\n{figures}")
    counts = report.counts()
    assert (counts["suggestions"], counts["solved"]) == (577, 564)
    satisfaction = report.total.figures["satisfaction"]
    assert satisfaction.numerator == satisfaction.denominator > 400
    assert (counts["meetings"], counts["matters"]) == (370, 950)
    assert (counts["teams"], counts["members"], counts["estates"]) == (70, 210, 70)
    assert (counts["courses"], counts["participants"]) == (4, 463)
    assert (counts["lecturers"], counts["site_kinds"]) == (30, 4)
    assert histories.broken == []
    assert clocks.faults == []
    assert kept.holds
    certified = Poll.objects.filter(state__in=["certified", "published"])
    assert all((again := recount(poll)) is not None and again.same for poll in certified)
