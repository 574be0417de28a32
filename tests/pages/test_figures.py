"""The page of figures: who may read it, both numbers lead to their cases, small samples show no share."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.models import Campaign
from tests.factories import World
from workflows.figures.rates import RATES

PAGE = "/figures/"


def test_figures_are_for_those_who_answer_for_them(world: World, client: Client) -> None:
    for person, status in (
        (world.supervisor, 200), (world.chief, 200), (world.auditor, 200), (world.leader, 200),
        (world.survey_desk, 200),        (world.grid_worker, 403), (world.member, 403), (world.contact, 403),
    ):  # fmt: skip
        client.force_login(person)
        assert client.get(PAGE).status_code == status, person


def test_each_rate_stands_with_its_formula_and_leads_to_its_cases(world: World, client: Client) -> None:
    solved, unsolved = world.case("closed"), world.case("in_progress")
    client.force_login(world.supervisor)
    html = client.get(PAGE).content.decode()
    for rate in RATES:
        assert rate.formula in html
        for side in ("numerator", "denominator"):
            assert reverse("workflows:figure_cases", args=[rate.name, side]) in html
    above = client.get(reverse("workflows:figure_cases", args=["resolution", "numerator"])).content.decode()
    below = client.get(reverse("workflows:figure_cases", args=["resolution", "denominator"])).content.decode()
    assert (solved.number in above, unsolved.number in above) == (True, False)
    assert (solved.number in below, unsolved.number in below) == (True, True)
    assert client.get("/figures/resolution/both/").status_code == 404
    assert client.get("/figures/nothing/numerator/").status_code == 404


def test_a_figure_counts_what_its_reader_may_see_and_nothing_else(world: World, client: Client) -> None:
    world.case("closed")
    world.report(area=world.other_grid_worker.roles.get().area, actor=world.other_grid_worker)
    seen = {}
    for person in (world.auditor, world.supervisor):
        client.force_login(person)
        seen[person.username] = client.get(PAGE).context["page"].total.cases
    assert seen == {"auditor": 2, "supervisor": 1}


def test_a_share_of_few_cases_is_not_shown(world: World, client: Client, settings: object) -> None:
    settings.FIGURES_MIN_SAMPLE = 3  # type: ignore[attr-defined]
    for _ in range(2):
        world.case("closed")
    client.force_login(world.supervisor)
    assert "不足 3 件，不算比率" in client.get(PAGE, {"by": "team"}).content.decode()
    world.case("closed")
    html = client.get(PAGE, {"by": "team"}).content.decode()
    assert "不足 3 件" not in html
    assert "3 ÷ 3" in html


@pytest.mark.parametrize("by", ["area", "team", "category"])
def test_parts_are_in_the_order_of_their_names_unless_leaderboards_are_on(
    world: World, client: Client, settings: object, by: str
) -> None:
    settings.FIGURES_MIN_SAMPLE = 1  # type: ignore[attr-defined]
    world.case("closed")
    world.case("in_progress", accepted_as=world.photo_category)
    client.force_login(world.supervisor)
    plain = client.get(PAGE, {"by": by}).context["page"].parts
    assert [part.name for part in plain] == sorted(part.name for part in plain)
    settings.LEADERBOARDS = True  # type: ignore[attr-defined]
    ranked = client.get(PAGE, {"by": by}).context["page"].parts
    shares = [part.figure.value for part in ranked]
    assert shares == sorted(shares, reverse=True)


def test_what_is_asked_stands_in_the_address_and_slips_are_said(world: World, client: Client) -> None:
    walk = Campaign.objects.create(code="walk", name="走找想促", starts_on=world.now.date())
    case = world.report(campaign=walk)
    world.report()
    client.force_login(world.supervisor)
    asked = {"campaign": walk.pk, "since": "2026-03-01", "until": "2026-03-31"}
    page = client.get(PAGE, asked)
    assert page.context["page"].total.cases == 1
    behind = client.get(reverse("workflows:figure_cases", args=["resolution", "denominator"]), asked)
    assert [row.pk for row in behind.context["found"].cases] == [case.pk]
    wrong = client.get(PAGE, {"since": "2026-04-01", "until": "2026-03-01"})
    assert wrong.status_code == 422
    assert "结束日期不能早于开始日期" in wrong.content.decode()
    ahead = (world.now + timedelta(days=9000)).strftime("%Y-%m-%dT%H:%M")
    assert "只能按过去的时刻" in client.get(PAGE, {"as_of": ahead}).content.decode()


def test_a_long_list_of_cases_has_pages(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.figure_pages.ROWS", 2)
    for _ in range(5):
        world.case("reported")
    client.force_login(world.supervisor)
    url = reverse("workflows:figure_cases", args=["resolution", "denominator"])
    first, last = client.get(url), client.get(url, {"page": "9"})
    assert "第 1 页，共 3 页" in first.content.decode()
    assert (len(first.context["found"].cases), len(last.context["found"].cases)) == (2, 1)


def test_the_district_publishes_its_rates_only_when_it_says_so(world: World, client: Client, settings: object) -> None:
    assert client.get("/r/figures/").status_code == 404
    settings.PUBLIC_FIGURES = True  # type: ignore[attr-defined]
    cache.clear()
    world.report(now=timezone.now())
    html = client.get("/r/figures/").content.decode()
    assert "剔除率" in html
    assert "0 ÷ 1" in html
    assert "/figures/resolution/" not in html
