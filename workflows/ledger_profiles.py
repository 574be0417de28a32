"""Which column of a ledger holds what: profiles from files and mappings made by hand, found again by their headings."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PROFILES = Path(__file__).parent / "import_profiles"
HOME = "Asia/Shanghai"
REQUIRED = ("title", "reported_at")
# What a row can say, in the order of the template, with the word for it.
FIELDS: dict[str, Promise | str] = {
    "external_ref": gettext_lazy("编号"),
    "title": gettext_lazy("标题"),
    "description": gettext_lazy("情况"),
    "place": gettext_lazy("地点"),
    "area": gettext_lazy("区域"),
    "category": gettext_lazy("类别"),
    "reporter_name": gettext_lazy("来访人"),
    "reporter_phone": gettext_lazy("电话"),
    "reporter_address": gettext_lazy("住址"),
    "reported_at": gettext_lazy("上报时间"),
    "target_at": gettext_lazy("目标时间"),
    "team": gettext_lazy("主办"),
    "answer": gettext_lazy("答复"),
    "answered_at": gettext_lazy("答复时间"),
    "closed_at": gettext_lazy("结案时间"),
}
KEEPABLE = ("category", "team")  # words of another place that may be kept as text


def column_of(field: str, headers: Mapping[str, str]) -> str:
    """What a column is called: by its own heading, or by our word where the sheet has none."""
    return headers.get(field) or str(FIELDS.get(field, field))


class ImportRefused(ValueError):
    """The whole file cannot be taken; the text says why and what to do."""


@dataclass(frozen=True)
class Profile:
    """Which column holds what, under the names by which it is found.

    Of the fields in `keeps` a word that is unknown here is kept beside the case and said; of any other it is refused.
    """

    name: str
    title: str
    zone: ZoneInfo
    required: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    keeps: tuple[str, ...] = ()

    @property
    def has_targets(self) -> bool:
        """Whether its rows bring limits along."""
        return "target_at" in self.columns

    def found_in(self, headers: Iterable[str]) -> dict[str, str]:
        """{field: the header that holds it}: the first of the possible names that is there."""
        present = {header.replace(" ", ""): header for header in headers}
        named = {
            name: [present[option.replace(" ", "")] for option in options if option.replace(" ", "") in present]
            for name, options in self.columns.items()
        }
        return {name: options[0] for name, options in named.items() if options}

    def as_json(self) -> dict[str, Any]:
        """As it is kept with an import, which must read its rows the same way however the files change meanwhile."""
        return {
            "name": self.name, "title": self.title, "zone": str(self.zone), "required": list(self.required),
            "columns": {name: list(options) for name, options in self.columns.items()}, "keeps": list(self.keeps),
        }  # fmt: skip


def from_json(kept: Mapping[str, Any]) -> Profile:
    """What `Profile.as_json` kept."""
    columns = {name: tuple(options) for name, options in kept["columns"].items()}
    zone = ZoneInfo(kept["zone"])
    return Profile(kept["name"], kept["title"], zone, tuple(kept["required"]), columns, tuple(kept["keeps"]))


def by_hand(columns: Mapping[str, str], *, keeps: Sequence[str] = ()) -> Profile:
    """The profile of a mapping {field: header} that somebody made."""
    named: dict[str, tuple[str, ...]] = {name: (header,) for name, header in columns.items()}
    return Profile("", _("手工对应"), ZoneInfo(HOME), REQUIRED, named, tuple(keeps))


def shape_of(headers: Iterable[str]) -> str:
    """What tells two kinds of ledgers apart: a digest of their headings, whatever the order of the columns."""
    return hashlib.sha256("\n".join(sorted(headers)).encode()).hexdigest()


def load_profile(path: Path) -> Profile:
    """Read one profile; a mistake in it is said by name."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        columns = {name: tuple(options) for name, options in raw["columns"].items()}
        required, keeps = tuple(raw.get("required", REQUIRED)), tuple(raw.get("keeps", ()))
        zone = ZoneInfo(raw.get("zone", HOME))
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ImportRefused(_("导入方案 %(path)s 不能用：%(why)s。") % {"path": path, "why": error}) from error
    if unknown := sorted(({*columns, *required} - FIELDS.keys()) | (set(keeps) - set(KEEPABLE))):
        text = _("导入方案 %(path)s 里有不认识的字段：%(names)s。")
        raise ImportRefused(text % {"path": path, "names": "、".join(unknown)})
    return Profile(path.stem, raw.get("title", path.stem), zone, required, columns, keeps)


def find_profile(headers: Sequence[str], name: str = "") -> Profile:
    """The profile asked for by name or path, else the one that knows most of these columns."""
    if name:
        return _named_profile(headers, name)
    profile = fitting_profile(headers)
    if profile is None:
        text = _("认不出表头（%(headers)s）：请用 --profile 指定导入方案。")
        raise ImportRefused(text % {"headers": "、".join(headers)})
    return profile


def fitting_profile(headers: Sequence[str]) -> Profile | None:
    """The profile that knows most of these columns, None when none has what it needs."""
    fitting = []
    for path in sorted(PROFILES.glob("*.toml")):
        profile = load_profile(path)
        found = profile.found_in(headers)
        if all(name in found for name in profile.required):
            fitting.append((len(found), profile))
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _named_profile(headers: Sequence[str], name: str) -> Profile:
    path = Path(name) if name.endswith(".toml") else PROFILES / f"{name}.toml"
    if not path.is_file():
        known = "、".join(sorted(p.stem for p in PROFILES.glob("*.toml")))
        text = _("没有导入方案 %(name)s，现有：%(known)s；也可以给出 .toml 文件的路径。")
        raise ImportRefused(text % {"name": name, "known": known})
    profile = load_profile(path)
    if lacking := [f for f in profile.required if f not in profile.found_in(headers)]:
        names = "、".join("/".join(profile.columns.get(f, (f,))) for f in lacking)
        raise ImportRefused(_("表里缺少这些列：%(names)s。") % {"names": names})
    return profile
