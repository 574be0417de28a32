from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Area, Case, User
from cases.terms import ClockKind, RequestKind
from tests.factories import World
from tests.pages.markup import faults
from workflows.commands import adjust, handling, review
from workflows.models import Clock

Read = Callable[..., Any]


@pytest.fixture(autouse=True)
def some_days_later(world: World) -> Iterator[None]:
    with time_machine.travel(world.now + timedelta(days=15), tick=False):
        yield


@pytest.fixture
def read(client: Client) -> Read:
    """A page as somebody sees it."""

    def page(viewer: User, path: str, lang: str = "zh-hans") -> Any:
        client.force_login(viewer)
        return client.get(path, headers={"accept-language": lang})

    return page


def held(world: World, case: Case, *, begin: int = 1, days: int = 2) -> None:
    request = world.agreed(
        case, RequestKind.HOLD, review_at=(world.now + timedelta(days=60)).isoformat(), reason_code="season"
    )
    request.reason = "等 13800138000 来料"
    now = world.now + timedelta(days=begin)
    adjust.hold_case(request=request, actor=world.supervisor, now=now)
    adjust.resume_case(case_id=case.pk, actor=world.member, now=now + timedelta(days=days))


def broken(world: World) -> Case:
    case = world.case("in_progress")
    gone = {"stopped_at": world.now, "alarm_at": None, "used_seconds": 0}
    Clock.objects.filter(case=case, kind=ClockKind.HANDLE).update(**gone)
    return case


def test_the_page_of_a_case_leads_to_its_proof(world: World, read: Read) -> None:
    case = world.case("in_progress")
    assert f'href="/cases/{case.number}/clocks/"' in read(world.member, f"/cases/{case.number}/").content.decode()


def test_a_proof_shows_limit_count_pause_and_sum(world: World, read: Read) -> None:
    case = world.case("in_progress", resident=True)
    held(world, case)
    text = read(world.supervisor, f"/cases/{case.number}/clocks/").content.decode()
    for words in (
        "逐步推算与记录全部相符",
        "截至 2026-03-17 09:00",
        "处置时限：10 个工作日（时限第 1 版 · 各类 · 各级紧急程度 · 国家法定工作日第 1 版日历，依据：测试）",
        "自起算之日的次日数起，第 10 个工作日下班时（17:30）到期。",
        "2026-03-02 周一 09:00 · 签收（陈队员）",
        '<b>第 1–4 日</b> <span class="whole">2026-03-03 周二</span> – <span class="whole">2026-03-06 周五</span>',
        "不计：休息日",
        "陈队员申请，钱督办同意 · 挂账：等 138****8000 来料",
        "暂停开始时还剩 69 小时 30 分：",
        "2026-03-18 周三 17:30",
        "进行中，临近时限，还剩 1 个工作日（计 13 小时 30 分）",
    ):
        assert words in text
    assert faults(text) == []


def test_what_does_not_agree_is_said_at_the_top_and_at_its_clock(world: World, read: Read) -> None:
    case = world.case("in_progress")
    wrong = {"due_at": world.now + timedelta(days=3)}
    Clock.objects.filter(case=case, kind=ClockKind.HANDLE).update(**wrong)
    text = read(world.auditor, f"/cases/{case.number}/clocks/").content.decode()
    assert "不符！逐步推算与记录有出入，见下" in text
    assert "到期：逐步推算为 2026-03-16 周一 17:30，记录为 2026-03-05 周四 09:00。" in text
    assert "逐步推算与记录全部相符" not in text
    assert faults(text) == []


def test_a_limit_in_a_year_without_a_notice_says_provisional(world: World, read: Read) -> None:
    case = world.case("in_progress", now=world.now + timedelta(days=295))
    text = read(world.member, f"/cases/{case.number}/clocks/").content.decode()
    assert "2027 年的放假通知尚未发布，到期时刻暂定，通知发布后重算。" in text


@pytest.mark.parametrize(
    ("viewer", "status"), [("member", 200), ("grid_worker", 200), ("auditor", 200), ("other_grid_worker", 404)]
)
def test_the_proof_is_for_whoever_sees_the_case(world: World, read: Read, viewer: str, status: int) -> None:
    case = world.case("in_progress")
    assert read(getattr(world, viewer), f"/cases/{case.number}/clocks/").status_code == status


def test_who_is_not_logged_in_is_asked_to(world: World, client: Client) -> None:
    case = world.case("in_progress")
    for path in (f"/cases/{case.number}/clocks/", "/clocks/"):
        assert client.get(path)["Location"].startswith("/accounts/login/")


def test_a_long_history_costs_no_more_queries_than_a_short_one(world: World, read: Read) -> None:
    def queries(case: Case) -> int:
        read(world.supervisor, "/me/")
        with CaptureQueriesContext(connection) as seen:
            page = read(world.supervisor, f"/cases/{case.number}/clocks/")
        assert page.status_code == 200
        return len(seen)

    short, long = world.case("in_progress"), world.case("in_progress")
    held(world, short)
    held(world, long)
    held(world, long, begin=4)
    for day in (7, 8, 9):
        done = {"actor": world.member, "result_code": "A", "result_text": "好了"}
        handling.submit_case(case_id=long.pk, now=world.now + timedelta(days=day), **done)
        now = world.now + timedelta(days=day, hours=2)
        review.send_back_case(case_id=long.pk, actor=world.grid_worker, now=now, missing="没好")
    assert queries(short) == queries(long) <= 16


def test_a_whole_district_is_said_in_one_sentence_and_a_table(world: World, read: Read) -> None:
    for state in ("reported", "in_progress", "deliberating", "closed"):
        world.case(state, now=world.now + timedelta(days=14))
    page = read(world.supervisor, "/clocks/")
    text = page.content.decode()
    assert "每一项义务都有一个在走的时钟" in text
    assert "截至 2026-03-17 09:00：在办 3 件，活动的时钟 7 个" in text
    kinds = {row.kind.kind: row.kind for row in page.context["rows"]}
    handle = kinds["handle"]
    assert (handle.owed, handle.running, handle.paused, handle.difference) == (2, 1, 1, 0)
    assert faults(text) == []


def test_each_figure_opens_its_cases(world: World, read: Read, client: Client) -> None:
    for _ in range(2):
        world.case("in_progress")
    page = read(world.supervisor, "/clocks/")
    handle = next(row for row in page.context["rows"] if row.kind.kind == "handle")
    assert (handle.kind.running, handle.kind.overdue) == (2, 2)
    text = page.content.decode()
    for url in (handle.running_url, handle.overdue_url):
        assert f'href="{url.replace("&", "&amp;")}"' in text
        assert client.get(url).context["total"] == 2
    overall = next(row for row in page.context["rows"] if row.kind.kind == "overall")
    assert client.get(overall.owed_url).context["total"] == overall.kind.owed == 2
    assert page.context["idle"].startswith("受理时限、补充时限、")


def test_what_does_not_hold_is_listed_with_its_cases(world: World, read: Read) -> None:
    case = broken(world)
    with time_machine.travel(world.now, tick=False):
        text = read(world.supervisor, "/clocks/").content.decode()
    assert "有 1 处不符，见下" in text
    assert "在办的件，没有当前环节的时钟在走（处置时限）" in text
    assert f'href="/cases/{case.number}/clocks/"' in text
    assert '<b class="proof__differs">-1</b>' in text
    assert "每一项义务都有一个在走的时钟" not in text
    assert faults(text) == []


def test_a_long_list_is_cut_and_says_so(world: World, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.views.clocks.MOST_LISTED", 1)
    broken(world)
    broken(world)
    page = read(world.auditor, "/clocks/")
    group = next(group for group in page.context["groups"] if group.faults[0].code == "stage_missing")
    assert (group.total, len(group.faults)) == (2, 1)
    assert "只列前 1 件" in page.content.decode()


def test_a_supervisor_sees_the_own_street_and_an_auditor_the_district(world: World, read: Read) -> None:
    world.case(area=Area.objects.get(code="S2G1"), actor=world.other_grid_worker)
    world.case()
    assert read(world.supervisor, "/clocks/").context["audit"].open_cases == 1
    assert read(world.auditor, "/clocks/").context["audit"].open_cases == 2


def test_an_administrator_gets_figures_and_numbers_without_ways_to_the_cases(world: World, read: Read) -> None:
    case = broken(world)
    page = read(world.admin, "/clocks/")
    text = page.content.decode()
    assert page.context["audit"].open_cases == 1
    assert case.number in text
    assert f"/cases/{case.number}/" not in text
    assert "/overdue/?" not in text


@pytest.mark.parametrize(
    ("viewer", "status"),
    [("supervisor", 200), ("chief", 200), ("auditor", 200), ("admin", 200), ("desk", 403), ("member", 403)],
)
def test_the_district_is_for_those_who_supervise(world: World, read: Read, viewer: str, status: int) -> None:
    assert read(getattr(world, viewer), "/clocks/").status_code == status


def test_the_number_of_queries_does_not_grow_with_the_cases(world: World, read: Read) -> None:
    def queries() -> int:
        read(world.supervisor, "/me/")
        with CaptureQueriesContext(connection) as seen:
            read(world.supervisor, "/clocks/")
        return len(seen)

    world.case("in_progress", now=world.now + timedelta(days=14))
    few = queries()
    for _ in range(2):
        world.case("in_progress", now=world.now + timedelta(days=14))
    assert queries() == few <= 50


def test_the_pages_speak_english_too(world: World, read: Read) -> None:
    case = world.case("in_progress")
    for path in ("/clocks/", f"/cases/{case.number}/clocks/"):
        page = read(world.supervisor, path, lang="en")
        assert page.status_code == 200
        assert faults(page.content.decode()) == []
