"""导入: from the upload to the cases and back, by permission, with every row accounted for."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import events
from cases.lib.spreadsheet import read_rows
from cases.models import Case, CaseEvent
from cases.terms import EventType, Priority, State
from notifications.models import Delivery
from notifications.relay import relay
from tests.factories import World
from workflows import import_runs
from workflows.commands.intake import accept_case
from workflows.commands.sweep import sweep
from workflows.ledger_profiles import REQUIRED
from workflows.models import ImportedCase, ImportState, LedgerImport

HEAD = "编号,标题,上报时间,区域,类别,答复,答复时间,备注\n"
GOOD = "A1,路灯不亮,2026-01-05 09:00,平山小区,路灯,,,甲\nA2,停车难,2026-01-06 10:00,,,已协调,2026-01-08 16:00,\n"
BAD = "A3,哪里的,2026-02-30,无此地,,,,\n"


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


@pytest.fixture
def desk(world: World, client: Client) -> Client:
    client.force_login(world.desk)
    return client


def upload(client: Client, text: str, world: World, name: str = "台账.csv", encoding: str = "utf-8") -> Any:
    file = SimpleUploadedFile(name, text.encode(encoding))
    return client.post("/imports/", {"file": file, "area": world.street.pk})


def matched(client: Client, text: str, world: World, **more: Any) -> LedgerImport:
    """Uploaded, matched as it was recognised, and checked."""
    upload(client, text, world, **more)
    ledger = LedgerImport.objects.latest("pk")
    page = client.get(f"/imports/{ledger.pk}/")
    given = {name: value for name, value in page.context["form"].initial.items() if value}
    assert client.post(f"/imports/{ledger.pk}/match/", given).status_code == 302
    return worked(ledger, world)


def worked(ledger: LedgerImport, world: World) -> LedgerImport:
    import_runs.work(ledger.pk, now=world.now)
    ledger.refresh_from_db()
    return ledger


def loaded(client: Client, text: str, world: World) -> LedgerImport:
    ledger = matched(client, text, world)
    client.post(f"/imports/{ledger.pk}/load/", {"rows": "all"})
    return worked(ledger, world)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_ledger_goes_from_the_upload_to_the_cases(desk: Client, world: World, encoding: str) -> None:
    answer = upload(desk, HEAD + GOOD, world, encoding=encoding)
    ledger = LedgerImport.objects.get()
    assert answer.headers["location"] == f"/imports/{ledger.pk}/"
    assert ledger.state == ImportState.UPLOADED
    assert "路灯" not in ledger.content  # encrypted
    page = desk.get(f"/imports/{ledger.pk}/").content.decode()
    assert "已按表头认出" in page
    ledger = matched(desk, HEAD + GOOD, world, encoding=encoding)
    assert (ledger.state, ledger.rows, ledger.fresh, ledger.wrong) == (ImportState.CHECKED, 2, 2, 0)
    assert not Case.objects.exists()  # a check leaves nothing
    page = desk.get(f"/imports/{ledger.pk}/").content.decode()
    assert "导入 2 行" in page
    desk.post(f"/imports/{ledger.pk}/load/", {"rows": "all"})
    assert "正在导入" in desk.get(f"/imports/{ledger.pk}/").content.decode()
    ledger = worked(ledger, world)
    assert (ledger.state, ledger.content) == (ImportState.LOADED, "")
    lamp, parking = Case.objects.order_by("pk")
    assert (lamp.state, lamp.area, lamp.category) == (State.REPORTED, world.estate, world.category)
    assert (parking.state, parking.area, parking.extra) == (State.CLOSED, world.street, {})
    assert list(ImportedCase.objects.values_list("row", flat=True)) == [2, 3]
    assert events.verify_all().broken == []


def test_wrong_rows_are_named_and_the_person_chooses(desk: Client, world: World, tmp_path: Path) -> None:
    ledger = matched(desk, HEAD + GOOD + BAD, world)
    assert (ledger.fresh, ledger.wrong) == (2, 1)
    page = desk.get(f"/imports/{ledger.pk}/").content.decode()
    for words in ("只导入 2 行，不要 1 行", "没有“2026-02-30”这一天", "没有名称或代码为“无此地”的区域", "上报时间"):
        assert words in page
    assert desk.post(f"/imports/{ledger.pk}/load/", {"rows": "all"}).status_code == 409  # all or nothing
    report = tmp_path / "report.xlsx"
    report.write_bytes(b"".join(desk.get(f"/imports/{ledger.pk}/report.xlsx").streaming_content))  # type: ignore[attr-defined]
    rows = [row.values for row in read_rows(report)]
    assert [(row["行"], row["结论"], row["列"]) for row in rows] == [
        (2, "可以导入", ""), (3, "可以导入", ""), (4, "有错误", "上报时间"), (4, "有错误", "区域"),
    ]  # fmt: skip
    assert (rows[2]["标题"], rows[2]["备注"], rows[0]["备注"]) == ("哪里的", "", "甲")
    assert "再上传整个文件" in rows[2]["怎么办"]
    desk.post(f"/imports/{ledger.pk}/load/", {"rows": "good"})
    ledger = worked(ledger, world)
    assert (ledger.state, Case.objects.count()) == (ImportState.LOADED, 2)
    assert "没有导入的行" in desk.get(f"/imports/{ledger.pk}/").content.decode()
    assert desk.get(f"/imports/{ledger.pk}/report.xlsx").status_code == 404  # the file is gone


def test_columns_that_nobody_knows_are_matched_by_hand_and_remembered(desk: Client, world: World) -> None:
    text = "甲,乙,丙\n路灯不亮,2026-01-05,怪类\n"
    upload(desk, text, world)
    ledger = LedgerImport.objects.get()
    assert "第一次见" in desk.get(f"/imports/{ledger.pk}/").content.decode()
    given = {"title": "甲", "reported_at": "甲", "category": "丙", "keeps": "on"}
    refused = desk.post(f"/imports/{ledger.pk}/match/", given)
    assert refused.status_code == 422
    assert "已经对应“标题”" in refused.content.decode()
    assert desk.post(f"/imports/{ledger.pk}/match/", {"title": "甲"}).status_code == 422
    desk.post(f"/imports/{ledger.pk}/match/", given | {"reported_at": "乙"})
    assert (worked(ledger, world).fresh, ledger.remarked) == (1, 1)
    again = matched(desk, "丙,甲,乙\n怪类,井盖松动,2026-01-07\n", world)
    assert (again.fresh, again.wrong, again.profile["keeps"]) == (1, 0, ["category", "team"])
    assert set(again.profile["columns"]) >= set(REQUIRED)


def test_the_same_file_is_said_and_doubles_nothing(desk: Client, world: World) -> None:
    first = loaded(desk, HEAD + GOOD, world)
    again = matched(desk, HEAD + GOOD, world)
    assert (again.fresh, again.same, again.wrong) == (0, 2, 0)
    page = desk.get(f"/imports/{again.pk}/").content.decode()
    assert f'href="/imports/{first.pk}/"' in page
    assert "已经导入过" in page
    assert "不需要导入" in page
    assert desk.post(f"/imports/{again.pk}/load/", {"rows": "all"}).status_code == 409
    assert Case.objects.count() == 2


def test_an_import_is_taken_back_and_can_come_again(desk: Client, world: World) -> None:
    ledger = loaded(desk, HEAD + GOOD, world)
    sweep(now=world.now)  # the clocks have rung: nobody has worked on them yet
    desk.post(f"/imports/{ledger.pk}/undo/")
    ledger = worked(ledger, world)
    assert (ledger.state, ledger.undone_by, ledger.why) == (ImportState.UNDONE, world.desk, "")
    assert set(Case.objects.values_list("state", "external_ref")) == {(State.VOIDED, "")}
    undone = CaseEvent.objects.filter(type=EventType.IMPORT_UNDONE)
    assert {event.data["external_ref"] for event in undone} == {"A1", "A2"}
    assert events.verify_all().broken == []
    relay(now=world.now)
    assert not Delivery.objects.filter(event__type=EventType.IMPORT_UNDONE).exists()
    assert loaded(desk, HEAD + GOOD, world).state == ImportState.LOADED
    assert Case.objects.exclude(state=State.VOIDED).count() == 2


def test_what_somebody_has_worked_on_is_not_taken_back_and_named(desk: Client, world: World) -> None:
    ledger = loaded(desk, HEAD + GOOD, world)
    case = Case.objects.get(external_ref="A1")
    accept_case(case_id=case.pk, actor=world.desk, now=world.now, category=world.category, priority=Priority.NORMAL)
    refused = desk.post(f"/imports/{ledger.pk}/undo/")
    assert refused.status_code == 409
    assert case.number in refused.content.decode()
    ledger.refresh_from_db()
    assert ledger.state == ImportState.LOADED
    assert not Case.objects.filter(state=State.VOIDED).exists()


def test_a_dropped_import_keeps_no_file(desk: Client, world: World) -> None:
    ledger = matched(desk, HEAD + GOOD, world)
    desk.post(f"/imports/{ledger.pk}/drop/")
    ledger.refresh_from_db()
    assert (ledger.state, ledger.content) == (ImportState.DROPPED, "")
    assert desk.post(f"/imports/{ledger.pk}/load/", {"rows": "all"}).status_code == 409


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"%PDF", ".xlsx"), ("a.xlsx", b"no zip", "a.xlsx"), ("a.csv", b"", "空"),
        ("a.csv", "甲,甲\n1,2\n".encode(), "a.csv"), ("a.csv", "标题\n".encode(), "没有数据行"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_so_at_the_field(
    desk: Client, world: World, name: str, content: bytes, words: str
) -> None:
    answer = desk.post("/imports/", {"file": SimpleUploadedFile(name, content), "area": world.street.pk})
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors["file"])
    assert not LedgerImport.objects.exists()


def test_only_desks_and_administrators_import_and_only_into_their_areas(world: World, client: Client) -> None:
    for person in (world.grid_worker, world.supervisor, world.auditor):
        client.force_login(person)
        assert client.get("/imports/").status_code == 403
        assert "/imports/" not in client.get("/cases/").content.decode()
    client.force_login(world.desk)
    assert 'href="/imports/"' in client.get("/cases/").content.decode()
    choices = client.get("/imports/").context["form"].fields["area"].queryset
    assert world.street in choices
    assert world.district not in choices
    elsewhere = HEAD + "A9,别处,2026-01-05,东湖街道,,,,\n"
    ledger = matched(client, elsewhere, world)
    assert (ledger.fresh, ledger.first_errors[0]["column"]) == (0, "区域")
    assert "不在您可以导入的区域里" in ledger.first_errors[0]["reason"]
    client.force_login(world.admin)
    assert client.get(f"/imports/{ledger.pk}/").status_code == 200
    assert client.get(f"/imports/{ledger.pk}/report.xlsx").status_code == 403  # another one's file
    client.logout()
    assert client.get("/imports/").status_code == 302


def test_who_may_not_see_the_cases_is_told_who_does_and_not_led_to_an_empty_list(world: World, client: Client) -> None:
    client.force_login(world.admin)
    path = f"/imports/{loaded(client, HEAD + GOOD, world).pk}/"
    page = client.get(path).content.decode()
    assert "由所在区域的受理员、督办员查看和办理" in page
    assert "看台账" not in page
    client.force_login(world.desk)
    assert "看台账" in client.get(path).content.decode()


def test_the_template_is_recognised_and_offers_the_words_that_are_allowed(
    desk: Client, world: World, tmp_path: Path
) -> None:
    path = tmp_path / "template.xlsx"
    path.write_bytes(b"".join(desk.get("/imports/template.xlsx").streaming_content))  # type: ignore[attr-defined]
    assert list(read_rows(path)) == []
    answer = desk.post("/imports/", {"file": SimpleUploadedFile("t.xlsx", path.read_bytes()), "area": world.street.pk})
    assert answer.status_code == 422  # nothing is filled in yet
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as book:
        sheet, words = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/sharedStrings.xml").decode()
    assert sheet.count("<dataValidation ") == 3
    for word in (world.category.name, world.team.name, str(world.estate), "上报时间"):
        assert word in words
    assert world.district.name not in [
        line for line in words.split("<t>") if line.startswith(world.district.name + "<")
    ]


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_the_pages_take_as_many_queries_for_three_imports_as_for_one(desk: Client, world: World, lang: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert desk.get("/imports/", headers={"accept-language": lang}).status_code == 200
        return len(seen)

    loaded(desk, HEAD + GOOD, world)
    one = queries()
    loaded(desk, HEAD + "B1,甲,2026-01-05,,,,,\n", world)
    matched(desk, HEAD + "B2,乙,2026-01-05,,,,,\n", world)
    assert queries() == one
