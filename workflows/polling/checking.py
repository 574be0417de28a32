"""What is wrong with a rule pack: every fault with its place, so that one reading mends all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

CHECK = "check against the current text before use"
GROUPS = ("all", "each_party")
DENOMINATORS = ("for_against", "participating", "present", "roll")
OPERATORS = (">", ">=")
METHODS = ("hands", "named", "secret", "written")
SCOPES = ("four_party", "residents", "owners_committee", "owners_assembly", "party")
CALENDARS = ("calendar", "working")
CHOICES: dict[str, tuple[str, ...]] = {
    "notice_calendar": CALENDARS,
    "unannounced_items": ("forbid", "emergency"),
    "abstain": ("participates", "not_participating"),
    "unreturned": ("not_participating", "participates"),
    "tie": ("not_adopted", "chair_casts"),
    "recusal": ("leaves_roll", "keeps_roll"),
}
TEXTS = ("code", "name", "source", "note", "effective_from")
NUMBERS = ("version", "notice_days", "retable_after_days")
LISTS = ("scope", "quorum", "approval", "ballot")
OBJECTS = ("proxy", "sign", "publish")
OPTIONAL = ("effective_to", "after", "overspend")
KEYS = frozenset((*CHOICES, *TEXTS, *NUMBERS, *LISTS, *OBJECTS, *OPTIONAL))

QUORUM_KEYS = {"measure", "of", "group", "op", "frac"}
APPROVAL_KEYS = {"measure", "num", "den", "group", "op", "frac"}
PROXY_KEYS = {"allowed", "cap", "instructed", "barred_roles"}
SIGN_KEYS = {"who", "op", "frac"}
PUBLISH_KEYS = {"within_days", "min_days", "calendar", "objection_days", "objection_effect"}
SIGNERS = ("all_members", "chair_and_recorder")
EFFECTS = ("suspend", "reply_only")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a pack: where, and what."""

    path: str
    says: str

    def __str__(self) -> str:
        return f"{self.path}: {self.says}"


Faults = Iterator[Fault]


def faults_of(data: object) -> list[Fault]:
    """Everything that is wrong with a pack; empty when it can be used."""
    if not isinstance(data, Mapping):
        return [Fault("", "a pack is one JSON object")]
    return list(_pack(data))


def _pack(data: Mapping[str, Any]) -> Faults:
    yield from _keys(data, KEYS - set(OPTIONAL), set(KEYS), "")
    for key in TEXTS:
        if key in data and (not isinstance(data[key], str) or not data[key].strip()):
            yield Fault(key, "must be a text that says something")
    for key in NUMBERS:
        if key in data:
            yield from _whole(data[key], key, least=1 if key == "version" else 0)
    for key, known in CHOICES.items():
        if key in data:
            yield from _one_of(data[key], known, key)
    for key in ("effective_from", "effective_to"):
        yield from _day(data.get(key), key)
    if isinstance(data.get("note"), str) and CHECK not in data["note"]:
        yield Fault("note", f'must hold "{CHECK}"')
    if "after" in data and data["after"] is not None and not isinstance(data["after"], str):
        yield Fault("after", "must be the code of another pack, or null")
    if data.get("overspend") is not None:
        yield from _object(data["overspend"], {"frac"}, {"frac"}, "overspend", _frac)
    yield from _lists(data)
    for key, check_object in (("proxy", _proxy), ("sign", _sign), ("publish", _publish)):
        if key in data:
            yield from check_object(data[key])


def _keys(data: Mapping[str, Any], wanted: set[str] | frozenset[str], known: set[str], path: str) -> Faults:
    for key in sorted(wanted - data.keys()):
        yield Fault(_at(path, key), "is missing")
    for key in sorted(str(key) for key in data.keys() - known):
        yield Fault(_at(path, key), "is not known")


def _lists(data: Mapping[str, Any]) -> Faults:
    for key in LISTS:
        if key in data and (not isinstance(data[key], list) or not data[key]):
            yield Fault(key, "must be a list with at least one entry")
    for key, known in (("scope", SCOPES), ("ballot", METHODS)):
        for n, value in enumerate(_list(data, key)):
            yield from _one_of(value, known, f"{key}[{n}]")
    for key, keys, judge in (("quorum", QUORUM_KEYS, _quorum), ("approval", APPROVAL_KEYS, _approval)):
        seen: set[tuple[str, str]] = set()
        for n, entry in enumerate(_list(data, key)):
            path = f"{key}[{n}]"
            optional = {"group"} if key == "approval" else set()
            yield from _object(entry, keys - optional, keys, path, judge)
            if isinstance(entry, Mapping):
                same = (str(entry.get("measure")), str(entry.get("group", "all")))
                if same in seen:
                    yield Fault(path, "the same measure and group stand in it twice")
                seen.add(same)


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    found = data.get(key)
    return found if isinstance(found, list) else []


def _object(
    entry: object, wanted: set[str], known: set[str], path: str, judge: Callable[[Mapping[str, Any], str], Faults]
) -> Faults:
    if not isinstance(entry, Mapping):
        yield Fault(path, "must be an object")
        return
    yield from _keys(entry, wanted, known, path)
    yield from judge(entry, path)


def _quorum(entry: Mapping[str, Any], path: str) -> Faults:
    yield from _share(entry, path)
    if "of" in entry:
        yield from _one_of(entry["of"], ("roll",), f"{path}.of")


def _approval(entry: Mapping[str, Any], path: str) -> Faults:
    yield from _share(entry, path)
    if "num" in entry:
        yield from _one_of(entry["num"], ("for",), f"{path}.num")
    if "den" in entry:
        yield from _one_of(entry["den"], DENOMINATORS, f"{path}.den")


def _share(entry: Mapping[str, Any], path: str) -> Faults:
    if "measure" in entry:
        yield from _one_of(entry["measure"], ("head", "area"), f"{path}.measure")
    group = entry.get("group", "all")
    if not isinstance(group, str) or not (group in GROUPS or (group.startswith("party:") and group[6:])):
        yield Fault(f"{path}.group", f"must be one of {', '.join(GROUPS)}, party:x")
    yield from _op(entry, path)
    yield from _frac(entry, path)


def _op(entry: Mapping[str, Any], path: str) -> Faults:
    if "op" in entry:
        yield from _one_of(entry["op"], OPERATORS, f"{path}.op")


def _frac(entry: Mapping[str, Any], path: str) -> Faults:
    if "frac" not in entry:
        return
    frac, at = entry["frac"], f"{path}.frac"
    if not isinstance(frac, list) or len(frac) != len("nd") or not all(_is_whole(part) for part in frac):
        yield Fault(at, "must be two whole numbers such as [2, 3], never a decimal")
    elif not 0 < frac[0] <= frac[1]:
        yield Fault(at, "must be more than nothing and at most the whole")
    elif frac[0] == frac[1] and entry.get("op") == ">":
        yield Fault(at, "more than the whole can never be reached")


def _proxy(entry: object) -> Faults:
    def judge(found: Mapping[str, Any], path: str) -> Faults:
        for key in ("allowed", "instructed"):
            if key in found and not isinstance(found[key], bool):
                yield Fault(f"{path}.{key}", "must be true or false")
        if found.get("allowed") is True and "cap" not in found:
            yield Fault(f"{path}.cap", "is missing: for how many one person may vote")
        if "cap" in found:
            yield from _whole(found["cap"], f"{path}.cap", least=1)
        barred = found.get("barred_roles", [])
        if not isinstance(barred, list) or not all(isinstance(code, str) and code for code in barred):
            yield Fault(f"{path}.barred_roles", "must be a list of codes of parties")

    yield from _object(entry, {"allowed"}, PROXY_KEYS, "proxy", judge)


def _sign(entry: object) -> Faults:
    def judge(found: Mapping[str, Any], path: str) -> Faults:
        if "who" in found:
            yield from _one_of(found["who"], SIGNERS, f"{path}.who")
        yield from _op(found, path)
        yield from _frac(found, path)

    yield from _object(entry, SIGN_KEYS, SIGN_KEYS, "sign", judge)


def _publish(entry: object) -> Faults:
    def judge(found: Mapping[str, Any], path: str) -> Faults:
        for key in ("within_days", "min_days", "objection_days"):
            if key in found:
                yield from _whole(found[key], f"{path}.{key}", least=0)
        if "calendar" in found:
            yield from _one_of(found["calendar"], CALENDARS, f"{path}.calendar")
        if "objection_effect" in found:
            yield from _one_of(found["objection_effect"], EFFECTS, f"{path}.objection_effect")

    yield from _object(entry, PUBLISH_KEYS, PUBLISH_KEYS, "publish", judge)


def _one_of(value: object, known: tuple[str, ...], path: str) -> Faults:
    if value not in known:
        yield Fault(path, f"must be one of {', '.join(known)}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _whole(value: object, path: str, *, least: int) -> Faults:
    if not _is_whole(value) or value < least:  # type: ignore[operator]
        yield Fault(path, f"must be a whole number of at least {least}")


def _day(value: object, path: str) -> Faults:
    if value is None:
        return
    try:
        date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        yield Fault(path, "must be a day such as 2026-01-31")


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
