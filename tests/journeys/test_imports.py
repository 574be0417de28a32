"""A ledger comes in: template, upload, columns, the check with each fault by name, the good rows in, and back again."""

from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Download, Page, expect

from cases.lib.spreadsheet import read_rows
from cases.models import Case, RoleAssignment
from cases.terms import Role, State
from tests.factories import World
from tests.journeys.conftest import Open
from tests.journeys.test_accessibility import blemishes
from tests.ledgers import ledger
from workflows import import_runs
from workflows.models import LedgerImport

# As another office calls them: only some are recognised.
HEADERS = ["流水号", "事由", "在哪里", "收到时间", "办理结果", "何时答复", "何时办结"]
CHOSEN = {
    "external_ref": "流水号", "title": "事由", "area": "在哪里", "reported_at": "收到时间", "answer": "办理结果",
    "answered_at": "何时答复", "closed_at": "何时办结",
}  # fmt: skip
ROWS = [
    ("L-1", "小区东门路灯不亮", "平山小区", "2025-11-03 09:00", "", "", ""),
    ("L-2", "地下车库渗水", "平山小区", "2025-11-04 09:00", "已堵漏。", "2025-11-06 16:00", "2025-11-10 10:00"),
    ("L-3", "办结在上报以前", "平山小区", "2025-11-05 09:00", "已办。", "2025-11-06 09:00", "2025-11-01 09:00"),
    ("L-4", "不知道在哪里", "桃花源小区", "2025-11-05 09:00", "", "", ""),
    ("L-1", "同一个编号的另一件", "平山小区", "2025-11-06 09:00", "", "", ""),
]
FAULTS = {4: "何时办结", 5: "在哪里", 6: "流水号"}  # by row of the sheet: the column that is named


@pytest.fixture
def importer(world: World) -> World:
    """The administrator takes matters on in the street, too: who only administers sees no cases."""
    RoleAssignment.objects.create(user=world.admin, role=Role.DESK, area=world.street, valid_from="2020-01-01")
    return world


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_a_ledger_with_faults_is_checked_loaded_without_them_and_taken_back(
    importer: World, visit: Open, tmp_path: Path, phone: bool
) -> None:
    page, wrong = visit(importer.admin, phone=phone), []
    page.goto("/cases/")
    page.locator(".page-head__actions").get_by_role("link", name="导入").click()
    with page.expect_download() as template:
        page.get_by_role("link", name="下载模板").click()
    assert b"xl/workbook.xml" in saved(template.value, tmp_path).read_bytes()
    wrong += blemishes(page)

    page.locator("input[type=file]").set_input_files(ledger(tmp_path, *ROWS, headers=HEADERS, name="老台账.xlsx"))
    page.locator("select[name=area]").select_option(str(importer.street.pk))
    page.get_by_role("button", name="上传").click()
    for field, header in CHOSEN.items():
        page.locator(f"select[name={field}]").select_option(header)
    wrong += blemishes(page)
    page.get_by_role("button", name="逐行核对").click()
    worked(page, "正在核对")

    expect(page.get_by_role("heading", name="核对结果")).to_be_visible()
    table = page.locator("table", has=page.get_by_text("有错误的行"))
    shown = {int(row.locator("td").nth(0).inner_text()): row.locator("td").nth(1).inner_text()
             for row in table.locator("tbody tr").all()}  # fmt: skip
    assert shown == FAULTS
    expect(table).to_contain_text("桃花源小区")
    with page.expect_download() as report:
        page.get_by_role("link", name="下载逐行核对表").click()
    told = [row.values for row in read_rows(saved(report.value, tmp_path))]
    assert [(row["行"], row["结论"], row["列"]) for row in told] == [
        (2, "可以导入", ""), (3, "可以导入", ""), *((row, "有错误", column) for row, column in FAULTS.items()),
    ]  # fmt: skip
    wrong += blemishes(page)
    assert not Case.objects.exists()

    page.get_by_role("button", name="只导入 2 行，不要 3 行").click()
    worked(page, "正在导入")
    wrong += blemishes(page)
    page.get_by_role("link", name="看台账").click()
    expect(page.locator("table.cases tbody tr")).to_have_count(2)
    expect(page.get_by_role("link", name="地下车库渗水")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="撤回这 2 件").click()
    worked(page, "正在撤回")
    expect(page.locator(".page-head .badge")).to_have_text("已撤回")
    assert [case.state for case in Case.objects.all()] == [State.VOIDED, State.VOIDED]
    wrong += blemishes(page)
    assert wrong == []


def saved(download: Download, folder: Path) -> Path:
    """A file that the page gave, where it can be read."""
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


def worked(page: Page, doing: str) -> None:
    """The page says that it is being done and can be left; the worker does it, and the page is asked again."""
    expect(page.locator("#progress")).to_have_text(doing)
    import_runs.work(LedgerImport.objects.get().pk, now=timezone.now())
    page.get_by_role("link", name="刷新").click()
