import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_fsm import TransitionNotAllowed
from PIL import Image

from cases.models import Decision, User
from cases.terms import EventType, PhotoKind, Priority, State
from tests.factories import ROADS, World
from tests.pages.markup import faults
from workflows.available import available_moves, check_move
from workflows.commands import handling, intake
from workflows.flows import joint
from workflows.lifecycle import CaseLifecycle
from workflows.models import JointHandling
from workflows.views.moves import MOVES

Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(world.now, tick=False):
        yield


@pytest.fixture
def send(client: Client) -> Send:
    """Post a move as somebody; `version` is that of the page unless given."""

    def post(viewer: User, case: CaseLifecycle, name: str, **data: Any) -> Any:
        client.force_login(viewer)
        data.setdefault("version", CaseLifecycle.objects.get(pk=case.pk).version)
        return client.post(f"/cases/{case.number}/transitions/{name}/", data)

    return post


def photo(name: str = "a.jpg") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "green").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def fresh(case: CaseLifecycle) -> CaseLifecycle:
    return CaseLifecycle.objects.get(pk=case.pk)


def allowed(case: CaseLifecycle, viewer: User, name: str, world: World) -> int:
    """What the declarations say about a move: 200, 403 or 409."""
    try:
        check_move(name, case, viewer, now=world.now)
    except TransitionNotAllowed:
        return 409
    except PermissionDenied:
        return 403
    return 200


@pytest.mark.parametrize("state", sorted(ROADS))
def test_every_move_is_answered_as_the_declarations_say(world: World, client: Client, send: Send, state: str) -> None:
    case = world.case(state, resident=True)
    for name in ("desk", "member", "supervisor"):
        viewer = getattr(world, name)
        for move in MOVES:
            expected = allowed(case, viewer, move, world)
            answer = send(viewer, case, move)
            assert answer.status_code == (422 if expected == 200 else expected), (name, move)
    assert fresh(case).version == case.version


@pytest.mark.parametrize("state", sorted(ROADS))
def test_each_move_on_offer_has_a_page_that_works_without_scripts(world: World, client: Client, state: str) -> None:
    case = world.case(state, resident=True)
    for name in ("grid_worker", "desk", "dispatcher", "leader", "secretary", "survey_desk", "supervisor"):
        viewer = getattr(world, name)
        if not CaseLifecycle.objects.visible_to(viewer).filter(pk=case.pk).exists():
            continue
        client.force_login(viewer)
        for move in available_moves(case, viewer, now=world.now):
            page = client.get(f"/cases/{case.number}/transitions/{move.name}/")
            text = page.content.decode()
            assert page.status_code == 200
            assert faults(text) == [], move.name
            assert str(MOVES[move.name].sentence) in text
            assert f'action="/cases/{case.number}/transitions/{move.name}/"' in text


def test_outside_ones_scope_there_is_no_case_to_move(world: World, send: Send) -> None:
    case = world.case()
    assert send(world.other_grid_worker, case, "accept").status_code == 404
    assert send(world.desk, case, "explode").status_code == 404


def test_who_is_not_logged_in_moves_nothing(world: World, client: Client) -> None:
    case = world.case()
    answer = client.post(f"/cases/{case.number}/transitions/accept/", {"priority": "normal"})
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/accounts/login/")
    assert fresh(case).state == State.REPORTED


def test_accepting_says_what_happened_and_what_comes_next(world: World, client: Client, send: Send) -> None:
    case = world.case()
    answer = send(world.desk, case, "accept", category=world.category.pk, priority=Priority.URGENT)
    assert answer.headers["location"] == f"/cases/{case.number}/"
    moved = fresh(case)
    assert (moved.state, moved.category, moved.priority) == (State.ACCEPTED, world.category, Priority.URGENT)
    text = client.get(answer.headers["location"]).content.decode()
    assert f"{case.number}「受理」已办好。现在是「已受理」，由 派遣员 办，时限 03-02 15:00。" in text
    assert f'data-draft-done="{case.number}-accept"' in text
    assert "data-draft-done" not in client.get(answer.headers["location"]).content.decode()


def test_a_refused_form_keeps_what_was_typed_and_says_where_it_is_wrong(world: World, send: Send) -> None:
    case = world.case("in_progress")
    answer = send(world.member, case, "submit", result_code="B", result_text="已报计划，待批复")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "已报计划，待批复</textarea>" in text
    assert "选 B 须填写承诺日期，且晚于今天。" in answer.context["form"].errors["promised_date"]
    assert 'value="B" class="cards"' in text.replace("  ", " ")
    assert fresh(case).state == State.IN_PROGRESS


def test_the_same_tap_twice_makes_one_move(world: World, client: Client, send: Send) -> None:
    case = world.case()
    data = {"category": world.category.pk, "priority": "normal", "version": case.version}
    assert send(world.desk, case, "accept", **data).status_code == 302
    again = send(world.desk, case, "accept", **data)
    assert again.headers["location"] == f"/cases/{case.number}/"
    assert case.events.filter(type=EventType.ACCEPTED).count() == 1
    assert "没有重复办理" in client.get(again.headers["location"]).content.decode()


def test_the_same_note_twice_is_one_note_and_another_note_is_another(world: World, send: Send) -> None:
    case = world.case()
    for words in ("已打电话", "已打电话", "无人接听"):
        send(world.desk, case, "add_note", words=words, version=case.version)
    notes = [e.data["words"] for e in case.events.filter(type=EventType.NOTE_ADDED).order_by("seq")]
    assert notes == ["已打电话", "无人接听"]


def test_who_comes_second_learns_who_was_quicker(world: World, send: Send) -> None:
    case = world.case()
    version = case.version
    intake.reject_case(case_id=case.pk, actor=world.desk, now=world.now, reason="not_ours", text="不归我们。")
    second = world.desk.__class__.objects.get(pk=world.supervisor.pk)
    second.roles.create(role="desk", area=world.street, valid_from="2020-01-01")
    answer = send(second, case, "accept", category=world.category.pk, priority="normal", version=version)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "李受理 于 03-02 09:00 办了「不予受理」，现在是「不予受理」。" in text
    assert f'href="/cases/{case.number}/"' in text


def test_the_desk_goes_on_with_its_most_pressing_case(world: World, client: Client, send: Send) -> None:
    first, second, third = world.case(), world.case(), world.case(now=world.now - timedelta(days=3))
    answer = send(world.desk, first, "accept", category=world.category.pk, priority="normal", next="1")
    assert answer.headers["location"] == f"/cases/{third.number}/"
    text = client.get(answer.headers["location"]).content.decode()
    assert f"{first.number}「受理」已办好" in text
    stays = send(world.desk, third, "accept", category=world.category.pk, priority="normal")
    assert stays.headers["location"] == f"/cases/{third.number}/"
    last = send(world.desk, second, "accept", category=world.category.pk, priority="normal", next="1")
    assert last.headers["location"] == f"/cases/{second.number}/"


def test_who_can_go_on_with_the_same_case_stays_with_it(world: World, send: Send) -> None:
    world.desk.roles.create(role="dispatcher", area=world.street, valid_from="2020-01-01")
    case = world.case()
    world.case()
    answer = send(world.desk, case, "accept", category=world.category.pk, priority="normal", next="1")
    assert answer.headers["location"] == f"/cases/{case.number}/"


def test_the_team_stationed_there_is_suggested(world: World, client: Client) -> None:
    case = world.case("accepted")
    client.force_login(world.dispatcher)
    form = client.get(f"/cases/{case.number}/").context["form"]
    groups = {label: [str(name) for _value, name in rows] for label, rows in form.fields["team"].choices if label}
    assert groups == {"建议（驻点在此）": ["平山小区工作队"], "其他": ["城管工作组"]}
    assert form["team"].value() == world.team.pk


def test_a_dispatch_with_co_handlers_starts_joint_handling(world: World, send: Send) -> None:
    case = world.case("accepted")
    data = {"team": world.team.pk, "co_team_1": world.other_team.pk, "co_task_1": "清运垃圾", "co_due_1": "2026-03-04"}
    assert send(world.dispatcher, case, "dispatch", **data).status_code == 302
    found = JointHandling.objects.get(case=case)
    assert [(p.team, p.task, p.clock.due_at.isoformat()) for p in found.parts.all()] == [
        (world.other_team, "清运垃圾", "2026-03-04T15:59:59+00:00")
    ]
    assert found.process.joint == found


@pytest.mark.parametrize(("data", "field"), [
    ({"co_task_1": "清运垃圾"}, "co_team_1"),
    ({"co_team_1": "lead", "co_task_1": "清运", "co_due_1": "2026-03-04"}, "co_team_1"),
    ({"co_team_1": "other", "co_task_1": "清运", "co_due_1": "2026-02-04"}, "co_due_1"),
    ({"team": ""}, "team"),
])  # fmt: skip
def test_a_wrong_dispatch_is_refused_at_its_field(world: World, send: Send, data: dict[str, str], field: str) -> None:
    case = world.case("accepted")
    keys = {"lead": world.team.pk, "other": world.other_team.pk}
    given = {"team": world.team.pk} | {k: keys.get(v, v) for k, v in data.items()}
    answer = send(world.dispatcher, case, "dispatch", **given)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert fresh(case).state == State.ACCEPTED


def test_a_result_takes_its_photographs_along(world: World, send: Send) -> None:
    case = world.case("in_progress", accepted_as=world.photo_category)
    without = send(world.member, case, "submit", result_code="A", result_text="已清理。")
    assert "此类事项须附处置后的照片。" in without.context["form"].errors["photos"]
    answer = send(
        world.member, case, "submit", result_code="A", result_text="已清理。", photos=[photo("a.jpg"), photo("b.jpg")]
    )
    assert answer.status_code == 302
    assert fresh(case).state == State.SUBMITTED
    assert list(case.attachments.values_list("kind", flat=True)) == [PhotoKind.RESULT] * 2


def test_a_broken_photograph_moves_nothing(world: World, send: Send) -> None:
    case = world.case("in_progress")
    bad = SimpleUploadedFile("a.jpg", b"not a picture", "image/jpeg")
    answer = send(world.member, case, "submit", result_code="A", result_text="已换灯泡。", photos=[photo(), bad])
    assert answer.status_code == 422
    assert "这不是照片" in str(answer.context["form"].errors["photos"])
    assert "已换灯泡。</textarea>" in answer.content.decode()
    assert (fresh(case).state, case.attachments.count()) == (State.IN_PROGRESS, 0)


def test_a_result_sent_twice_keeps_its_photographs_once(world: World, send: Send) -> None:
    case = world.case("in_progress")
    version = fresh(case).version
    for _tap in range(2):
        answer = send(
            world.member, case, "submit", result_code="A", result_text="好了。", photos=[photo()], version=version
        )
        assert answer.status_code == 302
    assert case.attachments.count() == 1


def test_verifying_and_sending_back(world: World, send: Send) -> None:
    case = world.case("submitted")
    assert send(world.grid_worker, case, "send_back", missing="灯还是不亮", photos=[photo()]).status_code == 302
    assert fresh(case).state == State.IN_PROGRESS
    assert case.attachments.get().kind == PhotoKind.CHECK
    handling.submit_case(case_id=case.pk, actor=world.member, now=world.now, result_code="A", result_text="换了。")
    assert send(world.grid_worker, case, "verify", finding="亮了", answer="换了灯泡。").status_code == 302
    assert fresh(case).state == State.ANSWERED


def test_a_survey_by_phone_is_two_questions(world: World, send: Send) -> None:
    case = world.case("answered")
    refused = send(world.survey_desk, case, "record_survey", solved="no", satisfaction="dissatisfied")
    assert "没有解决的，请写明还差什么。" in refused.context["form"].errors["words"]
    send(world.survey_desk, case, "record_survey", solved="no", satisfaction="dissatisfied", words="还不亮")
    assert fresh(case).state == State.REOPEN_REQUESTED
    survey = case.surveys.get()
    assert (survey.solved, survey.satisfaction, survey.recorded_by) == (False, "dissatisfied", world.survey_desk)


def test_reopening_and_declining(world: World, send: Send) -> None:
    case, other = world.case("reopen_requested"), world.case("reopen_requested")
    send(world.supervisor, case, "reopen", reason="确未解决")
    assert (fresh(case).state, fresh(case).round) == (State.IN_PROGRESS, 2)
    send(world.supervisor, other, "decline_reopen", reason="已按规定办结")
    assert fresh(other).state == State.CLOSED


def test_a_decision_brings_up_to_three_tasks(world: World, send: Send) -> None:
    case = world.case("deliberating")
    data = {"number": "〔2026〕1号", "outcome": "adopted", "text": "划线停车。", "decided_on": "2026-03-02"}
    nothing = send(world.secretary, case, "take_decision", **data)
    assert "nothing_to_do" in nothing.context["form"].errors
    half = send(world.secretary, case, "take_decision", **data, what_2="划线")
    assert set(half.context["form"].errors) == {"owner_2", "due_2"}
    tasks = {"what_1": "划线", "owner_1": world.team.pk, "due_1": "2026-03-20", "what_3": "装桩",
             "owner_3": world.other_team.pk, "due_3": "2026-04-01"}  # fmt: skip
    assert send(world.secretary, case, "take_decision", **data, **tasks).status_code == 302
    decision = Decision.objects.get(case=case)
    assert [f.what for f in decision.follow_ups.order_by("due_date")] == ["划线", "装桩"]
    assert fresh(case).state == State.IN_PROGRESS


def test_a_co_handler_answers_its_part(world: World, send: Send) -> None:
    case = world.case("accepted")
    part = handling.CoHandling(world.other_team, "清运垃圾", world.now + timedelta(days=2))
    joint.dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[part])
    owed = JointHandling.objects.get(case=case).parts.get()
    assert send(world.member, case, "answer_part", part=owed.pk, answer="已清运").status_code == 403
    assert send(world.other_member, case, "answer_part", part=owed.pk, answer="已清运").status_code == 302
    owed.refresh_from_db()
    assert (owed.answer, owed.answered_by) == ("已清运", world.other_member)


def test_a_merge_names_its_main_case_by_number(world: World, client: Client, send: Send) -> None:
    case, main = world.case(), world.case()
    client.force_login(world.desk)
    page = client.get(f"/cases/{case.number}/transitions/merge/?main_case={main.number}")
    assert f'value="{main.number}"' in page.content.decode()
    for wrong in ("2026-999999", "no number", case.number):
        answer = send(world.desk, case, "merge", main_case=wrong, reason="同一件")
        assert "main_case" in answer.context["form"].errors, wrong
    assert send(world.desk, case, "merge", main_case=main.number, reason="同一件").status_code == 302
    assert (fresh(case).state, fresh(case).main_case_id) == (State.MERGED, main.pk)
    assert send(world.desk, case, "split_off", reason="看错了").status_code == 302
    assert fresh(case).state == State.REPORTED


@pytest.mark.parametrize(("state", "person", "name", "data", "target"), [
    ("reported", "desk", "reject", {"reason": "not_ours", "text": "请找住建局。"}, "rejected"),
    ("reported", "desk", "request_info", {"question": "哪一栋？"}, "info_requested"),
    ("info_requested", "grid_worker", "supply_info", {"answer": "三栋。"}, "reported"),
    ("dispatched", "member", "sign", {"handler": "member"}, "in_progress"),
    ("in_progress", "leader", "reassign", {"handler": "leader", "note": "换人"}, "in_progress"),
    ("in_progress", "leader", "refer_to_council", {"council": "council", "matter": "parking", "question": "怎么停？"},
     "deliberating"),
    ("answered", "survey_desk", "request_reopen", {"words": "又坏了"}, "reopen_requested"),
    ("in_progress", "supervisor", "urge", {"words": "请抓紧"}, "in_progress"),
    ("in_progress", "desk", "correct_facts", {"category": "photo_category", "priority": "urgent", "reason": "选错了"},
     "in_progress"),
    ("closed", "desk", "add_note", {"words": "已归档"}, "closed"),
    ("closed", "desk", "report_again", {"words": "又不亮了"}, "closed"),
])  # fmt: skip
def test_a_move_by_its_page_arrives(  # noqa: PLR0913, PLR0917  # a row of the table
    world: World, send: Send, state: str, person: str, name: str, data: dict[str, str], target: str
) -> None:
    case = world.case(state)
    keys = {k: getattr(world, k).pk for k in ("member", "leader", "council", "photo_category")}
    answer = send(getattr(world, person), case, name, **{k: keys.get(v, v) for k, v in data.items()})
    assert answer.status_code == 302
    assert fresh(case).state == target
    assert fresh(case).version > case.version
