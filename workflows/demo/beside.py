"""Cases of the year that belong to no campaign: what went well and what did not, from all over the district."""

from collections.abc import Iterator
from datetime import timedelta

from workflows.demo.days import Story
from workflows.demo.drive import PLAIN, Hours
from workflows.demo.stories import CHECKED, DAY, WORK
from workflows.demo.telling import told
from workflows.demo.world import HOUSES, World

YEAR, RECENT = timedelta(days=350), timedelta(days=30)
AGAIN: Hours = [("submit", 2 * DAY), ("verify", 4.0)]
PING_PONG: Hours = [
    ("ask_return", 3), ("agree", 2), ("dispatch_elsewhere", 2), ("sign_elsewhere", 3),
    ("return_elsewhere", 6), ("agree", 3), ("dispatch", 2), ("sign", 2),
]  # fmt: skip
ENDINGS: tuple[Hours, ...] = (
    [*CHECKED, ("satisfied", 6)],
    [*WORK, *PING_PONG, *AGAIN, ("fair", 9)],
    [*CHECKED, ("dissatisfied", 7)],
    [*WORK, ("urge", 75), ("order", 5), ("reply", 8), *AGAIN],
    [*CHECKED, ("unsolved", 8), ("decline", 5)],
    [("reject", 4)],
    [*WORK, ("submit", 20), ("send_back", 6), *AGAIN, ("satisfied", 5)],
    [*CHECKED, ("unsolved", 9), ("reopen", 6), *AGAIN, ("dissatisfied", 8)],
    [*WORK, ("ask_hold", 14), ("agree", 4), ("resume", 120), *AGAIN],
    [*CHECKED, ("satisfied", 12)],
    [*WORK[:1], ("ask_void", 3), ("agree", 4)],
    [*WORK, ("submit_planned", 20), ("verify", 6), ("satisfied", 9)],
)  # fmt: skip


def beside(world: World, count: int) -> Iterator[Story]:
    """So many of them, spread over the year before the last weeks."""
    estates = world.places.estates
    for n in range(count):
        dice = world.dice("beside", n)
        scene = world.scene(
            estates[n * 11 % len(estates)], dice.choice(PLAIN), dice.randint(1, HOUSES), person=next(world.residents)
        )
        begin = world.days.now - RECENT - (YEAR - RECENT) * dice.random()
        script = [(name, hours * dice.uniform(0.7, 1.1)) for name, hours in ENDINGS[n % len(ENDINGS)]]
        yield told(world.days, scene, world.days.later(begin, 0.1), [("report", 0.0), *script])
