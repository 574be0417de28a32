"""Where a case comes from: who heads its place, the campaign and its questions, the visit on which it was raised."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from cases.models import AreaHead, Campaign, Case, CollectedAnswer, ExemplaryCase, User, Visit
from cases.terms import Source, State


@dataclass(frozen=True)
class Origin:
    """What the page of a case says of it; `campaign` is None to who does not see it, as are visits to others."""

    heads: list[AreaHead]
    campaign: Campaign | None
    answers: list[CollectedAnswer]
    visits: list[Visit]
    exemplary: ExemplaryCase | None
    may_write_up: bool


def origin_of(case: Case, viewer: User, *, now: datetime) -> Origin:
    """Read it: the heads of this day, nearest first; the answers in the words that were asked."""
    day = timezone.localdate(now)
    heads = AreaHead.objects.on(day).over(case.area).select_related("user", "area")
    answers = case.collected_answers.select_related("question") if case.campaign_id else CollectedAnswer.objects.none()
    visits = _visits_of(case, viewer, day) if case.source == Source.HOUSEHOLD else []
    seen = Campaign.objects.visible_to(viewer).filter(pk=case.campaign_id).first() if case.campaign_id else None
    known = ExemplaryCase.objects.filter(case_id=case.pk) if case.state == State.CLOSED else None
    written = known.visible_to(viewer).first() if known is not None else None
    free = known is not None and written is None and not known.exists()
    return Origin(list(heads), seen, list(answers), visits, written, free)


def _visits_of(case: Case, viewer: User, day: date) -> list[Visit]:
    seen = Visit.objects.visible_to(viewer, day).filter(cases=case)
    return list(seen.select_related("household__area", "visited_by"))
