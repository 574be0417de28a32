"""Owners of an estate, and ballots of them, for tests."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cases.council_terms import BallotChannel
from cases.models import Decision, Elector, FollowUp, Poll
from cases.terms import MatterType
from tests.decided import provisional, take_effect, task
from tests.factories import World
from workflows.council.follow_ups import plan_follow_ups
from workflows.council.owners_ballots import OwnersQuestion, open_owners_ballot, start_owners_ballot
from workflows.council.owners_votes import record_ballot
from workflows.council.packs import seed_packs
from workflows.council.register import import_register, plan_register
from workflows.council.register_sheet import read_register

HEADER = "房号,业主姓名,业主编号,专有部分面积(㎡),面积来源,电话"
DAY = timedelta(days=1)
NOTICE = 16 * DAY  # fifteen whole days
TEXT = "使用维修资金 80000 元更换 3 号楼电梯。"


def sheet_of(folder: Path, *lines: str, header: str = HEADER) -> Path:
    """A register as a CSV file."""
    path = folder / "名册.csv"
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    return path


def register(world: World, folder: Path, *lines: str) -> None:
    """Import these lines into the register of the estate of the world."""
    plan = plan_register(world.estate, read_register(sheet_of(folder, *lines)))
    import_register(area=world.estate, plan=plan, actor=world.secretary, now=world.now)


def owners(areas: Sequence[str]) -> list[str]:
    """One line for each area: units 1-101, 1-102 …, each of an owner of their own."""
    return [f"1-{100 + n},业主{n},N{n},{area},不动产登记," for n, area in enumerate(areas, 1)]


def recommended(world: World, *, matter: str = MatterType.MAINTENANCE_FUND, **given: Any) -> Decision:
    """A recommendation in a matter of the owners that has taken effect, with the follow-up that asks them."""
    seed_packs()
    case = world.case("deliberating")
    case.topics.update(matter=matter)
    decision = provisional(world, case=case)
    Decision.objects.filter(pk=decision.pk).update(**({"kind": "recommendation"} | given))
    asked = task(world, kind="owners_ballot", what="就维修资金的使用组织业主表决")
    plan_follow_ups(decision_id=decision.pk, actor=world.secretary, now=world.now, tasks=[asked])
    take_effect(world, decision)
    return Decision.objects.get(pk=decision.pk)


def question(world: World, **given: Any) -> OwnersQuestion:
    """What the owners are asked, from sixteen days on for a fortnight."""
    asked = {"pack_code": "owners_278_ordinary", "text": TEXT, "opens_at": world.now + NOTICE}
    asked["closes_at"] = world.now + NOTICE + 14 * DAY
    return OwnersQuestion(**(asked | given))


def started(world: World, decision: Decision | None = None, **given: Any) -> Poll:
    """A ballot that is announced and not open yet."""
    decision = decision or recommended(world)
    asked = question(world, **given)
    return start_owners_ballot(decision_id=decision.pk, question=asked, actor=world.secretary, now=world.now)


def opened(world: World, decision: Decision | None = None, **given: Any) -> Poll:
    """A ballot that takes votes, and the moment at which it does is `at(world)`."""
    poll = started(world, decision, **given)
    open_owners_ballot(poll_id=poll.pk, actor=None, now=poll.opens_at or world.now)
    return Poll.objects.get(pk=poll.pk)


def at(world: World, days: int = 0) -> datetime:
    """The moment at which ballots open, or some days later."""
    return world.now + NOTICE + days * DAY


def vote(world: World, poll: Poll, n: int, choice: str, **given: Any) -> None:
    """The n-th owner of the roll (from 1) votes on paper."""
    elector = list(poll.electors.all())[n - 1]
    said = {"channel": BallotChannel.PAPER, "actor": world.secretary, "now": at(world, 1)}
    record_ballot(poll_id=poll.pk, elector_id=elector.pk, choice=choice, **(said | given))


def everybody(world: World, poll: Poll, choices: Sequence[str]) -> None:
    """The owners of the roll vote in their order; empty: that one does not return."""
    for n, choice in enumerate(choices, 1):
        if choice:
            vote(world, poll, n, choice)


def elector(poll: Poll, n: int = 1) -> Elector:
    """The n-th line of the roll."""
    return list(poll.electors.all())[n - 1]


def follow_up_of(poll: Poll) -> FollowUp:
    """What asked for a ballot."""
    return FollowUp.objects.get(poll=poll)
