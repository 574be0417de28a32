"""The small forms of an item, made where they are shown: those that were refused come back as they were typed."""

from collections.abc import Mapping

from django import template

from cases.models import AgendaItem, Council
from workflows.forms.meetings import CouncilForm, DraftForm, NoteForm, ReasonForm, ReferForm, StatementForm

register = template.Library()
FORMS: dict[str, type[CouncilForm]] = {
    "draft": DraftForm, "adjourn": ReasonForm, "withdraw": ReasonForm, "refer": ReferForm, "note": NoteForm,
    "statement": StatementForm,
}  # fmt: skip


@register.simple_tag
def item_form(act: str, item: AgendaItem, council: Council, bound: Mapping[str, CouncilForm]) -> CouncilForm:
    """The form of one act of one item; a draft begins with its newest wording."""
    refused = bound.get(f"{act}_{item.pk}")
    if refused is not None:
        return refused
    drafts = list(item.drafts.all()) if act == "draft" else []
    initial = {"body": drafts[-1].body} if drafts else {}
    return FORMS[act](council=council, initial=initial, auto_id=f"id_{act}_{item.pk}_%s")
