"""What every story of the demonstration is told with: the days, the places, the people, and dice from one seed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from cases.commands import Person
from cases.models import Campaign, Category, Household, User
from workflows.demo.days import Days
from workflows.demo.matters import Matter
from workflows.demo.names import residents
from workflows.demo.places import BUILDINGS, GRIDS, Places
from workflows.demo.steps import Scene

RAISING = 4  # of the households of an estate raise something in the campaign, once each
HOUSES = len(GRIDS) * len(BUILDINGS)  # in each estate


@dataclass
class World:
    """The district while it is lived."""

    days: Days
    places: Places
    people: dict[str, User]
    categories: dict[str, Category]
    seed: int = 1
    campaign: Campaign | None = None
    residents: Iterator[Person] = field(default_factory=residents)
    scenes: int = 0
    doors: dict[str, list[Household]] = field(default_factory=dict)  # the households of each estate
    raised: Counter[str] = field(default_factory=Counter)
    hard: list[Scene] = field(default_factory=list)  # the cases that are told from the beginning to the end

    def dice(self, *of: object) -> Random:
        """Dice of one story: the same seed throws the same, however many other stories there are."""
        return Random(f"{self.seed}:{of}")  # noqa: S311  # a story that can be told again, no secret

    def next_door(self, estate: str) -> Household | None:
        """A household of an estate that has raised nothing yet; None when all that are for this have."""
        taken = self.raised[estate]
        self.raised[estate] += 1
        return self.doors[estate][taken] if taken < RAISING else None

    def scene(self, estate: str, matter: Matter, building: int, **more: Any) -> Scene:
        """The stage for one more case."""
        self.scenes += 1
        return Scene(
            n=self.scenes,
            matter=matter,
            category=self.categories[matter.category],
            estate=estate,
            building=building,
            places=self.places,
            people=self.people,
            **more,
        )
