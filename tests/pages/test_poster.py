"""The sheet that residents scan."""

import pytest
from django.test import Client

from tests.factories import World
from tests.pages.markup import faults


def test_a_grid_worker_prints_the_sheet_of_the_own_grid(world: World, client: Client) -> None:
    client.force_login(world.grid_worker)
    path = f"/posters/{world.grid.code}/"
    assert path in client.get("/me/").content.decode()
    page = client.get(path).content.decode()
    assert faults(page) == []
    address = f"/r/report/{world.grid.code}/"
    assert f"http://127.0.0.1:8000{address}" in page
    assert "data:image/svg+xml" in page
    assert Client().get(address).status_code == 200


@pytest.mark.parametrize(("who", "status"), [("other_grid_worker", 403), ("supervisor", 403), ("desk", 200)])
def test_the_sheet_is_for_those_who_report_there(world: World, client: Client, who: str, status: int) -> None:
    client.force_login(getattr(world, who))
    assert client.get(f"/posters/{world.grid.code}/").status_code == status


def test_the_sheet_of_nowhere_is_not_found(world: World, client: Client) -> None:
    client.force_login(world.desk)
    assert client.get("/posters/NOWHERE/").status_code == 404
