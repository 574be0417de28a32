"""Where a message leads: to the page on which it is done, in the words of `workflows.urls`."""

from django.urls import reverse

from cases.models import Case, CaseEvent, Objection, Topic
from cases.terms import EventType
from notifications.council_words import subject_of
from workflows.inboxes import Errand


def case_path(case: Case) -> str:
    """The page of a case for colleagues."""
    return reverse("workflows:case", kwargs={"number": case.number})


def path_of(event: CaseEvent) -> str:
    """Where a colleague reads on: what a council has before it, an order, a follow-up, an objection, else the case."""
    if event.council:
        return subject_of(event).path
    return _owed(event) or case_path(event.case)


def errand_path(errand: Errand) -> str:
    """Where an errand is done."""
    return _of_clock(errand.clock.order_id, errand.clock.follow_up_id) or case_path(errand.case)


def _of_clock(order: int | None, follow_up: int | None) -> str:
    if order:
        return reverse("workflows:order", args=[order])
    return reverse("council:follow_up", args=[follow_up]) if follow_up else ""


def _owed(event: CaseEvent) -> str:
    data = event.data
    if found := _of_clock(data.get("order"), data.get("follow_up")):
        return found
    if data.get("objection"):
        objected = Objection.objects.filter(pk=data["objection"]).values_list("notice__decision", flat=True).first()
        return reverse("council:decision", args=[objected]) if objected else ""
    if event.type == EventType.REFERRED_TO_COUNCIL:
        topic = Topic.objects.filter(cases=event.case_id, council=data.get("council")).order_by("-pk").first()
        return reverse("council:topic", args=[topic.pk]) if topic else ""
    return ""
