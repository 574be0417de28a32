"""The ledger as a file: what the page lists and no more, masked, harmless in a spreadsheet."""

import csv
import io
import re
from io import StringIO
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from cases.lib.spreadsheet import read_rows
from tests.factories import World


def rows_of(client: Client, kind: str, **query: str) -> list[dict[str, str]]:
    answer = client.get(f"/ledger/{kind}/", query)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_file_holds_what_the_page_lists_for_this_person(world: World, client: Client, tmp_path: Path) -> None:
    mine = [world.case("in_progress"), world.case("reported")]
    world.report(area=world.other_grid_worker.roles.get().area, actor=world.other_grid_worker)
    client.force_login(world.supervisor)
    assert [row["编号"] for row in rows_of(client, "csv")] == [case.number for case in reversed(mine)]
    assert [row["编号"] for row in rows_of(client, "csv", state="in_progress")] == [mine[0].number]
    page = client.get("/cases/", {"state": "in_progress"}).content.decode()
    assert "/ledger/xlsx/?state=in_progress" in page
    path = tmp_path / "out.xlsx"
    path.write_bytes(b"".join(client.get("/ledger/xlsx/").streaming_content))  # type: ignore[attr-defined]
    rows = [row.values for row in read_rows(path)]
    assert [row["编号"] for row in rows] == [case.number for case in reversed(mine)]
    assert (rows[1]["主办"], rows[1]["环节"], rows[1]["上报时间"].year) == ("平山小区工作队", "处置中", 2026)
    assert client.get("/ledger/pdf/").status_code == 404
    answer = client.get("/ledger/csv/")
    assert answer["Cache-Control"] == "private, no-store"
    latin, own = answer["Content-Disposition"].removeprefix("attachment; filename=").split("; filename*=UTF-8''")
    assert re.fullmatch(r'"ledger-\d{8}\.csv"', latin)
    assert re.fullmatch(r"台账-\d{8}\.csv", unquote(own))
    client.logout()
    assert client.get("/ledger/csv/").status_code == 302


@pytest.mark.parametrize("sign", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_nothing_that_was_typed_is_computed(world: World, client: Client, tmp_path: Path, sign: str) -> None:
    world.report(place=sign if sign.strip() == sign else "=1", title="路灯", description=f"{sign}，联系 13800138000")
    client.force_login(world.supervisor)
    (row,) = rows_of(client, "csv")
    assert row["地点"].startswith("'")
    assert "13800138000" not in row["情况"]
    path = tmp_path / "out.xlsx"
    path.write_bytes(b"".join(client.get("/ledger/xlsx/").streaming_content))  # type: ignore[attr-defined]
    assert b"<f>" not in path.read_bytes()
    (found,) = (one.values for one in read_rows(path))
    assert isinstance(found["地点"], str)


def test_the_command_writes_the_same_by_the_query_of_the_page(world: World, tmp_path: Path) -> None:
    case = world.case("in_progress")
    world.case("reported")
    world.report(area=world.other_grid_worker.roles.get().area, actor=world.other_grid_worker)
    out = StringIO()
    call_command("export_ledger", str(tmp_path / "all.csv"), stdout=out)
    assert "已写出 3 件" in out.getvalue()
    call_command("export_ledger", str(tmp_path / "some.xlsx"), query="state=in_progress", stdout=out)
    assert [row.values["编号"] for row in read_rows(tmp_path / "some.xlsx")] == [case.number]
    call_command("export_ledger", str(tmp_path / "mine.csv"), user="supervisor", stdout=out)
    assert len(list(read_rows(tmp_path / "mine.csv"))) == 2


def test_the_command_names_what_is_wrong(world: World, tmp_path: Path) -> None:
    for given, words in (
        ({"file": "out.txt"}, "xlsx 或 .csv"),
        ({"user": "nobody"}, "没有用户 nobody"),
        ({"query": "state=asleep"}, "state"),
    ):
        options = {"query": "", "user": ""} | {name: value for name, value in given.items() if name != "file"}
        with pytest.raises(CommandError, match=words):
            call_command("export_ledger", str(tmp_path / given.get("file", "out.csv")), **options)
    assert list(tmp_path.iterdir()) == []
