"""The text with which an answer to a resident begins: by category and result, to be edited by a person."""

import re

from django.db.models import F, Q

from cases.models import AnswerTemplate, Case

NAMED = re.compile(r"\{(\w+)\}")  # not str.format: it would read attributes, too


def suggested_answer(case: Case) -> str:
    """The text of the category for this result, else the general one, else what the team wrote."""
    fitting = AnswerTemplate.objects.filter(
        Q(category=case.category_id) | Q(category=None), active=True, result_code=case.result_code
    )
    template = fitting.order_by(F("category").asc(nulls_last=True)).first() if case.result_code else None
    if template is None:
        return case.result_text
    known = {
        "title": case.title,
        "place": case.place,
        "team": case.team.name if case.team else "",
        "result": case.result_text,
        "promised_date": case.promised_date.isoformat() if case.promised_date else "",
    }
    return NAMED.sub(lambda found: known.get(found[1], found[0]), template.text)
