"""The pages of limits: who reads and who sets them, the import without a second upload, standards beside the form."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Case, Category, User
from cases.terms import EventType, Role, Unit
from tests.factories import World, user
from tests.pages.markup import faults
from workflows.commands.limits import copy_version, import_limits
from workflows.forms import limits as forms
from workflows.limit_tables import Categories, read_table
from workflows.models import PolicyVersion, SlaPolicy, Standard

Read = Callable[..., Any]
ZH = {"accept-language": "zh-hans"}
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


@pytest.fixture
def read(client: Client) -> Read:
    """The page as somebody sees it."""

    def page(viewer: User, path: str = "/limits/", **headers: str) -> Any:
        client.force_login(viewer)
        return client.get(path, headers=ZH | headers)

    return page


@pytest.fixture
def send(client: Client) -> Read:
    """Post a form as somebody."""

    def post(viewer: User, path: str, follow: bool = False, **data: Any) -> Any:
        client.force_login(viewer)
        return client.post(path, data, headers=ZH, follow=follow)

    return post


def upload(*lines: str, name: str = "标准.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(["小类,完成时限,立案标准", *lines]).encode())


def version(world: World, tmp_path: Any, *lines: str, days: int = 1) -> PolicyVersion:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["小类,完成时限,立案标准,结案标准", *lines]), encoding="utf-8")
    table = read_table(path, Categories(Category.objects.all()))
    return import_limits(table, live_from=world.now + days * DAY, actor=None, now=world.now).version


PAGES = ("/limits/", "/limits/1/", "/limits/1/download/")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("who", "status"),
    [("admin", 200), ("supervisor", 200), ("chief", 200), ("auditor", 200), ("desk", 403), ("member", 403)],
)
def test_limits_are_read_by_those_who_watch_over_them(
    world: World, read: Read, path: str, who: str, status: int
) -> None:
    assert read(getattr(world, who), path).status_code == status


@pytest.mark.parametrize("path", ["/limits/import/", "/limits/1/apply/"])
@pytest.mark.parametrize("who", ["supervisor", "chief", "auditor", "desk"])
def test_limits_are_set_by_administrators_only(world: World, read: Read, send: Read, path: str, who: str) -> None:
    viewer = getattr(world, who)
    assert read(viewer, path).status_code == 403
    assert send(viewer, path, reason="新规定", file=upload("路灯,3天,")).status_code == 403
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize(("who", "listed"), [("admin", True), ("auditor", True), ("desk", False)])
def test_the_way_there_is_shown_to_those_who_may_go(world: World, read: Read, who: str, listed: bool) -> None:
    assert ('href="/limits/"' in read(getattr(world, who), "/cases/").content.decode()) is listed


def test_versions_say_which_one_is_live_and_how_many_cases_keep_each(world: World, read: Read, tmp_path: Any) -> None:
    world.case("in_progress")
    version(world, tmp_path, "路灯,3天,不亮,复明", days=2)
    version(world, tmp_path, "路灯,4天,不亮,复明", days=3)
    with time_machine.travel(world.now + 2 * DAY, tick=False):
        page = read(world.auditor)
    rows = [(r.version.number, r.status, r.limits, r.standards, r.cases) for r in page.context["rows"]]
    assert rows == [(3, "coming", 19, 1, 0), (2, "live", 19, 1, 0), (1, "past", 18, 0, 1)]
    html = page.content.decode()
    assert faults(html) == []
    assert "导入标准表" not in html
    for words in ("v3", "待生效", "正在生效", "已停用", "2026-03-04 09:00"):
        assert words in html


def test_the_table_of_a_version_shows_amounts_ladder_and_standards(world: World, read: Read, tmp_path: Any) -> None:
    made = version(world, tmp_path, "路灯,一般：20个工作日；紧急：4工作时,三盏不亮,全部复明")
    html = read(world.supervisor, f"/limits/{made.number}/").content.decode()
    assert faults(html) == []
    lamp = html[html.index("公共设施") :]
    for words in (
        "路灯 · 处置时限", "20 个工作日", "4 工作时", "75%", "三盏不亮", "全部复明",
        "超期后 4 工作时提醒工作队队长，1 个工作日提醒督办员，3 个工作日提醒分管领导",
    ):  # fmt: skip
        assert words in lamp
    assert "应用到在办的件" not in html


def test_ladders_that_differ_within_a_line_name_their_urgency(world: World, read: Read) -> None:
    base = PolicyVersion.objects.get()
    ladder = [["leader", 1, "hours"]]
    SlaPolicy.objects.create(
        version=base,
        calendar=world.calendar,
        clock="survey",
        priority="urgent",
        amount=2,
        unit=Unit.HOURS,
        ladder=ladder,
    )
    html = read(world.supervisor, "/limits/1/").content.decode()
    assert "不限 —；紧急 超期后 1 自然时提醒分管领导" in html


def test_a_version_that_comes_says_what_it_would_do_and_links_the_cases(
    world: World, read: Read, tmp_path: Any
) -> None:
    case = world.case("in_progress")
    made = version(world, tmp_path, "路灯,4工作时,,", days=5)
    with time_machine.travel(world.now + 2 * DAY, tick=False):
        seen = read(world.supervisor, f"/limits/{made.number}/").content.decode()
        known = read(world.admin, f"/limits/{made.number}/").content.decode()
    assert "如果在办的件都改按本版本计时" in seen
    assert f'href="/cases/{case.number}/"' in seen
    assert f'href="/cases/{case.number}/"' not in known
    assert case.number in known


def test_cases_out_of_scope_are_counted_not_named(world: World, read: Read, tmp_path: Any) -> None:
    case = world.case("in_progress")
    far = user("far", "远督办", Role.SUPERVISOR, area=world.other_street)
    made = version(world, tmp_path, "路灯,4工作时,,", days=5)
    with time_machine.travel(world.now + 2 * DAY, tick=False):
        html = read(far, f"/limits/{made.number}/").content.decode()
    assert case.number not in html
    assert "另有 1 件没有列出" in html


def test_the_numbers_of_queries_do_not_grow(world: World, read: Read, client: Client, tmp_path: Any) -> None:
    version(world, tmp_path, "路灯,3天,不亮,")

    def queries(path: str) -> int:
        read(world.supervisor, path)
        with CaptureQueriesContext(connection) as seen:
            client.get(path)
        return len(seen)

    paths = ("/limits/", "/limits/2/")
    world.case("in_progress")
    before = [queries(path) for path in paths]
    version(world, tmp_path, "乱堆放,3天,占道,", days=2)
    world.case("in_progress")
    world.case("submitted")
    assert [queries(path) for path in paths] == before


def test_a_download_reads_back_as_the_same_version(world: World, read: Read, tmp_path: Any) -> None:
    version(world, tmp_path, "路灯,3天,不亮,复明")
    answer = read(world.auditor, "/limits/2/download/")
    assert answer["Content-Disposition"] == 'attachment; filename="limits-v2.xlsx"'
    path = tmp_path / "b.xlsx"
    path.write_bytes(BytesIO(answer.content).getvalue())
    table = read_table(path, Categories(Category.objects.all()))
    assert (table.errors, len(table.limits), len(table.standards)) == ((), 19, 1)


@pytest.mark.parametrize("path", ["/limits/9/", "/limits/9/download/", "/limits/9/apply/"])
def test_a_version_that_does_not_exist_is_not_found(world: World, read: Read, path: str) -> None:
    assert read(world.admin, path).status_code == 404


# ---- import ----


def hidden(page: Any) -> dict[str, str]:
    """What the confirmation sends without being asked."""
    form = page.context["form"]
    return {"table": form["table"].value(), "base": str(form["base"].value())}


def test_a_table_is_looked_at_and_confirmed_without_a_second_upload(world: World, send: Read) -> None:
    late = world.case("in_progress")
    with time_machine.travel(world.now + 2 * DAY, tick=False):
        page = send(world.admin, "/limits/import/", file=upload("路灯,4工作时,三盏不亮"))
        html = page.content.decode()
        assert faults(html) == []
        assert PolicyVersion.objects.count() == 1
        for words in ("1 行", "4 工作时（75% 预警）", "按通用时限", "路灯 · 不限", late.number, "1 个小类的立案"):
            assert words in html
        sent = hidden(page) | {"live_from": "2026-03-09", "note": "和城管〔2026〕3号"}
        done = send(world.admin, "/limits/import/", follow=True, **sent)
    assert done.redirect_chain == [("/limits/2/", 302)]
    assert "已建立 v2，2026-03-09 起生效" in done.content.decode()
    made = PolicyVersion.objects.get(number=2)
    assert (made.note, made.live_from.isoformat()) == ("和城管〔2026〕3号", "2026-03-08T16:00:00+00:00")
    assert made.policies.get(category=world.category).amount == 4
    assert made.standards.get().filing == "三盏不亮"


def test_row_errors_stand_in_a_table_and_nothing_is_kept(world: World, send: Read) -> None:
    page = send(world.admin, "/limits/import/", file=upload("路灯,尽快,", "井盖,3天,"))
    html = page.content.decode()
    assert page.status_code == 422
    assert faults(html) == []
    for words in ("有 2 处需要改正", "尽快", "看不懂这个时限", "井盖", "没有这个小类"):
        assert words in html
    assert 'name="live_from"' not in html
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize(("file", "said"), [
    (SimpleUploadedFile("a.pdf", b"%PDF"), "请选择 .xlsx 或 .csv 文件"),
    (SimpleUploadedFile("a.xlsx", b"no zip"), "请用 Excel 另存为 .xlsx"),
    (SimpleUploadedFile("a.csv", "名称,时间\n路灯,3天".encode()), "没有找到表头"),
    (SimpleUploadedFile("a.csv", b""), "文件是空的"),
    ("", "请选择文件"),
])  # fmt: skip
def test_a_file_that_is_no_table_says_why_at_the_field(world: World, send: Read, file: Any, said: str) -> None:
    page = send(world.admin, "/limits/import/", file=file)
    assert page.status_code == 422
    assert said in page.context["form"]["file"].errors.as_text()


def test_a_file_that_is_too_big_is_not_read(world: World, send: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms.UploadForm.base_fields["file"], "most_bytes", 10)
    page = send(world.admin, "/limits/import/", file=upload("路灯,3天,"))
    assert "文件超过" in page.context["form"]["file"].errors.as_text()


@pytest.mark.parametrize(("live_from", "said"), [
    ("2026-03-02", "须在将来"), ("2025-01-01", "须在将来"), ("", "请填写"), ("明天", "日期"),
])  # fmt: skip
def test_a_wrong_day_keeps_the_table_and_what_was_typed(world: World, send: Read, live_from: str, said: str) -> None:
    kept = hidden(send(world.admin, "/limits/import/", file=upload("路灯,3天,")))
    page = send(world.admin, "/limits/import/", **kept, live_from=live_from, note="依据甲")
    html = page.content.decode()
    assert page.status_code == 422
    assert said in page.context["form"]["live_from"].errors.as_text()
    assert kept["table"] in html
    assert "依据甲" in html
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"), lambda _text: "", str.upper]
)
def test_a_table_that_was_changed_on_the_way_is_not_taken(world: World, send: Read, spoil: Any) -> None:
    kept = hidden(send(world.admin, "/limits/import/", file=upload("路灯,3天,")))
    page = send(world.admin, "/limits/import/", table=spoil(kept["table"]), base=kept["base"], live_from="2026-03-09")
    assert page.status_code == 422
    assert "请重新选择文件" in page.content.decode()
    assert PolicyVersion.objects.count() == 1


def test_a_table_that_waited_too_long_is_asked_for_again(world: World, send: Read) -> None:
    kept = hidden(send(world.admin, "/limits/import/", file=upload("路灯,3天,")))
    with time_machine.travel(world.now + timedelta(hours=9), tick=False):
        page = send(world.admin, "/limits/import/", **kept, live_from="2026-03-09")
    assert page.status_code == 422
    assert PolicyVersion.objects.count() == 1


def test_a_newer_version_meanwhile_shows_the_comparison_again(world: World, send: Read) -> None:
    kept = hidden(send(world.admin, "/limits/import/", file=upload("路灯,3天,")))
    copy_version(PolicyVersion.objects.get(), now=world.now)
    page = send(world.admin, "/limits/import/", **kept, live_from="2026-03-20")
    assert page.status_code == 409
    assert "刚有人建了新版本 v2" in page.content.decode()
    done = send(world.admin, "/limits/import/", **hidden(page), live_from="2026-03-20")
    assert done.status_code == 302
    assert PolicyVersion.objects.count() == 3


def test_a_table_like_the_newest_version_offers_nothing_to_confirm(world: World, send: Read) -> None:
    html = send(world.admin, "/limits/import/", file=upload("全部小类,10个工作日,")).content.decode()
    assert "与现有版本相同" in html
    assert 'name="live_from"' not in html


# ---- applying ----


def test_applying_has_a_step_of_its_own_with_figures_and_a_reason(
    world: World, read: Read, send: Read, tmp_path: Any
) -> None:
    case = world.case("in_progress")
    version(world, tmp_path, "路灯,3天,,")
    with time_machine.travel(world.now + DAY, tick=False):
        assert 'href="/limits/2/apply/"' in read(world.admin, "/limits/2/").content.decode()
        asked = read(world.admin, "/limits/2/apply/").content.decode()
        assert faults(asked) == []
        assert "有 1 件在办的件按别的版本计时" in asked
        empty = send(world.admin, "/limits/2/apply/", reason=" ")
        assert empty.status_code == 422
        assert Case.objects.get(pk=case.pk).policy_version == 1
        done = send(world.admin, "/limits/2/apply/", follow=True, reason="区里新规定")
        assert done.redirect_chain == [("/limits/2/", 302)]
        assert "1 件已改按本版本计时，其中 1 件的时限有变" in done.content.decode()
        assert 'href="/limits/2/apply/"' not in done.content.decode()
    event = case.events.order_by("-seq")[0]
    assert (event.type, event.data["reason"]) == (EventType.CLOCK_RECOMPUTED, "区里新规定")


def test_a_version_that_is_not_live_cannot_be_applied(world: World, read: Read, send: Read, tmp_path: Any) -> None:
    case = world.case("in_progress")
    version(world, tmp_path, "路灯,3天,,")
    assert "本版本没有在生效" in read(world.admin, "/limits/2/apply/").content.decode()
    assert send(world.admin, "/limits/2/apply/", reason="新规定").status_code == 422
    assert Case.objects.get(pk=case.pk).policy_version == 1


def test_many_cases_are_done_in_several_steps(
    world: World, send: Read, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        world.case("in_progress")
    version(world, tmp_path, "路灯,3天,,")
    monkeypatch.setattr("workflows.views.limits.APPLIED_AT_ONCE", 2)
    with time_machine.travel(world.now + DAY, tick=False):
        first = send(world.admin, "/limits/2/apply/", reason="新规定")
        assert first.status_code == 200
        assert "有 1 件在办的件按别的版本计时" in first.content.decode()
        assert "新规定" in first.content.decode()
        assert send(world.admin, "/limits/2/apply/", reason="新规定").status_code == 302


# ---- standards beside the form ----


@pytest.mark.parametrize(("state", "who", "said", "unsaid"), [
    ("reported", "desk", "三盏不亮", "全部复明"),
    ("in_progress", "member", "全部复明", "三盏不亮"),
    ("submitted", "grid_worker", "全部复明", "三盏不亮"),
    ("accepted", "dispatcher", None, "全部复明"),
])  # fmt: skip
def test_who_decides_reads_the_standard_beside_the_form(
    world: World, read: Read, state: str, who: str, said: str | None, unsaid: str
) -> None:
    Standard.objects.create(
        version=PolicyVersion.objects.get(), category=world.category, filing="三盏不亮", closing="全部复明"
    )
    case = world.case(state, category=world.category)
    html = read(getattr(world, who), f"/cases/{case.number}/").content.decode()
    assert faults(html) == []
    assert (said in html) if said else ("结案标准" not in html)
    assert unsaid not in html


def test_a_case_shows_the_standard_of_its_own_version(world: World, read: Read, tmp_path: Any) -> None:
    base = PolicyVersion.objects.get()
    Standard.objects.create(version=base, category=world.category, closing="旧标准")
    case = world.case("in_progress")
    version(world, tmp_path, "路灯,3天,,新标准")
    with time_machine.travel(world.now + 2 * DAY, tick=False):
        own = read(world.member, f"/cases/{case.number}/transitions/submit/").content.decode()
    assert "旧标准" in own
    assert "新标准" not in own


def test_a_case_without_a_category_or_a_standard_says_nothing(world: World, read: Read) -> None:
    case = world.case("reported")
    assert "立案标准" not in read(world.desk, f"/cases/{case.number}/").content.decode()
