"""Every list exports what is on the screen: each address is opened, each list on it is looked for in its files."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse
from pytest_django.plugin import DjangoDbBlocker

from cases.lib.sheets import Column, Sheet
from cases.models import Team, User
from cases.views import sheets
from config.urls import urlpatterns as ours
from tests.factories import NOW
from tests.furnished import Keys, furnished
from tests.touring import ZH, Address, Page, addresses, body, missing, page_of, rows_of, url_of

ONE_RECORD, PAPER = "the details of one record", "a sheet of paper to print and sign"
# Pages whose lists leave in another way, or are not lists of records.
EXCEPT = {
    "workflows:receipt": "beside what was just reported: open cases that may be the same matter",
    "workflows:transition": "a form: cases among which one is chosen",
    "workflows:take_notice": "a form: an example of the file that it takes",
    "workflows:limit_version": "one version; it leaves whole, as the table of the office that can be taken in again",
    "workflows:import": "one import; the report says of every row what this page says of the first wrong ones",
    "workflows:bulletin": "a printed sheet; its numbers leave as Excel and CSV, a row for each number",
    "workflows:case": ONE_RECORD,
    "workflows:case_clocks": "the proof of one case; `clock_proof --json` says it to programs",
    "workflows:order": ONE_RECORD,
    "campaigns:household": ONE_RECORD,
    "campaigns:campaign_sheet": PAPER,
    "council:topic": ONE_RECORD,
    "council:decision": ONE_RECORD,
    "council:follow_up": ONE_RECORD,
    "council:plan_follow_ups": ONE_RECORD,
    "council:project": ONE_RECORD,
    "council:minutes": ONE_RECORD,
    "council:open_poll": "a form: who may vote in it",
    "council:attendance_sheet": PAPER,
    "council:minutes_print": PAPER,
    "notifications:text": "the versions of one text",
}
# What nobody opens here, and why.
SHUT = {
    "council:poll_file": "had when the poll is closed",
    "health_work": "no worker runs beside these tests",
    "source": "the program itself, packed",
}
# Pages that show nothing, or not all, until they are asked.
QUERIES = {
    "search": "?q=路灯",
    "workflows:workload_cases": "?team=T1&part=received",
    "council:follow_ups": "?list=open",
    "council:projects": "?list=all",
}
# What pages say around the words of a row.
AROUND = (
    "未分类", "未定", "个工作日", "没有", "至今", "首次发布", "天上班与否变了", "只按星期计算",
    "收大于结", "接下来可以", "修改", "第", "版", "至", "由", "代理", "天前", "到", "到课", "到会",
    "人", "提出", "试过", "次", "前",
)  # fmt: skip
# What a file that was uploaded would change, and what will be done to the cases that were ticked: answers to a form.
AFTER_A_FILE_OR_TICKS = {
    "council/register_plan.html", "workflows/_notice_days.html", "workflows/desk_ask.html", "workflows/limit_plan.html",
    "workflows/notice_plan.html",
}  # fmt: skip
NAMED = re.compile(r"[?&]list=([\w-]+)")
Fetch = Callable[[str], str]
pytestmark = pytest.mark.django_db


def lacking(page: Page, fetch: Fetch) -> dict[str, list[str]]:
    """The lists of a page that none of its files holds, each with the words that the likeliest file lacks."""
    files = [rows_of(fetch(one)) for one in dict.fromkeys(page.files)]
    found = {}
    for shown in page.lists:
        lacks = min((missing(shown, rows, AROUND) for rows in files), key=len, default=["no file"])
        if lacks:
            found[shown.title] = lacks
    return found


@pytest.fixture(scope="module")
def district(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[User, Keys]]:
    with django_db_blocker.unblock(), furnished(tmp_path_factory.mktemp("media")) as (_world, viewer, keys):
        yield viewer, keys


@pytest.fixture
def client(district: tuple[User, Keys]) -> Client:
    client = Client()
    client.force_login(district[0])
    return client


def fetched(client: Client) -> Fetch:
    return lambda url: body(client.get(url, headers=ZH)).decode()


@dataclass(frozen=True)
class Look:
    """How an address answered, the lists of its page that leave in no file, its files, and what it was made of."""

    status: int
    lacks: dict[str, list[str]]
    files: tuple[str, ...] = ()
    templates: frozenset[str] = frozenset()


def looked_at(client: Client, address: Address, keys: Keys) -> Look:
    """How an address answers whoever may see everything; residents come without a login."""
    visitor = Client() if address.name.startswith(("public:", "notices:")) else client
    url = url_of(address, keys, QUERIES)
    answer = visitor.get(url, headers=ZH)
    is_page = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
    content = body(answer)
    if not is_page:
        return Look(answer.status_code, {})
    page = page_of(content.decode(), url)
    templates = frozenset(str(one.name) for one in answer.templates)
    return Look(answer.status_code, lacking(page, fetched(visitor)), tuple(page.files), templates)


def test_every_list_of_every_page_leaves_as_a_file_with_all_that_its_rows_say(
    district: tuple[User, Keys], client: Client
) -> None:
    _viewer, keys = district
    unknown = [one.name for one in addresses() if one.parts and one.name not in keys and one.name not in SHUT]
    assert unknown == [], "say in tests/furnished.py which row these addresses open"
    looks = {
        one.name: looked_at(client, one, keys)
        for one in addresses()
        if one.name not in SHUT and not one.name.endswith("_pdf")  # a PDF is the page before it
    }
    assert {name: look.status for name, look in looks.items() if look.status not in (200, 302, 405)} == {}
    lists = {name: look.lacks for name, look in looks.items() if look.lacks}
    assert {name: lacks for name, lacks in lists.items() if name not in EXCEPT} == {}
    assert {name for name in EXCEPT if name not in lists} == set(), "these need no exception any more"
    seen = {name for look in looks.values() for file in look.files for name in NAMED.findall(file)}
    made_of = frozenset[str]().union(*(look.templates for look in looks.values()))
    offered, with_lists = written()
    assert offered - seen == set(), "tests/furnished.py leaves these lists empty"
    assert with_lists - made_of == AFTER_A_FILE_OR_TICKS, "no page of the furnished district shows these"


def written() -> tuple[set[str], set[str]]:
    """As the templates have it: the names of the lists that they offer, and which of them show a list."""
    offered, with_lists = set(), set()
    for file in Path(__file__).parents[2].glob("*/templates/**/*.html"):
        source = file.read_text()
        offered |= set(re.findall(r'"_export_list\.html" with list="([\w-]+)"', source))
        if re.search(r'<table|<ul class="rows|<ol class="(hits|timeline)', source):
            with_lists.add(str(file).partition("/templates/")[2])
    return offered, with_lists


def test_every_register_of_the_administrators_leaves_as_a_file(district: tuple[User, Keys], client: Client) -> None:
    of_libraries = {"auth.Group", "viewflow.Process", "viewflow.Task"}  # for who was made by createsuperuser alone
    shown = {}
    for model, register in admin.site._registry.items():
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        if model._meta.label in of_libraries:
            assert client.get(url, headers=ZH).status_code == 403
            continue
        page = page_of(client.get(url, headers=ZH).content.decode(), url)
        rows = model._default_manager.count()
        shown[model._meta.label] = rows
        assert bool(page.files) is bool(rows), url
        file = rows_of(fetched(client)(f"{url}?export=csv"))
        assert len(file) == rows, url
        firsts = [row[0] for one in page.lists for row in one.rows]
        assert all(any(word in line for line in file) for word in firsts), url
        assert type(register).__name__
    assert min(shown[label] for label in ("cases.Area", "cases.Team", "cases.Seat", "cases.User")) > 0
    with_filter = fetched(client)("/admin/cases/area/?level=estate&export=csv")
    assert len(rows_of(with_filter)) == 1
    assert client.get("/admin/cases/area/?nothing=1&export=csv", headers=ZH).status_code == 404


NAMES = Sheet[Team]("control", "对照", (Column("名称", 20, lambda row: row.name),))
TABLE = "<main><table><tbody>{}</tbody></table>{}</main>"


def without(_request: HttpRequest) -> HttpResponse:
    """A page with a list and no file."""
    rows = "".join(f"<tr><td>{team.name}</td></tr>" for team in Team.objects.all())
    return HttpResponse(TABLE.format(rows, ""))


def with_less(request: HttpRequest) -> Any:
    """A page whose file lacks a column."""
    if kind := sheets.wanted(request):
        return sheets.download(request, NAMES, Team.objects.all(), kind, now=NOW)
    rows = "".join(f"<tr><td>{team.name}</td><td>{team.code}</td></tr>" for team in Team.objects.order_by("pk"))
    return HttpResponse(TABLE.format(rows, '<a href="?export=csv">CSV</a>'))


def with_fewer(request: HttpRequest) -> Any:
    """A page whose file lacks a row."""
    if kind := sheets.wanted(request):
        return sheets.download(request, NAMES, Team.objects.all()[:1], kind, now=NOW)
    rows = "".join(f"<tr><td>{team.name}</td></tr>" for team in Team.objects.order_by("pk"))
    return HttpResponse(TABLE.format(rows, '<a href="?export=csv">CSV</a>'))


urlpatterns = [
    *ours,
    path("control/without/", without, name="without"),
    path("control/less/", with_less, name="with_less"),
    path("control/fewer/", with_fewer, name="with_fewer"),
]


def test_a_page_without_a_file_or_with_less_in_it_is_found(
    district: tuple[User, Keys], client: Client, settings: Any
) -> None:
    settings.ROOT_URLCONF = __name__
    found = {
        one.name: list(looked_at(client, one, district[1]).lacks.values())
        for one in addresses()
        if one.name in ("without", "with_less", "with_fewer")
    }
    first, second = Team.objects.order_by("pk")
    assert found == {"without": [["no file"]], "with_less": [[first.code, second.code]], "with_fewer": [[second.name]]}
