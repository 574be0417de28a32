"""Households, who keeps contact with them, and the visits: facts; what is raised on a visit is a case."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.campaign_terms import VisitWay
from cases.lib.crypto import blind_index, normal_phone
from cases.models import Area, Household, HouseholdContact, User, Visit
from cases.permissions import may_keep_households, may_visit

BATCH = 500


@dataclass(frozen=True)
class Door:
    """A household as it is entered."""

    unit: str
    head_name: str = ""
    phone: str = ""


@transaction.atomic
def save_household(  # what a household is, as keywords
    *, area: Area, door: Door, actor: User, now: datetime, household: Household | None = None, active: bool = True
) -> Household:
    """Enter a household, or change it. Raises PermissionDenied, ValidationError by field."""
    places = [area, *([household.area] if household else [])]
    if not all(may_keep_households(actor, place) for place in places):
        raise PermissionDenied("save_household")
    Area.objects.select_for_update().get(pk=area.pk)  # who enters the same door at the same moment waits
    unit = door.unit.strip()
    if not unit:
        raise ValidationError({"unit": _("请填写门牌。")})
    same = Household.objects.filter(area=area, unit=unit)
    if (same.exclude(pk=household.pk) if household else same).exists():
        raise ValidationError({"unit": _("这个门牌已经登记过了。")})
    row = household or Household()
    row.area, row.active = area, active
    _fill(row, door)
    row.save()
    record_access(AccessKind.CHANGED, by=actor, at=now, area=area, details={"household": row.pk})
    return row


def _fill(row: Household, door: Door) -> None:
    row.unit, row.head_name, row.phone = door.unit.strip(), door.head_name.strip(), door.phone.strip()
    row.phone_index = blind_index(row.phone) if normal_phone(row.phone) else ""


@transaction.atomic
def enter_households(*, rows: Sequence[tuple[Area, Door]], actor: User, now: datetime) -> tuple[int, int]:
    """Enter many at once, all or nothing; a door that is known is changed. Returns how many are new, and changed.

    The book of doors has a row for each place in which something was.
    """
    areas = {area.pk: area for area, _door in rows}
    if not all(may_keep_households(actor, area) for area in areas.values()):
        raise PermissionDenied("enter_households")
    list(Area.objects.select_for_update().filter(pk__in=areas).order_by("pk"))
    known = {(row.area_id, row.unit): row for row in Household.objects.filter(area__in=areas)}
    new, changed = [], []
    for area, door in rows:
        row = known.get((area.pk, door.unit.strip()))
        if row is None:
            row = known[area.pk, door.unit.strip()] = Household(area=area)
            new.append(row)
        elif (row.head_name, row.phone, row.active) != (door.head_name.strip(), door.phone.strip(), True):
            changed.append(row)
        row.active = True
        _fill(row, door)
    Household.objects.bulk_create(new, batch_size=BATCH)
    Household.objects.bulk_update(changed, ["head_name", "phone", "phone_index", "active"], batch_size=BATCH)
    counts = {"new": Counter(row.area_id for row in new), "changed": Counter(row.area_id for row in changed)}
    for pk in sorted({*counts["new"], *counts["changed"]}):
        details = {"list": "households"} | {name: found[pk] for name, found in counts.items()}
        record_access(AccessKind.ENTERED, by=actor, at=now, area=areas[pk], details=details)
    return len(new), len(changed)


@transaction.atomic
def assign_contact(*, households: Sequence[Household], user: User, actor: User, valid_from: date) -> int:
    """Have somebody keep contact with households from a day on; who has them already keeps them. Returns how many.

    Raises PermissionDenied.
    """
    for area in {row.area_id: row.area for row in households}.values():
        if not may_keep_households(actor, area):
            raise PermissionDenied("assign_contact")
    has = HouseholdContact.objects.filter(user=user, valid_to=None, household__in=households)
    kept = set(has.values_list("household", flat=True))
    rows = [
        HouseholdContact(household=row, user=user, valid_from=valid_from) for row in households if row.pk not in kept
    ]
    return len(HouseholdContact.objects.bulk_create(rows, batch_size=BATCH))


@transaction.atomic
def end_contact(*, contact_id: int, actor: User, valid_to: date) -> HouseholdContact:
    """End keeping contact on a day; what was visited stays. Raises PermissionDenied, ValidationError."""
    rows = HouseholdContact.objects.select_for_update(of=("self",)).select_related("household__area", "user")
    row = rows.get(pk=contact_id)
    if not may_keep_households(actor, row.household.area):
        raise PermissionDenied("end_contact")
    if row.valid_to is not None:
        raise ValidationError(_("已经在 %(day)s 结束。") % {"day": row.valid_to})
    if valid_to <= row.valid_from:  # never began: nothing to keep
        row.delete()
        return row
    row.valid_to = valid_to
    row.save(update_fields=["valid_to"])
    return row


@transaction.atomic
def record_visit(  # noqa: PLR0913  # what a visit is, as keywords
    *,
    household: Household,
    actor: User,
    now: datetime,
    visited_on: date | None = None,
    way: VisitWay = VisitWay.HOME,
    words: str = "",
    client_key: str = "",
) -> Visit:
    """Write a visit down. A `client_key` seen before returns the visit that it made.

    Raises PermissionDenied, ValidationError by field.
    """
    if client_key and (known := Visit.objects.filter(client_key=client_key, visited_by=actor).first()):
        return known
    today = timezone.localdate(now)
    day = visited_on or today
    if not may_visit(actor, household, today):
        raise PermissionDenied("record_visit")
    if day > today:
        raise ValidationError({"visited_on": _("走访日期不能晚于今天。")})
    return Visit.objects.create(
        household=household, visited_by=actor, visited_on=day, way=way, words=words.strip(), client_key=client_key,
        recorded_at=now,
    )  # fmt: skip
