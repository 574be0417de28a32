"""The register of owners of an estate: what an import would change, and the import itself, all or nothing.

Lock order: the council first, then the area, so that two imports of an estate wait for each other.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.models import Area, Council, Elector, OwnedUnit, Owner, User
from cases.terms import EventType, Role
from workflows.council.acts import locked_council, say
from workflows.council.register_sheet import RegisterSheet, UnitRow, natural

FIELDS = ("owner", "name", "area_cm2", "source", "phone")
BATCH = 500


class RegisterChanged(ValidationError):
    """Somebody imported another sheet after this one was looked at."""


@dataclass(frozen=True)
class Sums:
    """How much a register holds; one head for each owner."""

    units: int
    owners: int
    area_cm2: int


@dataclass(frozen=True)
class UnitNow:
    """A unit as the register has it."""

    unit: str
    owner: str
    name: str
    area_cm2: int
    source: str
    phone: str


@dataclass(frozen=True)
class Change:
    """A unit that is in the register and in the sheet, and differs; `fields` name in what."""

    was: UnitNow
    to: UnitRow
    fields: tuple[str, ...]


@dataclass(frozen=True)
class RegisterPlan:
    """What a sheet would do to the register of an area; `base` is the fingerprint of what it was compared with."""

    area: Area
    sheet: RegisterSheet
    base: str
    was: Sums
    to: Sums
    new: tuple[UnitRow, ...]
    changed: tuple[Change, ...]
    gone: tuple[UnitNow, ...]

    @property
    def is_same(self) -> bool:
        """Whether there is nothing to import."""
        return not (self.new or self.changed or self.gone)


def councils_over(area: Area) -> QuerySet[Council]:
    """The councils of an area or of one above it, the nearest first."""
    paths = [area.path[:end] for end in range(area.steplen, len(area.path) + 1, area.steplen)]
    return (
        Council.objects.filter(area__path__in=paths, active=True).select_related("area").order_by("-area__depth", "pk")
    )


def kept_by(area: Area, actor: User) -> Council | None:
    """The council in whose name a person imports there: their own as its secretary, else as an administrator."""
    councils = list(councils_over(area))
    grants = actor.grants()
    own = [council for council in councils if grants.in_council(council.pk, Role.SECRETARY)]
    if own:
        return own[0]
    is_admin = actor.is_superuser or grants.covers(area, Role.ADMINISTRATOR)
    return councils[0] if is_admin and councils else None


def may_read_register(area: Area, actor: User) -> bool:
    """Who may import, and who watches over the area."""
    grants = actor.grants()
    watches = grants.covers(area, Role.SUPERVISOR, Role.LEADER, Role.ADMINISTRATOR) or actor.is_superuser
    return watches or kept_by(area, actor) is not None


def sums_of(area: Area) -> Sums:
    """What the register of an area holds now."""
    return _sums(_units_now(area))


def plan_register(area: Area, sheet: RegisterSheet) -> RegisterPlan:
    """What is new, changed and gone; nothing is written. A sheet with errors must be mended first (ValidationError)."""
    if sheet.errors:
        raise ValidationError(_("表格还有错误，请改正后重新选择文件。"))
    now = {row.unit: row for row in _units_now(area)}
    heads = _heads(sheet)
    sent = {row.unit: replace(row, phone=heads[row.owner].phone) for row in sheet.units}
    changed = []
    for unit in sorted(sent.keys() & now.keys(), key=natural):
        fields = tuple(name for name in FIELDS if getattr(now[unit], name) != getattr(sent[unit], name))
        if fields:
            changed.append(Change(now[unit], sent[unit], fields))
    return RegisterPlan(
        area=area,
        sheet=sheet,
        base=_fingerprint(now),
        was=_sums(now.values()),
        to=Sums(len(sheet.units), sheet.owners, sheet.area_cm2),
        new=tuple(sent[unit] for unit in sorted(sent.keys() - now.keys(), key=natural)),
        changed=tuple(changed),
        gone=tuple(now[unit] for unit in sorted(now.keys() - sent.keys(), key=natural)),
    )


@transaction.atomic
def import_register(*, area: Area, plan: RegisterPlan, actor: User, now: datetime) -> Sums:
    """Make the register what the sheet says, all or nothing; the roll of an open ballot is not touched.

    Raises PermissionDenied, ValidationError (no council there), RegisterChanged (another import came first).
    """
    council = kept_by(area, actor)
    if council is None:
        if not may_import_register(area, actor):
            raise PermissionDenied("import_register")
        raise ValidationError(_("该区域还没有议事会，请管理员先建立，导入才能记入它的记录。"))
    council = locked_council(council.pk)
    Area.objects.select_for_update().get(pk=area.pk)
    fresh = plan_register(area, plan.sheet)
    if fresh.base != plan.base:
        raise RegisterChanged(_("核对之后名册被别人改过，请看看最新的差别再确认。"))
    if not fresh.is_same:
        _write(area, fresh)
        say(council, EventType.REGISTER_IMPORTED, actor=actor, now=now, **_said(fresh))
        counts = {"new": len(fresh.new), "changed": len(fresh.changed), "gone": len(fresh.gone)}
        record_access(AccessKind.CHANGED, by=actor, at=now, council=council, area=area, details=counts)
    return fresh.to


def may_import_register(area: Area, actor: User) -> bool:
    """A secretary of a council there, or an administrator."""
    is_admin = actor.is_superuser or actor.grants().covers(area, Role.ADMINISTRATOR)
    return is_admin or kept_by(area, actor) is not None


def _said(plan: RegisterPlan) -> dict[str, Any]:
    """What the history keeps: numbers and the digest of the units, no names."""
    rows = sorted([row.unit, row.owner, row.area_cm2, row.source] for row in plan.sheet.units)
    return {
        "area": plan.area.pk,
        "file": plan.sheet.title,
        "units": plan.to.units,
        "owners": plan.to.owners,
        "area_cm2": plan.to.area_cm2,
        "new": len(plan.new),
        "changed": len(plan.changed),
        "gone": len(plan.gone),
        "sha256": hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest(),
    }


def _write(area: Area, plan: RegisterPlan) -> None:
    OwnedUnit.objects.filter(area=area, number__in=[row.unit for row in plan.gone]).delete()
    owners = _owners(area, plan)
    units = {unit.number: unit for unit in OwnedUnit.objects.filter(area=area)}
    new: list[OwnedUnit] = []
    moved: list[OwnedUnit] = []
    for row in plan.sheet.units:
        unit = units.get(row.unit) or OwnedUnit(area=area, number=row.unit)
        unit.owner, unit.area_cm2, unit.area_source = owners[row.owner], row.area_cm2, row.source
        (moved if unit.pk else new).append(unit)
    OwnedUnit.objects.bulk_create(new, batch_size=BATCH)
    OwnedUnit.objects.bulk_update(moved, ["owner", "area_cm2", "area_source"], batch_size=BATCH)
    idle = Owner.objects.filter(area=area, units=None)
    idle.exclude(pk__in=Elector.objects.filter(owner__area=area).values("owner")).delete()


def _heads(sheet: RegisterSheet) -> dict[str, UnitRow]:
    """The row that speaks for each owner: the first that has a phone."""
    heads: dict[str, UnitRow] = {}
    for row in sheet.units:
        known = heads.setdefault(row.owner, row)
        if row.phone and not known.phone:
            heads[row.owner] = row
    return heads


def _owners(area: Area, plan: RegisterPlan) -> dict[str, Owner]:
    """The owners of the sheet by code, saved: the new ones made, those with another name or phone changed."""
    named = _heads(plan.sheet)
    owners = {owner.code: owner for owner in Owner.objects.filter(area=area, code__in=named)}
    new, moved = [], []
    for code, row in named.items():
        owner = owners.get(code)
        if owner is None:
            new.append(Owner(area=area, code=code, name=row.name, phone=row.phone))
        elif (owner.name, owner.phone) != (row.name, row.phone):
            owner.name, owner.phone = row.name, row.phone
            moved.append(owner)
    Owner.objects.bulk_create(new, batch_size=BATCH)
    Owner.objects.bulk_update(moved, ["name", "phone"], batch_size=BATCH)
    return owners | {owner.code: owner for owner in new}


def _units_now(area: Area) -> list[UnitNow]:
    units = OwnedUnit.objects.filter(area=area).select_related("owner")
    return [UnitNow(u.number, u.owner.code, u.owner.name, u.area_cm2, u.area_source, u.owner.phone) for u in units]


def _sums(units: Any) -> Sums:
    rows = list(units)
    return Sums(len(rows), len({row.owner for row in rows}), sum(row.area_cm2 for row in rows))


def _fingerprint(now: Mapping[str, UnitNow]) -> str:
    text = repr([now[unit] for unit in sorted(now)])
    return hashlib.sha256(text.encode()).hexdigest()
