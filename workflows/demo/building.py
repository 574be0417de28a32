"""Builds the demonstration: every story of the year up to now, lived in the order of its moments."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import F

from cases.models import Area, Case, CaseEvent
from workflows.boundaries import invent_boundaries
from workflows.council.packs import seed_packs
from workflows.demo.beside import beside
from workflows.demo.councils import home_stories
from workflows.demo.days import Days, Progress
from workflows.demo.drive import make_campaign, suggestions
from workflows.demo.hard_ones import IN_CAMPAIGN, hard_ones
from workflows.demo.households import appoint_heads, enter, rounds
from workflows.demo.matters import make_categories
from workflows.demo.people import make_people
from workflows.demo.places import DISTRICT, ROOT, make_places
from workflows.demo.recent import recent
from workflows.demo.sittings import evening
from workflows.demo.size import Size, scaled
from workflows.demo.training import make_training
from workflows.demo.world import World
from workflows.demo.year import coming, fill, sittings
from workflows.keeping.fold import fold_all
from workflows.limits import default_calendar
from workflows.seed import YEARS, seed_all

SEED = 2026
MANY_OBJECTS = 200_000
HOME_MEETINGS, HOME_MATTERS = 1, 4  # told in `councils`


@dataclass(frozen=True)
class District:
    """What is there: built now, or found."""

    created: bool
    cases: int
    states: dict[str, int]


@transaction.atomic
def build_district(
    now: datetime, *, scale: float = 1.0, seed: int = SEED, progress: Progress | None = None
) -> District:
    """Build the district, once; all of it or, when it is interrupted, nothing.

    The same seed, scale and moment give the same district. Raises ValueError for a scale outside (0, 1].
    """
    size = scaled(scale)
    created = not Area.objects.filter(code=ROOT).exists()
    if created:
        world = empty_district(now, size, seed, progress)
        _tell(world, size)
        with _rare_collections():
            world.days.live()
        # These days were never lived: nobody is sent the messages of the weeks before.
        CaseEvent.objects.filter(at__lt=now - timedelta(days=1)).update(relayed_at=F("at"))
        fold_all()  # the first page need not wait for the figures of a year
    states = Counter(Case.objects.filter(area__path__startswith=_root_path()).values_list("state", flat=True))
    return District(created, states.total(), dict(sorted(states.items())))


@contextmanager
def _rare_collections() -> Iterator[None]:
    """What was read so far is kept anyhow: to look it over for garbage time and again takes a tenth of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(MANY_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _root_path() -> str:
    return str(Area.objects.values_list("path", flat=True).get(code=ROOT))


def empty_district(now: datetime, size: Size, seed: int = SEED, progress: Progress | None = None) -> World:
    """Nothing has happened yet: calendars, limits, rules, places with their heads, people, households, the campaign."""
    seed_all(range(YEARS.start, max(YEARS.stop, now.year + 2)), now=now)
    seed_packs()
    since = date(now.year - 2, 1, 1)
    places = make_places(since, size.estates)
    invent_boundaries(places.areas[DISTRICT])
    people, days = make_people(places, since), Days(now, default_calendar(), progress)
    opened = datetime.combine(since, time(9), now.tzinfo)
    appoint_heads(places, people, opened)
    world = World(days, places, people, make_categories(), seed, make_campaign(now, places, people, size))
    world.doors = enter(places, people, opened)
    return world


def _tell(world: World, size: Size) -> None:
    """All stories begin. What councils decide on is known first: so many evenings, so many matters in all."""
    special, hard = hard_ones(world)
    usual = sittings(world, size.meetings - len(special) - HOME_MEETINGS)
    driven = list(suggestions(world, size, usual, IN_CAMPAIGN))
    fill(world, usual, size.matters - HOME_MATTERS - sum(len(s.items) for s in special))
    others = [*beside(world, size.beside), *recent(world, size.recent), *rounds(world)]
    for story in [*driven, *hard, *others, *make_training(world, size.participants)]:
        world.days.begin(story)
    for sitting in [*special, *usual, *coming(world, size.coming)]:
        world.days.begin(evening(world, sitting))
    for story in home_stories(world):
        world.days.begin(story)
