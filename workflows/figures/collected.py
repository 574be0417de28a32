"""What was answered to the questions of a campaign: how often each choice, numbers with their sum and mean."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count
from django.utils.translation import gettext as _

from cases.campaign_terms import QuestionKind, YesNo
from cases.models import Campaign, CollectedAnswer, FormQuestion


@dataclass(frozen=True)
class Collected:
    """One question in its newest words; `parts` are choices with their number, or what the numbers come to."""

    text: str
    kind: QuestionKind
    answers: int
    parts: list[tuple[str, str]]


def collected(campaign: Campaign) -> list[Collected]:
    """All questions that were ever asked, in their order; texts are only counted: they stand with each case."""
    asked = FormQuestion.objects.filter(form__campaign=campaign).order_by("form__n", "position")
    newest = {row.key: row for row in asked}
    given = CollectedAnswer.objects.filter(question__form__campaign=campaign).order_by()
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    rows = given.exclude(question__kind=QuestionKind.TEXT)
    for key, value, n in rows.values_list("question__key", "value").annotate(n=Count("pk")):
        counts[key][value] += n
    texts = given.filter(question__kind=QuestionKind.TEXT).values_list("question__key").annotate(n=Count("pk"))
    said = dict(texts)
    return [
        Collected(row.text, QuestionKind(row.kind), counts[key].total() + said.get(key, 0), _parts(row, counts[key]))
        for key, row in newest.items()
    ]


def _parts(row: FormQuestion, counted: Counter[str]) -> list[tuple[str, str]]:
    if row.kind == QuestionKind.NUMBER:
        return _of_numbers(counted)
    if row.kind == QuestionKind.YES_NO:
        return [(str(choice.label), str(counted[choice.value])) for choice in YesNo]
    others = [value for value in sorted(counted) if value not in row.choices]  # options of an older version
    return [(value, str(counted[value])) for value in [*row.choices, *others]]


def _of_numbers(counted: Counter[str]) -> list[tuple[str, str]]:
    if not counted:
        return []
    total = sum((Decimal(value) * n for value, n in counted.items()), Decimal())
    mean = (total / counted.total()).quantize(Decimal("0.01"))
    return [(_("合计"), format(total, "f")), (_("平均"), format(mean.normalize(), "f"))]
