"""Filters for rows of cases: masked text, the look of a stage, short places."""

from django import template

from cases.lib.masking import mask_text
from cases.models import Case
from cases.terms import END_STATES, State

register = template.Library()

LOOKS = {
    State.SUBMITTED: "green",
    State.ANSWERED: "green",
    State.INFO_REQUESTED: "amber",
    State.ON_HOLD: "amber",
    State.REOPEN_REQUESTED: "red",
}
STEP = " · "  # between the places of a full name


@register.filter
def masked(text: str) -> str:
    """Free text without the numbers that identify a person."""
    return mask_text(text or "")


@register.filter
def look(case: Case) -> str:
    """The class of the badge of its stage."""
    state = State(case.state)
    return f"badge--{'grey' if state in END_STATES else LOOKS.get(state, 'blue')}"


@register.filter
def near(area: object) -> str:
    """The last three steps of a place: the estate, the grid and the building."""
    return STEP.join(str(area).split(STEP)[-3:])
