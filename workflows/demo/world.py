"""What every story of the demonstration is told with: the days, the places, the people, and dice from one seed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from cases.commands import Person
from cases.models import Campaign, Category, User
from workflows.demo.days import Days
from workflows.demo.matters import Matter
from workflows.demo.names import residents
from workflows.demo.places import BUILDINGS, GRIDS, Places
from workflows.demo.steps import Scene

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

    def dice(self, *of: object) -> Random:
        """Dice of one story: the same seed throws the same, however many other stories there are."""
        return Random(f"{self.seed}:{of}")  # noqa: S311  # a story that can be told again, no secret

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
