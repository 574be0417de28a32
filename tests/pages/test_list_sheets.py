"""Every list as a file at its own address: the rows of the page, all of them, by its conditions and for this person."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.lib.spreadsheet import read_rows
from cases.models import User
from cases.terms import RequestKind, State
from notifications.models import Delivery, DeliveryState
from notifications.relay import relay
from tests.councils import make_body
from tests.decided import DAY, a_project
from tests.factories import World
from tests.owners import register
from workflows.commands.adopting import Entry, adopt_many
from workflows.commands.intake import Report
from workflows.commands.orders import issue_order
from workflows.flows.approval import ask_request


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World, settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(world.now, tick=False):
        yield


def listed(client: Client, viewer: User, address: str) -> list[dict[str, str]]:
    client.force_login(viewer)
    joint = "&" if "?" in address else "?"
    answer = client.get(f"{address}{joint}export=csv")
    assert answer.status_code == 200, address
    assert "no-store" in answer["Cache-Control"]
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def offers(client: Client, viewer: User, address: str) -> bool:
    client.force_login(viewer)
    page = client.get(address)
    assert page.status_code == 200, address
    return "export=xlsx" in page.content.decode()


def ask(world: World, case_id: int, reason: str) -> None:
    ask_request(
        case_id=case_id, actor=world.member, now=world.now, kind=RequestKind.RETURN, reason=reason, details={},
    )  # fmt: skip


def test_lists_of_cases_orders_requests_and_clocks(world: World, client: Client, tmp_path: Path) -> None:
    mine, other = world.case("in_progress", title="请回电 13912345678"), world.case("reported")
    issue_order(
        case_id=mine.pk, actor=world.supervisor, now=world.now, demand="请回电 13912345678", due_at=world.now + 3 * DAY
    )
    ask(world, mine.pk, "不归我们，电话 13912345678")
    for viewer, address, column, wanted in (
        (world.member, "/?tab=todo", "编号", [mine.number]),
        (world.desk, "/?tab=todo", "编号", [other.number]),
        (world.supervisor, "/orders/?state=open", "件", [mine.number]),
        (world.dispatcher, "/requests/", "件", [mine.number]),
        (world.member, "/requests/", "件", [mine.number]),
        (world.supervisor, "/figures/resolution/denominator/", "编号", [other.number, mine.number]),
    ):
        assert offers(client, viewer, address), address
        rows = listed(client, viewer, address)
        assert [row[column] for row in rows] == wanted, address
        assert not any("13912345678" in cell for row in rows for cell in row.values()), address
    assert listed(client, world.supervisor, "/orders/?state=accepted") == []
    assert listed(client, world.supervisor, "/orders/")[0]["剩余时间"] == "剩余 3 个工作日"
    kinds = {row["时限种类"]: row["在走"] for row in listed(client, world.supervisor, "/clocks/")}
    assert kinds["督办回复时限"] == "1"
    client.force_login(world.supervisor)
    path = tmp_path / "orders.xlsx"
    path.write_bytes(b"".join(client.get("/orders/?export=xlsx").streaming_content))  # type: ignore[attr-defined]
    (row,) = (one.values for one in read_rows(path))
    assert row["签发时间"].year == world.now.year
    assert client.get("/orders/?export=pdf").status_code == 404


def test_lists_of_councils(world: World, client: Client, tmp_path: Path) -> None:
    make_body(world)
    project = a_project(world)
    register(world, tmp_path, "1-1-101,张三丰,A1,85.3,不动产登记,13912345678", "1-1-102,李四,A2,90,测绘报告,")
    code = world.council.code
    secretary = world.secretary
    assert [row["编号"] for row in listed(client, secretary, "/councils/projects/")] == [project.number]
    assert offers(client, secretary, "/councils/projects/")
    (follow_up,) = listed(client, secretary, "/councils/follow-ups/?list=open")
    assert follow_up["责任单位"] == world.team.name
    assert offers(client, secretary, "/councils/follow-ups/?list=open")
    (decision,) = listed(client, secretary, f"/councils/of/{code}/lists/decisions/")
    assert decision["件"] == project.follow_up.decision.case.number
    assert len(listed(client, secretary, f"/councils/of/{code}/lists/meetings/")) == 1
    assert len(listed(client, secretary, f"/councils/of/{code}/lists/topics/")) == 1
    assert isinstance(listed(client, secretary, f"/councils/of/{code}/lists/notices/"), list)
    assert [row["代码"] for row in listed(client, secretary, "/councils/")] == [code]
    units = listed(client, secretary, f"/councils/registers/{world.estate.code}/?q=101")
    assert [(row["房号"], row["姓名"]) for row in units] == [("1-1-101", "张**")]
    assert offers(client, secretary, f"/councils/registers/{world.estate.code}/")
    client.force_login(world.other_grid_worker)
    for address in (f"/councils/of/{code}/lists/topics/", f"/councils/registers/{world.estate.code}/"):
        assert client.get(f"{address}?export=csv").status_code == 404


def test_messages_that_were_not_delivered(world: World, client: Client) -> None:
    world.case("in_progress")
    relay(now=world.now)
    Delivery.objects.filter(channel="email").update(state=DeliveryState.DEAD, next_try_at=None, last_error="550")
    count = len(listed(client, world.admin, "/messages/dead/"))
    assert count == Delivery.objects.filter(state=DeliveryState.DEAD).count() > 0
    assert offers(client, world.admin, "/messages/dead/")


def test_a_file_takes_as_many_queries_for_many_rows_as_for_one(world: World, client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert listed(client, world.supervisor, "/orders/?state=all")
        return len(seen)

    def order() -> None:
        case = world.case("in_progress")
        assert case.state == State.IN_PROGRESS
        issue_order(case_id=case.pk, actor=world.supervisor, now=world.now, demand="请办", due_at=world.now + 3 * DAY)

    order()
    queries()  # limits and calendars are read once
    one = queries()
    order()
    order()
    assert queries() == one


def test_thousands_of_real_cases_are_read_in_parts(world: World, client: Client) -> None:
    adopt_many([Entry(Report(world.grid, f"件 {n}", "x", external_ref=f"r{n}"), world.now) for n in range(4100)])
    with CaptureQueriesContext(connection) as seen:
        assert len(listed(client, world.supervisor, "/orders/")) == 0
    few = len(seen)
    client.force_login(world.supervisor)
    with CaptureQueriesContext(connection) as seen:
        answer = client.get("/ledger/csv/")
        assert sum(1 for _line in answer.streaming_content) == 4101  # type: ignore[attr-defined]
    assert len(seen) <= few + 5


def test_a_page_of_several_lists_answers_with_the_one_that_is_named_and_to_whom_it_shows_it(
    world: World, client: Client
) -> None:
    world.case("in_progress")
    waits = listed(client, world.supervisor, "/workload/?list=waits")
    assert [(row["环节"], row["责任单位"], row["件数"]) for row in waits] == [("处置中", "平山小区工作队", "1")]
    channels = listed(client, world.supervisor, "/messages/channels/?list=channels")
    assert "短信" in {row["渠道"] for row in channels}
    for viewer, address, status in (
        (world.supervisor, "/workload/?list=nothing&export=csv", 404),
        (world.supervisor, "/workload/?export=csv", 404),  # there is no list of which all of the page speaks
        (world.supervisor, "/messages/channels/?list=subscribers&export=csv", 404),
        (world.supervisor, "/audit/?list=seals&export=csv", 404),
        (world.member, "/workload/?list=waits&export=csv", 403),
        (world.contact, "/visits/?list=reach&export=csv", 200),
    ):
        client.force_login(viewer)
        assert client.get(address).status_code == status, address
    assert listed(client, world.contact, "/visits/?list=reach") == []
