"""How the messages about a case went, for pages of others: named by their templates, imported by nobody."""

from typing import Any

from django import template

from cases.models import Case, User
from notifications import journal

register = template.Library()


@register.inclusion_tag("notifications/_case_journal.html", takes_context=True)
def case_journal(context: dict[str, Any], case: Case) -> dict[str, Any]:
    """The panel, for those who may read it; nothing for others."""
    viewer = getattr(context.get("request"), "user", None)
    if not isinstance(viewer, User) or not journal.may_read(viewer):
        return {"may_read": False}
    return {"may_read": True, "entries": journal.of_case(case, viewer)}
