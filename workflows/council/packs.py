"""The rules that are shipped, as rows: which pack is in force, and which body is competent in a matter."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cases.models import Council, MatterRule, RulePack
from cases.terms import CouncilKind, MatterType
from workflows.polling import packs
from workflows.polling.rules import RulePack as Rules
from workflows.polling.rules import read_rules, sha256_of

# Matters of Civil Code art. 278 belong to the owners; the others a council decides itself.
COMPETENT = {
    MatterType.FACILITY: (CouncilKind.FOUR_PARTY, "four_party"),
    MatterType.MAINTENANCE_FUND: (CouncilKind.OWNERS_ASSEMBLY, "owners_278_ordinary"),
    MatterType.CULTURE: (CouncilKind.FOUR_PARTY, "four_party"),
    MatterType.PARKING: (CouncilKind.FOUR_PARTY, "four_party"),
    MatterType.PROPERTY: (CouncilKind.OWNERS_ASSEMBLY, "owners_278_ordinary"),
    MatterType.OTHER: (CouncilKind.FOUR_PARTY, "four_party"),
}
OF_KIND = {
    CouncilKind.FOUR_PARTY: "four_party",
    CouncilKind.RESIDENTS: "residents_committee",
    CouncilKind.OWNERS_COMMITTEE: "owners_committee",
    CouncilKind.OWNERS_ASSEMBLY: "owners_278_ordinary",
    CouncilKind.PARTY: "party_branch",
}


def seed_packs() -> int:
    """Add the shipped packs and the table of competence where they are missing; returns how many packs are new."""
    known = set(RulePack.objects.values_list("code", "version"))
    new = [row_of(data) for data in packs.shipped().values() if (data["code"], data["version"]) not in known]
    RulePack.objects.bulk_create(new)
    MatterRule.objects.bulk_create(
        [MatterRule(matter=matter, competent=body, pack_code=code) for matter, (body, code) in COMPETENT.items()],
        ignore_conflicts=True,
    )
    return len(new)


def row_of(data: dict) -> RulePack:  # type: ignore[type-arg]  # JSON, checked by read_rules
    """A checked pack as a row, not saved. Raises RulesInvalid."""
    read_rules(data)
    until = data.get("effective_to")
    return RulePack(
        code=data["code"],
        version=data["version"],
        name=data["name"],
        rules=data,
        source=data["source"],
        note=data["note"],
        effective_from=date.fromisoformat(data["effective_from"]),
        effective_to=date.fromisoformat(until) if until else None,
        sha256=sha256_of(data),
    )


def pack_in_force(code: str, day: date) -> RulePack:
    """The newest version of a pack that is in force on a day. Raises ValidationError when there is none."""
    found = RulePack.objects.filter(code=code, effective_from__lte=day).exclude(effective_to__lte=day)
    pack = found.order_by("-version").first()
    if pack is None:
        raise ValidationError(_("没有适用的议事规则（%(code)s），请管理员先录入。") % {"code": code})
    return pack


def pack_of(council: Council, day: date) -> RulePack:
    """By which a council decides on a day, by its kind."""
    return pack_in_force(OF_KIND[CouncilKind(council.kind)], day)


def competence() -> dict[str, MatterRule]:
    """Which body decides in each matter of which something is said."""
    return {row.matter: row for row in MatterRule.objects.all()}


def competent_in(matter: str) -> MatterRule:
    """Which body decides in a matter, and by which rules; the council itself where nothing is said."""
    found = MatterRule.objects.filter(matter=matter).first()
    return found or MatterRule(matter=matter, competent=CouncilKind.FOUR_PARTY, pack_code="four_party")


def rules_of(pack: RulePack) -> Rules:
    """The pack in its pure form."""
    return read_rules(pack.rules)
