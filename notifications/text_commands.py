"""What an administrator does with the texts of messages: write a version, put it in use, go back to the program's."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext_lazy as _

from cases.models import User
from cases.terms import Role
from notifications.models import TextVersion
from notifications.safe_text import problems_of
from notifications.text_variables import variables_of
from notifications.texts import Text


@dataclass(frozen=True)
class Place:
    """Which message, to whom, in which language."""

    event_type: str
    resident: bool
    language: str

    @property
    def versions(self) -> QuerySet[TextVersion]:
        """All that was written for it, the newest first."""
        rows = TextVersion.objects.filter(event_type=self.event_type, resident=self.resident, language=self.language)
        return rows.order_by("-number")


def may_edit_texts(actor: User) -> bool:
    """Administrators, and whoever was made by `createsuperuser`."""
    return actor.is_active and (actor.is_superuser or actor.grants().has(Role.ADMINISTRATOR))


def _require(actor: User) -> None:
    if not may_edit_texts(actor):
        raise PermissionDenied("edit_texts")


def check_text(place: Place, text: Text) -> None:
    """Raises ValidationError at the fields whose text may not stand so, with the lines."""
    names = variables_of(place.event_type, resident=place.resident)
    found = {
        field: [_("第 %(line)s 行：%(words)s") % {"line": p.line, "words": p.words} for p in problems_of(source, names)]
        for field, source in (("subject", text.subject), ("body", text.body))
    }
    if any(found.values()):
        raise ValidationError({field: said for field, said in found.items() if said})


@transaction.atomic
def write_text(*, place: Place, text: Text, actor: User, now: datetime, note: str = "") -> TextVersion:
    """Keep another version; it is not in use yet. Raises PermissionDenied, ValidationError."""
    _require(actor)
    check_text(place, text)
    newest = place.versions.select_for_update().first()
    if newest and (newest.subject, newest.body) == (text.subject, text.body):
        raise ValidationError({"body": _("与第 %(n)s 版一字不差，没有另存。") % {"n": newest.number}})
    highest = place.versions.order_by().aggregate(n=Max("number"))["n"] or 0
    return TextVersion.objects.create(
        event_type=place.event_type,
        resident=place.resident,
        language=place.language,
        number=highest + 1,
        subject=text.subject,
        body=text.body,
        note=note,
        written_by=actor,
        written_at=now,
    )


@transaction.atomic
def publish_text(*, version_id: int, actor: User, now: datetime) -> TextVersion:
    """Use this version from now on, a new one or one of before. Raises PermissionDenied, ValidationError."""
    _require(actor)
    version = TextVersion.objects.get(pk=version_id)
    place = Place(version.event_type, version.resident, version.language)
    list(place.versions.select_for_update())  # all of them: two who publish at once come one after the other
    check_text(place, Text(version.subject, version.body))  # a variable may have gone since it was written
    place.versions.filter(is_current=True).update(is_current=False)
    version.is_current, version.published_at, version.published_by = True, now, actor
    version.save(update_fields=["is_current", "published_at", "published_by"])
    return version


@transaction.atomic
def use_builtin(*, place: Place, actor: User) -> None:
    """Use the words of the program again; every version is kept."""
    _require(actor)
    list(place.versions.select_for_update())
    place.versions.filter(is_current=True).update(is_current=False)
