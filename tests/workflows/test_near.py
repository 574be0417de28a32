"""Whether two matters may be one: place, time, category and words together, each said as a reason, in one query."""

from datetime import timedelta
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.lib.spreadsheet import clean_text, read_rows
from cases.models import Area, Case, CaseEvent
from cases.terms import AreaLevel
from tests.factories import World, area
from workflows.near import Told, alike_words, is_known, near_cases, near_of, told_of
from workflows.suggestions import duplicates_of

pytestmark = pytest.mark.django_db
REAL = Path(__file__).parents[3] / "shared" / "data" / "citizen-messages-2011-2020.xlsx"
ZH = {"accept-language": "zh-hans"}
LAMP = {"title": "三栋门口路灯不亮", "description": "三栋门口的路灯坏了好几天，晚上看不见路。", "place": "三栋门口"}
AGAIN = {"title": "路灯坏了没人修", "description": "我们三栋门口路灯坏了好几天了，老人晚上看不见路。"}


def near(world: World, **told: Any) -> list[tuple[str, tuple[str, ...]]]:
    given = {"words": "", "area": world.grid, "at": world.now + timedelta(days=3)} | told
    return [(one.case.number, one.reasons) for one in near_cases(Told(**given), Case.objects.all())]


def building(world: World, n: int) -> Area:
    return area(Area.objects.get(pk=world.grid.pk), f"B{n}", f"{n}栋", AreaLevel.BUILDING)


def test_the_same_matter_is_found_with_its_reasons(world: World) -> None:
    house = building(world, 3)
    first = world.report(**LAMP, area=house, category=world.category)
    words = f"{AGAIN['title']} {AGAIN['description']}"
    ((number, reasons),) = near(world, words=words, area=house, category_id=world.category.pk)
    assert number == first.number
    assert reasons[:3] == ("同一栋楼", "3 天前", "同类")
    assert reasons[3].startswith("内容相近 ")
    assert near(world, words=words, area=world.grid)[0][1][0] == "同一网格"
    assert near(world, words=words, place=" 三栋门口 ")[0][1][0] == "同一地点"


def test_alike_words_elsewhere_are_another_matter_and_other_words_here_are_too(world: World) -> None:
    here, there = building(world, 3), building(world, 9)
    world.report(**LAMP, area=here, category=world.category)
    assert near(world, words="电梯有异响，一上一下抖得厉害，请尽快来修", area=here, category_id=world.category.pk) == []
    close = near(world, words="楼下路灯坏了好几天，请修", area=here, category_id=world.category.pk)
    later = {"category_id": world.photo_category.pk, "at": world.now + timedelta(days=80)}
    apart = near(world, words="楼下路灯坏了好几天，请修", area=there, **later)
    assert len(close) == 1
    assert apart == []


def test_coordinates_say_how_near_it_is(world: World) -> None:
    world.report(**LAMP, latitude=30.0, longitude=120.0)
    words = f"{AGAIN['title']} {AGAIN['description']}"
    assert near(world, words=words, latitude=30.0003, longitude=120.0)[0][1][0] == "相距 33 米"
    assert near(world, words=words, latitude=30.02, longitude=120.0)[0][1][0] == "同一网格"


def test_ended_old_and_unseen_cases_are_not_suggested(world: World) -> None:
    words = f"{AGAIN['title']} {AGAIN['description']}"
    world.case("closed", **LAMP)
    assert near(world, words=words) == []
    old = world.report(**LAMP)
    assert near(world, words=words, at=world.now + timedelta(days=100)) == []
    new = world.report(**AGAIN, actor=world.contact)
    assert [one.case.number for one in duplicates_of(new, world.supervisor)] == [old.number]
    assert duplicates_of(new, world.contact) == []  # sees own reports only
    assert [one.case.number for one in near_of(new, world.desk)] == [old.number]


def test_one_query_however_many_there_are(world: World) -> None:
    case = world.report(**LAMP)

    def queries() -> int:
        told = told_of(Case.objects.select_related("area").get(pk=case.pk))
        with CaptureQueriesContext(connection) as caught:
            near_cases(told, Case.objects.all(), without=case.pk)
        return len(caught)

    assert queries() == 1
    for _ in range(4):
        world.report(**AGAIN)
    assert queries() == 1


def test_while_it_is_typed_the_grid_worker_is_told_and_nothing_is_hindered(world: World, client: Client) -> None:
    first = world.report(**LAMP)
    client.force_login(world.grid_worker)
    with time_machine.travel(world.now, tick=False):
        _typed(world, client, first)


def _typed(world: World, client: Client, first: Case) -> None:
    html = client.get("/report/", headers=ZH).content.decode()
    assert 'hx-post="/report/near/"' in html
    asked = {"area": world.grid.pk, **AGAIN}
    html = client.post("/report/near/", asked, headers=ZH).content.decode()
    assert "这件可能已有人报过" in html
    assert first.number in html
    assert "同一网格、" in html
    assert (
        client.post("/report/near/", {**asked, "area": ""}, headers=ZH).content.decode() == html
    )  # has one place only
    for words in ({"description": "灯"}, {"description": "电梯异响，一上一下抖得厉害"}):
        assert client.post("/report/near/", {"area": world.grid.pk, **words}).content.strip() == b""
    odd = {"area": "x", "latitude": "nan?", "category": "9" * 30, "description": AGAIN["description"]}
    assert client.post("/report/near/", odd).status_code == 200
    client.force_login(world.supervisor)
    assert client.post("/report/near/", asked).status_code in (200, 403)


def test_after_the_report_one_tap_tells_the_desk_and_merges_nothing(world: World, client: Client) -> None:
    first = world.report(**LAMP)
    case = world.report(**AGAIN)
    client.force_login(world.grid_worker)
    html = client.get(f"/report/{case.number}/", headers=ZH).content.decode()
    assert "是同一件事" in html
    assert f'action="/report/{case.number}/same/"' in html
    for _ in range(2):
        answer = client.post(f"/report/{case.number}/same/", {"other": first.number}, headers=ZH)
        assert answer["Location"] == f"/cases/{case.number}/"
    (note,) = CaseEvent.objects.filter(type="case.note_added", case=case)
    assert note.data["words"] == f"上报人说：与 {first.number} 是同一件事。"
    assert Case.objects.get(pk=case.pk).state == "reported"
    client.force_login(world.desk)
    html = client.get(f"/cases/{case.number}/", headers=ZH).content.decode()
    assert "可能是同一件事" in html
    assert first.number in html
    assert client.post(f"/report/{case.number}/same/", {"other": first.number}).status_code == 403
    client.force_login(world.grid_worker)
    assert client.post(f"/report/{case.number}/same/", {"other": case.number}).status_code == 404
    assert client.post(f"/report/{case.number}/same/", {"other": "2020-000001"}).status_code == 404


def test_a_resident_hears_that_it_is_known_and_nothing_of_the_other_case(world: World) -> None:
    first = world.report(**LAMP, resident=True)
    alone = world.report(title="电梯异响", description="电梯一上一下抖得厉害")
    again = world.report(**AGAIN)
    assert is_known(Case.objects.get(pk=again.pk))
    assert not is_known(Case.objects.get(pk=alone.pk))
    assert is_known(Case.objects.get(pk=first.pk))


@pytest.mark.data
@pytest.mark.skipif(not REAL.exists(), reason="the shared data are not beside this checkout")
def test_of_real_messages_words_alone_are_not_enough(world: World) -> None:
    """Two messages of different places that read alike are no duplicates; the same one sent again here is."""
    rows = [row.values for row in islice(read_rows(REAL), 160)]
    told = [(clean_text(row["留言主题"]), clean_text(row["留言详情"])) for row in rows]
    titles = sorted({title for title, _ in told})
    alike = [(a, b) for a, b in combinations(titles, 2) if alike_words(a, b) >= 0.5]
    assert len(alike) >= 3  # real messages do read alike
    house, far = building(world, 3), building(world, 9)
    suggested = 0
    for a, b in alike[:10]:
        world.report(title=a[:120], description=a, area=far, category=world.photo_category)
        later = world.now + timedelta(days=60)
        suggested += bool(near(world, words=f"{b} {b}", area=house, category_id=world.category.pk, at=later))
    assert suggested <= len(alike[:10]) // 2
    title, text = told[0]
    first = world.report(title=title[:120], description=text[:4000], area=house)
    assert near(world, words=f"{title} {text[:200]}", area=house)[0][0] == first.number
