"""Facts about a case that move nothing: persons, answers, notes, photographs, links."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import events
from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.lib.crypto import blind_index, keyed_token, normal_phone
from cases.lib.photos import UnusablePhoto, reencode
from cases.models import Answer, Attachment, Case, CaseEvent, Reporter, ResidentLink, User
from cases.permissions import can_reveal_reporter, can_see
from cases.terms import AnswerWay, EventType, PhotoKind, State

LINK_LIFE = timedelta(days=400)
PHOTO_LIMIT = 9


@dataclass(frozen=True)
class Person:
    """A resident as given: whatever they were willing to leave."""

    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    opted_out: bool = False
    answer_way: AnswerWay | None = None  # not said
    language: str = ""  # not said

    @property
    def is_somebody(self) -> bool:
        """Whether they left anything to know them by."""
        return any((self.name, self.phone, self.email, self.address))


def register_person(person: Person) -> Reporter | None:
    """The reporter of a case: somebody with the same phone and name is the same person. None when nothing was left."""
    if not person.is_somebody:
        return None
    index = blind_index(person.phone) if normal_phone(person.phone) else ""  # 无, 不详: nobody's number
    for known in Reporter.objects.filter(phone_index=index).order_by("-pk")[:20] if index else ():
        if known.name == person.name and known.address == person.address and known.email == person.email:
            _keep_said(known, person)
            return known
    return Reporter.objects.create(
        name=person.name,
        phone=person.phone,
        phone_index=index,
        email=person.email,
        address=person.address,
        opted_out=person.opted_out,
        answer_way=person.answer_way or AnswerWay.MESSAGE,
        language=person.language,
    )


def _keep_said(known: Reporter, person: Person) -> None:
    """What was said last holds; who did not say leaves it as it is."""
    said = (person.answer_way or known.answer_way, person.language or known.language)
    if said != (known.answer_way, known.language):
        known.answer_way, known.language = said
        known.save(update_fields=["answer_way", "language"])


@transaction.atomic
def choose_messages(*, reporter: Reporter, on: bool, language: str = "") -> int:
    """What a resident says of messages; on every row that is the same person: the same phone and e-mail address.

    Who wants them again is answered by them again, whatever way was chosen before.
    """
    alike = Reporter.objects.filter(phone_index=reporter.phone_index) if reporter.phone_index else [reporter]
    rows = [row.pk for row in alike if row.email == reporter.email] or [reporter.pk]
    chosen: dict[str, object] = {"opted_out": not on} | ({"language": language} if language else {})
    if on:
        chosen["answer_way"] = AnswerWay.MESSAGE
    return Reporter.objects.filter(pk__in=rows).update(**chosen)


def find_by_phone(phone: str) -> list[int]:
    """Primary keys of the reporters with this phone, found without decrypting."""
    if not normal_phone(phone):
        return []
    return list(Reporter.objects.filter(phone_index=blind_index(phone)).values_list("pk", flat=True))


def answer_reporters(case: Case, *, kind: str, text: str, at: datetime) -> None:
    """Keep what the reporter of this case, and of every case merged into it, is told."""
    told = [(case.pk, case.reporter_id)]
    if kind in ("verified", "kept", "failed_spot_check"):
        told += list(case.merged_cases.filter(state=State.MERGED).values_list("pk", "reporter_id"))
    Answer.objects.bulk_create(
        Answer(case_id=pk, reporter_id=reporter, round=case.round, kind=kind, text=text, answered_at=at)
        for pk, reporter in told
    )


def _locked_for(case_id: int, actor: User) -> Case:
    case = Case.objects.select_for_update(of=("self",)).select_related("area").get(pk=case_id)
    if not can_see(actor, case):
        raise PermissionDenied("case")
    return case


@transaction.atomic
def add_note(*, case_id: int, actor: User, now: datetime, words: str) -> CaseEvent:
    """A remark in the history, for colleagues."""
    if not words.strip():
        raise ValidationError({"words": _("请填写备注。")})
    return events.record_fact(
        _locked_for(case_id, actor), EventType.NOTE_ADDED, actor=actor, at=now, data={"words": words.strip()}
    )


@transaction.atomic
def attach_photos(
    *,
    case_id: int,
    actor: User | None,
    now: datetime,
    kind: PhotoKind,
    files: Sequence[UploadedFile],  # type: ignore[type-arg]
) -> list[Attachment]:
    """Re-encode and keep photographs; either all of them or, with the reason at the field, none."""
    case = _locked_for(case_id, actor) if actor else Case.objects.select_for_update().get(pk=case_id)
    if case.attachments.filter(kind=kind).count() + len(files) > PHOTO_LIMIT:
        raise ValidationError({"photos": _("照片最多 %(n)s 张。") % {"n": PHOTO_LIMIT}})
    kept = []
    for file in files:
        try:
            photo = reencode(cast(BinaryIO, file))
        except UnusablePhoto as error:
            raise ValidationError({"photos": str(error)}) from error
        row = Attachment(case=case, kind=kind, added_by=actor, added_at=now, sha256=photo.sha256)
        row.width, row.height, row.taken_at = photo.width, photo.height, photo.taken_at
        row.latitude, row.longitude = photo.lat, photo.lon
        row.file.save("photo.jpg", ContentFile(photo.content), save=False)
        row.save()
        kept.append(row)
    if kept:
        log = {"kind": kind, "photos": [{"id": row.pk, "sha256": row.sha256} for row in kept]}
        events.record_fact(case, EventType.PHOTO_ADDED, actor=actor, at=now, data=log)
    return kept


@transaction.atomic
def reveal_reporter(*, case_id: int, actor: User, now: datetime, reason: str) -> Reporter:
    """The reporter in full, to those who may, with a reason that stays in the history."""
    case = _locked_for(case_id, actor)
    if case.reporter is None or not can_reveal_reporter(actor, case):
        raise PermissionDenied("reveal_reporter")
    if not reason.strip():
        raise ValidationError({"reason": _("请写明查看的理由，理由会留在流转记录里。")})
    events.record_fact(case, EventType.REPORTER_REVEALED, actor=actor, at=now, data={"reason": reason.strip()})
    record_access(AccessKind.REPORTER, by=actor, at=now, case=case, reason=reason.strip())
    return case.reporter


def link_token(link: ResidentLink) -> str:
    """The token of a link: derived, so that a later message can repeat it though only its hash is stored."""
    return keyed_token(f"resident-link:{link.salt}")


def token_hash(token: str) -> str:
    """How a token is stored and found."""
    return hashlib.sha256(token.encode()).hexdigest()


def resident_link(case: Case, *, now: datetime, handed_by: User | None = None) -> ResidentLink:
    """The link of a case for its reporter, made when there is none that still lives for a while.

    One that somebody of the staff hands out is another than the one that goes to the resident alone: who has seen a
    link must not be able to rate by it.
    """
    known = ResidentLink.objects.filter(case=case, reporter=case.reporter_id, expires_at__gt=now + timedelta(days=60))
    if link := known.filter(handed_by__isnull=handed_by is None).order_by("-pk").first():
        return link
    link = ResidentLink(case=case, reporter_id=case.reporter_id, salt=secrets.token_hex(16), created_at=now)
    link.handed_by = handed_by
    link.expires_at, link.token_hash = now + LINK_LIFE, token_hash(link_token(link))
    link.save()
    return link


@transaction.atomic
def issue_link(*, case_id: int, actor: User, now: datetime) -> str:
    """The token of the resident's link, to hand over or print; the history says who asked for it."""
    case = _locked_for(case_id, actor)
    if not can_reveal_reporter(actor, case):
        raise PermissionDenied("issue_link")
    link = resident_link(case, now=now, handed_by=actor)
    events.record_fact(case, EventType.LINK_ISSUED, actor=actor, at=now)
    record_access(AccessKind.LINK, by=actor, at=now, case=case)
    return link_token(link)


def case_of_token(token: str, *, now: datetime) -> ResidentLink | None:
    """The link that a token opens, or None when there is none or it has expired."""
    related = ("area", "category", "main_case", "team", "council", "follows")
    rows = ResidentLink.objects.select_related("reporter", "case", *(f"case__{name}" for name in related))
    return rows.filter(token_hash=token_hash(token), expires_at__gt=now).first()
