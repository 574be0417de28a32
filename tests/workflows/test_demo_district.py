"""A small district: its figures are exact, its histories, clocks and polls hold, every page has something to show."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from pytest_django import DjangoDbBlocker

from cases import events
from cases.lib.crypto import blind_index
from cases.models import (
    Campaign,
    Case,
    CaseEvent,
    Decision,
    FollowUp,
    Meeting,
    MicroProject,
    Minutes,
    Notice,
    Poll,
    Reporter,
    Topic,
)
from cases.terms import END_STATES, Priority, RequestState, State
from tests.factories import SHANGHAI
from workflows import limits
from workflows.clock_audit import audit
from workflows.council.certify import recount
from workflows.demo import District, build_district
from workflows.demo.hard_ones import CHAOS, HANDOVER, PARKING
from workflows.demo.size import Size, scaled
from workflows.figures.rates import tally
from workflows.figures.reading import Question, read_lives
from workflows.models import Clock, Part, Request, SupervisionOrder

pytestmark = [pytest.mark.django_db, pytest.mark.data]
NOW = datetime(2026, 4, 15, 10, 20, tzinfo=SHANGHAI)
SCALE = 0.01
HELD = ("closed", "minuted", "archived")


@pytest.fixture(scope="module")
def district(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[District]:
    """Built once for all tests here, and taken back after them."""
    limits.built.cache_clear()
    limits._version_limits.cache_clear()
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        yield build_district(NOW, scale=SCALE)
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _built(district: District) -> None:
    """Every test of the module looks at it."""


@pytest.fixture
def size() -> Size:
    return scaled(SCALE)


def test_the_campaign_has_exactly_its_suggestions_and_those_solved_and_everybody_asked_is_satisfied(size: Size) -> None:
    campaign = Campaign.objects.get()
    figures = tally(read_lives(Question(campaign=campaign))).figures
    resolution, satisfaction = figures["resolution"], figures["satisfaction"]
    assert (resolution.numerator, resolution.denominator) == (size.solved, size.suggestions)
    assert satisfaction.value == 1.0
    assert satisfaction.denominator > size.solved / 2
    assert Case.objects.filter(campaign=campaign).count() == size.suggestions
    whole = tally(read_lives(Question())).figures
    assert (whole["satisfaction"].value or 0) < 1.0


def test_the_councils_held_exactly_so_many_meetings_and_decided_so_many_matters(size: Size) -> None:
    assert Meeting.objects.filter(state__in=HELD).count() == size.meetings
    decided = Decision.objects.filter(item__meeting__state__in=HELD)
    assert decided.count() == size.matters
    assert set(decided.values_list("outcome", flat=True)) == {"adopted", "not_adopted", "consensus"}
    matters = set(decided.values_list("item__topic__matter", flat=True))
    assert {"facility", "maintenance_fund", "culture"} <= matters
    assert Meeting.objects.filter(state="convened", planned_at__gt=NOW).exists()
    assert Minutes.objects.filter(state="published").exists()
    assert Notice.objects.filter(state="posted").exists()
    assert FollowUp.objects.filter(state="verified").exists()


def test_every_history_clock_and_poll_holds() -> None:
    assert events.verify_all().broken == []
    assert audit(now=NOW).faults == []
    polls = [poll for poll in Poll.objects.all() if poll.state in ("certified", "published")]
    assert len(polls) > 10
    assert all((again := recount(poll)) is not None and again.same for poll in polls)
    call_command("check_lifecycle", verbosity=0)


def test_every_kind_of_standing_is_there() -> None:
    assert set(Case.objects.values_list("state", flat=True)) == set(State.values)
    states = {request.state for request in Request.objects.all()}
    assert {RequestState.ASKED, RequestState.AGREED} <= states
    assert Part.objects.filter(answered_at=None).exists()
    assert Part.objects.exclude(answered_at=None).exists()
    assert SupervisionOrder.objects.exists()
    assert CaseEvent.objects.filter(type="case.closed_unanswered").exists()
    assert all(case.holder_role for case in Case.objects.exclude(state__in=END_STATES))
    assert Case.objects.overdue(NOW).count() >= 3
    assert Case.objects.due_soon(NOW).exists()


def test_nothing_lies_ahead_and_what_is_due_has_been_marked() -> None:
    moments = CaseEvent.objects.values_list("at", flat=True)
    assert max(moments) <= NOW
    assert min(moments) > NOW - timedelta(days=400)
    assert not Clock.objects.filter(alarm_at__lte=NOW).exists()
    for model, name in ((Meeting, "created_at"), (Topic, "proposed_at"), (Decision, "recorded_at")):
        assert not model.objects.filter(**{f"{name}__gt": NOW}).exists()


def test_messages_of_the_days_before_are_not_sent_those_of_today_are() -> None:
    day_ago = NOW - timedelta(days=1)
    assert not CaseEvent.objects.filter(relayed_at=None, at__lt=day_ago).exists()
    assert CaseEvent.objects.filter(relayed_at=None, at__gte=day_ago).exists()


def test_people_are_invented_and_unreachable() -> None:
    phones = [r.phone for r in Reporter.objects.all()]
    assert len(phones) > 20
    assert all(phone.startswith("163000") and len(phone) == 11 for phone in phones)
    assert Reporter.objects.filter(phone_index=blind_index(phones[0])).exists()


def test_parking_chaos_is_told_from_the_report_through_the_council_to_the_end() -> None:
    case = Case.objects.get(area__full_name__contains=PARKING, council__isnull=False, campaign__isnull=False,
                            category__code="301", title=CHAOS.title.format(e=PARKING))  # fmt: skip
    said = list(case.events.order_by("seq").values_list("type", flat=True))
    wanted = ["case.reported", "case.merged_into", "case.accepted", "case.dispatched", "case.signed",
              "case.referred_to_council", "case.decision_taken", "follow_up.started", "follow_up.ended",
              "case.submitted", "case.verified", "case.survey_recorded"]  # fmt: skip
    assert [kind for kind in dict.fromkeys(said) if kind in wanted] == wanted
    assert said.count("case.merged_into") == 3
    assert case.state == State.CLOSED
    assert MicroProject.objects.get(title="废弃花坛改建停车位").state == "surveyed"


def test_the_property_company_left_and_the_owners_chose_another() -> None:
    case = Case.objects.get(title="物业公司通知月底撤场", campaign__isnull=False)
    assert HANDOVER in str(case.area)
    assert (case.state, case.result_code, case.priority) == (State.CLOSED, "A", Priority.URGENT)
    ballot = Poll.objects.get(item=None, topic__title="选聘新的物业公司")
    assert ballot.state == "published"
    assert ballot.certifications.get().outcome == "adopted"
    assert FollowUp.objects.get(poll=ballot).state == "verified"
    assert CaseEvent.objects.filter(type="promise.kept", case__topics=ballot.topic).exists()
