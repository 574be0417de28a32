"""From a report to a case that is taken on: report, request_info, supply_info, accept, reject."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases import campaigns
from cases import commands as facts
from cases.events import record_fact
from cases.lib.bigrams import bigrams
from cases.lib.masking import mask_text
from cases.lib.numbering import case_number
from cases.models import Area, Campaign, Case, Category, CollectionForm, Council, Reporter, User, Visit
from cases.terms import ClockKind, EventType, Priority, RejectReason, Role, Source
from workflows import clocks, limits
from workflows import permissions as may
from workflows.commands._transition import Moved, finish, locked, transition
from workflows.lifecycle import CaseLifecycle
from workflows.permissions import Actor


@dataclass(frozen=True)
class Report:
    """What was seen or said, as it comes from a form, a ledger or a resident."""

    area: Area
    title: str
    description: str
    place: str = ""
    category: Category | None = None
    priority: Priority = Priority.NORMAL
    source: Source = Source.GRID
    latitude: float | None = None
    longitude: float | None = None
    reporter: facts.Person | None = None
    external_ref: str = ""
    client_key: str = ""
    campaign: Campaign | None = None
    answers: Mapping[str, str] = field(default_factory=dict)  # to what the campaign asks, by key
    form: CollectionForm | None = None  # the version that was answered, the newest when None
    visit: Visit | None = None  # on which it was raised
    follows: Case | None = None
    target_at: datetime | None = None  # the limit that it brings along from elsewhere
    extra: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def report_case(*, report: Report, actor: Actor, now: datetime) -> CaseLifecycle:
    """Open a case; its acceptance and overall clocks start.

    A `client_key` seen before returns the case that it opened: a phone that sends twice makes one case.
    Raises PermissionDenied outside the reporter's area, ValidationError({field: …}) on a missing fact.
    """
    if report.client_key and (known := CaseLifecycle.objects.filter(client_key=report.client_key).first()):
        return cast(CaseLifecycle, known)
    _check_report(report, actor, now)
    answered = _answered(report, actor)
    reporter = facts.register_person(report.reporter) if report.reporter else None
    case = _open(report, actor, now, reporter).case
    if answered:
        campaigns.keep_answers(case, *answered)
    if report.visit:
        report.visit.cases.add(case)
    return case


def _check_report(report: Report, actor: Actor, now: datetime) -> None:
    if report.campaign:
        _check_campaign(report.campaign, report.area, now)
    missing = {name: _("请填写此项。") for name in ("title", "description") if not getattr(report, name).strip()}
    if missing:
        raise ValidationError(missing)
    if isinstance(actor, User) and not actor.grants().covers(report.area, *may.may_report):
        raise PermissionDenied("report")


def _check_campaign(campaign: Campaign, area: Area, now: datetime) -> None:
    if not campaign.is_on(timezone.localdate(now)):
        raise ValidationError({"campaign": _("这项专项行动不在进行，请重新选择。")})
    if not campaigns.covers(campaign, area):
        raise ValidationError({"campaign": _("这项专项行动不在这个区域开展，请重新选择。")})


def _answered(report: Report, actor: Actor) -> tuple[CollectionForm, dict[str, str]] | None:
    """The checked answers to the form of the campaign; nobody but staff at the form owes what is required."""
    if report.campaign is None:
        return None
    form = report.form or campaigns.newest_form(report.campaign)
    if form is None or form.campaign_id != report.campaign.pk:
        return None
    needed = isinstance(actor, User)
    return form, campaigns.check_answers(form.questions.all(), report.answers, all_needed=needed)


@transaction.atomic
def report_again(*, case_id: int, actor: Actor, now: datetime, words: str) -> CaseLifecycle:
    """What is still wrong after the rounds or the window of a case are used up: a new case that follows it.

    Raises PermissionDenied (neither the resident nor a desk), ValidationError (still open, no words, or reported
    again already and still in hand).
    """
    case = locked(case_id)
    if not may.may_report_again(case, actor):
        raise PermissionDenied("report_again")
    said = _said(words, "words")
    if case.is_open:
        raise ValidationError(_("这件事还在办，不用另外再报。"))
    if running := case.followed_by.open().first():
        raise ValidationError(_("已经另立新件 %(number)s，正在办理。") % {"number": running.number})
    report = Report(
        area=case.area, title=case.title, description=said, place=case.place, category=case.category,
        latitude=case.latitude, longitude=case.longitude, follows=case,
        source=Source.DESK if isinstance(actor, User) else Source.RESIDENT,
    )  # fmt: skip
    made = _open(report, actor, now, case.reporter).case
    record_fact(
        case, EventType.REPORTED_AGAIN, actor=actor if isinstance(actor, User) else None, at=now,
        data={"number": made.number},
    )  # fmt: skip
    return made


def open_case(report: Report, *, council: Council, actor: User, now: datetime) -> CaseLifecycle:
    """Open a case for what a council brings itself. Raises PermissionDenied: only its secretary may."""
    if not actor.grants().in_council(council.pk, Role.SECRETARY):
        raise PermissionDenied("propose_matter")
    return _open(report, actor, now, None).case


def _open(report: Report, actor: Actor, now: datetime, reporter: Reporter | None) -> Moved:
    case = new_case(report, actor, now, reporter)
    case.save()
    case.number = case_number(timezone.localdate(now).year, case.pk)
    case.save(update_fields=["number"])
    log = reported_as(report, case)
    moved = finish(case, EventType.REPORTED, actor=actor, now=now, log=log, came_from=None)
    if report.target_at:
        clocks.agree_on(case, moved.event, ClockKind.OVERALL, until=report.target_at)
    return moved


def new_case(report: Report, actor: Actor, now: datetime, reporter: Reporter | None) -> CaseLifecycle:
    """The case of a report with its holder, not saved."""
    told = f"{report.title} {report.description} {report.place}"
    case = CaseLifecycle(
        number=f"new-{uuid.uuid4().hex[:16]}",  # the real one needs the primary key
        source=report.source,
        external_ref=report.external_ref,
        campaign=report.campaign,
        follows=report.follows,
        client_key=report.client_key,
        title=report.title.strip(),
        description=report.description.strip(),
        place=report.place.strip(),
        latitude=report.latitude,
        longitude=report.longitude,
        area=report.area,
        category=report.category,
        priority=report.priority,
        reported_by=actor if isinstance(actor, User) else None,
        reporter=reporter,
        extra=report.extra,
        reported_at=now,
        search_terms=bigrams(f"{mask_text(told)} {report.external_ref}"),  # nobody is found by what is masked
    )
    case.find_holder()
    return case


def reported_as(report: Report, case: Case) -> dict[str, Any]:
    """What the history keeps of a report."""
    log: dict[str, Any] = {"title": case.title, "source": case.source, "area": report.area.pk}
    log |= {"category": report.category.code if report.category else ""}
    if report.campaign:
        log["campaign"] = report.campaign.code
    if report.visit:
        log["visit"] = report.visit.pk
    if report.follows:
        log["follows"] = report.follows.number
    if report.target_at:
        log["target_at"] = report.target_at
    return log


def request_info(*, case_id: int, actor: User, now: datetime, question: str) -> Moved:
    """Ask the reporting side; the acceptance clock waits meanwhile."""
    return transition("request_info", case_id, actor=actor, now=now, log={"question": _said(question, "question")})


def supply_info(*, case_id: int, actor: User, now: datetime, answer: str) -> Moved:
    """Answer the desk's question; the acceptance clock goes on."""
    return transition("supply_info", case_id, actor=actor, now=now, log={"answer": _said(answer, "answer")})


def accept_case(*, case_id: int, actor: User, now: datetime, category: Category, priority: Priority) -> Moved:
    """Take a reported case on: category, priority and the policy version are fixed here."""
    version = limits.live_version(now)
    return transition(
        "accept",
        case_id,
        actor=actor,
        now=now,
        log={"category": category.code, "priority": priority, "policy_version": version},
        category=category,
        priority=priority,
        policy_version=version,
    )


@transaction.atomic
def reject_case(*, case_id: int, actor: User, now: datetime, reason: RejectReason, text: str) -> Moved:
    """Refuse with a reason from the list and a text that the reporter gets."""
    said = _said(text, "text")
    moved = transition("reject", case_id, actor=actor, now=now, log={"reason": reason, "text": said}, at=now)
    facts.answer_reporters(moved.case, kind="rejected", text=said, at=now)
    return moved


def _said(text: str, name: str) -> str:
    if not text.strip():
        raise ValidationError({name: _("请填写此项。")})
    return text.strip()
