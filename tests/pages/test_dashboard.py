"""The dashboard: who may read it, that every number is the list behind it, and that it is of this moment."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.models import Area, Campaign, Case
from tests.factories import World
from workflows.boundaries import invent_boundaries
from workflows.commands.sweep import sweep
from workflows.dashboard import PERIODS
from workflows.keeping.fold import fold_all

PAGE = "/dashboard/"


def a_district(world: World) -> Any:
    """Cases of two streets, late, soon due and in time, as of the real now."""
    now = timezone.now()
    for days in (90, 60, 1):
        world.case("in_progress", now=now - timedelta(days=days))
    world.case("closed", now=now - timedelta(days=40))
    world.case("rejected", now=now - timedelta(days=2))
    elsewhere = Area.objects.get(code="S2G1")
    world.report(area=elsewhere, actor=world.other_grid_worker, now=now - timedelta(days=30))
    sweep(now=now)
    return now


def test_the_dashboard_is_for_those_who_answer_for_an_area(world: World, client: Client) -> None:
    for person, status in (
        (world.supervisor, 200), (world.chief, 200), (world.auditor, 200), (world.desk, 200), (world.leader, 200),
        (world.survey_desk, 200), (world.grid_worker, 403), (world.member, 403), (world.contact, 403),
    ):  # fmt: skip
        client.force_login(person)
        assert client.get(PAGE).status_code == status, person
        nav = client.get("/cases/").content.decode()
        assert (f'href="{PAGE}"' in nav) == (status == 200)


def links(html: str) -> list[tuple[str, int]]:
    """Every link of a number to a list of cases, with the number."""
    found = re.findall(r'<a[^>]*href="(/(?:cases|figures)/[^"]*)"[^>]*>(.*?)</a>', html, re.DOTALL)
    told = []
    for href, words in found:
        number = re.search(r"(?:tile__value\">|^)(\d+)(?:<|$)", words)
        if number:
            told.append((unescape(href), int(number[1])))
    return told


@pytest.mark.parametrize("by", ["area", "team", "category", "campaign"])
@pytest.mark.parametrize("fold_first", [True, False])
def test_every_number_opens_as_many_cases(world: World, client: Client, by: str, fold_first: bool) -> None:
    now = a_district(world)
    walk = Campaign.objects.create(code="walk", name="走找想促", starts_on=now.date() - timedelta(days=99))
    world.report(campaign=walk, now=now - timedelta(days=50))
    sweep(now=now)
    if fold_first:
        fold_all()
    for person, asked in (
        (world.auditor, {}), (world.supervisor, {}), (world.leader, {}), (world.desk, {"team": world.team.pk})
    ):  # fmt: skip
        client.force_login(person)
        html = client.get(PAGE, {"by": by, **asked}).content.decode()
        numbers = links(html)
        assert len(numbers) >= 11
        if by == "campaign" and not asked:
            assert ("campaign=walk" in html) == Campaign.objects.visible_to(person).filter(code="walk").exists()
        for href, number in numbers:
            answer = client.get(href)
            assert answer.status_code == 200, href
            count = answer.context["found"].count if "/figures/" in href else answer.context["total"]
            assert count == number, href


def test_numbers_are_of_the_moment_and_of_the_scope(world: World, client: Client) -> None:
    a_district(world)
    client.force_login(world.auditor)
    page = client.get(PAGE).context["page"]
    assert (page.counts["cases"], page.counts["in_hand"], page.pressing.overdue) == (6, 4, 3)
    assert [part.name for part in page.parts] == ["甲街道", "乙街道"] or len(page.parts) == 2
    client.force_login(world.supervisor)
    page = client.get(PAGE).context["page"]
    assert (page.counts["cases"], page.pressing.overdue) == (5, 2)
    world.report(now=timezone.now())
    assert client.get(PAGE).context["page"].counts["cases"] == 6  # at once, though nothing is folded yet


def test_areas_drill_down_and_lead_back_up(world: World, client: Client) -> None:
    a_district(world)
    client.force_login(world.auditor)
    page = client.get(PAGE).context["page"]
    drill = next(part for part in page.parts if part.area == world.street).drill
    below = client.get(f"{PAGE}?{drill}")
    assert below.context["page"].question.area == world.street
    assert [part.area for part in below.context["page"].parts] == [world.community]
    assert f"area={world.district.pk}" in below.content.decode()
    leaf = client.get(PAGE, {"area": world.grid.pk}).context["page"]
    assert [(part.name, part.drill) for part in leaf.parts] == [(f"{world.grid.name}本级", "")]


def test_the_periods_add_up_to_what_is_in_hand_and_overdue_now(world: World, client: Client) -> None:
    a_district(world)
    client.force_login(world.auditor)
    for grain in ("week", "month"):
        answer = client.get(PAGE, {"grain": grain})
        page, html = answer.context["page"], answer.content.decode()
        assert len(page.periods) == PERIODS
        assert page.periods[-1].ends == timezone.localdate()
        assert page.periods[-1].in_hand == page.counts["in_hand"] == Case.objects.open().count()
        assert page.periods[-1].overdue == page.pressing.overdue
        assert '<svg class="chart"' in html
        assert "<title id=" in html
        assert "<desc id=" in html
    monthly = client.get(PAGE, {"grain": "month"}).context["page"].periods
    assert sum(period.received for period in monthly) == 6


def test_small_samples_show_both_numbers_and_no_percentage(world: World, client: Client, settings: Any) -> None:
    settings.FIGURES_MIN_SAMPLE = 4
    a_district(world)
    client.force_login(world.supervisor)
    part = client.get(PAGE).context["page"].parts[0]
    assert (
        {figure.denominator >= 4 for figure, _ in part.rates} == {enough for _, enough in part.rates} == {True, False}
    )


def test_parts_stand_by_name_unless_leaderboards_are_on(world: World, client: Client, settings: Any) -> None:
    a_district(world)
    client.force_login(world.auditor)
    settings.LEADERBOARDS = True
    late = [part.pressing.overdue for part in client.get(PAGE).context["page"].parts]
    assert late == sorted(late, reverse=True)
    settings.LEADERBOARDS = False
    names = [part.name for part in client.get(PAGE, {"by": "category"}).context["page"].parts]
    assert names == sorted(names)


def test_a_slip_is_said_at_its_field(world: World, client: Client) -> None:
    client.force_login(world.supervisor)
    answer = client.get(PAGE, {"since": "2026-04-01", "until": "2026-03-01"})
    assert answer.status_code == 422
    assert "结束日期不能早于开始日期" in answer.content.decode()


def test_the_number_of_queries_does_not_grow(world: World, client: Client) -> None:
    client.force_login(world.supervisor)
    counts = []
    for number in (1, 2):
        for _ in range(number):
            world.case("in_progress")
        fold_all()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_map_shows_words_and_patterns_and_leads_into_its_areas(world: World, client: Client) -> None:
    a_district(world)
    client.force_login(world.auditor)
    assert "import_boundaries" in client.get(PAGE).content.decode()
    invent_boundaries(world.district)
    answer = client.get(PAGE)
    html, places = answer.content.decode(), answer.context["map"].places
    assert {place.part.area for place in places} == {world.street, world.other_street}
    assert [place.grade for place in places] == [3, 3]
    assert 'fill="url(#map-3)"' in html
    assert "超期四分之一以上" in html
    assert "边界是示意的" in html
    for place in places:
        assert client.get(f"{PAGE}?{place.part.drill}").context["page"].question.area == place.part.area
    assert client.get(PAGE, {"by": "team"}).context["map"] is None


def test_the_table_is_a_list_to_download(world: World, client: Client) -> None:
    a_district(world)
    client.force_login(world.auditor)
    answer = client.get(PAGE, {"by": "team", "export": "csv"})
    head, *rows = b"".join(answer).decode("utf-8-sig").splitlines()  # type: ignore[arg-type]
    assert head.startswith("单位,收到,在办,超期,临期,按期结案率（%）,按期结案率分子,按期结案率分母")
    parts = client.get(PAGE, {"by": "team"}).context["page"].parts
    assert [row.split(",")[:3] for row in rows] == [[p.name, str(p.received), str(p.in_hand)] for p in parts]


def test_a_leader_may_look_closer_at_each_area_of_the_table_and_the_map(world: World, client: Client) -> None:
    a_district(world)
    invent_boundaries(world.district)
    client.force_login(world.leader)
    html = client.get(PAGE).content.decode()
    closer = set(re.findall(r'href="(\?area=\d+[^"]*)"', html))
    assert closer
    for href in closer:
        assert client.get(PAGE + unescape(href)).status_code == 200, href
