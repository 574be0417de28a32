"""How figures are written."""

from django import template

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """0.9774 → 97.7%; a dash when there was nothing to divide by."""
    return "—" if share is None else f"{share:.1%}"
