"""The roll of an owners' ballot: one elector for each owner of the register, frozen when the ballot opens."""

from collections import defaultdict
from collections.abc import Sequence

from cases.council_terms import AreaSource
from cases.models import Area, Case, Council, Elector, OwnedUnit, Poll
from cases.terms import AreaLevel
from workflows.council.register_sheet import natural

WEAKEST_FIRST = (AreaSource.CONTRACT, AreaSource.SURVEY, AreaSource.REGISTER)  # as a court would trust them
BETWEEN = "、"
LABEL_LENGTH = 60


def estate_of(case: Case, council: Council) -> Area | None:
    """Whose register counts: of the estate in which the case lies, else of the area of the council."""
    above = Area.objects.filter(level=AreaLevel.ESTATE, path__in=_paths(case.area)).first()
    places = [area for area in (above, council.area) if area is not None]
    return next((area for area in places if has_register(area)), None)


def has_register(area: Area) -> bool:
    """Whether the owners of an area are known."""
    return OwnedUnit.objects.filter(area=area).exists()


def electors_of(poll: Poll, area: Area) -> list[Elector]:
    """The roll, not saved, in the order of the units: heads, the sum of the areas, and where the weakest is from."""
    owned: dict[int, list[OwnedUnit]] = defaultdict(list)
    for unit in OwnedUnit.objects.filter(area=area):
        owned[unit.owner_id].append(unit)
    roll = []
    for owner_id, units in owned.items():
        units.sort(key=lambda unit: natural(unit.number))
        sources = {unit.area_source for unit in units}
        roll.append(
            Elector(
                poll=poll,
                voter=f"owner:{owner_id}",
                owner_id=owner_id,
                label=label_of([unit.number for unit in units]),
                head=1,
                area_cm2=sum(unit.area_cm2 for unit in units),
                area_source=next(source for source in WEAKEST_FIRST if source in sources),
            )
        )
    return sorted(roll, key=lambda elector: natural(elector.label))


def label_of(units: Sequence[str]) -> str:
    """The units as the roll prints them; the first ones and how many there are when they are too many for it."""
    label = BETWEEN.join(units)
    if len(label) <= LABEL_LENGTH:
        return label
    tail = f"…{len(units)}"
    shown = list(units)
    while len(shown) > 1 and len(BETWEEN.join([*shown, tail])) > LABEL_LENGTH:
        shown.pop()
    return BETWEEN.join([*shown, tail])


def elector_of_unit(poll: Poll, unit: str) -> Elector | None:
    """The elector whose line of the frozen roll names this unit."""
    found = poll.electors.filter(label__contains=unit) if unit else poll.electors.none()
    return next((elector for elector in found if unit in elector.label.split(BETWEEN)), None)


def _paths(area: Area) -> list[str]:
    return [area.path[:end] for end in range(area.steplen, len(area.path) + 1, area.steplen)]
