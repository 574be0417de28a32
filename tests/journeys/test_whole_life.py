"""Whole lives of cases through the pages, each person at their own device."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases import events
from cases.models import Attachment, Case
from notifications.delivery import deliver
from notifications.models import Delivery
from notifications.relay import relay
from tests.factories import World
from tests.journeys.conftest import Open
from tests.journeys.steps import Thumb, decide, fill, find, form_of, make, send, told

MOST_TAPS = 6


def day(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def state(number: str) -> str:
    return Case.objects.get(number=number).state


def report_by_thumb(page: Page, words: str, photo: Path) -> tuple[str, str, int]:
    """From the home page to the numbered receipt: number, path of the resident's link, taps."""
    thumb = Thumb(page)
    thumb.tap(".nav__item--report a")
    thumb.photograph(photo)
    thumb.write("[name=description]", words)
    thumb.tap(".form-actions button")
    page.wait_for_url("**/report/2*/")
    relay(now=timezone.now())
    number = page.locator("h1").inner_text().split()[0]
    return number, urlsplit(page.locator(".link-code").inner_text()).path, thumb.taps


def told_people() -> set[str]:
    """Who was told something within the programme."""
    rows = Delivery.objects.filter(channel="in_app").select_related("recipient_user")
    return {row.recipient_user.username for row in rows if row.recipient_user}


def say_solved(resident: Page, link: str) -> None:
    resident.goto(link)
    expect(resident.locator("main")).to_contain_text("换了灯泡，晚上已亮。")
    thumb = Thumb(resident)
    thumb.tap(resident.get_by_role("link", name="解决了", exact=True))
    thumb.tap(resident.get_by_role("button", name="满意", exact=True))
    expect(resident.locator("h1")).to_have_text("谢谢您，已经记下")
    assert thumb.taps == 2


def slip_of(desk: Page, title: str) -> str:
    """The path of the code that the survey desk shows to the resident."""
    find(desk, title)
    desk.get_by_role("button", name="请居民自己扫码评价").click()
    desk.wait_for_url("**/survey-slip/")
    return urlsplit(desk.locator(".link-code").inner_text()).path


def asked_by_mail() -> str:
    """Where the newest letter with an answer asks the resident to rate."""
    relay(now=timezone.now())
    deliver(now=timezone.now())
    letters = [str(letter.body) for letter in mail.outbox if letter.to == ["wang@example.com"]]
    return [found for letter in letters for found in re.findall(r"http://\S+/r/s/[\w-]+/", letter)][-1]


def test_a_photograph_in_a_courtyard_becomes_a_closed_case(world: World, visit: Open, photo: Path) -> None:
    grid_phone = visit(world.grid_worker, phone=True)
    number, link, taps = report_by_thumb(grid_phone, "东门路灯不亮。晚上看不清台阶。", photo)
    assert taps <= MOST_TAPS
    case = Case.objects.get(number=number)
    assert case.title == "东门路灯不亮"
    assert Attachment.objects.get(case=case).file.size < photo.stat().st_size

    desk = visit(world.desk)
    find(desk, case.title)
    expect(desk.locator(".photos img")).to_have_js_property("complete", True)
    make(desk, "accept", category=str(world.category.pk), says="「受理」已办好")

    dispatcher = visit(world.dispatcher)
    find(dispatcher, case.title)
    form = form_of(dispatcher, "dispatch")
    expect(form.locator("[name=team] option:checked")).to_have_text(world.team.name)
    form.get_by_text("添加协办单位").click()
    fill(form, note="请三天内修好。", co_team_1=str(world.other_team.pk), co_task_1="清理灯杆下的杂物", co_due_1=day(3))
    send(form, says="「派遣」已办好")

    co_handler = visit(world.other_member)
    find(co_handler, case.title)
    make(co_handler, "answer_part", answer="杂物已清走。", says="「协办答复」已办好")

    member = visit(world.member)
    find(member, case.title)
    make(member, "sign", says="「签收」已办好")
    make(member, "submit", photos=photo, result_code="A", result_text="换了灯泡，晚上已亮。", says="「提交核查」已办好")

    find(grid_phone, case.title)
    form = form_of(grid_phone, "verify")
    fill(form, finding="现场已亮。")
    form.get_by_role("button", name="核查通过").tap()
    expect(grid_phone.locator(".notice--success")).to_contain_text("「核查通过」已办好")

    resident = visit(phone=True)
    resident.goto(link)  # the grid worker had it in hand: it follows the case and does not rate it
    expect(resident.locator("main")).to_contain_text("换了灯泡，晚上已亮。")
    expect(resident.get_by_role("link", name="解决了", exact=True)).to_have_count(0)
    say_solved(resident, slip_of(visit(world.survey_desk), case.title))
    assert state(number) == "closed"
    grid_phone.reload()
    begun = ["上报", "添加照片", "生成居民链接", "受理", "派遣", "协办答复"]
    assert told(grid_phone) == [*begun, "签收", "添加照片", "提交核查", "核查通过", "邀请回访", "回访"]
    expect(grid_phone.locator(".steps [aria-current=step]")).to_contain_text("结案")
    assert told_people() >= {"grid", "desk", "dispatcher", "member", "leader", "member2"}
    assert events.verify_all().broken == []


def test_what_was_not_solved_is_done_again(world: World, visit: Open) -> None:
    case = world.case("answered", resident=True)
    resident = visit(phone=True)
    resident.goto(asked_by_mail())
    resident.get_by_role("link", name="没有解决").tap()
    resident.fill("[name=words]", "第二天又不亮了。")
    resident.get_by_text("没办或没办完").tap()
    resident.get_by_role("button", name="不满意", exact=True).tap()
    expect(resident.locator("h1")).to_have_text("谢谢您，已经记下")
    assert state(case.number) == "reopen_requested"

    supervisor = visit(world.supervisor)
    find(supervisor, case.title)
    expect(supervisor.locator("main")).to_contain_text("第二天又不亮了。")
    make(supervisor, "reopen", reason="线路没有修，只换了灯泡。", says="「重办」已办好")

    member = visit(world.member)
    find(member, case.title)
    expect(member.locator(".facts").first).to_contain_text("第 2 轮")
    make(member, "submit", result_code="A", result_text="换了线路。", says="「提交核查」已办好")

    desk = visit(world.desk)
    desk.goto(f"/cases/{case.number}/")
    make(desk, "verify", finding="连着两晚都亮。", says="「核查通过」已办好")

    resident.goto(asked_by_mail())
    expect(resident.locator("main")).to_contain_text("换了线路。")
    resident.get_by_role("link", name="解决了", exact=True).tap()
    resident.get_by_role("button", name="满意", exact=True).tap()
    expect(resident.locator("h1")).to_have_text("谢谢您，已经记下")
    assert state(case.number) == "closed"
    supervisor.goto(f"/cases/{case.number}/")
    round_one = ["核查通过", "回访"]
    assert told(supervisor)[-6:] == [*round_one, "重办", "提交核查", *round_one]
    assert events.verify_all().broken == []


def test_a_second_person_agrees_to_return_extension_hold_and_voiding(world: World, visit: Open) -> None:
    case = world.case("in_progress")
    member, dispatcher = visit(world.member), visit(world.dispatcher)
    find(member, case.title)
    make(member, "return", reason="归城管工作组管。", says="已提交「申请退回」")
    decide(dispatcher, "退回", agree=False, note="请先去现场看一下。")
    member.reload()
    expect(member.locator("main")).to_contain_text("请先去现场看一下。")
    make(member, "return", reason="去过了，灯杆是城管工作组的。", says="已提交「申请退回」")
    decide(dispatcher, "退回")
    assert state(case.number) == "accepted"
    find(dispatcher, case.title)
    make(dispatcher, "dispatch", team=str(world.other_team.pk), says="「派遣」已办好")

    other, supervisor = visit(world.other_member), visit(world.supervisor)
    find(other, case.title)
    make(other, "sign", says="「签收」已办好")
    make(other, "extension", until=day(60), reason="灯杆要订做。", says="已提交「申请延期」")
    decide(supervisor, "延期", note="抓紧。")
    other.reload()
    expect(other.locator(".clocks").first).to_contain_text(day(60))
    make(other, "hold", reason_code="funds", reason="订做的钱还没有批。", review_at=day(30), says="已提交「申请挂账」")
    decide(supervisor, "挂账")
    other.reload()
    expect(other.locator("h1")).to_contain_text("挂账")
    make(other, "resume", note="钱已批下来。", says="「恢复」已办好")

    dispatcher.goto(f"/cases/{case.number}/")
    make(dispatcher, "void", reason_code="test", reason="演练用的件。", says="已提交「申请作废」")
    decide(supervisor, "作废")
    assert state(case.number) == "voided"
    other.reload()
    moves = [step for step in told(other) if step not in ("提出申请", "同意申请", "不同意申请")]
    assert moves[3:] == ["签收", "退回", "派遣", "签收", "延期", "挂账", "恢复", "作废"]
    assert told(other).count("提出申请") == 5
    assert told_people() >= {"member", "member2", "dispatcher", "supervisor"}
    assert events.verify_all().broken == []


def test_a_council_decides_and_the_team_carries_it_out(world: World, visit: Open) -> None:
    case = world.case("in_progress")
    leader = visit(world.leader)
    leader.goto(f"/cases/{case.number}/")
    make(leader, "refer_to_council", matter="parking", question="车位怎么分？", says="「提请议事」已办好")

    secretary = visit(world.secretary)
    find(secretary, case.title)
    expect(secretary.locator("main")).to_contain_text("车位怎么分？")
    decision = {"number": "〔2026〕8号", "outcome": "adopted", "text": "按户轮流使用。", "decided_on": day(0)}
    task = {"what_1": "划线编号", "owner_1": str(world.team.pk), "due_1": day(20)}
    make(secretary, "take_decision", **decision, **task, says="「落实决议」已办好")

    member = visit(world.member)
    find(member, case.title)
    expect(member.locator("main")).to_contain_text("划线编号")
    make(member, "submit", result_code="A", result_text="已划线编号。", says="「提交核查」已办好")
    assert state(case.number) == "submitted"
    assert told(member)[-3:] == ["提请议事", "落实决议", "提交核查"]
    assert "secretary" in told_people()
    assert events.verify_all().broken == []
