"""What an administrator does with the texts of messages: write a version, put it in use, go back to the program's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext_lazy as _

from cases.models import User
from cases.terms import Role
from notifications.letters import FOOT
from notifications.models import TextVersion
from notifications.safe_text import Text, filled, problems_of
from notifications.standing_words import STANDING, WHOLE, Standing
from notifications.wordings import variables_of


@dataclass(frozen=True)
class Place:
    """Which message, to whom, in which language."""

    event_type: str
    resident: bool
    language: str

    @property
    def has(self) -> tuple[str, ...]:
        """Which of subject and body it has: of a part of messages it may be one."""
        return STANDING[self.event_type].has if self.event_type in STANDING else WHOLE

    @property
    def has_foot(self) -> bool:
        """Whether it ends with what only mail has room for."""
        return self.event_type in STANDING and STANDING[self.event_type].has_foot

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
    if not any(found.values()) and place.event_type in STANDING:
        found["body"] = _lacking(STANDING[place.event_type], text)
    if any(found.values()):
        field = "body" if "body" in place.has else place.has[0]
        raise ValidationError({name if name in place.has else field: said for name, said in found.items() if said})


def _lacking(standing: Standing, text: Text) -> list[Any]:
    """What must be said and does not come out: tried with everything there may be, and with as good as nothing."""
    marks = {name: f"\ue000{name}\ue001" for name in (*standing.always, *standing.if_any)}
    rich = {name: variable.shown() for name, variable in standing.variables.items()} | marks
    poor = dict.fromkeys(standing.variables, "") | {name: marks[name] for name in standing.always}
    found = []
    for words in (rich, poor):
        said = "\n".join(filled(source, words) for source in (text.subject, text.body))
        found += [name for name, mark in marks.items() if words[name] and mark not in said and name not in found]
        above, _line, below = f"{said}\n".partition(f"\n{FOOT}\n")
        if standing.has_foot and (marks["url"] not in above or marks["messages_url"] not in below) and not found:
            return [_("要有单独一行 --，办理的链接写在它上面，设置的链接写在它下面：短信和群消息只发它以上的部分。")]
    return [_("少了 {{ %(name)s }}：不论什么情况都要说到它。") % {"name": name} for name in found]


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
