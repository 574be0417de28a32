"""Chinese first, English complete."""

import re

import polib
import pytest
from django.core.management import call_command
from django.test import Client

from cases import commands as facts
from cases.models import Area, Topic
from config.words import CATALOGUE, in_python, in_template
from tests.factories import World

PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)
SHOWN = re.compile(r'(?:alt|title|aria-label|placeholder)="([^"]*)"')
CHINESE = re.compile(r"[\u3400-\u9fff]+")


def test_every_word_that_is_shown_is_in_the_catalogue_and_none_is_left_over() -> None:
    call_command("words", "--check")


def test_a_translation_keeps_every_placeholder() -> None:
    for entry in polib.pofile(str(CATALOGUE)):
        for translated in [entry.msgstr] if entry.msgstr else entry.msgstr_plural.values():
            assert sorted(PLACEHOLDER.findall(translated)) == sorted(PLACEHOLDER.findall(entry.msgid)), entry.msgid


def test_the_compiled_catalogue_is_fresh() -> None:
    files = (polib.mofile(str(CATALOGUE.with_suffix(".mo"))), polib.pofile(str(CATALOGUE)))
    compiled, written = ({(e.msgid, e.msgid_plural): (e.msgstr, e.msgstr_plural) for e in file} for file in files)
    assert compiled == written


def test_words_are_found_in_python_and_in_templates() -> None:
    assert list(in_python('x = _("甲"); y = ngettext("乙", "丙", n); z = f("丁")')) == [("甲", None), ("乙", "丙")]
    source = "{% translate '甲' %}{% blocktranslate count n=n %}乙{% plural %}丙{% endblocktranslate %}"
    assert list(in_template(source)) == [("甲", None), ("乙", "丙")]


def chinese_left(html: str, world: World) -> list[str]:
    """Chinese that people did not enter."""
    text = " ".join([TAG.sub(" ", html), *SHOWN.findall(html)])
    for name in ("简体中文", "着落"):
        text = text.replace(name, "")
    entered = {str(value) for value in vars(world).values()} | {"路灯", "公共设施", "测试"}
    entered |= set(Area.objects.values_list("name", flat=True))
    entered |= {topic.number for topic in Topic.objects.all()}  # a document number, as it is quoted
    for value in sorted(entered, key=len, reverse=True):
        text = text.replace(value, "")
    return CHINESE.findall(text)


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("desk", "/"),
        ("desk", "/cases/"),
        ("grid_worker", "/report/"),
        ("supervisor", "/overdue/"),
        ("supervisor", "/requests/"),
        ("supervisor", "/orders/"),
        ("supervisor", "/limits/"),
        ("supervisor", "/limits/1/"),
        ("supervisor", "/calendars/"),
        ("supervisor", "/calendars/cn/2026/"),
        ("supervisor", "/clocks/"),
        ("supervisor", "/figures/"),
        ("supervisor", "/figures/resolution/denominator/"),
        ("secretary", "/councils/of/{council}/"),
        ("secretary", "/councils/of/{council}/propose/"),
        ("secretary", "/councils/of/{council}/meetings/new/"),
        ("secretary", "/councils/follow-ups/"),
        ("secretary", "/councils/projects/"),
        ("desk", "/me/"),
        ("desk", "/messages/"),
        ("supervisor", "/messages/dead/"),
    ],
)
def test_an_english_page_has_no_chinese_but_what_people_wrote(
    world: World, client: Client, who: str, path: str
) -> None:
    client.force_login(getattr(world, who))
    client.cookies["django_language"] = "en"
    answer = client.get(path.format(council=world.council.code))
    assert answer.status_code == 200
    assert chinese_left(answer.content.decode(), world) == []


@pytest.mark.parametrize("state", ["reported", "accepted", "in_progress", "deliberating", "submitted", "answered"])
def test_the_page_of_a_case_and_its_residents_page_speak_english(world: World, client: Client, state: str) -> None:
    case = world.case(state, title="Lamp", description="Dark.", place="Gate")
    link = facts.link_token(facts.resident_link(case, now=world.now))
    client.cookies["django_language"] = "en"
    said = ["路灯不亮", "怎么停", "已换灯泡", "现场已亮"]
    for person, path in (
        (world.desk, f"/cases/{case.number}/"),
        (world.member, f"/cases/{case.number}/"),
        (None, f"/r/{link}/"),
    ):
        if person:
            client.force_login(person)
        html = client.get(path).content.decode()
        for words in said:
            html = html.replace(words, "")
        assert chinese_left(html, world) == []


def test_the_login_speaks_the_language_of_the_browser(client: Client) -> None:
    assert "Log in" in client.get("/accounts/login/", headers={"accept-language": "en"}).content.decode()
    assert "登录" in client.get("/accounts/login/", headers={"accept-language": "zh-CN"}).content.decode()
