"""Every message leads its reader to a page that opens for them, and what it asks for can be done there.

`LIVES` names every row of the table of audiences: who is told of what, to which page they are led, and which act is
offered there.
"""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Case, CaseEvent
from notifications.audience import AUDIENCE
from notifications.bundles import items_of
from notifications.render import render
from notifications.wordings import MOVES
from tests.factories import World
from tests.notifications.lives import (
    RESIDENT,
    Watch,
    checked_again,
    decided,
    ends,
    late,
    met,
    objected_to,
    ordered,
    owed,
    referred,
    requests,
    residents,
    whole_life,
    written_down,
)
from tests.workflows.commands.test_orders import issued, replied

THEIRS, CASES, ORDERS = "/r/", "/cases/", "/orders/"
TOPICS, MEETINGS, POLLS, DECISIONS, FOLLOW_UPS, PROJECTS, COUNCILS = (
    f"/councils/{name}/" for name in ("topics", "meetings", "polls", "decisions", "follow-ups", "projects", "of")
)
READ = ""  # told to know it: there is nothing to do
SUBMIT, REVEAL = "transitions/submit/", "/reporter/"
LIVES: dict[Callable[[World, Watch], None], dict[str, dict[tuple[str, str], str]]] = {
    whole_life: {
        CASES: {
            ("case.reported", "holder"): "transitions/accept/",
            ("case.info_requested", "holder"): "transitions/supply_info/",
            ("case.info_supplied", "holder"): "transitions/accept/",
            ("case.accepted", "holder"): "transitions/dispatch/",
            ("case.dispatched", "lead_team"): "transitions/sign/",
            ("case.dispatched", "co_teams"): "transitions/answer_part/",
            ("case.signed", "handler"): SUBMIT,
            ("part.answered", "workers"): READ,
            ("case.submitted", "holder"): "transitions/verify/",
            ("case.sent_back", "holder"): SUBMIT,
            ("case.verified", "holder"): "transitions/record_survey/",
            ("case.verified", "reporting_side"): READ,
            ("case.survey_recorded", "holder"): "transitions/reopen/",
            ("case.reopened", "lead_team"): READ,
            ("case.reopened", "holder"): SUBMIT,
            ("case.reassigned", "handler"): SUBMIT,
            ("case.urged", "holder"): SUBMIT,
            ("case.urged", "leaders"): "transitions/reassign/",
        },
        THEIRS: {
            ("case.accepted", RESIDENT): READ,
            ("case.verified", RESIDENT): READ,
            ("case.survey_recorded", RESIDENT): READ,
            ("case.reopened", RESIDENT): READ,
        },
    },
    ends: {
        CASES: {
            ("case.rejected", "callers"): REVEAL,
            ("case.rejected", "reporting_side"): READ,
            ("case.merged", "callers"): REVEAL,
            ("case.merged", "reporting_side"): READ,
            ("case.merged", "handler"): READ,
            ("case.merged_into", "holder"): READ,
            ("case.reopen_requested", "holder"): "transitions/reopen/",
            ("case.reopen_declined", "callers"): REVEAL,
            ("case.voided", "callers"): REVEAL,
            ("case.voided", "reporting_side"): READ,
            ("case.voided", "handler"): READ,
            ("case.verified", "callers"): "transitions/record_survey/",
            ("promise.kept", "callers"): REVEAL,
        },
    },
    residents: {
        THEIRS: {
            ("case.rejected", RESIDENT): READ,
            ("case.merged", RESIDENT): READ,
            ("case.split_off", RESIDENT): READ,
            ("case.closed_unanswered", RESIDENT): READ,
            ("case.reopen_declined", RESIDENT): READ,
            ("case.voided", RESIDENT): READ,
            ("promise.kept", RESIDENT): READ,
        },
        CASES: {
            ("case.split_off", "holder"): "transitions/dispatch/",
        },
    },
    requests: {
        CASES: {
            ("request.asked", "deciders"): "/decide/",
            ("request.declined", "asker"): READ,
            ("request.agreed", "asker"): READ,
            ("case.held", "workers"): READ,
            ("case.resumed", "handler"): SUBMIT,
            ("case.extended", "workers"): READ,
            ("case.returned_to_dispatch", "holder"): "transitions/dispatch/",
        },
    },
    late: {
        CASES: {
            ("case.facts_corrected", "holder_of_new_limits"): READ,
            ("clock.recomputed", "holder"): READ,
            ("part.overdue", "part_team"): "transitions/answer_part/",
            ("part.overdue", "workers"): READ,
            ("request.overdue", "deciders"): "/decide/",
            ("clock.warned", "clock_watchers"): SUBMIT,
            ("clock.overdue", "overdue_watchers"): SUBMIT,
            ("clock.escalated", "next_on_the_ladder"): "transitions/urge/",
            ("clock.escalated.team_leader", "next_on_the_ladder"): READ,
        },
    },
    ordered: {
        ORDERS: {
            ("order.issued", "ordered"): "/reply/",
            ("order.issued", "leaders"): READ,
            ("order.replied", "issuer"): "/accept/",
            ("order.replied", "supervisors"): "/accept/",
            ("order.returned", "ordered"): "/reply/",
            ("clock.overdue", "overdue_watchers"): "/reply/",
            ("order.accepted", "ordered"): READ,
            ("order.accepted", "replier"): READ,
            ("order.withdrawn", "ordered"): READ,
        },
    },
    checked_again: {
        CASES: {
            ("spot_check.drawn", "supervisors"): "transitions/pass_spot_check/",
            ("case.failed_spot_check", "lead_team"): READ,
            ("case.failed_spot_check", "holder"): SUBMIT,
            ("case.failed_spot_check", "callers"): REVEAL,
            ("case.failed_spot_check", "reporting_side"): READ,
        },
        THEIRS: {
            ("case.failed_spot_check", RESIDENT): READ,
        },
    },
    referred: {
        TOPICS: {
            ("case.referred_to_council", "secretaries"): 'name="verdict"',
        },
        CASES: {
            ("case.returned_from_council", "holder"): SUBMIT,
            ("case.decision_taken", "holder"): SUBMIT,
            ("case.decision_taken", "follow_up_owners"): "transitions/reassign/",
        },
    },
    owed: {
        FOLLOW_UPS: {
            ("follow_up.started", "part_team_anew"): "/accept/",
            ("clock.overdue", "overdue_watchers"): "/accept/",
            ("follow_up.moved.finish", "verifiers_of_follow_up"): "/verify/",
            ("follow_up.moved.send_back", "owners_who_redo"): "/finish/",
            ("follow_up.moved.cancel", "owners_of_cancelled"): READ,
            ("follow_up.ended", "part_team_of_done"): READ,
        },
        PROJECTS: {
            ("project.moved.propose", "approvers_of_project"): "/approve/",
        },
    },
    objected_to: {
        DECISIONS: {
            ("objection.raised", "secretaries"): "/acts/reply/",
            ("clock.overdue", "overdue_watchers"): "/acts/reply/",
        },
    },
    decided: {
        DECISIONS: {
            ("decision.moved.suspend", "secretaries_of_what_changed"): READ,
            ("decision.moved.uphold", "secretaries_of_what_changed"): READ,
            ("decision.moved.annul", "secretaries_of_what_changed"): READ,
            ("decision.moved.take_effect", "secretaries_of_what_changed"): READ,
        },
        COUNCILS: {
            ("decision.moved.remand", "secretaries_who_discuss_again"): "/meetings/new/",
        },
    },
    met: {
        TOPICS: {
            ("topic.screened.accept", "proposer"): READ,
        },
        MEETINGS: {
            ("meeting.convened", "invited"): "/confirm/",
            ("meeting.moved.cancel", "invited_to_what_is_off"): READ,
            ("meeting.moved.miss_quorum", "invited_to_what_is_off"): READ,
            ("mandate.changed.give", "holder_of_mandate"): READ,
            ("mandate.changed.revoke", "holder_of_mandate"): READ,
            ("poll.voided.agree", "secretaries_after_voiding"): "/poll/",
        },
        POLLS: {
            ("poll.opened", "electors"): 'name="choice"',
            ("ballot.struck", "voter"): 'name="choice"',
            ("poll.voided.ask", "deciders_on_voiding"): "/acts/agree/",
            ("poll.voided.decline", "secretaries_after_voiding"): READ,
        },
    },
    written_down: {
        MEETINGS: {
            ("minutes.moved.circulate", "readers_of_minutes"): "/ask/",
            ("minutes.moved.approve", "signers_of_minutes"): "/sign/",
        },
    },
}


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
def test_every_link_opens_for_its_reader_and_offers_what_the_message_asks_for(
    world: World, life: Callable[[World, Watch], None]
) -> None:
    watch = Watch(world)
    life(world, watch)
    for start, rows in LIVES[life].items():
        for row, act in rows.items():
            assert row in watch.opened, row
            for path, page in watch.opened[row]:
                assert path.startswith(start), (row, path)
                assert act in page, (row, path)


def test_no_row_of_the_table_of_audiences_is_left_out() -> None:
    lived = {row for pages in LIVES.values() for rows in pages.values() for row in rows}
    told: set[tuple[str, str]] = set()
    for event_type, row in AUDIENCE.items():
        told |= {(event_type, who.__name__) for who in row.colleagues}
        told |= {(event_type, RESIDENT)} if row.resident else set()
    of_moves = {f"{kind}.{move}": kind for kind, moves in MOVES.items() for move in moves}
    assert {(of_moves.get(name, name), who) for name, who in lived} == told
    assert set(of_moves) <= {name for name, _who in lived}


def test_what_is_done_on_another_page_stands_by_itself_in_a_list(world: World) -> None:
    order = replied(world, issued(world))
    events = [CaseEvent(case=order.case, type="clock.overdue", data={"clock": "handle"})]
    events.append(CaseEvent(case=order.case, type="clock.overdue", data={"clock": "order", "order": order.pk}))
    paths = {item.url.removeprefix(settings.BASE_URL) for item in items_of(events)}
    assert paths == {f"/cases/{order.case.number}/", f"/orders/{order.pk}/"}


def test_a_destination_costs_a_case_no_query_of_its_own(world: World) -> None:
    case = Case.objects.select_related("area", "category", "team", "reporter").get(pk=world.case("in_progress").pk)
    event = CaseEvent(case=case, type="case.signed", data={})
    with CaptureQueriesContext(connection) as caught:
        render(event, world.member, language="", now=world.now, texts={})
    assert len(caught) == 0
