"""The training: who takes part in a course, and cases written up for others, on which two people agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.lib.crypto import normal_phone
from cases.lib.masking import mask_text
from cases.models import Case, Course, Enrolment, ExemplaryCase, User
from cases.permissions import is_administrator, may_agree_to, may_write_up
from cases.training_terms import ExemplaryState

S = ExemplaryState
TEXTS = ("title", "situation", "done", "lesson")


@dataclass(frozen=True)
class Participant:
    """Who takes part: a colleague with a login, or a name with an office."""

    user: User | None = None
    name: str = ""
    organisation: str = ""


@dataclass(frozen=True)
class WriteUp:
    """What a written-up case says."""

    title: str
    situation: str
    done: str
    lesson: str


@transaction.atomic
def enrol(*, course: Course, people: Sequence[Participant], actor: User, now: datetime) -> int:
    """Add participants; who is in it already stays. Returns how many are new. Raises PermissionDenied."""
    if not is_administrator(actor):
        raise PermissionDenied("enrol")
    course = Course.objects.select_for_update().get(pk=course.pk)
    known = {
        (row.user_id, row.name, row.organisation if row.user_id is None else "") for row in course.enrolments.all()
    }
    rows = []
    for person in people:
        name = "" if person.user else person.name.strip()
        key = (person.user.pk if person.user else None, name, "" if person.user else person.organisation.strip())
        if key in known or not (person.user or name):
            continue
        known.add(key)
        rows.append(Enrolment(course=course, user=person.user, name=name, organisation=person.organisation.strip()))
    if rows:
        details = {"list": "participants", "new": len(Enrolment.objects.bulk_create(rows, batch_size=500))}
        record_access(AccessKind.ENTERED, by=actor, at=now, details=details)
    return len(rows)


def _key(person: Participant | Enrolment) -> tuple[int | str, ...]:
    """One person in a course: a colleague once, a name once for each office."""
    return (person.user.pk,) if person.user else (person.name.strip(), person.organisation.strip())


def mark_absent(*, enrolment_id: int, actor: User, absent: bool = True) -> Enrolment:
    """Say that somebody did not come, or did after all. Raises PermissionDenied."""
    if not is_administrator(actor):
        raise PermissionDenied("mark_absent")
    row = Enrolment.objects.select_related("course", "user").get(pk=enrolment_id)
    row.absent = absent
    row.save(update_fields=["absent"])
    return row


@transaction.atomic
def write_up(*, case: Case, words: WriteUp, actor: User, now: datetime) -> ExemplaryCase:
    """Write a closed case up, or write one's draft anew. Raises PermissionDenied, ValidationError by field."""
    if not may_write_up(actor, case):
        raise PermissionDenied("write_up")
    _check_private(case, words)
    Case.objects.select_for_update(of=("self",)).get(pk=case.pk)  # two who write it up at once
    known = ExemplaryCase.objects.select_for_update().filter(case=case).first()
    if known and (known.written_by_id != actor.pk or known.state not in (S.DRAFT, S.WITHDRAWN)):
        raise ValidationError(_("这一件已经有人写成案例了。"))
    row = known or ExemplaryCase(case_id=case.pk, written_by=actor)
    for name in TEXTS:
        setattr(row, name, getattr(words, name).strip())
    row.state, row.written_at, row.agreed_by, row.agreed_at = S.DRAFT, now, None, None
    row.save()
    return row


def _check_private(case: Case, words: WriteUp) -> None:
    """Refuse what would tell who the resident is; masking alone cannot know a name in a text."""
    errors: dict[str, str | Promise] = {}
    for name in TEXTS:
        text = getattr(words, name).strip()
        if not text:
            errors[name] = _("请填写此项。")
        elif mask_text(text) != text:
            errors[name] = _("里面有电话、证件号或邮箱，请删去再存。")
        elif found := _told_of(case, text):
            errors[name] = found
    if errors:
        raise ValidationError(errors)


def _told_of(case: Case, text: str) -> str | Promise:
    resident = case.reporter
    if resident is None:
        return ""
    if resident.name and resident.name in text:
        return _("里面有来访人的姓名，请改用“一位居民”之类的说法。")
    if resident.address and resident.address in text:
        return _("里面有来访人的住址，请改写得笼统一些。")
    if (phone := normal_phone(resident.phone)) and phone in normal_phone(text):
        return _("里面有来访人的电话，请删去。")
    return ""


def _locked(exemplary_id: int, *states: ExemplaryState) -> ExemplaryCase:
    rows = ExemplaryCase.objects.select_for_update(of=("self",)).select_related("case__area", "written_by")
    row = rows.get(pk=exemplary_id)
    if row.state not in states:
        raise ValidationError(_("这篇案例现在是「%(state)s」，请先看看最新情况。") % {"state": row.get_state_display()})
    return row


@transaction.atomic
def propose(*, exemplary_id: int, actor: User) -> ExemplaryCase:
    """Offer one's draft to the second person. Raises PermissionDenied, ValidationError."""
    row = _locked(exemplary_id, S.DRAFT)
    if row.written_by_id != actor.pk:
        raise PermissionDenied("propose")
    row.state, row.note = S.PROPOSED, ""
    row.save(update_fields=["state", "note"])
    return row


@transaction.atomic
def agree(*, exemplary_id: int, actor: User, now: datetime) -> ExemplaryCase:
    """Publish it: the second person has read it. Raises PermissionDenied, ValidationError."""
    row = _locked(exemplary_id, S.PROPOSED)
    if not may_agree_to(actor, row):
        raise PermissionDenied("agree")
    row.state, row.agreed_by, row.agreed_at = S.PUBLISHED, actor, now
    row.save(update_fields=["state", "agreed_by", "agreed_at"])
    return row


@transaction.atomic
def send_back(*, exemplary_id: int, actor: User, note: str) -> ExemplaryCase:
    """Give a draft back with what is to be changed, or take a published one down with the reason.

    Raises PermissionDenied, ValidationError by field.
    """
    row = _locked(exemplary_id, S.PROPOSED, S.PUBLISHED)
    if not may_agree_to(actor, row):
        raise PermissionDenied("send_back")
    if not note.strip():
        raise ValidationError({"note": _("请写明理由。")})
    row.state = S.DRAFT if row.state == S.PROPOSED else S.WITHDRAWN
    row.note = note.strip()
    row.save(update_fields=["state", "note"])
    return row
