"""What the pages of the register of owners show: its lines with masked names, and what a sheet would change."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cases.council_terms import AreaSource
from cases.lib.masking import mask_name
from cases.models import Area, OwnedUnit, User
from workflows.council.register import (
    Change,
    RegisterPlan,
    Sums,
    UnitNow,
    kept_by,
    may_import_register,
    may_read_register,
    sums_of,
)
from workflows.council.register_sheet import UnitRow
from workflows.poll_words import area_words

SIZE = 50
SHOWN_CHANGES = 200


@dataclass(frozen=True)
class UnitLine:
    """A unit as the list shows it: no phone, and of the name the first character."""

    unit: str
    owner: str
    name: str
    area: str
    source: str


@dataclass(frozen=True)
class RegisterPage:
    """One page of the register; `after` leads to the next."""

    area: Area
    sums: Sums
    area_words: str
    lines: list[UnitLine]
    after: str
    may_import: bool
    has_council: bool


@dataclass(frozen=True)
class PlanLine:
    """One unit that an import would add, change or take away."""

    unit: str
    what: str
    was: str
    to: str


def area_with_register(viewer: User, code: str) -> Area | None:
    """The area, when this person may read its register."""
    area = Area.objects.filter(code=code).first()
    return area if area is not None and may_read_register(area, viewer) else None


def register_units(area: Area, wanted: str = "") -> QuerySet[OwnedUnit]:
    """The units of a register in their order; `wanted` narrows to those that contain it."""
    found = OwnedUnit.objects.filter(area=area).select_related("owner").order_by("number")
    return found.filter(number__icontains=wanted) if wanted else found


def register_page(viewer: User, area: Area, *, wanted: str = "", after: str = "") -> RegisterPage:
    """The lines of a register by unit, from behind `after`; `wanted` narrows to units that contain it."""
    found = register_units(area, wanted)
    rows = list((found.filter(number__gt=after) if after else found)[: SIZE + 1])
    sums = sums_of(area)
    lines = [
        UnitLine(
            row.number,
            row.owner.code,
            mask_name(row.owner.name),
            area_words(row.area_cm2),
            str(AreaSource(row.area_source).label),
        )
        for row in rows[:SIZE]
    ]
    return RegisterPage(
        area=area,
        sums=sums,
        area_words=area_words(sums.area_cm2),
        lines=lines,
        after=rows[SIZE - 1].number if len(rows) > SIZE else "",
        may_import=may_import_register(area, viewer),
        has_council=kept_by(area, viewer) is not None,
    )


def plan_lines(plan: RegisterPlan) -> list[PlanLine]:
    """What an import would do, unit by unit; names masked, phones never."""
    lines = [_changed(change) for change in plan.changed]
    lines += [PlanLine(row.unit, _("新增"), "", _words(row)) for row in plan.new]
    lines += [PlanLine(row.unit, _("删除"), _words(row), "") for row in plan.gone]
    return lines


def sums_rows(plan: RegisterPlan) -> list[tuple[str, str, str]]:
    """Units, owners and area: now, and after the import."""
    return [
        (_("专有部分（套）"), str(plan.was.units), str(plan.to.units)),
        (_("业主（人）"), str(plan.was.owners), str(plan.to.owners)),
        (_("专有部分面积"), area_words(plan.was.area_cm2), area_words(plan.to.area_cm2)),
    ]


def _changed(change: Change) -> PlanLine:
    what = "、".join(_listed(change.fields))
    return PlanLine(change.was.unit, _("更改：%(fields)s") % {"fields": what}, _words(change.was), _words(change.to))


def _listed(fields: Iterable[str]) -> list[str]:
    words = {
        "owner": _("业主"), "name": _("姓名"), "area_cm2": _("面积"), "source": _("面积来源"), "phone": _("电话"),
    }  # fmt: skip
    return [words[name] for name in fields]


def _words(row: UnitRow | UnitNow) -> str:
    said = (mask_name(row.name), row.owner, area_words(row.area_cm2), str(AreaSource(row.source).label))
    return " · ".join(said)
