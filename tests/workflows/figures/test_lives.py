"""The fold of one history: what each event changes, and that later words replace earlier ones."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cases.terms import EventType as E
from workflows.figures.lives import Life, Said, lived, lives

START = datetime(2026, 3, 2, 1, tzinfo=UTC)


def said(*rows: tuple[E, str, dict[str, Any]]) -> list[Said]:
    return [Said(7, kind.value, START + timedelta(hours=n), state, data) for n, (kind, state, data) in enumerate(rows)]


REPORTED = (E.REPORTED, "reported", {"area": 3, "category": "", "campaign": "walk"})
ACCEPTED = (E.ACCEPTED, "accepted", {"category": "101"})
DISPATCHED = (E.DISPATCHED, "dispatched", {"team": 5})
SUBMITTED = (E.SUBMITTED, "submitted", {"result_code": "A"})
VERIFIED = (E.VERIFIED, "answered", {})
REOPENED = (E.REOPENED, "in_progress", {})


def survey(solved: bool, satisfaction: str) -> tuple[E, str, dict[str, Any]]:
    return (
        E.SURVEY_RECORDED,
        "closed" if solved else "reopen_requested",
        {"solved": solved, "satisfaction": satisfaction},
    )


def overdue(kind: str) -> tuple[E, str, dict[str, Any]]:
    return E.CLOCK_OVERDUE, "in_progress", {"clock": kind}


def life(*rows: tuple[E, str, dict[str, Any]]) -> Life:
    return lived(7, said(REPORTED, *rows))


def test_who_has_it_what_it_is_about_and_that_a_return_keeps_the_team_to_which_it_was_given() -> None:
    found = life(ACCEPTED, DISPATCHED, (E.RETURNED_TO_DISPATCH, "accepted", {"team": 5}))
    assert (found.area, found.campaign, found.category, found.team) == (3, "walk", "101", 5)
    assert (found.dispatched, found.returned, found.state) == (True, True, "accepted")


def test_the_word_of_the_resident_goes_before_the_code_of_the_team() -> None:
    assert life(ACCEPTED, DISPATCHED, SUBMITTED, VERIFIED).is_solved
    assert not life(ACCEPTED, SUBMITTED, VERIFIED, (E.SURVEY_RECORDED, "closed", survey(False, "fair")[2])).is_solved
    planned = (E.SUBMITTED, "submitted", {"result_code": "B"})
    assert not life(ACCEPTED, planned, VERIFIED).is_solved
    assert life(ACCEPTED, planned, VERIFIED, survey(True, "satisfied")).is_solved
    assert not life(ACCEPTED, SUBMITTED).is_solved


def test_a_new_round_asks_anew_and_keeps_the_rating_that_was_given() -> None:
    again = life(ACCEPTED, SUBMITTED, VERIFIED, survey(False, "dissatisfied"), REOPENED)
    assert (again.solved, again.rating, again.result_code, again.reopened) == (None, "dissatisfied", "", True)
    better = life(ACCEPTED, SUBMITTED, VERIFIED, survey(False, "dissatisfied"), REOPENED, SUBMITTED, VERIFIED)
    assert better.is_solved
    assert not better.is_satisfied
    failed = life(ACCEPTED, SUBMITTED, VERIFIED, (E.FAILED_SPOT_CHECK, "in_progress", {}))
    assert (failed.reopened, failed.reworked, failed.is_solved) == (False, True, False)


def test_an_exclusion_is_of_the_rating_before_it_only() -> None:
    rated = (ACCEPTED, SUBMITTED, VERIFIED, survey(False, "dissatisfied"))
    excluded = life(*rated, (E.SURVEY_EXCLUDED, "reopen_requested", {"round": 1}))
    assert (excluded.rating, excluded.excluded) == ("dissatisfied", True)
    new = life(
        *rated, (E.SURVEY_EXCLUDED, "reopen_requested", {}), REOPENED, SUBMITTED, VERIFIED, survey(True, "satisfied")
    )
    assert (new.rating, new.excluded) == ("satisfied", False)


def test_late_in_one_round_is_late_though_the_next_is_in_time() -> None:
    found = life(ACCEPTED, overdue("overall"), SUBMITTED, VERIFIED, REOPENED)
    assert (found.late_now, found.late) == (False, True)


def test_a_limit_that_was_moved_ahead_is_missed_no_longer() -> None:
    ahead = (START + timedelta(days=9)).isoformat()
    behind = START.isoformat()
    moved = (E.CLOCK_RECOMPUTED, "in_progress", {"limits": {"overall": {"was": behind, "is": ahead}}})
    assert not life(ACCEPTED, overdue("overall"), moved).late
    assert life(ACCEPTED, overdue("overall"), (*moved[:2], {"limits": {"handle": {"is": ahead}}})).late
    assert life(ACCEPTED, overdue("overall"), (*moved[:2], {"limits": {"overall": {"is": behind}}})).late
    assert not life(ACCEPTED, overdue("overall"), (E.EXTENDED, "in_progress", {"until": ahead})).late
    assert not life(ACCEPTED, overdue("handle")).late


def test_only_the_first_response_counts_and_only_in_time() -> None:
    assert not life().responded
    late = life(overdue("accept"), ACCEPTED)
    assert (late.responded, late.responded_late) == (True, True)
    assert not life(ACCEPTED, overdue("accept")).responded_late


def test_lives_are_told_apart_case_by_case() -> None:
    one, other = said(REPORTED, ACCEPTED), [row._replace(case=8) for row in said(REPORTED)]
    assert [(found.case, found.state) for found in lives([*one, *other])] == [(7, "accepted"), (8, "reported")]


def test_of_a_case_that_was_answered_elsewhere_nobody_knows_when_it_was_taken_on() -> None:
    found = life((E.ANSWER_ADOPTED, "answered", {}), (E.CLOCK_STOPPED_LATE, "answered", {"clock": "accept"}))
    assert (found.answered, found.responded, found.responded_late) == (True, False, False)
