"""审计: who may, what a look shows while it runs and after, seals on paper, and the book of doors."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import seals
from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.commands import issue_link, reveal_reporter
from cases.lib import pdf
from cases.lib.crypto import EncryptedTextField
from cases.models import HistoryCheck, PersonAccess, Seal
from cases.verifying import go_on
from tests.factories import World
from workflows.commands.surveys import issue_survey_slip

pytestmark = pytest.mark.django_db
Read = Callable[..., str]
Post = Callable[..., Any]


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def test_auditors_and_administrators_have_all_supervisors_what_is_theirs(world: World, read: Read, post: Post) -> None:
    for person in (world.auditor, world.admin):
        html = read(person, "/audit/")
        assert "核对并封存" in html
        assert "访问记录" in html
    html = read(world.supervisor, "/audit/")
    assert "核对全部" not in html
    assert "访问记录" in html
    assert post(world.supervisor, "/audit/", kind="verify").status_code == 403
    for person in (world.grid_worker, world.chief, world.desk, world.member):
        assert read(person, "/audit/", 403)
        assert read(person, "/audit/accesses/", 403)
    assert 'href="/audit/"' in read(world.auditor, "/")
    assert 'href="/audit/"' not in read(world.desk, "/")


def test_a_look_goes_from_the_button_to_its_result(world: World, read: Read, post: Post, client: Client) -> None:
    case = world.case("in_progress")
    sent = post(world.auditor, "/audit/", kind="verify")
    check = HistoryCheck.objects.get()
    assert sent["Location"] == f"/audit/checks/{check.pk}/"
    assert "排队中" in read(world.auditor, sent["Location"])
    part = client.get(sent["Location"], headers={"HX-Request": "true", "accept-language": "zh-hans"}).content.decode()
    assert "<html" not in part
    assert "hx-trigger" in part
    while go_on(now=timezone.now()):
        pass
    html = read(world.auditor, sent["Location"])
    assert "全部对得上" in html
    assert "hx-trigger" not in html
    assert str(world.auditor) in read(world.auditor, "/audit/")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_caseevent SET data = %s WHERE case_id = %s AND seq = 2", ["{}", case.pk])
    again = post(world.auditor, "/audit/", kind="seal")["Location"]
    while go_on(now=timezone.now()):
        pass
    html = read(world.auditor, again)
    assert "1 处对不上" in html
    assert "内容在写入后被改过" in html
    assert case.number in html
    assert not Seal.objects.exists()


def test_a_seal_is_shown_printed_and_compared(world: World, read: Read, post: Post, client: Client) -> None:
    world.case("in_progress")
    done = post(world.auditor, "/audit/", kind="seal")["Location"]
    while go_on(now=timezone.now()):
        pass
    seal = Seal.objects.get()
    assert f"/audit/seals/{seal.digest}/" in read(world.auditor, done)
    html = read(world.auditor, f"/audit/seals/{seal.digest}/")
    assert all(f"<code>{seal.digest[n : n + 8]}</code>" in html for n in range(0, 64, 8))
    sheet = read(world.auditor, f"/audit/seals/{seal.digest}/sheet/")
    for words in ("流转记录封存证明", seal.digest[:8], seal.digest[-8:], "RFC 6962", "监督人", "data:image/svg+xml"):
        assert words in sheet
    assert f"verify_history --against {seal.digest[:16]}" in sheet
    kept = client.get(f"/audit/seals/{seal.digest}/list/")
    content = b"".join(kept.streaming_content)  # type: ignore[attr-defined]
    path = Path(seal.heads.path)
    assert content == path.read_bytes()
    sent = post(world.auditor, f"/audit/seals/{seal.digest}/")["Location"]
    while go_on(now=timezone.now()):
        pass
    assert "一条没变" in read(world.auditor, sent)
    assert read(world.auditor, f"/audit/seals/{'0' * 64}/", 404)
    assert read(world.supervisor, f"/audit/seals/{seal.digest}/", 403)
    if pdf.missing():
        pytest.skip("no PDF libraries here")
    client.force_login(world.auditor)
    made = client.get(f"/audit/seals/{seal.digest}/sheet.pdf")
    assert made.content.startswith(b"%PDF-")


def test_a_paper_leads_to_its_seal_or_says_what_its_absence_means(world: World, post: Post) -> None:
    world.case("reported")
    seal = seals.make_seal(actor=world.auditor, now=world.now)
    found = post(world.auditor, "/audit/seals/find/", digest=f" {seal.digest[:8]} {seal.digest[8:16]} ")
    assert found["Location"] == f"/audit/seals/{seal.digest}/"
    for words, said in (("f" * 64, "已被改动或删除"), ("", "请填写")):
        answer = post(world.auditor, "/audit/seals/find/", digest=words)
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert words in answer.content.decode()
    assert post(world.supervisor, "/audit/seals/find/", digest=seal.digest).status_code == 403


def test_a_day_leads_to_the_figures_as_they_stood_then(world: World, client: Client) -> None:
    client.force_login(world.auditor)
    answer = client.get("/audit/", {"day": "2026-03-02"})
    assert answer["Location"] == "/figures/?as_of=2026-03-02T23%3A59"
    wrong = client.get("/audit/", {"day": "2999-01-01"}, headers={"accept-language": "zh-hans"})
    assert wrong.status_code == 422
    assert "只能选今天或以前的日期" in wrong.content.decode()
    assert client.get("/audit/", {"day": "x"}).status_code == 422


def test_later_events_do_not_change_the_figures_of_a_past_day(world: World, client: Client) -> None:
    day = world.now + timedelta(days=1)
    world.case("submitted")
    world.case("closed")
    client.force_login(world.auditor)
    asked = client.get("/audit/", {"day": f"{day:%Y-%m-%d}"})["Location"]

    def counted() -> list[tuple[str, int, int]]:
        page = client.get(asked).context["page"]
        return [(f.rate.name, f.numerator, f.denominator) for f in page.figures]

    before, listed = counted(), client.get(asked.replace("/figures/", "/figures/resolution/denominator/"))
    assert max(n for _, _, n in before) == 2
    later = world.now + timedelta(days=9)
    world.case("closed", now=later)
    for case in (world.case("in_progress", now=later), world.case("rejected", now=later)):
        assert case.reported_at == later
    assert counted() == before
    again = client.get(asked.replace("/figures/", "/figures/resolution/denominator/"))
    assert [c.pk for c in again.context["found"].cases] == [c.pk for c in listed.context["found"].cases]


# -- who saw or changed personal data


def test_every_door_leaves_its_row(world: World, client: Client, read: Read) -> None:
    case = world.case("answered", resident=True)
    reveal_reporter(case_id=case.pk, actor=world.desk, now=world.now, reason="电话 13912345678 打不通")
    issue_link(case_id=case.pk, actor=world.desk, now=world.now)
    issue_survey_slip(case_id=case.pk, actor=world.survey_desk, now=world.now)
    client.force_login(world.supervisor)
    assert client.get("/ledger/csv/", {"q": "13800138000"}).status_code == 200
    rows = PersonAccess.objects.order_by("pk").values_list("kind", "by__username", "case__number")
    assert list(rows) == [
        ("reporter", "desk", case.number),
        ("link", "desk", case.number),
        ("slip", "survey", case.number),
        ("exported", "supervisor", None),
    ]
    html = read(world.auditor, "/audit/accesses/")
    for words in ("查看来访人信息", "生成居民链接", "生成回访二维码", "导出名单", "李受理", "冯回访", case.number):
        assert words in html
    assert "13912345678" not in html
    assert "139****5678" in html
    assert "13800138000" not in html


def test_a_look_that_is_refused_leaves_no_row(world: World) -> None:
    case = world.case("answered", resident=True)
    for actor, reason in ((world.desk, "  "), (world.other_member, "想看")):
        with pytest.raises((ValidationError, PermissionDenied)):
            reveal_reporter(case_id=case.pk, actor=actor, now=world.now, reason=reason)
    assert not PersonAccess.objects.exists()


def test_rows_are_written_once(world: World) -> None:
    row = record_access(AccessKind.REGISTER, by=world.desk, at=world.now, area=world.estate)
    row.reason = "其他"
    for change in (
        row.save, row.delete, PersonAccess.objects.all().delete, lambda: PersonAccess.objects.update(reason=""),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            change()
    assert PersonAccess.objects.get().reason == ""


def test_a_supervisor_reads_the_rows_of_their_area(world: World, read: Read) -> None:
    record_access(AccessKind.REGISTER, by=world.desk, at=world.now, area=world.estate)
    record_access(AccessKind.REGISTER, by=world.admin, at=world.now, area=world.other_street)
    record_access(AccessKind.EXPORTED, by=world.chief, at=world.now)
    html = read(world.supervisor, "/audit/accesses/")
    assert ("李受理" in html, "管理员" in html, "何领导" in html) == (True, False, False)
    html = read(world.admin, "/audit/accesses/")
    assert all(name in html for name in ("李受理", "管理员", "何领导"))


def test_rows_are_narrowed_by_person_case_door_and_period(world: World, client: Client) -> None:
    case = world.case("answered", resident=True)
    record_access(AccessKind.REPORTER, by=world.desk, at=world.now, case=case, reason="回电")
    record_access(AccessKind.REGISTER, by=world.chief, at=world.now + timedelta(days=3), area=world.estate)
    client.force_login(world.auditor)

    def found(**query: str) -> list[str]:
        return [row.kind for row, _, _ in client.get("/audit/accesses/", query).context["rows"]]

    assert found() == ["register", "reporter"]
    assert found(who="李") == found(who="DESK") == found(case=case.number[:9]) == found(kind="reporter") == ["reporter"]
    assert found(since="2026-03-04") == ["register"]
    assert found(until="2026-03-02") == ["reporter"]
    wrong = client.get("/audit/accesses/", {"since": "2026-03-04", "until": "2026-03-01"})
    assert wrong.status_code == 422


def test_the_book_is_a_file_too_and_taking_it_is_in_the_book(world: World, client: Client) -> None:
    record_access(AccessKind.REPORTER, by=world.desk, at=world.now, area=world.grid, reason="=回电")
    client.force_login(world.auditor)
    answer = client.get("/audit/accesses/", {"export": "csv"}, headers={"accept-language": "zh-hans"})
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=回电" in text
    assert PersonAccess.objects.filter(kind="exported", by=world.auditor).count() == 1


def test_the_number_of_queries_does_not_grow(world: World, client: Client) -> None:
    client.force_login(world.auditor)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/audit/accesses/").status_code == 200
        return len(caught)

    record_access(AccessKind.REPORTER, by=world.desk, at=world.now, case=world.case("reported"))
    queries()
    one = queries()
    for _ in range(2):
        record_access(AccessKind.REGISTER, by=world.chief, at=world.now, council=world.council)
    assert queries() == one


def test_no_page_of_the_admin_shows_what_is_encrypted() -> None:
    shown = [
        (model.__name__, field.name)
        for model, page in admin.site._registry.items()
        for field in model._meta.fields
        if isinstance(field, EncryptedTextField) and (page.fields is None or field.name in page.fields)
    ]
    assert shown == []
