from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.template import engines
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import CaseEvent, User
from notifications.delivery import deliver
from notifications.models import TextVersion
from notifications.relay import relay
from notifications.safe_text import Text, filled, problems_of
from notifications.standing_words import STANDING
from notifications.text_commands import Place, check_text, publish_text, use_builtin, write_text
from notifications.text_pages import changes
from notifications.text_variables import LISTS, SAID_OF
from notifications.texts import builtin_text, preview, worded
from notifications.wordings import SAID, places, sample_words, template_name, variables_of
from tests.factories import World
from tests.pages.markup import faults

ZH, EN = "zh-hans", "en"
SIGN = Place("case.dispatched", False, ZH)
PAGE = "/messages/texts/case.dispatched/staff/zh-hans/"
EVERY = [(event_type, resident, language) for event_type, resident in places() for language in (ZH, EN)]
NAMES = {"number": 1, "team": 1, "said.note": 1, "due_at": 1}


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("{{ number }} {{ said.note }}", 0, ""),
        ('{{ due_at|date:"Y-m-d H:i" }} {{ team|default:"无"|truncatechars:20 }}', 0, ""),
        ('{% if team and not said.note or number == "1" %}甲{% elif team %}乙{% else %}丙{% endif %}', 0, ""),
        ("一百% 与 {花括号}", 0, ""),
        ("{{ phone }}", 1, "没有变量“phone”"),
        ("好\n{{ number.__class__ }}", 2, "没有变量"),
        ("{{ said.note.upper }}", 1, "没有变量"),
        ("{{ said }}", 1, "没有变量“said”"),
        ("{{ number|safe }}", 1, "过滤器不能用"),
        ("{{ number|add:team }}", 1, "过滤器不能用"),
        ('甲\n乙\n{% include "x" %}', 3, "标签只有"),
        ("{% load i18n %}", 1, "标签只有"),
        ("{% debug %}", 1, "标签只有"),
        ("{# 注 #}", 1, "标签只有"),
        ("{{ number", 1, "没有写完整"),
        ("甲\n{% if\nteam %}", 2, "没有写完整"),
        ("甲\n{% if team %}乙", 2, "没有 endif"),
        ("{% endif %}", 1, "前面没有 if"),
        ("{% if team %}{% else %}{% elif team %}{% endif %}", 1, "只能是 endif"),
        ("{% if phone %}{% endif %}", 1, "没有变量“phone”"),
        ("{% if number|length %}{% endif %}", 1, "看不懂条件"),
        ("{% if %}{% endif %}", 1, "看不懂条件"),
        ("{% if team %}" * 6 + "{% endif %}" * 6, 1, "套得太深"),
        ("{% endif team %}", 1, "后面不能有"),
    ],
)
def test_only_a_safe_part_of_the_template_language_may_be_written(source: str, line: int, words: str) -> None:
    found = problems_of(source, NAMES)
    assert [problem.line for problem in found[:1]] == ([line] if line else [])
    if line:
        assert words in found[0].words
    else:
        filled(source, {"number": "1", "team": "", "said": {"note": ""}})


def test_the_engine_behind_it_knows_neither_files_nor_libraries() -> None:
    for source in ('{% include "base.html" %}', "{% load i18n %}", '{% extends "base.html" %}'):
        with pytest.raises(Exception, match=r"base.html|i18n"):
            filled(source, {})


@pytest.mark.parametrize(("event_type", "resident", "language"), EVERY)
def test_every_message_can_be_previewed_and_edited_and_says_the_same(
    event_type: str, resident: bool, language: str
) -> None:
    text = builtin_text(event_type, resident=resident, language=language)
    check_text(Place(event_type, resident, language), text)
    own = preview(event_type, resident=resident, language=language, text=text)
    builtin = preview(event_type, resident=resident, language=language)
    assert own.subject == builtin.subject
    assert own.text.split() == builtin.text.split()
    assert builtin.url in builtin.text  # a message leads to the page where it is done
    assert "{" not in own.text + builtin.text
    if language == EN:
        assert "您" not in builtin.text + builtin.subject


@pytest.mark.parametrize(("event_type", "resident"), [place for place in places() if place[0] not in STANDING])
def test_every_variable_of_the_built_in_words_is_explained(event_type: str, resident: bool) -> None:
    engine = engines["django"].engine
    source = engine.get_template(f"notifications/{template_name(event_type, resident=resident)}.txt").source
    assert set(SAID.findall(source)) <= set(SAID_OF) | set(LISTS)


FOOT = "办理：{{ url }}\n\n--\n设置：{{ messages_url }}"


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("foot.staff", "{{ to_call }}" + FOOT, ""),
        ("foot.staff", "{% if to_call %}请致电 {{ to_call }}{% endif %}\n" + FOOT, ""),
        ("foot.staff", FOOT, "少了 {{ to_call }}"),
        ("foot.council", "{% if at %}{{ url }}{% endif %}\n--\n{{ messages_url }}", "少了 {{ url }}"),
        ("foot.council", "{{ url }} {{ messages_url }}", "单独一行 --"),
        ("foot.council", "{{ messages_url }}\n--\n{{ url }}", "单独一行 --"),
        ("foot.resident", FOOT, "少了 {{ survey_url }}"),
        ("bundle", "{{ list }}\n" + FOOT, ""),
        ("bundle", FOOT, "少了 {{ list }}"),
        ("bundle", "{{ list|truncatechars:9 }}\n" + FOOT, "后面不能有过滤器"),
        ("digest", "{{ list_news }}\n" + FOOT, "少了 {{ list_meetings }}"),
        ("substitute", "代 {{ name }}", ""),
    ],
)
def test_what_must_be_said_cannot_be_left_out(name: str, body: str, words: str) -> None:
    place = Place(name, name == "foot.resident", ZH)
    text = Text("{{ subject }}" if name == "substitute" else "", body)
    if not words:
        check_text(place, text)
        return
    with pytest.raises(ValidationError) as caught:
        check_text(place, text)
    assert words in " ".join(caught.value.message_dict["body"])


def test_a_part_of_messages_is_previewed_where_it_stands() -> None:
    given: dict[str, Any] = {"resident": False, "language": ZH}
    shown = preview("foot.staff", text=Text("", "{{ to_call }} 请办 {{ url }}"), **given)
    assert shown.text == "该件已受理，请派遣。\n\n2026-000124 请办 https://example.com/cases/2026-000123/"
    assert preview("substitute", text=Text("替{{ name }}：{{ subject }}", "休假"), **given).subject.startswith(
        "替王网格：待派遣："
    )
    assert preview("button", text=Text("办", ""), **given).button == "办"
    around = {("foot.staff", False, ZH): Text("", "共用的附文")}
    assert preview("case.signed", texts=around, **given).text.endswith("共用的附文")


@pytest.mark.django_db
def test_what_an_administrator_wrote_is_said_from_the_next_message_on(world: World) -> None:
    text = Text("请签收 {{ number }}", "主办{{ team }}。\n\n{{ details }}")
    version = write_text(place=SIGN, text=text, actor=world.admin, now=world.now, note="短一些")
    world.case("dispatched")
    relay(now=world.now)
    publish_text(version_id=version.pk, actor=world.admin, now=world.now)
    deliver(now=world.now)
    [message] = [one for one in mail.outbox if one.to == ["leader@example.com"]]
    event = CaseEvent.objects.get(type="case.dispatched")
    assert message.subject == f"请签收 {event.case.number}"
    assert "主办平山小区工作队。" in message.body
    assert f"/cases/{event.case.number}/" in message.body
    use_builtin(place=SIGN, actor=world.admin)
    words = sample_words("case.dispatched", resident=False)
    assert worded("case.dispatched", words, resident=False).subject.startswith("待签收：")


@pytest.mark.django_db
def test_versions_are_kept_one_is_in_use_and_an_old_one_comes_back(world: World) -> None:
    given: dict[str, Any] = {"place": SIGN, "actor": world.admin, "now": world.now}
    first, second = (write_text(text=Text(name, "请签收。"), **given) for name in ("甲", "乙"))
    with pytest.raises(ValidationError):
        write_text(text=Text("乙", "请签收。"), **given)
    for version in (first, second, first):
        publish_text(version_id=version.pk, actor=world.admin, now=world.now)
        assert [row.pk for row in TextVersion.objects.filter(is_current=True)] == [version.pk]
    assert list(SIGN.versions.values_list("number", flat=True)) == [2, 1]
    assert Place("case.dispatched", False, EN).versions.count() == 0


@pytest.mark.django_db
def test_only_administrators_write_what_the_program_says(world: World) -> None:
    with pytest.raises(PermissionDenied):
        write_text(place=SIGN, text=Text("甲", "乙"), actor=world.supervisor, now=world.now)
    version = write_text(place=SIGN, text=Text("甲", "乙"), actor=world.admin, now=world.now)
    with pytest.raises(PermissionDenied):
        publish_text(version_id=version.pk, actor=world.supervisor, now=world.now)
    client = signed_in(world.supervisor)
    for path in ("/messages/texts/", PAGE, f"/messages/texts/{version.pk}/"):
        assert client.get(path).status_code == 403
        assert Client().get(path).status_code == 302 or not settings.LOGIN_URL
    assert client.post(f"/messages/texts/{version.pk}/publish/").status_code == 403
    assert "/messages/texts/" not in client.get("/messages/").content.decode()
    assert "/messages/texts/" in signed_in(world.admin).get("/messages/").content.decode()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db
def test_the_page_shows_the_variables_and_the_preview_and_keeps_what_was_typed(world: World) -> None:
    client = signed_in(world.admin)
    shown = client.get(PAGE).content.decode()
    for words in ("{{ said.note }}", "说明或意见", "2026-000123", "待签收：{{ number }} {{ title }}"):
        assert words in shown
    typed = {"subject": "签收 {{ number }}", "body": "第一行\r\n{{ phone }}"}
    answer = client.post(PAGE, typed)
    assert answer.status_code == 422
    assert "第 2 行：没有变量“phone”" in answer.content.decode()
    assert "签收 {{ number }}" in answer.content.decode()
    live = client.post(f"{PAGE}preview/", typed).content.decode()
    assert "第 2 行：没有变量“phone”" in live
    sound = typed | {"body": "请 {{ actor }} 看。"}
    assert "请 王网格 看。" in client.post(f"{PAGE}preview/", sound).content.decode()
    assert "请 王网格 看。" in client.post(PAGE, sound | {"preview": "1"}).content.decode()
    assert not TextVersion.objects.exists()


@pytest.mark.django_db
def test_a_version_is_written_compared_published_and_taken_back_on_the_pages(world: World) -> None:
    client = signed_in(world.admin)
    typed = {"subject": "签收 {{ number }}", "body": "请签收。", "note": "短"}
    assert client.post(PAGE, typed | {"keep": "1"}).status_code == 302
    version = TextVersion.objects.get()
    assert (version.is_current, version.note, version.written_by) == (False, "短", world.admin)
    shown = client.get(f"/messages/texts/{version.pk}/").content.decode()
    assert "<ins>签收 {{ number }}</ins>" in shown
    assert "<del>待签收：{{ number }} {{ title }}</del>" in shown
    assert client.post(f"/messages/texts/{version.pk}/publish/").status_code == 302
    assert "第 1 版" in client.get("/messages/texts/").content.decode()
    parts = client.get("/messages/texts/?to=parts").content.decode()
    assert "每日汇总" in parts
    assert "case.dispatched/" not in parts
    assert "digest/" not in client.get("/messages/texts/").content.decode()
    residents = client.get("/messages/texts/?to=resident").content.decode()
    assert "case.verified/resident/zh-hans/" in residents
    assert "case.dispatched/" not in residents
    assert client.post(f"{PAGE}builtin/").status_code == 302
    assert not TextVersion.objects.filter(is_current=True).exists()
    assert client.post(PAGE, typed | {"body": "又一版。", "publish": "1"}).status_code == 302
    assert TextVersion.objects.get(is_current=True).number == 2
    for path in ("case.none/staff/zh-hans/", "case.dispatched/resident/zh-hans/", "case.dispatched/staff/fr/"):
        assert client.get(f"/messages/texts/{path}").status_code == 404


@pytest.mark.django_db
def test_the_digest_is_edited_with_its_lists_and_a_part_with_the_one_field_that_it_has(world: World) -> None:
    client = signed_in(world.admin)
    page = "/messages/texts/digest/staff/zh-hans/"
    shown = client.get(page).content.decode()
    for words in ("{{ list_overdue }}", "已经超期的件", "今日汇总{% if todo %}", "15:00 平山小区四方议事会"):
        assert words in shown
    assert 'srcdoc="&lt;!DOCTYPE html&gt;' in shown
    assert "&lt;h2&gt;已经超期&lt;/h2&gt;" in shown
    assert faults(shown) == []
    body = "{{ list_overdue }} 完\n{{ url }}\n--\n{{ messages_url }}"
    answer = client.post(page, {"subject": "早", "body": body, "keep": "1"})
    assert answer.status_code == 422
    assert "少了 {{ list_meetings }}" in answer.content.decode()
    foot = client.get("/messages/texts/foot.staff/staff/zh-hans/")
    assert list(foot.context["form"].fields) == ["body", "note"]
    assert client.post("/messages/texts/button/staff/en/", {"subject": "Go", "publish": "1"}).status_code == 302
    assert TextVersion.objects.get().subject == "Go"


@pytest.mark.django_db
def test_the_pages_cost_the_same_queries_for_one_version_and_for_three(world: World) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(path).status_code == 200
        return len(caught)

    client, given = signed_in(world.admin), {"place": SIGN, "actor": world.admin, "now": world.now}
    write_text(text=Text("甲", "请签收。"), **given)
    one = [queries(path) for path in ("/messages/texts/", PAGE)]
    for name in ("乙", "丙"):
        version = write_text(text=Text(name, "请签收。"), **given)
        publish_text(version_id=version.pk, actor=world.admin, now=world.now)
    assert [queries(path) for path in ("/messages/texts/", PAGE)] == one


def test_a_comparison_names_what_went_and_what_came() -> None:
    found = changes(Text("甲", "一\n二"), Text("甲", "一\n三"))
    assert [(change.sign, change.line) for change in found if change.sign != " "] == [("-", "二"), ("+", "三")]


def printed(*args: str) -> str:
    out = StringIO()
    call_command("preview_message", *args, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_prints_what_a_message_would_say(world: World) -> None:
    assert printed("case.dispatched").startswith("待签收：2026-000123 东门路灯不亮\n\n主办：平山小区工作队。请签收。")
    assert "Please sign" in printed("case.dispatched", "--lang", "en") or "Sign" in printed(
        "case.dispatched", "--lang", "en"
    )
    assert printed("case.verified", "--resident").startswith("您反映的事项有答复了")
    version = write_text(place=SIGN, text=Text("甲 {{ number }}", "乙"), actor=world.admin, now=world.now)
    publish_text(version_id=version.pk, actor=world.admin, now=world.now)
    assert printed("case.dispatched").startswith("甲 2026-000123\n\n乙")
    assert printed("case.dispatched", "--builtin").startswith("待签收")
    assert printed("digest", "--lang", "en").startswith("Your morning, 12 to do")
    assert printed("foot.resident").startswith("您反映的事项有答复了")
    with pytest.raises(CommandError, match=r"case.note_added tells colleagues nothing"):
        printed("case.note_added")


def test_residents_read_of_no_colleague() -> None:
    for event_type, resident in places():
        if resident:
            assert {"actor", "team", "area", "category"} & set(variables_of(event_type, resident=True)) == set()
