"""A district in which no list is empty: a row of everything, and the key of one of each for the addresses of pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import time_machine
from django.db import transaction
from django.test import override_settings

from cases import training
from cases.audit_terms import CheckKind
from cases.campaign_terms import QuestionKind
from cases.campaigns import Asked, CampaignPlan, appoint_head, publish_form, save_campaign
from cases.commands import attach_photos, link_token, resident_link
from cases.households import Door, assign_contact, record_visit, save_household
from cases.models import (
    Course,
    Lecturer,
    RoleAssignment,
    Seal,
    SharingSession,
    TeachingSite,
    User,
)
from cases.terms import EventType, PhotoKind, RequestKind, Role
from cases.verifying import ask_for_check, go_on
from notifications.feeds import feed_token, renew_feed
from notifications.models import Address, Delivery, DeliveryState, Subscriber
from notifications.relay import relay
from notifications.safe_text import Text
from notifications.text_commands import Place, publish_text, write_text
from tests.councils import Body, make_body
from tests.decided import a_project, photo
from tests.factories import World, make_world, user
from tests.lived import forget_limits
from tests.owners import elector, opened, recommended, register, vote
from tests.posted import posted
from tests.workflows.council.rooms import convened, topic
from tests.workflows.council.rooms import opened as sitting_now
from tests.workflows.council.test_minutes import approved
from workflows import import_runs
from workflows.commands import handling, review
from workflows.commands.calendar import publish_calendar
from workflows.commands.leaves import take_leave
from workflows.commands.orders import issue_order
from workflows.commands.surveys import issue_survey_slip
from workflows.council.holders import Holder
from workflows.council.notices import add_evidence
from workflows.council.objections import raise_objection
from workflows.council.owners_links import ballot_token
from workflows.flows import approval
from workflows.ledger_profiles import from_json
from workflows.models import CalendarDay, DeskAct, DeskActRow, Outcome
from workflows.views.council.meetings import sign_in_token

DAY = timedelta(days=1)
LATER = 17 * DAY  # when the pages are looked at: everything has had its time
Keys = dict[str, dict[str, Any]]  # of the addresses with parts: which row to open
ACT = UUID("12345678123456781234567812345678")
HEAD = "编号,标题,上报时间,区域,来访人,电话\n"
ROWS = "A1,路灯不亮,2026-01-05 09:00,平山小区,王小明,13800138000\nA2,停车难,2026-02-30,无此地,王小明,13800138000\n"


@contextmanager
def furnished(folder: Path) -> Iterator[tuple[World, User, Keys]]:
    """The district as it is looked at later on, who sees all of it, and its keys; gone afterwards."""
    forget_limits()
    with transaction.atomic(), override_settings(MEDIA_ROOT=str(folder), PUBLIC_FIGURES=True):
        world = make_world()
        with time_machine.travel(world.now + LATER, tick=False):
            viewer = everybody(world)
            yield world, viewer, furnish(world, viewer, folder)
        transaction.set_rollback(True)
    forget_limits()


def everybody(world: World) -> User:
    """One person with every role there is: sees all lists."""
    person = user("all", "什么都管", Role.AUDITOR, area=world.district)
    units: dict[Role, dict[str, Any]] = {
        role: {"area": world.district}
        for role in (
            Role.ADMINISTRATOR, Role.SUPERVISOR, Role.LEADER, Role.DESK, Role.DISPATCHER, Role.SURVEY_DESK,
            Role.GRID_WORKER, Role.HOUSEHOLD_CONTACT,
        )
    }  # fmt: skip
    units |= {Role.TEAM_LEADER: {"team": world.team}, Role.SECRETARY: {"council": world.council}}
    for role, unit in units.items():
        RoleAssignment.objects.create(user=person, role=role, valid_from="2020-01-01", **unit)
    person.is_staff = True
    person.save()
    return person


def furnish(world: World, viewer: User, folder: Path) -> Keys:
    """Fill the district, and say of the addresses with parts which row to open: by name, the parts."""
    body = make_body(world)
    return {
        **_cases(world, viewer), **_moved(world), **_people(world, viewer), **_training(world, viewer),
        **_councils(world, body, folder), **_books(world, viewer), **_messages(world, viewer),
    }  # fmt: skip


def _cases(world: World, viewer: User) -> Keys:
    plan = CampaignPlan("walk", "走找想促", world.now.date(), areas=[world.street], goals={"suggestions": 4})
    walk = save_campaign(plan=plan, actor=world.admin)
    asked = [Asked("最盼什么？", QuestionKind.CHOICE, ("停车", "电梯"))]
    form = publish_form(campaign=walk, questions=asked, actor=world.admin, now=world.now)
    said = {form.questions.get().key: "停车"}
    case = world.case("answered", resident=True, campaign=walk, answers=said)
    world.case("closed", resident=True, campaign=walk)
    own = world.report(actor=viewer, campaign=walk)
    (shot,) = attach_photos(case_id=case.pk, actor=None, now=world.now, kind=PhotoKind.REPORT, files=[photo("red")])
    link = resident_link(case, now=world.now)
    slip = issue_survey_slip(case_id=case.pk, actor=world.survey_desk, now=world.now)
    number, token = {"number": case.number}, {"token": link_token(link)}
    of_case = ("case", "case_clocks", "reporter", "survey_slip", "issue_link", "issue_order")
    of_resident = ("case", "survey", "reopen", "again", "thanks", "messages", "stop", "receipt")
    return {
        **{f"workflows:{name}": number for name in of_case},
        **{f"public:{name}": token for name in of_resident},
        **{f"workflows:{name}": {"number": own.number} for name in ("receipt", "same_matter")},
        "workflows:transition": {"number": own.number, "name": "accept"},
        "workflows:ask_request": number | {"kind": "void"},
        "workflows:poster": {"code": world.grid.code},
        "workflows:figure_cases": {"name": "resolution", "side": "denominator"},
        "workflows:export_ledger": {"kind": "csv"},
        "workflows:desk_act": {"kind": "urge"},
        "cases:photo": number | {"pk": shot.pk},
        "public:rate": {"token": slip},
        "public:report": {"area_code": world.grid.code},
        **{f"campaigns:{name}": {"code": "walk"} for name in (
            "campaign", "edit_campaign", "questions", "campaign_sheet", "campaign_pdf")},
    }  # fmt: skip


def _moved(world: World) -> Keys:
    """What went back and forth, waits for an answer, is on hold, late or under an order."""
    back, again, held, asked, late = (world.case("in_progress") for _n in range(5))
    given: dict[str, Any] = {"actor": world.member, "now": world.now, "details": {}, "reason": "不归我们"}
    returned = approval.ask_request(case_id=back.pk, kind=RequestKind.RETURN, **given)
    approval.decide_request(request_id=returned.pk, actor=world.dispatcher, now=world.now, agree=True)
    handling.dispatch_case(case_id=back.pk, actor=world.dispatcher, now=world.now, team=world.team)
    handling.submit_case(case_id=again.pk, actor=world.member, now=world.now, result_code="A", result_text="已修")
    review.send_back_case(case_id=again.pk, actor=world.grid_worker, now=world.now, missing="没修好")
    review_at = (world.now + 60 * DAY).date().isoformat()
    hold = given | {"details": {"review_at": review_at}}
    wish = approval.ask_request(case_id=held.pk, kind=RequestKind.HOLD, reason_code="funds", **hold)
    approval.decide_request(request_id=wish.pk, actor=world.supervisor, now=world.now, agree=True)
    waiting = approval.ask_request(case_id=asked.pk, kind=RequestKind.RETURN, **given)
    order = issue_order(
        case_id=late.pk, actor=world.supervisor, now=world.now, demand="请尽快办理", due_at=world.now + 3 * DAY
    )
    return {
        "workflows:workload_cases": {"what": "balance"},
        "workflows:decide_request": {"pk": waiting.pk}, "workflows:withdraw_request": {"pk": waiting.pk},
        **{f"workflows:{name}": {"pk": order.pk} for name in ("order", "order_sheet", "order_pdf")},
        "workflows:act_on_order": {"pk": order.pk, "act": "reply"},
    }  # fmt: skip


def _people(world: World, viewer: User) -> Keys:
    home = save_household(area=world.grid, door=Door("501", "赵户主", "13700137000"), actor=world.admin, now=world.now)
    day = world.now.date()
    for person in (world.contact, viewer):
        assign_contact(households=[home], user=person, actor=world.admin, valid_from=day)
    record_visit(household=home, actor=world.contact, now=world.now, words="都好")
    head = appoint_head(area=world.street, actor=world.admin, valid_from=day, name="老王", now=world.now)
    for person, stand_in, first in (
        (viewer, world.chief, day + 40 * DAY), (world.desk, world.dispatcher, day), (world.member, viewer, day),
    ):  # fmt: skip
        take_leave(actor=person, substitute=stand_in, first=first, end=first + 30 * DAY, now=world.now)
    contact = home.contacts.first()
    assert contact is not None
    return {
        "campaigns:household": {"pk": home.pk}, "campaigns:edit_household": {"pk": home.pk},
        "campaigns:end_contact": {"pk": contact.pk}, "campaigns:end_head": {"pk": head.pk},
        "workflows:end_leave": {"pk": viewer.leaves.get().pk}, "workflows:leave_for": {"pk": world.dispatcher.pk},
    }  # fmt: skip


def _training(world: World, viewer: User) -> Keys:
    day = world.now.date()
    Lecturer.objects.create(name="张教授", organisation="党校", field="基层治理")
    site = TeachingSite.objects.create(name="河长馆", kind="ecology", area=world.street, address="河边一号")
    course = Course.objects.create(code="c1", name="第一期", starts_on=day, ends_on=day + DAY)
    people = [training.Participant(name="学员甲", organisation="街道办")]
    training.enrol(course=course, people=people, actor=world.admin, now=world.now)
    words = training.WriteUp("一盏灯", "门口黑", "换灯", "先问居民")
    told = training.write_up(case=world.case("closed"), words=words, actor=world.member, now=world.now)
    training.propose(exemplary_id=told.pk, actor=world.member)
    training.agree(exemplary_id=told.pk, actor=world.supervisor, now=world.now)
    session = SharingSession.objects.create(name="第一场", held_on=day, place="礼堂", attendance=30)
    session.cases.add(told)
    closed = world.case("closed")
    return {
        "campaigns:course": {"code": "c1"}, "campaigns:mark_absent": {"pk": course.enrolments.get().pk},
        "campaigns:exemplary": {"pk": told.pk}, "campaigns:act_on_exemplary": {"pk": told.pk, "act": "agree"},
        "campaigns:write_up": {"number": closed.number}, "campaigns:new_training": {"kind": "courses"},
        "campaigns:edit_training": {"kind": "sites", "pk": site.pk},
    }  # fmt: skip


def _councils(world: World, body: Body, folder: Path) -> Keys:
    sitting = approved(world, body)
    notice = posted(world)
    objection = raise_objection(
        notice_id=notice.pk, actor=None, now=world.now, text="我不同意", name="韩异议", contact="13500135000"
    )
    project = a_project(world, "settled")
    of_owners = _owners(world, folder)
    to_come = convened(world, body)  # these two at last: their numbers are the next
    room = sitting_now(world, body, ("加装电梯", "修车棚"))
    poll, undecided = room.open_poll(), room.discuss(1)
    topic(world, "夜间停车"), topic(world, "宠物", accept=False)
    add_evidence(notice_id=notice.pk, actor=world.secretary, now=world.now, file=photo("blue"))
    follow_up, decision, item = project.follow_up, notice.decision, room.items[0]
    assert decision is not None
    meeting, code = {"pk": to_come.pk}, {"code": world.council.code}
    seat, sitting_token = body.chair, sign_in_token(room.meeting)
    shot = project.photos.first()
    assert shot is not None
    act = {"pk": follow_up.pk, "act": "report"}
    return {
        **of_owners,
        **{f"council:{name}": code for name in ("council", "propose_matter", "new_meeting")},
        **{f"council:{name}": meeting for name in (
            "meeting", "edit_meeting", "meeting_ics", "attendance_sheet", "attendance_pdf")},
        **{f"council:{name}": {"pk": sitting.pk} for name in ("minutes", "minutes_print", "minutes_pdf")},
        **{f"council:{name}": {"pk": decision.pk} for name in (
            "decision", "plan_follow_ups", "start_owners_ballot")},
        **{f"notices:{name}": {"slug": notice.slug} for name in (
            "notice", "notice_print", "notice_pdf", "notice_photo")},
        **{f"council:{name}": {"pk": poll.pk} for name in ("poll", "finish_poll", "vote", "paper_votes")},
        "council:act_on_poll": {"pk": poll.pk, "act": "close"},
        "council:poll_file": {"pk": poll.pk, "name": "rules.json"},
        "council:kept_list": code | {"name": "topics"}, "council:topic": {"pk": item.topic_id},
        "council:sign_in": {"pk": room.meeting.pk, "token": sitting_token}, "council:open_poll": {"pk": undecided.pk},
        "council:act_on_seat": meeting | {"seat": seat.pk, "act": "come"},
        "council:revoke_mandate": meeting | {"mandate": 1}, "council:act_on_meeting": meeting | {"act": "open"},
        "council:act_on_item": {"pk": item.pk, "act": "discuss"},
        "council:act_on_decision": {"pk": decision.pk, "act": "reveal", "row": objection.pk},
        "council:act_on_minutes": {"pk": sitting.pk, "act": "sign", "row": sitting.pk},
        "council:follow_up": {"pk": follow_up.pk}, "council:propose_project": {"pk": follow_up.pk},
        "council:act_on_follow_up": act, "council:project": {"pk": project.pk},
        "council:project_photo": {"pk": project.pk, "photo": shot.pk},
        "council:act_on_project": {"pk": project.pk, "act": "approve"},
    }  # fmt: skip


def _owners(world: World, folder: Path) -> Keys:
    lines = ("1-101,张三丰,A1,85.3,不动产登记,13600136000", "1-102,李思源,A2,90,测绘报告,")
    register(world, folder, *lines)
    decision = recommended(world)
    poll = opened(world, decision)
    holder = Holder("托给李姐", "13500135001", "委托书1号", is_told=True)
    vote(world, poll, 1, "for", holder=holder, scan=photo("white"))
    ballot, code = poll.ballots.get(), {"area_code": world.estate.code}
    of_ballot = (
        "owners_ballot", "enter_paper", "owners_slips", "owners_slips_pdf", "owners_roll", "ask_to_void_ballot",
    )  # fmt: skip
    return {
        **{f"council:{name}": {"pk": poll.pk} for name in of_ballot},
        **{f"council:{name}": code for name in ("register", "import_register", "register_template")},
        "council:act_on_owners_ballot": {"pk": poll.pk, "name": "close"},
        "council:strike_vote": {"pk": poll.pk, "ballot": ballot.pk},
        "council:ballot_scan": {"pk": poll.pk, "ballot": ballot.pk},
        "notices:vote": {"token": ballot_token(elector(poll, 2))},
    }


def _books(world: World, viewer: User) -> Keys:
    """Seals and looks, imports, limits and calendars, an act on many cases."""
    for kind in (CheckKind.SEAL, CheckKind.VERIFY):
        check = ask_for_check(kind=kind, actor=world.auditor, now=world.now)
        while go_on(now=world.now):
            pass
    CalendarDay.objects.create(calendar=world.calendar, date="2026-05-01", is_working=False, name="劳动节")
    publish_calendar(world.calendar, source="通知", now=world.now)
    content = (HEAD + ROWS).encode()
    ledger = import_runs.upload(content=content, file_name="台账.csv", area=world.street, actor=viewer, now=world.now)
    import_runs.match_columns(ledger.pk, from_json(ledger.profile).found_in(ledger.headers), keeps=())
    import_runs.work(ledger.pk, now=world.now)
    case = world.case("in_progress")
    act = DeskAct.objects.create(key=ACT, actor=viewer, kind="urge", cases=[case.pk], at=world.now)
    DeskActRow.objects.create(act=act, case=case, outcome=Outcome.FORBIDDEN, said="不归您办")
    limits, year, seal = {"number": 1}, {"code": "cn", "year": 2026}, {"digest": Seal.objects.get().digest}
    return {
        **{f"workflows:{name}": seal for name in ("seal", "seal_sheet", "seal_pdf", "seal_list")},
        **{f"workflows:{name}": limits for name in ("limit_version", "download_limits", "apply_limits")},
        "workflows:calendar": {"code": "cn"}, "workflows:calendar_year": year, "workflows:take_notice": {"code": "cn"},
        "workflows:import": {"pk": ledger.pk}, "workflows:import_report": {"pk": ledger.pk},
        "workflows:import_act": {"pk": ledger.pk, "name": "drop"},
        "workflows:history_check": {"pk": check.pk}, "workflows:desk_done": {"key": ACT},
    }  # fmt: skip


def _messages(world: World, viewer: User) -> Keys:
    relay(now=world.now)
    Delivery.objects.filter(channel="email").update(state=DeliveryState.DEAD, next_try_at=None, last_error="550")
    dead = Delivery.objects.filter(state=DeliveryState.DEAD).first()
    group = Subscriber.objects.create(
        name="街道群", channel="wecom_robot", area=world.street, address="robot-4711", created_at=world.now
    )
    Address.objects.create(user=world.member, channel="sms", value="13911112222")
    place = Place(EventType.DISPATCHED, False, "zh-hans")
    version = write_text(place=place, text=Text("派遣", "请签收"), actor=world.admin, now=world.now)
    publish_text(version_id=version.pk, actor=world.admin, now=world.now)
    assert dead is not None
    text = {"event_type": EventType.DISPATCHED.value, "kind": "staff", "language": "zh-hans"}
    return {
        **{f"notifications:{name}": text for name in ("text", "text_preview", "text_builtin")},
        **{f"notifications:{name}": {"pk": version.pk} for name in ("text_version", "publish_text")},
        **{f"notifications:{name}": {"pk": group.pk} for name in (
            "change_subscriber", "change_secret", "try_subscriber")},
        "notifications:resend": {"pk": dead.pk}, "notifications:add_subscriber": {"channel": "wecom_robot"},
        "notifications:feed": {"token": feed_token(renew_feed(actor=viewer, now=world.now))},
    }  # fmt: skip
