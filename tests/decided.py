"""Decisions of a council that took effect, made of rows: for tests of what follows from them."""

import io
from datetime import timedelta
from itertools import count
from typing import Any

from PIL import Image

from cases.council_terms import FundSource, ProjectPhotoKind
from cases.models import AgendaItem, Case, CaseEvent, Decision, FollowUp, Meeting, MicroProject, RulePack, Topic
from cases.terms import DecisionOutcome, EventType
from tests.factories import World
from workflows import permissions as may
from workflows.clock_audit import audit
from workflows.commands.council import carry_decision
from workflows.commands.sweep import sweep
from workflows.council.follow_ups import Planned, accept_follow_up, plan_follow_ups, start_follow_ups
from workflows.council.packs import row_of
from workflows.council.project_work import (
    accept_project,
    add_project_photos,
    record_acceptance,
    settle_project,
    survey_project,
)
from workflows.council.projects import (
    Contract,
    Proposal,
    approve_project,
    contract_project,
    propose_project,
    start_project,
)
from workflows.machines import DecisionLifecycle
from workflows.polling.packs import shipped
from workflows.proofs import clock_proof

NUMBERS = count(1)
DAY = timedelta(days=1)


def a_pack(**rules: Any) -> RulePack:
    """The rules of a four-party council, with these instead of its own."""
    row = row_of(shipped()["four_party"] | rules)
    row.version = next(NUMBERS) + 100
    row.save()
    return row


def a_meeting(world: World, **rules: Any) -> Meeting:
    """A meeting of the council of the world."""
    return Meeting.objects.create(
        council=world.council, year=2026, serial=next(NUMBERS), planned_at=world.now, venue="居委会",
        pack=a_pack(**rules), sign_in_salt="", created_by=world.secretary, created_at=world.now,
    )  # fmt: skip


def provisional(world: World, *, case: Case | None = None, state: str = "provisional", **rules: Any) -> Decision:
    """A decision that was taken on a case that is with the council."""
    case = case or world.case("deliberating")
    item = AgendaItem.objects.create(
        meeting=a_meeting(world, **rules), position=1, topic=Topic.objects.get(cases=case), state="decided"
    )
    return another(world, case=case, item=item, state=state)


def another(world: World, *, case: Case, item: AgendaItem | None = None, **given: Any) -> Decision:
    """A decision as a row, in the state that is given."""
    return Decision.objects.create(
        case=case, council=world.council, item=item, number=f"〔2026〕决议{next(NUMBERS)}号",
        text="拆除废弃花坛，改建十二个车位。", decided_on=world.now.date(), recorded_by=world.secretary,
        **({"recorded_at": world.now, "state": "provisional", "outcome": DecisionOutcome.ADOPTED} | given),
    )  # fmt: skip


def take_effect(world: World, decision: Decision, now: Any = None) -> DecisionLifecycle:
    """What the sweep does when the publication is over: the decision takes effect and the case moves on."""
    row = DecisionLifecycle.objects.get(pk=decision.pk)
    at = now or world.now
    if row.state == "provisional":
        row.publish()
    row.take_effect(at=at)
    row.save(update_fields=["state", "effective_from"])
    moved = carry_decision(case_id=row.case_id, decision=row, actor=may.CLOCK, now=at)
    start_follow_ups(row, event=moved.event if moved else None, actor=None, now=at)
    return row


def task(world: World, **given: Any) -> Planned:
    """Something for the team of the world to do within ten days."""
    planned = {"kind": "task", "what": "拆除花坛", "owner": world.team, "due_date": (world.now + 10 * DAY).date()}
    return Planned(**(planned | given))


def followed(world: World, *tasks: Planned, **given: Any) -> list[FollowUp]:
    """The follow-ups of a decision that has taken effect."""
    decision = provisional(world, **given)
    planned = list(tasks) or [task(world)]
    plan_follow_ups(decision_id=decision.pk, actor=world.secretary, now=world.now, tasks=planned)
    take_effect(world, decision)
    return list(decision.follow_ups.order_by("pk"))


def said(world: World, event_type: EventType) -> list[CaseEvent]:
    """What the history of the council says of a kind."""
    return list(CaseEvent.objects.filter(council=world.council, type=event_type).order_by("seq"))


def clocks_hold(case: Case, now: Any) -> bool:
    """Each obligation has its one live clock, and each moment of the case can be shown to be right."""
    sweep(now=now)
    found = audit(now=now)
    assert found.faults == []
    return found.holds and clock_proof(Case.objects.get(pk=case.pk), now=now).holds


def a_project(world: World, state: str = "proposed", *, fund: str = "party_fund", **rules: Any) -> MicroProject:
    """A micro-project of 100 000 yuan, brought to `state` by the real commands; 80 000 approved and contracted."""
    (follow_up,) = followed(world, task(world, kind="micro_project", what="改造花坛"), **rules)
    accept_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now)
    steps = [("进场", (world.now + DAY).date()), ("完工", (world.now + 9 * DAY).date())]
    proposal = Proposal("花坛改车位", "拆除花坛，硬化地面，划线。", 10_000_000, FundSource(fund), steps)
    project = propose_project(follow_up_id=follow_up.pk, actor=world.member, now=world.now, proposal=proposal)
    for step, (reached, act) in STEPS_OF_A_PROJECT.items():
        if project.state == state:
            break
        act(world, project.pk)
        project = MicroProject.objects.get(pk=project.pk)
        assert project.state == reached, step
    return project


def _build(w: World, pk: int) -> None:
    after = add_project_photos(
        project_id=pk, actor=w.member, now=w.now, kind=ProjectPhotoKind.AFTER, files=[photo("green")]
    )
    assert len(after) == 1
    for n in range(1, 4):
        record_acceptance(
            project_id=pk, actor=w.member, now=w.now, resident=f"王小{n}", household=f"3-{n}01", accepted=True
        )
    accept_project(project_id=pk, actor=w.secretary, now=w.now)


def photo(colour: str) -> io.BytesIO:
    """A small picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out


STEPS_OF_A_PROJECT: dict[str, tuple[str, Any]] = {
    "approve": ("approved", lambda w, pk: approve_project(
        project_id=pk, actor=w.supervisor, now=w.now, amount_fen=8_000_000)),
    "contract": ("contracted", lambda w, pk: contract_project(
        project_id=pk, actor=w.member, now=w.now, contract=Contract(None, "和平市政公司", 8_000_000, "HT-1"))),
    "start": ("under_way", lambda w, pk: start_project(project_id=pk, actor=w.member, now=w.now)),
    "accept": ("accepted", _build),
    "settle": ("settled", lambda w, pk: settle_project(
        project_id=pk, actor=w.member, now=w.now, amount_fen=8_000_000)),
    "survey": ("surveyed", lambda w, pk: survey_project(
        project_id=pk, actor=w.secretary, now=w.now, asked=20, satisfied=19)),
}  # fmt: skip
