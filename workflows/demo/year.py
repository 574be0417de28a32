"""When the councils meet in the year, and what is on the list of each evening."""

from datetime import datetime, time, timedelta
from random import Random

from cases.terms import MatterType
from workflows.demo.agenda_matters import OWN
from workflows.demo.places import HOME
from workflows.demo.sittings import NOTHING, PROJECT, REFUSED, TASK, Item, Sitting
from workflows.demo.world import HOUSES, World

FIRST, LAST = timedelta(days=340), timedelta(days=1)
HOME_LAST = timedelta(days=40)  # the weeks after that have a story of their own
EVENING = time(19)
FROM_TUESDAY_TO_THURSDAY = (1, 2, 3)  # so that a week before and the days after are days of work, too
CONSENSUS = 0.12  # so many are settled without a poll
SHARES = {
    MatterType.FACILITY: ((TASK, PROJECT, NOTHING, REFUSED), (72, 8, 14, 6)),
    MatterType.MAINTENANCE_FUND: ((NOTHING, TASK, REFUSED), (60, 32, 8)),
    MatterType.CULTURE: ((NOTHING, TASK), (62, 38)),
}
OTHERS = ((NOTHING, TASK, REFUSED), (45, 50, 5))


def sittings(world: World, meetings: int) -> list[Sitting]:
    """The evenings of all councils in the order of their moments, with nothing on their lists yet."""
    estates = world.places.estates
    found = []
    for e, estate in enumerate(estates):
        count = meetings // len(estates) + (e < meetings % len(estates))
        last = HOME_LAST if estate == HOME else LAST
        dice = world.dice("evenings", estate)
        for n in range(count):
            back = FIRST - (FIRST - last) * ((n + dice.random()) / count)
            found.append(Sitting(estate, _evening(world, world.days.now - back, last), []))
    return sorted(found, key=lambda sitting: (sitting.at, sitting.estate))


def _evening(world: World, moment: datetime, last: timedelta) -> datetime:
    """The next fitting evening; the one before it when the next would be too late."""
    calendar = world.days.calendar
    local = moment.astimezone(calendar.zone)
    latest = (world.days.now - last).astimezone(calendar.zone)
    step = timedelta(days=1)
    at = datetime.combine(local.date(), EVENING, calendar.zone)
    while at.weekday() not in FROM_TUESDAY_TO_THURSDAY:
        at += step
    while at > latest or not calendar.is_working_day(at.date()) or at.weekday() not in FROM_TUESDAY_TO_THURSDAY:
        at -= step
    return at


def an_evening(world: World, estate: str, days_ago: int) -> Sitting:
    """A sitting of an estate about so many days ago, with nothing on its list yet."""
    return Sitting(estate, _evening(world, world.days.now - timedelta(days=days_ago), LAST), [])


def coming(world: World, meetings: int) -> list[Sitting]:
    """Evenings of the next days: on the list and in the notice already, with nothing decided."""
    found = []
    for n in range(meetings):
        estate = world.places.estates[(n * 9 + 4) % len(world.places.estates)]
        sitting = Sitting(estate, world.days.on(3 + n % 3, EVENING.hour), [])
        dice = world.dice("coming", n)
        sitting.items += [_own(world, sitting, dice) for _ in range(1 + n % 2)]
        found.append(sitting)
    return found


def fill(world: World, evenings: list[Sitting], matters: int) -> None:
    """Put own matters on the lists until there are so many in all with those referred; none stays empty."""
    dice = world.dice("lists")
    wish = {id(sitting): dice.choice((1, 2, 2, 3, 3, 4)) for sitting in evenings}
    for _ in range(matters - sum(len(sitting.items) for sitting in evenings)):
        sitting = min(evenings, key=lambda one: (bool(one.items), len(one.items) - wish[id(one)], one.at, one.estate))
        sitting.items.append(_own(world, sitting, dice))


def _own(world: World, sitting: Sitting, dice: Random) -> Item:
    taken = {item.scene.matter for item in sitting.items}
    matter, words = dice.choice([row for row in OWN if row[1] not in taken])
    outcomes, weights = SHARES.get(matter, OTHERS)
    scene = world.scene(sitting.estate, words, dice.randint(1, HOUSES))
    outcome = dice.choices(outcomes, weights)[0]
    return Item(scene, outcome, matter, needs_poll=outcome == REFUSED or dice.random() > CONSENSUS)
