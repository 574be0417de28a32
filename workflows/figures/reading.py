"""Which cases a figure is about, and their lives read from the history as of a moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from cases.models import Area, Campaign, Case, CaseEvent, Category, Team, User
from cases.querysets import CaseQuerySet
from workflows.figures.lives import ASKED_FOR, Life, Said, lives

CHUNK = 5000
COLUMNS = ("case_id", "type", "at", "state", "data")


@dataclass(frozen=True)
class Question:
    """Cases reported from one day to another, inclusive, of an area and all below it, a team, a category, a campaign;
    by what was known at `as_of`, now when None.

    Everything is taken from the events: category and team are those of that moment, not of today.
    """

    since: date | None = None
    until: date | None = None
    area: Area | None = None
    team: Team | None = None
    category: Category | None = None
    campaign: Campaign | None = None
    as_of: datetime | None = None

    def fits(self, life: Life) -> bool:
        """Whether a life belongs to it; the area and the days are asked of the database."""
        if life.reported_at is None:
            return False
        return (
            (self.team is None or life.team == self.team.pk)
            and (self.category is None or life.category == self.category.code)
            and (self.campaign is None or life.campaign == self.campaign.code)
        )


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())


def cases_of(question: Question, viewer: User | None) -> CaseQuerySet:
    """The cases among which to look: of the scope of the viewer, all of them for None (the command line)."""
    rows = Case.objects.visible_to(viewer) if viewer else Case.objects.all()
    if question.since:
        rows = rows.filter(reported_at__gte=_moment(question.since))
    if question.until:
        rows = rows.filter(reported_at__lt=_moment(question.until + timedelta(days=1)))
    if question.campaign:  # told once, by the report, and never changed
        rows = rows.filter(campaign=question.campaign)
    if question.area:
        rows = rows.filter(area__path__startswith=question.area.path)
    return rows


def read_lives(question: Question, viewer: User | None = None) -> Iterator[Life]:
    """The lives of the cases of a question, read in chunks: memory stays the same however many there are."""
    rows = CaseEvent.objects.filter(case__in=cases_of(question, viewer), type__in=[kind.value for kind in ASKED_FOR])
    if question.as_of:
        rows = rows.filter(at__lte=question.as_of)
    said = rows.order_by("case_id", "seq").values_list(*COLUMNS).iterator(chunk_size=CHUNK)
    return (life for life in lives(Said(*row) for row in said) if question.fits(life))
