"""The words of a message: made from the event for one recipient, in their language, with nobody's data in them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import TextChoices
from django.urls import reverse
from django.utils import timezone, translation

from cases.commands import link_token, resident_link
from cases.lib.masking import mask_address, mask_name, mask_phone, mask_text
from cases.models import Answer, Case, CaseEvent, Reporter, User
from cases.terms import ClockKind, RequestKind, ResultCode, Satisfaction, State
from notifications.audience import callers, row_of
from notifications.channels.base import Message, Recipient
from notifications.council_words import council_words
from notifications.destinations import path_of
from notifications.texts import Texts, current_texts, told_for, worded
from notifications.wordings import wording_of
from workflows.invitations import invitation_of, invitation_token

WORDS: dict[str, type[TextChoices]] = {
    "clock": ClockKind,
    "kind": RequestKind,
    "result_code": ResultCode,
    "satisfaction": Satisfaction,
}
MOMENTS = ("due_at", "until", "review_at")


class NotTheirs(LookupError):
    """The case does not speak to this resident any more: it was split off since."""


def render(  # whom, how, and for whom
    event: CaseEvent,
    recipient: Recipient,
    *,
    language: str,
    now: datetime,
    for_whom: User | None = None,
    texts: Texts | None = None,
) -> Message:
    """The message of an event, plain and, where a template is there, HTML; `for_whom` is away. Raises NotTheirs.

    `texts` are those in use, read once by who renders many; else they are asked for.
    """
    texts = current_texts() if texts is None else texts
    own = recipient.language if isinstance(recipient, Reporter) else ""
    with translation.override(language or own or settings.LANGUAGE_CODE):
        if isinstance(recipient, Reporter):
            words = _for_resident(event, recipient, now)
            message = worded(event.type, words, resident=True, texts=texts)
            return replace(message, unsubscribe=words["messages_url"].removesuffix("messages/") + "stop/")
        words = council_words(event) if event.council else _for_staff(event)
        words |= {"messages_url": settings.BASE_URL + reverse("notifications:settings")}
        message = worded(wording_of(event.type, event.data), words, resident=False, texts=texts)
        return told_for(message, str(for_whom), texts=texts) if for_whom else message


def number_of(event: CaseEvent) -> str:
    """What an event is about, in a word: the number of a case, the name of a council."""
    return str(event.council) if event.council else event.case.number


def _for_staff(event: CaseEvent) -> dict[str, Any]:
    case = event.case
    here = case.state == event.state  # its facts are still those of the event
    return {
        **facts_of(event, case),
        "area": case.area.full_name,
        "category": case.category.name if case.category else "",
        "team": case.team.name if case.team else "",
        "actor": str(event.actor) if event.actor else "",
        "due_at": case.due_at if here and "due_at" not in event.data else None,
        "to_call": "、".join(_to_call(event)),
        "url": settings.BASE_URL + path_of(event),
    }


def _to_call(event: CaseEvent) -> Iterator[str]:
    """Numbers of the cases whose reporter is to be called with this answer."""
    told = row_of(event)
    if callers not in told.colleagues:
        return
    case = event.case
    if case.reporter and case.reporter.needs_call:
        yield case.number
    if told.merged_too:
        for other in case.merged_cases.filter(state=State.MERGED).select_related("reporter").order_by("pk"):
            if other.reporter and other.reporter.needs_call:
                yield other.number


def _for_resident(event: CaseEvent, reporter: Reporter, now: datetime) -> dict[str, Any]:
    case = own_case(event, reporter)
    kind = event.type.removeprefix("case.")
    answer = Answer.objects.filter(case=case, reporter=reporter, kind=kind, answered_at=event.at).first()
    token = link_token(resident_link(case, now=now))
    invitation = invitation_of(event) if case.pk == event.case.pk else None
    hidden = {r for r in (reporter, event.case.reporter) if r}
    return {
        **facts_of(event, case),
        "answer": masked(answer.text, hidden) if answer else "",
        "merged": case.pk != event.case.pk,
        "url": settings.BASE_URL + reverse("public:case", kwargs={"token": token}),
        "messages_url": settings.BASE_URL + reverse("public:messages", kwargs={"token": token}),
        "survey_url": settings.BASE_URL + reverse("public:rate", args=[invitation_token(invitation)])
        if invitation
        else "",
    }


def own_case(event: CaseEvent, reporter: Reporter) -> Case:
    """The case that this resident raised: that of the event, or one merged into it."""
    if event.case.reporter_id == reporter.pk:
        return event.case
    merged = Case.objects.filter(main_case=event.case, state=State.MERGED, reporter=reporter)
    if own := merged.select_related("reporter").order_by("pk").first():
        return own
    raise NotTheirs(event.pk)


def facts_of(event: CaseEvent, case: Case) -> dict[str, Any]:
    """Number, title and what the event says, fit to be shown."""
    hidden = {r for r in (case.reporter, event.case.reporter) if r}
    return {"number": case.number, "title": masked(case.title, hidden), "said": _said(event.data, hidden)}


def _said(data: dict[str, Any], hidden: set[Reporter]) -> dict[str, Any]:
    """What the event says, fit to be shown: codes as words, moments as moments, free text masked."""
    said: dict[str, Any] = {}
    for key, value in data.items():
        if key in WORDS:
            said[key] = dict(WORDS[key].choices).get(value, "")
        elif key in MOMENTS and isinstance(value, str):
            said[key] = _moment(value)
        else:
            said[key] = _shown(value, hidden)
    return said


def _shown(value: Any, hidden: set[Reporter]) -> Any:
    if isinstance(value, str):
        return masked(value, hidden)
    if isinstance(value, list):
        return [_said(item, hidden) if isinstance(item, dict) else _shown(item, hidden) for item in value]
    return _said(value, hidden) if isinstance(value, dict) else value


def _moment(text: str) -> datetime | str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found if timezone.is_aware(found) else text


def masked(text: str, residents: Iterable[Reporter]) -> str:
    """Free text without numbers that identify, and without the name, address and phone of these residents."""
    for resident in residents:
        for whole, short in (
            (resident.address, mask_address(resident.address)),
            (resident.name, mask_name(resident.name)),
            (resident.phone, mask_phone(resident.phone)),
        ):
            letters = "".join(whole.split())
            if len(letters) > 1:  # people write the same address with and without spaces
                found = re.compile(r"\s*".join(map(re.escape, letters)))
                text = short.join(found.split(text))
    return mask_text(text)
