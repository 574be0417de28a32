"""Chainable filters of cases; `visible_to` is the one door to read."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, models, transaction
from django.db.models import F, Func, Q, Value

from cases.lib.bigrams import query_terms
from cases.terms import END_STATES, Role

if TYPE_CHECKING:
    from cases.models import Case, User  # noqa: F401  # Case stands in the base class, as text

# A household contact sees own reports only; an administrator sees configuration, not cases.
FEW = 2000  # hits that are looked up one by one
WALKING = (
    "SELECT set_config('enable_seqscan', %s, true), set_config('enable_indexscan', %s, true),"
    " set_config('enable_indexonlyscan', %s, true)"
)
AREA_ROLES = (Role.GRID_WORKER, Role.DESK, Role.DISPATCHER, Role.SURVEY_DESK, Role.SUPERVISOR, Role.LEADER)


class CaseQuerySet(models.QuerySet["Case"]):
    def update(self, **kwargs: Any) -> int:
        """Refuses `state`: only a command moves a case (D1)."""
        if "state" in kwargs:
            raise TypeError("Only a command of workflows moves a case; update(state=…) is refused.")
        return super().update(**kwargs)

    def visible_to(self, viewer: "User") -> Self:
        """What this person may see today."""
        return self.filter(self.seen_by(viewer))

    def seen_by(self, viewer: "User", through: str = "") -> Q:
        """What this person may see today, as a condition: the one place where scope is decided.

        `through` is the way to the case from rows of another table ("case__"): a join costs less than a subquery.

        An area role sees its subtree; a team sees its cases, those it helps with and those of where it is
        stationed; a council sees what was referred to it; everybody sees what they reported; auditors see all.
        """
        grants = viewer.grants()
        if grants.has(Role.AUDITOR):
            return Q()
        seen = Q(**{f"{through}reported_by": viewer})
        for path in {*grants.area_paths(AREA_ROLES), *grants.posted_paths}:
            seen |= Q(**{f"{through}area__path__startswith": path})
        if teams := grants.team_ids():
            joint = self.model.co_teams.through.objects.filter(team_id__in=teams).values("case_id")
            seen |= Q(**{f"{through}team_id__in": teams}) | Q(**{f"{through}pk__in": joint})
        if councils := grants.council_ids():
            seen |= Q(**{f"{through}council_id__in": councils})
        return seen

    def open(self) -> Self:
        """Not ended yet."""
        return self.exclude(state__in=END_STATES)

    def ended(self) -> Self:
        """With an outcome."""
        return self.filter(state__in=END_STATES)

    def overdue(self, now: datetime) -> Self:
        """Open and past the limit of its stage."""
        return self.open().filter(due_at__lte=now)

    def due_soon(self, now: datetime) -> Self:
        """Open and past the warning but not the limit."""
        return self.open().filter(due_at__gt=now, warn_at__lte=now)

    def not_kept(self) -> Self:
        """With events that the kept figures do not know of yet."""
        return self.exclude(kept_version=F("version"))

    def matching(self, words: str) -> Self:
        """Whose number, title, description or place holds every word; of a Latin word a part is enough."""
        terms = query_terms(words)
        found = self if terms or not words.strip() else self.none()
        for term in terms:
            if term == term.strip():
                found = found.filter(Q(search_terms__contains=term) | Q(number__icontains=term))
        return found.holding([term.strip() for term in terms if term != term.strip()])  # pairs of characters

    def holding(self, terms: Sequence[str]) -> Self:
        """Whose words hold each of these terms, whole. On PostgreSQL, few hits are found by `case_terms` at once."""
        if not terms:
            return self
        if connections[self.db].vendor != "postgresql":
            found = self
            for term in terms:
                found = found.filter(search_terms__contains=f" {term} ")
            return found
        held = self.filter(HoldsTerms(F("search_terms"), Value(list(terms))))
        keys = _few_keys(held)
        return held if keys is None else self.filter(pk__in=keys)


def _few_keys(held: CaseQuerySet) -> list[int] | None:
    """The keys of the rows, None when they are many: then walking the newest first finds a page of them soon.

    The planner believes the same of rare words, and of two common ones that never stand together, and walks through
    a million rows in vain: for this one question it may use nothing but the index of terms.
    """
    with transaction.atomic(using=held.db), connections[held.db].cursor() as cursor:
        cursor.execute(WALKING, ["off"] * 3)
        keys = list(held.order_by().values_list("pk", flat=True)[: FEW + 1])
        cursor.execute(WALKING, ["on"] * 3)
    return keys if len(keys) <= FEW else None


class HoldsTerms(Func):
    """Whether search terms hold all of some: the expression of the index `case_terms`, letter by letter."""

    template = "string_to_array(btrim(%(expressions)s::text[]"
    arg_joiner = "), ' ') @> "
    output_field = models.BooleanField()
