"""Filters for rows of cases: masked text and names, the look of a stage."""

from django import template

from cases.lib.masking import mask_name, mask_text
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


@register.filter
def masked(text: str) -> str:
    """Free text without the numbers that identify a person."""
    return mask_text(text or "")


@register.filter
def masked_name(name: str) -> str:
    """The family name only."""
    return mask_name(name or "")


@register.filter
def look(case: Case) -> str:
    """The class of the badge of its stage."""
    state = State(case.state)
    return f"badge--{'grey' if state in END_STATES else LOOKS.get(state, 'blue')}"
