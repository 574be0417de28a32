"""How figures are written."""

from django import template

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """0.9774 → 97.7%; a dash when there was nothing to divide by."""
    return "—" if share is None else f"{share:.1%}"


@register.filter
def signed(number: float) -> str:
    """3 → +3, -0.51 → −0.5, 0 → 0: more or less than before."""
    if isinstance(number, int):
        return f"{number:+d}".replace("-", "−") if number else "0"
    return f"{number:+.1f}".replace("-", "−")
