from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Council, OwnedUnit, User
from tests.factories import World
from tests.owners import HEADER, owners, register
from tests.pages.markup import faults
from workflows.council.register_sheet import read_register
from workflows.forms.register import RegisterUploadForm

URL = "/councils/registers/S1C1E1/"
LINES = ("1-101,张三丰,A1,85.3,不动产登记,13800138001", "1-102,张三丰,A1,120.55,测绘报告,", "1-201,李四,,98,买卖合同,")
ZH = {"accept-language": "zh-hans"}
Get = Callable[..., str]
Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


@pytest.fixture
def send(client: Client) -> Send:
    def post(viewer: User, *lines: str, name: str = "名册.csv") -> Any:
        client.force_login(viewer)
        file = SimpleUploadedFile(name, "\n".join([HEADER, *lines]).encode())
        return client.post(f"{URL}import/", {"file": file}, headers=ZH)

    return post


def carried(answer: Any) -> dict[str, str]:
    """The hidden fields of the page that asks to confirm."""
    return {field.name: field.value() for field in answer.context["form"]}


def test_an_empty_register_says_what_comes_here(world: World, read: Get) -> None:
    page = read(world.secretary, URL)
    assert "还没有业主名册" in page
    assert faults(page) == []


def test_a_sheet_is_looked_at_then_imported(world: World, client: Client, send: Send, read: Get) -> None:
    looked = send(world.secretary, *LINES)
    text = looked.content.decode()
    assert looked.status_code == 200
    assert "新增 3 套，更改 0 套，删除 0 套。" in text
    assert "303.85 平方米" in text
    assert faults(text) == []
    assert not any(secret in text for secret in ("张三丰", "李四", "13800138001"))
    assert OwnedUnit.objects.count() == 0
    done = client.post(f"{URL}import/", carried(looked), headers=ZH)
    assert (done.status_code, done.url) == (302, URL)
    page = read(world.secretary, URL)
    assert "名册已导入：3 套，2 位业主。" in page
    assert "张**" in page
    assert not any(secret in page for secret in ("张三丰", "13800138001"))
    assert faults(page) == []


def test_wrong_cells_are_named_and_nothing_is_imported(world: World, send: Send) -> None:
    answer = send(world.secretary, LINES[0], "1-101,李四,,0,听说,1")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "有 4 处需要改正，没有导入" in text
    assert "这个房号第 2 行已经有了" in text
    assert faults(text) == []
    assert OwnedUnit.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("名册.txt", b"x", "请选择 .xlsx 或 .csv 文件"),
        ("名册.xlsx", b"no excel", "这个文件读不了"),
        ("名册.csv", "甲,乙\n1,2".encode(), "找不到这些列"),
        ("名册.csv", b"", "文件是空的"),
    ],
)
def test_a_file_that_is_no_register_is_refused_at_its_field(
    world: World, client: Client, name: str, body: bytes, words: str
) -> None:
    client.force_login(world.secretary)
    answer = client.post(f"{URL}import/", {"file": SimpleUploadedFile(name, body)}, headers=ZH)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_file_that_is_too_big_is_not_read(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RegisterUploadForm.base_fields["file"], "most_bytes", 4)
    client.force_login(world.secretary)
    answer = client.post(f"{URL}import/", {"file": SimpleUploadedFile("a.csv", b"12345")}, headers=ZH)
    assert (answer.status_code, "MB" in answer.content.decode()) == (422, True)


def test_the_same_name_is_asked_about(world: World, send: Send) -> None:
    text = send(world.secretary, "1-101,张三,,80,登记,", "1-102,张三,,80,登记,").content.decode()
    assert "是否同一业主？" in text
    assert "1-101、1-102" in text


def test_changes_are_shown_unit_by_unit_and_a_same_sheet_needs_nothing(
    world: World, send: Send, tmp_path: Path
) -> None:
    register(world, tmp_path, *LINES)
    text = send(world.secretary, LINES[0], "1-201,李四,,98.0001,买卖合同,").content.decode()
    assert "更改：面积" in text
    assert "98.0001 平方米" in text
    assert "表里没有的房号会从名册里删除" in text
    assert "与现有名册相同" in send(world.secretary, *LINES).content.decode()


def test_somebody_who_was_quicker_makes_it_a_conflict(world: World, client: Client, send: Send, tmp_path: Path) -> None:
    looked = carried(send(world.secretary, *LINES))
    register(world, tmp_path, LINES[0])
    answer = client.post(f"{URL}import/", looked, headers=ZH)
    assert answer.status_code == 409
    assert "新增 2 套" in answer.content.decode()
    assert OwnedUnit.objects.count() == 1
    assert client.post(f"{URL}import/", carried(answer), headers=ZH).status_code == 302
    assert OwnedUnit.objects.count() == 3


@pytest.mark.parametrize("sheet", ["", "forged", "k:AAAA"])
def test_a_sheet_that_was_not_shown_is_refused(world: World, client: Client, sheet: str) -> None:
    client.force_login(world.secretary)
    answer = client.post(f"{URL}import/", {"sheet": sheet, "base": "x"}, headers=ZH)
    assert (answer.status_code, "上传已过期" in answer.content.decode()) == (422, True)


def test_without_a_council_the_page_says_what_is_missing(world: World, client: Client, send: Send, read: Get) -> None:
    Council.objects.update(active=False)
    looked = send(world.admin, *LINES)
    assert client.post(f"{URL}import/", carried(looked), headers=ZH).status_code == 422
    assert "还没有议事会" in read(world.admin, URL)


def test_what_one_may_not_see_does_not_exist(world: World, read: Get, tmp_path: Path) -> None:
    register(world, tmp_path, *LINES)
    for stranger in (world.member, world.desk, world.other_grid_worker):
        read(stranger, URL, 404)
        read(stranger, f"{URL}import/", 404)
    read(world.secretary, "/councils/registers/NONE/", 404)
    assert "导入名册" not in read(world.supervisor, URL)
    read(world.supervisor, f"{URL}import/", 403)
    read(world.admin, f"{URL}import/")


def test_the_template_can_be_read_back_but_for_its_examples(world: World, client: Client, tmp_path: Path) -> None:
    client.force_login(world.secretary)
    answer = client.get(f"{URL}template/")
    path = tmp_path / "template.xlsx"
    path.write_bytes(answer.content)
    found = read_register(path)
    assert [(error.row, error.column) for error in found.errors] == [(2, "业主姓名"), (3, "业主姓名"), (4, "业主姓名")]
    assert found.unread == ()
    assert BytesIO(answer.content).read(2) == b"PK"


def test_a_long_register_has_pages_and_can_be_searched(world: World, read: Get, tmp_path: Path) -> None:
    register(world, tmp_path, *owners(["10"] * 60))
    first = read(world.secretary, URL)
    assert (first.count('<td class="cases__title">'), "?after=1-150" in first) == (50, True)
    assert read(world.secretary, f"{URL}?after=1-150").count('<td class="cases__title">') == 10
    assert read(world.secretary, f"{URL}?q=1-16").count('<td class="cases__title">') == 1
    assert "没有这个房号" in read(world.secretary, f"{URL}?q=zzz")


def test_the_list_costs_the_same_for_one_owner_and_for_three(world: World, client: Client, tmp_path: Path) -> None:
    client.force_login(world.secretary)
    counts = []
    for n in (1, 3):
        register(world, tmp_path, *owners(["10"] * n))
        client.get(URL)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get(URL)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_page_of_a_council_leads_only_those_to_the_register_who_may_read_it(world: World, read: Get) -> None:
    council = Council.objects.get(code="C1")
    page = f"/councils/of/{council.code}/"
    assert URL in read(world.secretary, page)
    assert URL in read(world.supervisor, page)
    assert URL not in read(world.auditor, page)
    read(world.auditor, URL, 404)
