"""The campaign: each suggestion from the visit to the word of the resident, and the few that are not solved yet."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from cases.campaign_terms import GoalKind, QuestionKind
from cases.campaigns import Asked, CampaignPlan, publish_form, save_campaign
from cases.models import Campaign, User
from cases.terms import Source
from workflows.demo.days import Story
from workflows.demo.households import resident_of
from workflows.demo.matters import MATTERS, Matter
from workflows.demo.places import DISTRICT, Places
from workflows.demo.sittings import IN_EFFECT, TASK, Item, Sitting
from workflows.demo.size import Size
from workflows.demo.steps import Scene
from workflows.demo.telling import Script, moments_before, told
from workflows.demo.world import HOUSES, World

CODE = "ZZXC"
LASTS = timedelta(days=358)  # longer than the year in which councils meet: all their evenings belong to it
Hours = list[tuple[str, float]]
PLAIN = tuple(matter for matter in MATTERS if matter.category != "202")  # that one wants a photograph
# Whoever was not satisfied before is asked while somebody stands at the door: else what counts is what they said then.
AT_ONCE = ("satisfied", 0.02)
COUNCIL_CATEGORIES = frozenset({"101", "102", "103", "104", "301", "302", "402", "501", "601", "602"})
FOR_COUNCILS = tuple(matter for matter in PLAIN if matter.category in COUNCIL_CATEGORIES)
STARTING = timedelta(days=40)  # before an evening whatever it decides on was reported
SETTLED = timedelta(days=45)  # an evening so long ago has been carried out
SINCE_WHEN = ("一个月以内", "半年以内", "半年以上")
QUESTIONS = (
    Asked("这件事有多久了", QuestionKind.CHOICE, SINCE_WHEN),
    Asked("有几户受影响", QuestionKind.NUMBER),
)
# Those that are not solved yet: what happened so far, and how many working hours ago the last of it was.
OPEN: tuple[tuple[Hours, tuple[float, ...]], ...] = (
    ([("ask_hold", 20), ("agree", 3)], (30, 60, 100)),
    ([("submit_planned", 30), ("verify", 4)], (20, 80, 110)),
    ([], (9, 30, 55, 72)),
    ([("ask_extension", 50), ("agree", 4)], (10, 25)),
    ([("submit", 25)], (5,)),
    ([("refer", 12)], (20,)),
)  # fmt: skip


def make_campaign(now: datetime, places: Places, people: dict[str, User], size: Size) -> Campaign:
    """The drive of the year, still running: where, by whom, what it sets out to reach and what it asks."""
    begins = (now - LASTS).date()
    plan = CampaignPlan(
        code=f"{CODE}{begins.year}",
        name=f"走找想促（{begins.year}—{begins.year + 1}）",
        purpose="走基层、找问题、想办法、促发展：干部进小区收集意见建议，件件编号、交办、跟踪到办结。",
        starts_on=begins,
        areas=[places.areas[DISTRICT]],
        teams=list(places.stationed.values()),
        goals={GoalKind.SUGGESTIONS: size.suggestions, GoalKind.RESOLUTION: 95, GoalKind.SATISFACTION: 95,
               GoalKind.MEETINGS: size.meetings},
    )  # fmt: skip
    campaign = save_campaign(plan=plan, actor=people["chief"])
    publish_form(campaign=campaign, questions=QUESTIONS, actor=people["chief"], now=now - LASTS)
    return campaign


def suggestions(world: World, size: Size, sittings: Sequence[Sitting], told: int) -> Iterator[Story]:
    """All but those `told` elsewhere: those that councils decide on, those that are not solved yet, and the others."""
    first, last = world.days.now - LASTS + STARTING, world.days.now - SETTLED
    evenings = [sitting for sitting in sittings if first < sitting.at < last]
    referred = min(size.referred, len(evenings) * 2)
    for n in range(referred):
        yield _referred(world, n, evenings[n * len(evenings) // referred])
    for n in range(size.open):
        yield _open(world, n)
    for n in range(size.solved - referred - told):
        yield _solved(world, n)


def _opening(dice: Random, dispatch: str = "dispatch") -> Hours:
    """From the desk to the hands of the team."""
    return [("accept", dice.uniform(0.3, 5)), (dispatch, dice.uniform(0.3, 3.6)), ("sign", dice.uniform(0.4, 3.8))]


def _ending(dice: Random) -> Hours:
    """What the resident says: whoever says something is satisfied, every sixth says nothing."""
    if dice.random() < 1 / 6:
        return []
    return [("fair" if dice.random() < 0.12 else "satisfied", dice.uniform(1, 16))]  # noqa: PLR2004


def _raised(world: World, estate: str, matter: Matter, dice: Random) -> Scene:
    """A suggestion of the campaign: seen by the grid worker, told at the desk or by phone, or raised on a visit."""
    source = dice.choices((Source.GRID, Source.DESK, Source.RESIDENT, Source.HOUSEHOLD), (5, 2, 2, 3))[0]
    answers = {"q1": dice.choice(SINCE_WHEN), "q2": str(dice.randint(1, 40))}
    given = {"campaign": world.campaign, "answers": answers if source != Source.RESIDENT else {}}
    door = world.next_door(estate) if source == Source.HOUSEHOLD else None
    if door is not None:
        return world.scene(
            estate, matter, 1, source=source, household=door, person=resident_of(door), **given
        )  # fmt: skip
    source = Source.GRID if source == Source.HOUSEHOLD else source
    return world.scene(
        estate, matter, dice.randint(1, HOUSES), source=source, person=next(world.residents), **given
    )  # fmt: skip


def _solved(world: World, n: int) -> Story:
    dice = world.dice("solved", n)
    estates = world.places.estates
    scene = _raised(world, estates[n % len(estates)], dice.choice(PLAIN), dice)
    if n % 25 == 7:  # noqa: PLR2004  # one in 25 needs a second unit
        work = [*_opening(dice, "dispatch_jointly"), ("answer_part", dice.uniform(4, 20)), *_plainly(dice)]
    else:
        work = [*_opening(dice), *_handling(dice)]
    script = [("report", 0.0), *work, *([] if work[-1] == AT_ONCE else _ending(dice))]
    needs = sum(hours for _, hours in script) + 1
    latest = world.days.before(world.days.now, needs)
    earliest = world.days.now - LASTS + timedelta(days=1)
    begin = _at_work(world, earliest + (latest - earliest) * dice.random())
    return told(world.days, scene, min(begin, latest), script)


def _at_work(world: World, moment: datetime) -> datetime:
    """The next moment of working time."""
    return world.days.later(moment, 0.05)


def _handling(dice: Random) -> Hours:
    """How a team goes about it: mostly at once; some wait, some come back, a few are late or ask for time."""
    submit, check = ("submit", dice.uniform(8, 25)), ("verify", dice.uniform(1, 12))
    ways: tuple[tuple[Hours, float], ...] = (
        (_plainly(dice), 79),
        ([submit, ("send_back", 5), ("submit", dice.uniform(5, 20)), check], 5),  # not mended at the first time
        ([submit, check, ("unsolved", 8), ("reopen", 4), ("submit", 20), check, AT_ONCE], 3),  # handled once more
        ([("ask_hold", 12), ("agree", 3), ("resume", dice.uniform(60, 150)), ("submit", 20), check], 3),
        ([("ask_extension", dice.uniform(40, 60)), ("agree", 4), ("submit", dice.uniform(10, 45)), check], 4),
        ([("ask_return", 3), ("agree", 3), ("dispatch", 2), ("sign", 3), submit, check], 3),
        ([("urge", 74), ("submit", dice.uniform(3, 15)), check], 3),  # late
    )
    return dice.choices([way for way, _ in ways], [weight for _, weight in ways])[0]


def _plainly(dice: Random) -> Hours:
    return [("submit", dice.uniform(5, 45)), ("verify", dice.uniform(1, 12))]


def _referred(world: World, n: int, sitting: Sitting) -> Story:
    """Too much for one team: the council of the estate is asked, and its decision is carried out."""
    dice = world.dice("referred", n)
    scene = _raised(world, sitting.estate, dice.choice(FOR_COUNCILS), dice)
    sitting.items.append(Item(scene, TASK, is_own=False, needs_poll=dice.random() > 0.15))  # noqa: PLR2004
    refer = world.days.before(sitting.on(-8, 16), dice.uniform(0.5, 14))
    opening = _opening(dice)
    begin = world.days.before(refer, sum(hours for _, hours in opening) + dice.uniform(8, 30))
    carried = world.days.later(sitting.on(IN_EFFECT.days, 9), dice.uniform(1, 9))
    script: Script = [
        ("report", 0.0), *opening, ("refer", refer), ("take_up", carried), ("finish", dice.uniform(6, 35)),
        ("see_done", dice.uniform(1, 5)), ("submit", 1), ("verify", dice.uniform(1, 9)), *_ending(dice),
    ]  # fmt: skip
    return told(world.days, scene, begin, script)


def _open(world: World, n: int) -> Story:
    dice = world.dice("open", n)
    so_far, idle = OPEN[n % len(OPEN)]
    estates = world.places.estates
    scene = _raised(world, estates[n * 7 % len(estates)], dice.choice(PLAIN), dice)
    script = [("report", 0.0), *_opening(dice), *so_far]
    moments = moments_before(world.days, script, idle[n // len(OPEN) % len(idle)] + dice.uniform(0, 1))
    return told(world.days, scene, moments[0][1], moments)
