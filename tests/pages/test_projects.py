import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from cases.models import MicroProject, ProjectPhoto, User
from tests.decided import DAY, a_project, another, followed, photo, task
from tests.factories import World
from tests.pages.markup import faults
from workflows.council import follow_ups as acts
from workflows.council import project_work

Post = Callable[..., Any]
ZH = {"accept-language": "zh-hans"}


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(world.now, tick=False):
        yield


def url(project: MicroProject, act: str = "") -> str:
    return f"/councils/projects/{project.pk}/" + (f"{act}/" if act else "")


def fresh(project: MicroProject) -> MicroProject:
    return MicroProject.objects.get(pk=project.pk)


def upload(colour: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("a.jpg", photo(colour).getvalue(), "image/jpeg")


def test_a_project_goes_from_proposal_to_survey_on_its_pages(world: World, read: Post, post: Post) -> None:
    (follow_up,) = followed(world, task(world, kind="micro_project"))
    acts.accept_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now)
    path = f"/councils/follow-ups/{follow_up.pk}/project/"
    assert path in read(world.member, f"/councils/follow-ups/{follow_up.pk}/")
    assert faults(read(world.member, path)) == []
    answer = post(
        world.member, path, title="花坛改车位", scope="拆除、硬化、划线", budget="12,345.67", fund_source="party_fund",
        step_1="完工", day_1="2026-03-10",
    )  # fmt: skip
    project = MicroProject.objects.get()
    assert answer.headers["location"] == url(project)
    assert (project.budget_fen, project.milestones.count()) == (1_234_567, 1)
    html = read(world.supervisor, url(project))
    assert faults(html) == []
    assert 'value="12,345.67"' in html  # the budget stands there to be approved
    steps: list[tuple[User, str, dict[str, Any]]] = [
        (world.supervisor, "approve", {"amount": "12345.67"}),
        (world.member, "quote", {"bidder": "甲公司", "amount": "12000"}),
        (world.member, "photo", {"kind": "before", "photos": upload("red")}),
        (world.member, "contract", {"contractor": "甲公司", "amount": "12000", "contract": "HT-1"}),
        (world.member, "start", {}),
        (world.member, "milestone", {"milestone": project.milestones.get().pk}),
        (world.member, "photo", {"kind": "after", "photos": upload("green")}),
        *[(world.member, "acceptance", {"household": f"3-{n}", "resident": "王小明", "accepted": "yes", "text": "好"})
          for n in range(3)],
        (world.secretary, "accept", {}),
        (world.member, "settle", {"amount": "12000.5", "overspending_decision": ""}),
        (world.secretary, "survey", {"asked": "20", "satisfied": "19"}),
    ]  # fmt: skip
    for person, act, given in steps:
        assert f'action="{url(project, act)}"' in read(person, url(project)), act
        assert post(person, url(project, act), **given).status_code == 302, act
        assert faults(read(person, url(project))) == [], act
    project = fresh(project)
    assert (project.state, project.settled_fen) == ("surveyed", 1_200_050)
    html = read(world.secretary, url(project))
    assert "满意 19 户（95%）" in html
    assert "王**" in html
    assert "-345.17" in html  # of the settlement beside what was approved


@pytest.mark.parametrize("typed", ["12.345", "1e5", "-3", "很多", ""])
def test_an_amount_that_is_none_is_refused_and_stays(world: World, post: Post, typed: str) -> None:
    project = a_project(world)
    refused = post(world.supervisor, url(project, "approve"), amount=typed)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["amount"])
    assert f'value="{typed}"' in refused.content.decode() or not typed
    assert fresh(project).approved_fen is None


def test_only_the_next_step_is_offered_and_to_whom_it_belongs(world: World, read: Post) -> None:
    project = a_project(world)
    for person, is_offered in ((world.supervisor, True), (world.member, False), (world.secretary, False)):
        assert (f'action="{url(project, "approve")}"' in read(person, url(project))) is is_offered
    assert f'action="{url(project, "stop")}"' in read(world.secretary, url(project))


def test_who_may_not_or_comes_too_late_is_told_so(world: World, read: Post, post: Post) -> None:
    project = a_project(world)
    assert post(world.secretary, url(project, "approve"), amount="1").status_code == 403
    assert post(world.member, url(project, "settle"), amount="1").status_code == 409
    assert post(world.member, url(project, "paint")).status_code == 404
    read(world.other_grid_worker, url(project), status=404)
    assert fresh(project).state == "proposed"


def test_a_follow_up_has_one_project(world: World, read: Post) -> None:
    project = a_project(world)
    path = f"/councils/follow-ups/{project.follow_up_id}/project/"
    read(world.member, path, status=302)
    (plain,) = followed(world)
    read(world.member, f"/councils/follow-ups/{plain.pk}/project/", status=403)


def test_what_the_work_still_lacks_is_said_before_it_is_accepted(world: World, read: Post, post: Post) -> None:
    project = a_project(world, "under_way")
    html = read(world.secretary, url(project))
    assert "还没有「完工后」的照片" in html
    assert "还差 3 户居民的验收意见" in html
    refused = post(world.secretary, url(project, "accept"))
    assert refused.status_code == 422
    assert fresh(project).state == "under_way"


def test_an_overspent_account_names_its_decision(world: World, read: Post, post: Post) -> None:
    project = a_project(world, "accepted")
    assert "结算超过 88,000.00 元" in read(world.member, url(project))
    refused = post(world.member, url(project, "settle"), amount="88000.01", overspending_decision="")
    assert list(refused.context["form"].errors) == ["overspending_decision"]
    assert 'value="88000.01"' in refused.content.decode()
    allowed = another(world, case=project.follow_up.decision.case, recorded_at=world.now + DAY, state="effective")
    given = {"amount": "88000.01", "overspending_decision": allowed.pk}
    assert post(world.member, url(project, "settle"), **given).status_code == 302
    html = read(world.member, url(project))
    assert allowed.number in html
    assert "+8,000.01" in html


def test_a_chosen_quote_is_enough_for_the_contract(world: World, read: Post, post: Post) -> None:
    project = a_project(world, "approved")
    post(world.member, url(project, "quote"), bidder="甲公司", amount="79999.99")
    quote = project.quotes.get()
    post(world.member, url(project, "contract"), quote=quote.pk, contractor="", amount="", contract="")
    assert (fresh(project).contract_fen, fresh(project).contractor) == (7_999_999, "甲公司")
    assert "中选" in read(world.member, url(project))


def test_a_photograph_is_shown_to_those_who_see_the_project_only(world: World, read: Post, client: Client) -> None:
    project = a_project(world, "under_way")
    (row,) = project_work.add_project_photos(
        project_id=project.pk, actor=world.member, now=world.now, kind="after", files=[photo("green")]
    )
    client.force_login(world.secretary)
    answer = client.get(url(project, f"photos/{row.pk}"), headers=ZH)
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(b"".join(answer.streaming_content))).size == (64, 48)
    read(world.other_grid_worker, url(project, f"photos/{row.pk}"), status=404)
    ProjectPhoto.objects.update(file="gone.jpg")
    read(world.secretary, url(project, f"photos/{row.pk}"), status=404)


def test_a_project_that_was_stopped_says_why(world: World, read: Post, post: Post) -> None:
    project = a_project(world, "approved")
    refused = post(world.secretary, url(project, "stop"), reason="")
    assert refused.status_code == 422
    post(world.secretary, url(project, "stop"), reason="资金没有落实")
    html = read(world.member, url(project))
    assert "资金没有落实" in html
    assert "<form" not in html.split("<main", 1)[1].split("</main>")[0]


def test_the_list_shows_amounts_and_asks_as_often_for_three_as_for_one(
    world: World, read: Post, client: Client
) -> None:
    counts = []
    for _ in range(3):
        a_project(world)
        client.force_login(world.secretary)
        with CaptureQueriesContext(connection) as queries:
            client.get("/councils/projects/", headers=ZH)
        counts.append(len(queries))
    assert counts[0] == counts[2]
    html = read(world.secretary, "/councils/projects/")
    assert faults(html) == []
    assert html.count("100,000.00") == 3
    assert "100,000.00" not in read(world.secretary, "/councils/projects/?state=ended")
    assert "100,000.00" not in read(world.other_grid_worker, "/councils/projects/")
