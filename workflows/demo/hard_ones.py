"""Two hard ones told from the first report to the end: parking chaos in one estate, and in another a property company
that leaves, with the hand-over to the owners' committee.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cases.council_terms import FollowUpKind
from cases.models import Decision, FollowUp, Poll
from cases.terms import MatterType, Priority, Source
from workflows.council.follow_ups import Planned, plan_follow_ups
from workflows.council.owners_ballots import (
    OwnersQuestion,
    certify_owners_ballot,
    publish_owners_ballot,
    start_owners_ballot,
)
from workflows.demo.days import Story
from workflows.demo.matters import Matter
from workflows.demo.owners import UNITS, register, vote
from workflows.demo.sittings import IN_EFFECT, NOTHING, PROJECT, TASK, Item, Sitting
from workflows.demo.telling import Script, told
from workflows.demo.world import World
from workflows.demo.year import an_evening

PARKING, HANDOVER = "望江花园", "东湖花园"
PARKED, LEFT = 120, 150  # days ago the two councils met
CHAOS = Matter(
    "301",
    "{e}晚上停车混乱堵住出口",
    "晚上七点以后车停到消防通道和单元门口，救护车进不来，早高峰出不去，邻居为车位吵过几次。",
    "车位重新划线 186 个，消防通道立柱禁停，访客车限时两小时，夜间巡查两班；两周内没有再堵。",
)
MORE_SPACE = Matter(
    "301",
    "废弃花坛改建停车位",
    "拆除{e}中间两个废弃花坛，改建 24 个植草砖车位，树木移栽，费用由小区公共收益和街道社区经费列支。",
    "24 个车位建成，树木移栽成活。",
)
LEAVING = Matter(
    "401",
    "物业公司通知月底撤场",
    "物业在大门口贴通知，月底撤出{e}，保洁、门岗、电梯没人接，物业费账目也没有交代。",
    "业主委员会接收资料 128 项、钥匙 46 把和公共收益账目，临时保洁、门岗和电梯维保到位，服务没有中断。",
    Priority.URGENT,
)
ACCOUNTS = Matter(
    "401",
    "公共收益账目移交和公示",
    "原物业公司三年的公共收益账目移交业主委员会，请第三方核对后张榜。",
    "账目已移交核对，结余 21.4 万元转入业主委员会账户并张榜。",
)
CHOOSING = Matter("401", "选聘新的物业公司", "建议按招标结果选聘新的物业公司，提请业主表决。", "业主表决已通过。")
QUESTIONS = {
    CHAOS: "请各方议定：全区重新划线，消防通道禁停，访客限时两小时，夜间由物业和志愿者两班巡查，三个月后回头看。",
    LEAVING: "请各方议定：由业主委员会接收资料、钥匙和账目，临时聘请保洁、门岗，工作队驻点协调，直至选定新的物业公司。",
}


IN_CAMPAIGN = 2  # the two of them were suggestions of the campaign, and are solved


def hard_ones(world: World) -> tuple[list[Sitting], list[Story]]:
    """Their evenings, with their lists, and the lives of their cases."""
    parked, left = an_evening(world, PARKING, PARKED), an_evening(world, HANDOVER, LEFT)
    return [parked, left], [*_parking(world, parked), *_handover(world, left)]


def _referred(world: World, sitting: Sitting, matter: Matter, matter_type: MatterType) -> Item:
    scene = world.scene(
        sitting.estate, matter, 2, person=next(world.residents), campaign=world.campaign, question=QUESTIONS[matter],
        is_pressing=True, answers={"q1": "半年以上", "q2": "186"},
    )  # fmt: skip
    item = Item(scene, TASK, matter_type, is_own=False)
    sitting.items.append(item)
    world.hard.append(scene)
    return item


def _parking(world: World, sitting: Sitting) -> Iterator[Story]:
    main = _referred(world, sitting, CHAOS, MatterType.PARKING)
    sitting.items.append(Item(world.scene(sitting.estate, MORE_SPACE, 2), PROJECT, MatterType.FACILITY))
    begin = world.days.later(sitting.on(-14, 9), 0.3)
    carried = world.days.later(sitting.on(IN_EFFECT.days, 9), 1)
    yield told(world.days, main.scene, begin, [
        ("report", 0.0), ("accept", 6), ("dispatch", 1), ("sign", 2), ("refer", sitting.on(-10, 16)),
        ("take_up", carried), ("half_done", 9), ("finish", 16), ("see_done", 4), ("submit", 1), ("verify", 6),
        ("satisfied", 8),
    ])  # fmt: skip
    for n, source in enumerate((Source.RESIDENT, Source.DESK, Source.GRID)):
        again = world.scene(
            sitting.estate, CHAOS, 2, person=next(world.residents), source=source, main=main.scene, is_pressing=True
        )
        script: Script = [("report", 0.0), ("merge", 1.5)]
        yield told(world.days, again, world.days.later(begin, 0.7 + n), script)


def _handover(world: World, sitting: Sitting) -> Iterator[Story]:
    main = _referred(world, sitting, LEAVING, MatterType.PROPERTY)
    sitting.items.append(Item(world.scene(sitting.estate, ACCOUNTS, 1), TASK, MatterType.OTHER))
    choosing = Item(world.scene(sitting.estate, CHOOSING, 1), NOTHING, MatterType.PROPERTY, plan=_ask_the_owners)
    sitting.items.append(choosing)
    begin = world.days.later(sitting.on(-9, 9), 0.2)
    carried = world.days.later(sitting.on(IN_EFFECT.days, 9), 0.5)
    yield told(world.days, main.scene, begin, [
        ("report", 0.0), ("accept", 0.8), ("dispatch_jointly", 0.5), ("sign", 1), ("answer_part", 5),
        ("refer", sitting.on(-8, 10)), ("take_up", carried), ("half_done", 3), ("finish", 6), ("see_done", 3),
        ("submit", 0.5), ("verify", 4), ("satisfied", 7),
    ])  # fmt: skip
    yield _choose_a_company(world, sitting, choosing)
    taken = world.days.later(sitting.on(IN_EFFECT.days, 9), 2)
    script: Script = [
        ("dispatch", taken), ("sign", 2), ("submit_planned", 7), ("see_carried_out", 5),
        ("see_voted", sitting.on(38, 15)), ("keep", 1),
    ]  # fmt: skip
    yield told(world.days, choosing.scene, taken, script)


def _ask_the_owners(decision: Decision, item: Item, sitting: Sitting, now: datetime) -> None:
    secretary = item.scene.secretary
    day = (sitting.at + timedelta(days=60)).date()
    task = Planned(FollowUpKind.OWNERS_BALLOT, "发起业主表决选聘物业公司", item.scene.team, day)
    plan_follow_ups(decision_id=decision.pk, tasks=[task], actor=secretary, now=now)


def _choose_a_company(world: World, sitting: Sitting, item: Item) -> Story:
    """All owners are asked on paper, and the case ends with what they say."""
    secretary, scene = world.people[f"council:{sitting.estate}"], item.scene
    now = sitting.on(6, 10)
    yield now
    register(world.places.areas[sitting.estate], actor=secretary, now=now)
    opens, closes = sitting.on(23, 9), sitting.on(37, 18)
    question = OwnersQuestion("owners_278_ordinary", "同意按招标结果选聘新的物业公司，合同期三年。", opens, closes)
    decision = scene.decision
    asked = FollowUp.objects.get(decision=decision)
    poll = start_owners_ballot(
        decision_id=decision.pk, question=question, actor=secretary, now=now, follow_up_id=asked.pk
    )
    yield sitting.on(24, 9)
    vote(Poll.objects.get(pk=poll.pk), actor=secretary, now=sitting.on(24, 9), voted=UNITS - 2)
    yield sitting.on(38, 10)
    certify_owners_ballot(poll_id=poll.pk, actor=secretary, now=sitting.on(38, 10))
    publish_owners_ballot(poll_id=poll.pk, actor=secretary, now=sitting.on(38, 10))
