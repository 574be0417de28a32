from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.keyset import Order, counted, take
from cases.models import Case
from cases.selectors import NEWEST, PRESSING
from tests.factories import World


@pytest.fixture
def numbers(world: World) -> list[str]:
    """Seven cases; three of them were reported in the same second."""
    gaps = (0, 1, 1, 1, 2, 3, 4)
    return [world.report(now=world.now + timedelta(hours=gap)).number for gap in gaps]


@pytest.mark.parametrize("order", [NEWEST, PRESSING])
def test_paging_on_shows_every_row_once_and_back_again_the_same_pages(numbers: list[str], order: Order) -> None:
    whole = [case.number for case in Case.objects.order_by(*order.columns)]
    pages = [take(Case.objects.all(), order, size=3)]
    while pages[-1].next:
        pages.append(take(Case.objects.all(), order, after=pages[-1].next, size=3))
    assert [case.number for page in pages for case in page.rows] == whole
    assert len(pages) == 3
    back = take(Case.objects.all(), order, before=pages[2].previous, size=3)
    assert back == pages[1]
    assert take(Case.objects.all(), order, before=back.previous, size=3) == pages[0]


def test_the_first_page_has_nothing_before_it_and_the_last_nothing_after_it(numbers: list[str]) -> None:
    first = take(Case.objects.all(), NEWEST, size=4)
    last = take(Case.objects.all(), NEWEST, after=first.next, size=4)
    assert (first.previous, last.next) == ("", "")
    assert last.previous


@pytest.mark.parametrize("cut", ["", "x", "12", "12.", ".7", "9" * 40 + ".1", "1.-3", "1.99999999999999999999"])
def test_a_cursor_that_cannot_be_read_is_the_first_page(numbers: list[str], cut: str) -> None:
    assert take(Case.objects.all(), NEWEST, after=cut, size=3) == take(Case.objects.all(), NEWEST, size=3)


def test_a_page_costs_one_query(numbers: list[str]) -> None:
    after = take(Case.objects.all(), NEWEST, size=3).next
    with CaptureQueriesContext(
        connection,
    ) as queries:
        take(Case.objects.all(), NEWEST, after=after, size=3)
    assert len(queries) == 1


def test_counting_stops_past_its_bound(numbers: list[str]) -> None:
    assert counted(Case.objects.all(), 7) == (7, True)
    assert counted(Case.objects.all(), 6) == (6, False)
