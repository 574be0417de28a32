"""The last weeks: one case of every kind of standing, so that each page has something to show today."""

from collections.abc import Iterator

from cases.terms import Source
from workflows.demo.days import Story
from workflows.demo.households import resident_of
from workflows.demo.matters import MATTERS, Matter
from workflows.demo.places import HOME
from workflows.demo.steps import Scene
from workflows.demo.stories import DAY, STORIES, WORK, Steps, cases
from workflows.demo.telling import moments_before, told
from workflows.demo.world import HOUSES, World

PRESSING_WITHIN = 6 * DAY  # an older urgent case would only be one more that is late
COUNCILS = (HOME, "东湖花园")
HOURS_OF_WORK = sum(gap for _, gap in WORK)
PHOTO_CATEGORY_STEPS = frozenset({"submit", "submit_planned"})
Told = list[tuple[int, Steps, float]]


def recent(world: World, share: float = 1.0) -> Iterator[Story]:
    """So large a share of them, but at least one of every story."""
    known = list(cases())
    known = known[: max(round(len(known) * share), len(STORIES))]
    for n, steps, idle in known:
        names = {name for name, _ in steps}
        subject = _same_matter(idle, known) if "merge" in names else n
        scene = world.scene(
            _estate(subject, world, needs_council="refer" in names),
            _matter(subject, submits=bool(names & PHOTO_CATEGORY_STEPS)),
            subject // 2 % HOUSES + 1,
            is_pressing=idle + sum(gap for _, gap in steps) <= PRESSING_WITHIN,
        )
        _reported(scene, n, world)
        shift = n * 7 % 25 / 100  # up to a quarter of an hour, or all would happen at once
        begin = world.days.before(world.days.now, idle + shift + sum(gap for _, gap in steps))
        moments = moments_before(world.days, [("report", 0.0), *steps], idle + shift)
        yield told(world.days, scene, begin, moments)


def _same_matter(idle: float, known: Told) -> int:
    """The case in hand that a case merged `idle` hours ago tells of again."""
    return next(n for n, steps, since in known if steps == WORK and since + HOURS_OF_WORK > idle + 2)


def _estate(n: int, world: World, *, needs_council: bool) -> str:
    """Every second case is at home, so that the people with a login have something to do."""
    if needs_council:
        return COUNCILS[n % 2]
    return HOME if n % 2 == 0 else world.places.estates[n // 2 % len(world.places.estates)]


def _matter(n: int, *, submits: bool) -> Matter:
    matter = MATTERS[n % len(MATTERS)]
    is_free_of_photos = matter.category != "202"
    return matter if is_free_of_photos or not submits else MATTERS[0]


def _reported(scene: Scene, n: int, world: World) -> None:
    """By whom, and whether somebody raised it."""
    scene.person = next(world.residents)
    if scene.estate == HOME and scene.building == 1:
        scene.source, scene.household = Source.HOUSEHOLD, world.doors[HOME][-1 - n // 12 % 8]
        scene.person = resident_of(scene.household)
    elif n % 5 == 1:
        scene.source = Source.DESK
    elif n % 7 == 5:  # noqa: PLR2004
        scene.source = Source.RESIDENT
    elif n % 4 == 0:
        scene.person = None  # seen by the grid worker, raised by nobody
