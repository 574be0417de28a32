"""Rule packs: read from JSON, every fault named at once; fractions are pairs of whole numbers."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from workflows.polling.checking import CHECK, METHODS, Fault, faults_of
from workflows.polling.facts import Measure

__all__ = ["CHECK", "Fault", "RulePack", "RulesInvalid", "faults_of", "read_bare_rules", "read_rules", "sha256_of"]


# What a result does not depend on, for rules that are only computed with.
BARE: dict[str, Any] = {
    "code": "bare",
    "version": 1,
    "name": "bare",
    "scope": ["four_party"],
    "effective_from": "2021-01-01",
    "source": "not given",
    "note": CHECK,
    "notice_days": 0,
    "notice_calendar": "calendar",
    "unannounced_items": "forbid",
    "abstain": "participates",
    "unreturned": "not_participating",
    "tie": "not_adopted",
    "proxy": {"allowed": False},
    "ballot": list(METHODS),
    "sign": {"who": "all_members", "op": ">", "frac": [1, 2]},
    "publish": {
        "within_days": 0,
        "min_days": 0,
        "calendar": "calendar",
        "objection_days": 0,
        "objection_effect": "suspend",
    },
    "retable_after_days": 0,
    "recusal": "leaves_roll",
}


class RulesInvalid(ValueError):
    """The pack cannot be used; `faults` names everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True)
class Threshold:
    """A share that must be reached (>=) or passed (>): `frac` is (numerator, denominator)."""

    op: str
    frac: tuple[int, int]

    def met(self, numerator: int, denominator: int) -> bool:
        """Compared by cross-multiplication; nothing is ever met of an empty whole."""
        left, right = numerator * self.frac[1], denominator * self.frac[0]
        return denominator > 0 and (left > right if self.op == ">" else left >= right)

    def needed(self, denominator: int) -> int:
        """The smallest numerator that meets it."""
        whole, rest = divmod(denominator * self.frac[0], self.frac[1])
        return max(whole + 1 if self.op == ">" or rest else whole, 1)


@dataclass(frozen=True)
class Quorum:
    """Who must be there or take part: a share of the roll, of all or of each party."""

    measure: Measure
    group: str
    threshold: Threshold


@dataclass(frozen=True)
class Approval:
    """How many must be in favour, of which whole."""

    measure: Measure
    group: str
    den: str
    threshold: Threshold


@dataclass(frozen=True)
class Proxy:
    """Whether one may vote for another, for how many, only as told, and which parties may not."""

    allowed: bool
    cap: int
    instructed: bool
    barred_roles: tuple[str, ...]


@dataclass(frozen=True)
class Publish:
    """How soon a decision is posted, for how long it hangs, and what an objection does."""

    within_days: int
    min_days: int
    calendar: str
    objection_days: int
    objection_effect: str  # suspend | reply_only


@dataclass(frozen=True)
class RulePack:
    """The rules of one body, as council.md writes them."""

    code: str
    version: int
    name: str
    scope: tuple[str, ...]
    effective_from: date
    effective_to: date | None
    source: str
    note: str
    notice_days: int
    notice_calendar: str
    unannounced_items: str
    quorum: tuple[Quorum, ...]
    approval: tuple[Approval, ...]
    abstain: str
    unreturned: str
    tie: str
    proxy: Proxy
    ballot: tuple[str, ...]
    sign: Threshold
    sign_who: str  # all_members | chair_and_recorder
    publish: Publish
    retable_after_days: int
    recusal: str
    after: str | None
    overspend: tuple[int, int]
    sha256: str


def canonical(data: object) -> str:
    """JSON of which the same content has one form."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256_of(data: object) -> str:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()


def read_bare_rules(data: object) -> RulePack:
    """Rules that may leave out what a result does not depend on, such as their citation. Raises RulesInvalid."""
    return read_rules({**BARE, **data} if isinstance(data, Mapping) else {})


def read_rules(data: Mapping[str, Any]) -> RulePack:
    """The pack in its pure form. Raises RulesInvalid."""
    faults = faults_of(data)
    if faults:
        raise RulesInvalid(faults)
    until, share = data.get("effective_to"), data.get("overspend")
    return RulePack(
        code=data["code"],
        version=data["version"],
        name=data["name"],
        scope=tuple(data["scope"]),
        effective_from=date.fromisoformat(data["effective_from"]),
        effective_to=date.fromisoformat(until) if until else None,
        source=data["source"],
        note=data["note"],
        notice_days=data["notice_days"],
        notice_calendar=data["notice_calendar"],
        unannounced_items=data["unannounced_items"],
        quorum=tuple(Quorum(Measure(q["measure"]), q["group"], _threshold(q)) for q in data["quorum"]),
        approval=tuple(
            Approval(Measure(a["measure"]), a.get("group", "all"), a["den"], _threshold(a)) for a in data["approval"]
        ),
        abstain=data["abstain"],
        unreturned=data["unreturned"],
        tie=data["tie"],
        proxy=_proxy(data["proxy"]),
        ballot=tuple(data["ballot"]),
        sign=_threshold(data["sign"]),
        sign_who=data["sign"]["who"],
        publish=Publish(**data["publish"]),
        retable_after_days=data["retable_after_days"],
        recusal=data["recusal"],
        after=data.get("after"),
        overspend=(share["frac"][0], share["frac"][1]) if share else (1, 10),
        sha256=sha256_of(data),
    )


def _threshold(entry: Mapping[str, Any]) -> Threshold:
    return Threshold(entry["op"], (entry["frac"][0], entry["frac"][1]))


def _proxy(entry: Mapping[str, Any]) -> Proxy:
    barred = tuple(entry.get("barred_roles", ()))
    return Proxy(entry["allowed"], entry.get("cap", 0), entry.get("instructed", True), barred)
