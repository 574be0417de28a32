"""三率公示: the rates of the whole district for everybody, where the district has switched it on."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from workflows.figures.rates import BY_NAME, Figure
from workflows.figures.reading import Question
from workflows.keeping.reading import reading

PUBLISHED = ("response", "resolution", "satisfaction", "on_time", "surveyed", "excluded", "reopened", "rejected")
YEAR = timedelta(days=365)
KEPT_SECONDS = 600  # a page without a login is not asked of the whole history every time


@require_safe
def published(request: HttpRequest) -> HttpResponse:
    """Both numbers and the formula of each, over the last year, the share of excluded ratings among them."""
    if not settings.PUBLIC_FIGURES:
        raise Http404
    today = timezone.localdate()
    question = Question(since=today - YEAR, until=today)
    key = f"published:{today}"
    counts = cache.get(key)
    if counts is None:
        counts = _counted(question)
        cache.set(key, counts, KEPT_SECONDS)
    figures = [Figure(BY_NAME[name], *counts[name]) for name in PUBLISHED]
    return render(request, "workflows/public_figures.html", {"figures": figures, "question": question})


def _counted(question: Question) -> dict[str, tuple[int, int]]:
    with reading(question) as reader:
        found = reader.total().tally().figures
    return {name: (found[name].numerator, found[name].denominator) for name in PUBLISHED}
