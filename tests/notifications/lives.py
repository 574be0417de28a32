"""Lives of cases and councils by the real commands; after each step whoever was told of it opens the link."""

from datetime import datetime, timedelta
from typing import Any

import time_machine
from django.conf import settings
from django.test import Client

from cases.models import Ballot, CaseEvent, Category, Elector, Reporter, User
from cases.terms import EventType, Priority, RejectReason, RequestKind, ResultCode, Role
from notifications.audience import AUDIENCE
from notifications.directory import Directory
from notifications.models import Delivery
from notifications.occasion import Occasion
from notifications.relay import relay
from notifications.render import render
from notifications.wordings import wording_of
from tests.councils import Body, make_body
from tests.decided import a_project, followed, provisional, take_effect, task
from tests.factories import STEPS, World, user
from tests.posted import AFTER, posted
from tests.workflows.commands.test_orders import issued
from tests.workflows.council.rooms import Room, convened, opened, topic
from tests.workflows.council.test_minutes import drafted, step
from tests.workflows.council.test_objections import objected
from workflows.commands import adjust, council, handling, intake, orders, review, spot_checks, supervise, surveys
from workflows.commands.calendar import publish_calendar
from workflows.commands.sweep import sweep
from workflows.council import decision_reviews, follow_ups, mandates, meetings, polls
from workflows.council.ballots import cast_ballot, strike_ballot
from workflows.council.notices import end_due_notices
from workflows.flows.approval import ask_request, decide_request
from workflows.flows.joint import answer_part, dispatch_jointly
from workflows.models import CalendarDay, Part, Request

DAY = timedelta(days=1)
RESIDENT = "resident"
Page = tuple[str, str]  # its path, and what it shows


class Watch:
    """Relays, and opens the link of every message that came since it last looked."""

    def __init__(self, world: World) -> None:
        self.world, self.last = world, 0
        self.opened: dict[tuple[str, str], list[Page]] = {}
        self.clients: dict[int, Client] = {}

    def look(self, now: datetime | None = None) -> None:
        """At a moment, that of the world unless told."""
        at = now or self.world.now
        with time_machine.travel(at, tick=False):
            relay(now=at)
            rows = Delivery.objects.filter(pk__gt=self.last).order_by("pk")
            for row in rows.exclude(recipient_user=None).filter(channel="in_app"):
                self._open(row, at)
            for row in rows.exclude(recipient_reporter=None):
                self._open_as_resident(row, at)
            self.last = rows.values_list("pk", flat=True).last() or self.last

    def pass_by(self, *, but: str = "") -> None:
        """Nobody opens what came since, but of one kind of event."""
        CaseEvent.objects.filter(relayed_at=None).exclude(type=but).update(relayed_at=self.world.now)

    def _open(self, row: Delivery, at: datetime) -> None:
        person = User.objects.get(pk=row.recipient_user_id)
        page = self._page(render(row.event, person, language="", now=at).url, person)
        occasion = Occasion(row.event, Directory.read([row.event], at.date()))
        name = wording_of(row.event.type, row.event.data)
        for who in AUDIENCE[EventType(row.event.type)].colleagues:
            if person.pk in who(occasion):
                self.opened.setdefault((name, who.__name__), []).append(page)

    def _open_as_resident(self, row: Delivery, at: datetime) -> None:
        assert row.recipient_reporter is not None
        page = self._page(render(row.event, row.recipient_reporter, language="", now=at).url, None)
        self.opened.setdefault((row.event.type, RESIDENT), []).append(page)

    def _page(self, url: str, person: User | None) -> Page:
        client = self.clients.setdefault(person.pk if person else 0, Client())
        if person:
            client.force_login(person)
        path = url.removeprefix(settings.BASE_URL)
        answer = client.get(path)
        assert answer.status_code == 200, (url, str(person))
        return path, answer.content.decode()


def whole_life(world: World, watch: Watch) -> None:
    case = world.report(resident=True)
    given: dict[str, Any] = {"case_id": case.pk, "now": world.now}
    watch.look()
    intake.request_info(**given, actor=world.desk, question="哪一栋？")
    watch.look()
    intake.supply_info(**given, actor=world.grid_worker, answer="三栋。")
    watch.look()
    intake.accept_case(**given, actor=world.desk, category=world.category, priority=Priority.NORMAL)
    watch.look()
    part = handling.CoHandling(world.other_team, "清运", world.now + DAY)
    dispatch_jointly(**given, actor=world.dispatcher, team=world.team, co_handlers=[part])
    watch.look()
    handling.sign_case(**given, actor=world.leader, handler=world.member)
    watch.look()
    answer_part(part_id=Part.objects.get().pk, actor=world.other_member, now=world.now, answer="已清运。")
    watch.look()
    handling.submit_case(**given, actor=world.member, result_code=ResultCode.SOLVED, result_text="已换灯泡。")
    watch.look()
    review.send_back_case(**given, actor=world.grid_worker, missing="还有一盏")
    watch.look()
    handling.submit_case(**given, actor=world.member, result_code=ResultCode.SOLVED, result_text="两盏。")
    review.verify_case(**given, actor=world.desk, finding="都亮了。")
    watch.look()
    answer = surveys.SurveyAnswer(solved=False, satisfaction="dissatisfied", words="又不亮了。")
    surveys.record_survey(**given, actor=world.survey_desk, answer=answer)
    watch.look()
    review.reopen_case(**given, actor=world.supervisor, reason="确实不亮")
    watch.look()
    colleague = user("member3", "许队员", Role.TEAM_MEMBER, team=world.team)
    handling.reassign_case(**given, actor=world.leader, handler=colleague)
    watch.look()
    supervise.urge_case(**given, actor=world.supervisor, words="请抓紧。")
    watch.look()


def ends(world: World, watch: Watch) -> None:
    """Of cases whose residents are to be called: the survey desk reads whom, and how it ended."""
    called = {"answer_way": "phone"}
    case = world.report(resident=True)
    Reporter.objects.update(**called)
    given: dict[str, Any] = {"now": world.now, "actor": world.desk}
    intake.reject_case(case_id=case.pk, **given, reason=RejectReason.NOT_OURS, text="不归社区管。")
    watch.look()
    main, other = world.case("in_progress"), world.report(resident=True)
    Reporter.objects.update(**called)
    adjust.merge_case(case_id=other.pk, main_case_id=main.pk, **given, reason="同一盏灯")
    watch.look()
    at_work = world.case("in_progress", resident=True)
    Reporter.objects.update(**called)
    agreed = world.agreed(at_work, RequestKind.MERGE, main_case=main.number)
    adjust.merge_case(
        case_id=at_work.pk, main_case_id=main.pk, actor=world.supervisor, now=world.now, reason="同", request=agreed
    )
    watch.look()
    declined = world.case("reopen_requested", resident=True)
    Reporter.objects.update(answer_way="message")
    watch.look()
    Reporter.objects.update(**called)
    review.decline_reopen(case_id=declined.pk, actor=world.supervisor, now=world.now, reason="不是同一盏灯")
    watch.look()
    void = world.case("in_progress", resident=True)
    Reporter.objects.update(**called)
    request = world.agreed(void, RequestKind.VOID, reason_code="test")
    Request.objects.filter(pk=request.pk).update(asked_by=world.leader)  # the handler did not ask for it
    adjust.void_case(request=request, actor=world.supervisor, now=world.now)
    watch.look()
    promised = world.case("in_progress", resident=True)
    Reporter.objects.update(**called)
    handling.submit_case(
        case_id=promised.pk, actor=world.member, now=world.now, result_code=ResultCode.PLANNED, result_text="列入计划",
        promised_date=(world.now + 30 * DAY).date(),
    )  # fmt: skip
    review.verify_case(case_id=promised.pk, actor=world.grid_worker, now=world.now, finding="属实")
    watch.look()
    review.keep_promise(case_id=promised.pk, actor=world.member, now=world.now, what="已换新灯")
    watch.look()


def residents(world: World, watch: Watch) -> None:
    """What a resident hears of and the life before did not tell."""
    given: dict[str, Any] = {"now": world.now, "actor": world.desk}
    case = world.report(resident=True)
    intake.reject_case(case_id=case.pk, **given, reason=RejectReason.NOT_OURS, text="不归社区管。")
    watch.look()
    main, other = world.case("accepted"), world.case("accepted", resident=True)
    adjust.merge_case(case_id=other.pk, main_case_id=main.pk, **given, reason="同一盏灯")
    watch.look()
    adjust.split_off_case(case_id=other.pk, **given, reason="不是同一盏")
    watch.look()
    world.case("closed", resident=True)
    watch.look()
    declined = world.case("reopen_requested", resident=True)
    review.decline_reopen(case_id=declined.pk, actor=world.supervisor, now=world.now, reason="不是同一盏灯")
    watch.look()
    void = world.case("in_progress", resident=True)
    request = world.agreed(void, RequestKind.VOID, reason_code="test")
    adjust.void_case(request=request, actor=world.supervisor, now=world.now)
    watch.look()
    promised = world.case("in_progress", resident=True)
    handling.submit_case(
        case_id=promised.pk, actor=world.member, now=world.now, result_code=ResultCode.PLANNED, result_text="列入计划",
        promised_date=(world.now + 30 * DAY).date(),
    )  # fmt: skip
    review.verify_case(case_id=promised.pk, actor=world.grid_worker, now=world.now, finding="属实")
    review.keep_promise(case_id=promised.pk, actor=world.member, now=world.now, what="已换新灯")
    watch.look()


def requests(world: World, watch: Watch) -> None:
    asked: dict[str, Any] = {"actor": world.member, "now": world.now, "reason": "等配件"}
    hold = {"kind": RequestKind.HOLD, "reason_code": "season"}
    hold["details"] = {"review_at": (world.now + 10 * DAY).isoformat()}  # type: ignore[assignment]
    case = world.case("in_progress")
    first = ask_request(case_id=case.pk, **hold, **asked)
    watch.look()
    decide_request(request_id=first.pk, actor=world.supervisor, now=world.now, agree=False, note="不必")
    watch.look()
    second = ask_request(case_id=case.pk, **hold, **asked)
    decide_request(request_id=second.pk, actor=world.supervisor, now=world.now, agree=True)
    watch.look()
    adjust.resume_case(case_id=case.pk, actor=world.supervisor, now=world.now)
    watch.look()
    longer = world.agreed(case, RequestKind.EXTENSION, until=(world.now + 20 * DAY).isoformat())
    adjust.extend_case(request=longer, actor=world.supervisor, now=world.now)
    watch.look()
    back = world.agreed(case, RequestKind.RETURN)
    handling.return_to_dispatch(request=back, actor=world.supervisor, now=world.now)
    watch.look()


def late(world: World, watch: Watch) -> None:
    """Limits: near, passed, up the ladder; moved by a holiday or a correction."""
    ask: dict[str, Any] = {"actor": world.member, "reason": "等配件", "kind": RequestKind.HOLD, "reason_code": "season"}
    case = world.case("accepted")
    part = handling.CoHandling(world.other_team, "清运", world.now + DAY)
    dispatch_jointly(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[part])
    handling.sign_case(case_id=case.pk, actor=world.member, now=world.now, handler=world.member)
    ask_request(case_id=case.pk, now=world.now, details={"review_at": (world.now + 10 * DAY).isoformat()}, **ask)
    watch.look()
    change: dict[str, Any] = {"case_id": case.pk, "actor": world.desk, "now": world.now, "reason": "看错了"}
    adjust.correct_facts(category=world.photo_category, priority=Priority.NORMAL, **change)
    moved = {"limits": {"handle": {"was": "2026-03-16", "is": "2026-03-10"}}}
    CaseEvent.objects.filter(type="case.facts_corrected").update(data=moved)
    watch.look()
    CalendarDay.objects.create(calendar=world.calendar, date=(world.now + 8 * DAY).date(), is_working=False)
    publish_calendar(world.calendar, source="通知", now=world.now)
    watch.look()
    for days in (5, 9, 12, 15, 16, 18, 22):
        sweep(now=world.now + days * DAY)
        watch.look(world.now + days * DAY)


def ordered(world: World, watch: Watch) -> None:
    order = issued(world)
    watch.look()
    orders.reply_to_order(order_id=order.pk, actor=world.member, now=world.now, reply="已换灯泡")
    watch.look()
    orders.return_reply(
        order_id=order.pk, actor=world.supervisor, now=world.now, reason="没有照片", due_at=world.now + DAY
    )
    watch.look()
    sweep(now=world.now + 2 * DAY)
    watch.look(world.now + 2 * DAY)
    orders.reply_to_order(order_id=order.pk, actor=world.member, now=world.now + 2 * DAY, reply="附照片")
    watch.look(world.now + 2 * DAY)
    orders.accept_reply(order_id=order.pk, actor=world.supervisor, now=world.now + 2 * DAY, note="可以")
    watch.look(world.now + 2 * DAY)
    wrong = issued(world)
    watch.look()
    orders.withdraw_order(order_id=wrong.pk, actor=world.supervisor, now=world.now, reason="签错了")
    watch.look()


def checked_again(world: World, watch: Watch) -> None:
    Category.objects.update(recheck_percent=100)
    world.category.refresh_from_db()
    case = world.case("answered", resident=True)
    Reporter.objects.update(answer_way="phone")
    watch.look()
    spot_checks.fail_spot_check(case_id=case.pk, actor=world.supervisor, now=world.now, finding="又坏了")
    watch.look()
    other = world.case("answered", resident=True)
    Reporter.objects.update(answer_way="message")
    watch.look()
    spot_checks.fail_spot_check(case_id=other.pk, actor=world.supervisor, now=world.now, finding="又坏了")
    watch.look()


def referred(world: World, watch: Watch) -> None:
    """A case that goes to the council and comes back, once with a decision on paper."""
    case = world.case("deliberating")
    watch.look()
    council.return_from_council(case_id=case.pk, actor=world.secretary, now=world.now, reason="不归我们议")
    watch.look()
    STEPS["refer"](world, case.pk, world.now)
    what = council.Task(what="清理楼道", owner=world.team, due_date=(world.now + DAY).date())
    decision = council.DecisionRecord(
        number="〔2026〕9号", outcome="adopted", text="由工作队清理。", decided_on=world.now.date(), follow_ups=[what]
    )
    council.take_decision(case_id=case.pk, actor=world.secretary, now=world.now, decision=decision)
    watch.look()


def owed(world: World, watch: Watch) -> None:
    """What follows from a decision, by another team than that of the case; and a micro-project."""
    one, two = followed(world, task(world, owner=world.other_team), task(world, owner=world.other_team, what="划线"))
    watch.look()
    sweep(now=world.now + 11 * DAY)
    watch.look(world.now + 11 * DAY)
    given: dict[str, Any] = {"follow_up_id": one.pk, "now": world.now}
    follow_ups.accept_follow_up(**given, actor=world.other_member)
    follow_ups.finish_follow_up(**given, actor=world.other_member, text="已拆除")
    watch.look()
    follow_ups.send_back_follow_up(**given, actor=world.secretary, reason="还有一角")
    watch.look()
    follow_ups.finish_follow_up(**given, actor=world.other_member, text="已拆除")
    watch.look()
    follow_ups.verify_follow_up(**given, actor=world.secretary)
    watch.look()
    follow_ups.cancel_follow_up(follow_up_id=two.pk, now=world.now, actor=world.supervisor, reason="不用了")
    watch.look()
    a_project(world)
    watch.pass_by(but="project.moved")
    watch.look()


def objected_to(world: World, watch: Watch) -> None:
    objected(world, posted(world))
    later = world.now + timedelta(hours=1)
    watch.look(later)
    sweep(now=later + 12 * DAY)
    watch.look(later + 12 * DAY)


def decided(world: World, watch: Watch) -> None:
    """Decisions that take effect, and are called into question."""
    posted(world)
    end_due_notices(now=AFTER)
    watch.look(AFTER)
    given: dict[str, Any] = {"actor": world.supervisor, "now": world.now, "reason": "依据不足"}
    for verdict in ("uphold", "remand", "annul"):
        decision = take_effect(world, provisional(world))
        decision_reviews.suspend_decision(decision_id=decision.pk, **given)
        watch.look()
        if verdict == "uphold":
            decision.notices.create(
                council=world.council, kind="decision", title="公示", body="公示", sha256="0" * 64, state="cleared",
                posted_by=world.secretary, posted_at=world.now, must_stay_until=world.now,
            )  # fmt: skip
        decision_reviews.MOVES[verdict](decision_id=decision.pk, **given)
        watch.look()


def met(world: World, watch: Watch) -> None:
    """Meetings that are called and called off, and what happens in one."""
    body = make_body(world)
    made = topic(world)
    CaseEvent.objects.filter(type="topic.screened").update(actor=None)
    watch.look()
    assert made.proposed_by == world.secretary
    off = convened(world, body, ["装道闸"])
    watch.look()
    meetings.cancel_meeting(meeting_id=off.pk, actor=body.secretary, now=world.now, reason="场地停电")
    watch.look()
    few = opened(world, body, ["换物业"], there=body.all_seats[:2])
    watch.pass_by()
    meetings.miss_quorum(meeting_id=few.meeting.pk, actor=body.secretary, now=few.now)
    watch.look(few.now)
    _in_session(world, body, watch)


def written_down(world: World, watch: Watch) -> None:
    """The minutes of a meeting."""
    minuted = drafted(world, make_body(world))
    step(world, minuted, "circulate")
    watch.look()
    step(world, minuted, "approve")
    watch.look()


def _in_session(world: World, body: Body, watch: Watch) -> None:
    room: Room = opened(world, body, ["修车棚", "办灯会"])
    watch.pass_by()
    principal, holder = body.seats["residents"][:2]
    mandate = mandates.give_mandate(
        meeting_id=room.meeting.pk, principal_id=principal.pk, holder_id=holder.pk, document="委托书 1",
        instructions={str(item.pk): "for" for item in room.items}, actor=body.secretary, now=room.now,
    )  # fmt: skip
    watch.look(room.now)
    mandates.revoke_mandate(mandate_id=mandate.pk, actor=body.secretary, now=room.now)
    watch.look(room.now)
    poll = room.open_poll()
    watch.look(room.now)
    elector = Elector.objects.filter(poll=poll).select_related("seat__user").order_by("pk")[0]
    assert elector.seat is not None
    assert elector.seat.user is not None
    cast_ballot(
        poll_id=poll.pk, elector_id=elector.pk, choice="for", channel="phone", actor=elector.seat.user, now=room.now
    )
    strike_ballot(ballot_id=Ballot.objects.get().pk, actor=body.secretary, now=room.now, reason="登记错了")
    watch.look(room.now)
    voiding: dict[str, Any] = {"poll_id": poll.pk, "now": room.now}
    polls.ask_to_void(**voiding, actor=body.secretary, reason="题目念错了")
    watch.look(room.now)
    polls.decline_to_void(**voiding, actor=body.overseer, note="没有念错")
    watch.look(room.now)
    polls.ask_to_void(**voiding, actor=body.secretary, reason="确实念错了")
    watch.look(room.now)
    polls.void_poll(**voiding, actor=body.overseer)
    watch.look(room.now)
