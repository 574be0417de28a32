from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from cases.forms import LedgerForm, areas_to_choose
from cases.models import Area, Case, RoleAssignment, User
from cases.selectors import Filters, case_list, held_by
from cases.terms import Role, Source
from tests.factories import World, area, user
from workflows.commands import intake

Find = Callable[..., set[str]]


@pytest.fixture
def find(world: World) -> Find:
    """The numbers that somebody finds by these filters."""

    def found(viewer: User, **filters: Any) -> set[str]:
        return set(case_list(viewer, Filters(**filters), now=world.now).values_list("number", flat=True))

    return found


def test_nobody_finds_more_than_they_may_see(world: World, find: Find) -> None:
    case = world.case()
    assert find(world.desk) == find(world.auditor) == find(world.grid_worker) == {case.number}
    assert find(world.other_grid_worker) == find(world.admin) == find(world.contact) == set()


def test_a_case_is_found_by_its_state_and_by_open_or_ended(world: World, find: Find) -> None:
    fresh, closed = world.case(), world.case("rejected")
    assert find(world.desk, state="reported") == find(world.desk, state="open") == {fresh.number}
    assert find(world.desk, state="rejected") == find(world.desk, state="ended") == {closed.number}
    assert find(world.desk, pressing=True) == {fresh.number}


def test_an_area_finds_everything_beneath_it(world: World, find: Find) -> None:
    low = world.case()
    high = world.case(area=world.street, actor=world.desk)
    assert find(world.desk, area=world.street) == {low.number, high.number}
    assert find(world.desk, area=world.estate) == {low.number}
    assert find(world.desk, area=world.other_street) == set()


def test_category_team_and_source_narrow_together(world: World, find: Find) -> None:
    handled = world.case("in_progress")
    other = world.case(source=Source.DESK, actor=world.desk)
    assert find(world.desk, category=world.category, team=world.team, source="grid") == {handled.number}
    assert find(world.desk, category=world.photo_category, team=world.team) == set()
    assert find(world.desk, source="desk") == {other.number}


def test_a_range_of_days_includes_its_last_day(world: World, find: Find) -> None:
    case = world.case()
    day = world.now.date()
    form = LedgerForm({"reported_from": f"{day}", "reported_to": f"{day}"}, viewer=world.desk)
    assert set(case_list(world.desk, form.filters(), now=world.now)) == {Case.objects.get()}
    yesterday = LedgerForm({"reported_to": f"{day - timedelta(days=1)}"}, viewer=world.desk)
    assert not case_list(world.desk, yesterday.filters(), now=world.now).exists()
    assert case.number


def test_overdue_and_soon_are_counted_at_the_moment_of_asking(world: World, find: Find) -> None:
    case = Case.objects.get(pk=world.case().pk)
    assert case.due_at
    assert case.warn_at
    for now, limit in [(world.now, ""), (case.warn_at, "soon"), (case.due_at, "overdue")]:
        for asked in ("overdue", "soon"):
            found = case_list(world.desk, Filters(limit=asked), now=now)
            assert found.exists() is (asked == limit)


def test_answers_later_than_so_many_working_days(world: World, find: Find) -> None:
    case = world.case("answered")
    Case.objects.filter(pk=case.pk).update(answer_workdays=5)
    assert find(world.desk, later_than=4) == {case.number}
    assert find(world.desk, later_than=5) == set()


def test_words_and_numbers_are_searched(world: World, find: Find) -> None:
    case = world.case(title="东门路灯不亮", external_ref="12345-778899", source=Source.IMPORT, actor=world.desk)
    world.case(title="垃圾清运不及时", description="三天没有来车。")
    for words in ("路灯", case.number, "778899", "东门 路灯"):
        assert find(world.desk, words=words) == {case.number}, words
    assert find(world.desk, words="井盖") == set()


@pytest.mark.parametrize("typed", ["13800138000", "138 0013 8000", "+86 138-0013-8000"])
def test_a_phone_in_full_finds_its_reporter_for_those_who_may_see_it(world: World, find: Find, typed: str) -> None:
    case = world.case("in_progress", resident=True)
    world.case()
    for viewer in (world.desk, world.survey_desk, world.supervisor, world.member, world.grid_worker):
        assert find(viewer, words=typed) == {case.number}, viewer
    for viewer in (world.leader, world.dispatcher, world.auditor, world.chief):
        assert find(viewer, words=typed) == set(), viewer


def test_a_phone_written_in_the_text_is_not_told_by_the_search(world: World, find: Find) -> None:
    case = world.case(description="请打 13912345678 找他。")
    assert find(world.desk, words="13912345678") == set()
    assert find(world.desk, words="找他") == {case.number}


def test_part_of_a_phone_finds_nobody(world: World, find: Find) -> None:
    world.case(resident=True)
    assert find(world.desk, words="1380013") == set()


HOLDS = {
    "reported": "desk", "info_requested": "grid_worker", "accepted": "dispatcher", "in_progress": "member",
    "deliberating": "secretary", "submitted": "grid_worker", "answered": "survey_desk",
    "reopen_requested": "supervisor",
}  # fmt: skip
PEOPLE = ("grid_worker", "contact", "desk", "dispatcher", "member", "leader", "other_member", "secretary",
          "survey_desk", "supervisor", "chief", "auditor", "admin", "other_grid_worker")  # fmt: skip


@pytest.mark.parametrize(("state", "holder"), HOLDS.items())
def test_a_case_is_held_by_one_person_of_this_district(world: World, state: str, holder: str) -> None:
    world.case(state)
    holders = [name for name in PEOPLE if Case.objects.filter(held_by(getattr(world, name))).exists()]
    assert holders == [holder]


def test_an_unsigned_case_is_held_by_the_whole_team(world: World) -> None:
    world.case("dispatched")
    holders = [name for name in PEOPLE if Case.objects.filter(held_by(getattr(world, name))).exists()]
    assert holders == ["member", "leader"]


def test_a_case_of_somebody_who_left_comes_back_to_the_team(world: World) -> None:
    world.case("in_progress")
    assert not Case.objects.filter(held_by(world.leader)).exists()
    User.objects.filter(pk=world.member.pk).update(is_active=False)
    assert Case.objects.filter(held_by(world.leader)).exists()


def test_a_case_waits_at_the_desk_of_its_own_street_only(world: World) -> None:
    world.case()
    other_desk = user("desk2", "另一街道受理员", Role.DESK, area=world.other_street)
    assert not Case.objects.filter(held_by(other_desk)).exists()


def test_a_filter_that_cannot_be_read_says_so_and_the_others_still_count(world: World, find: Find) -> None:
    form = LedgerForm({"state": "nonsense", "later_than": "-1", "q": "路灯"}, viewer=world.desk)
    assert form.filters() == Filters(words="路灯")
    assert set(form.errors) == {"state", "later_than"}


def test_a_range_that_ends_before_it_begins_is_refused_at_its_end(world: World) -> None:
    form = LedgerForm({"reported_from": "2026-03-02", "reported_to": "2026-03-01"}, viewer=world.desk)
    assert form.filters().reported_to is None
    assert set(form.errors) == {"reported_to"}


def test_places_to_choose_lie_in_reach_and_are_not_grids_unless_chosen(world: World) -> None:
    names = [place.name for place in areas_to_choose(world.desk, "")]
    assert names == ["梅园街道", "平山社区", "平山小区"]
    assert world.grid in areas_to_choose(world.desk, str(world.grid.pk))
    assert world.other_street not in areas_to_choose(world.desk, str(world.other_street.pk))
    assert world.other_street in areas_to_choose(world.auditor, "")


def test_a_link_may_choose_a_place_around_ones_reach_when_there_is_a_case_of_ones_own_in_it(world: World) -> None:
    street = Area.objects.get(code="S1")
    assert street not in areas_to_choose(world.member, str(street.pk))
    world.case("in_progress")
    assert street in areas_to_choose(world.member, str(street.pk))
    assert street not in areas_to_choose(world.member, "")
    assert world.other_street not in areas_to_choose(world.member, str(world.other_street.pk))


def test_a_role_that_ended_holds_nothing(world: World) -> None:
    intake.accept_case(
        case_id=world.case().pk, actor=world.desk, now=world.now, category=world.category, priority="normal"
    )
    RoleAssignment.objects.filter(user=world.dispatcher).update(valid_to=date(2021, 1, 1))
    assert not Case.objects.filter(held_by(User.objects.get(pk=world.dispatcher.pk))).exists()


def test_a_building_far_below_is_still_in_the_street(world: World, find: Find) -> None:
    building = area(world.grid, "B1", "3 栋", "building")  # type: ignore[arg-type]
    case = world.case(area=building)
    assert find(world.desk, area=world.street) == {case.number}
