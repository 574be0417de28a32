"""Decisions of a meeting, formed and posted by the real commands: for tests of notices, objections and minutes."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from cases.council_terms import ItemState
from cases.models import AgendaItem, Case, Council, Decision, DraftText, Meeting, Notice, RulePack, Topic
from cases.terms import DecisionOutcome
from tests.decided import NUMBERS, task
from tests.factories import SHANGHAI, World
from workflows.council.acts import digest, locked_council
from workflows.council.decisions import form_decision, publish_decision
from workflows.council.follow_ups import plan_follow_ups
from workflows.council.packs import seed_packs

TEXT = "拆除东侧废弃花坛，\n改建十二个车位，由物业公司管理。"
ENDS = datetime(2026, 3, 5, 23, 59, 59, tzinfo=SHANGHAI)  # three days after Monday the second
OBJECTIONS_END = datetime(2026, 3, 9, 23, 59, 59, tzinfo=SHANGHAI)
AFTER = ENDS + timedelta(seconds=1)


def pack(**changes: Any) -> RulePack:
    """The four-party pack as it is shipped, or a version of it with other rules on publication."""
    seed_packs()
    shipped = RulePack.objects.get(code="four_party")
    if not changes:
        return shipped
    rules = shipped.rules | {"version": 100 + next(NUMBERS)}
    rules |= {"publish": rules["publish"] | changes.pop("publish", {})} | changes
    return RulePack.objects.create(
        code="four_party", version=rules["version"], name=shipped.name, rules=rules, source=shipped.source,
        note=shipped.note, effective_from=shipped.effective_from, sha256="0" * 64,
    )  # fmt: skip


def meeting_of(world: World, *, state: str = "in_session", council: Council | None = None, **rules: Any) -> Meeting:
    """A meeting that sits now."""
    return Meeting.objects.create(
        council=council or world.council, year=2026, serial=next(NUMBERS), planned_at=world.now, venue="居委会二楼",
        state=state, pack=pack(**rules), sign_in_salt="", opened_at=world.now, created_by=world.secretary,
        created_at=world.now,
    )  # fmt: skip


def in_discussion(
    world: World, *, meeting: Meeting | None = None, case: Case | None = None, text: str = TEXT, **rules: Any
) -> AgendaItem:
    """An item that is discussed, with its draft."""
    case = case or world.case("deliberating")
    sitting = meeting or meeting_of(world, **rules)
    position = sitting.items.count() + 1
    item = AgendaItem.objects.create(
        meeting=sitting, position=position, topic=Topic.objects.get(cases=case), state=ItemState.IN_DISCUSSION
    )
    DraftText.objects.create(
        item=item, n=1, body=text, sha256=digest(text), written_by=world.secretary, written_at=world.now
    )
    return item


def formed(
    world: World, item: AgendaItem | None = None, outcome: DecisionOutcome = DecisionOutcome.ADOPTED, **given: Any
) -> Decision:
    """What the item came to, not posted yet; the matter is one that the council decides itself."""
    item = item or in_discussion(world, **given)
    with transaction.atomic():
        locked_council(item.meeting.council_id)
        text = item.drafts.get().body
        return form_decision(item, outcome=outcome, text=text, actor=world.secretary, now=world.now)


def planned(world: World, decision: Decision | None = None, **given: Any) -> Decision:
    """With one thing to do within ten days."""
    decision = decision or formed(world, **given)
    plan_follow_ups(decision_id=decision.pk, actor=world.secretary, now=world.now, tasks=[task(world)])
    return decision


def posted(world: World, decision: Decision | None = None, now: datetime | None = None, **given: Any) -> Notice:
    """On the wall since Monday at nine."""
    decision = planned(world, decision, **given)
    at = now or world.now
    return publish_decision(decision_id=decision.pk, actor=world.secretary, now=at, channels="小区公告栏")


def state_of(row: Any) -> str:
    """The state as the database has it."""
    return type(row)._default_manager.values_list("state", flat=True).get(pk=row.pk)  # type: ignore[no-any-return]


def last_second(day: date) -> datetime:
    """The end of a day here."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)
