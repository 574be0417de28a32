"""The words of a result: each criterion with its numbers, so that a resident can check it with a pencil."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.council_terms import PollOutcome
from workflows.polling.facts import Criterion, Measure
from workflows.polling.files import CM2_IN_M2
from workflows.polling.rules import Threshold

WHOLE = "all"
Names = Mapping[str, str]  # of parties by their code


def area_words(cm2: int) -> str:
    """85.3 平方米; exact, never through a float."""
    whole, rest = divmod(cm2, CM2_IN_M2)
    digits = f"{rest:04d}".rstrip("0")
    return _("%(n)s 平方米") % {"n": f"{whole}.{digits}" if digits else str(whole)}


def amount_words(measure: str, amount: int) -> str:
    """17 人, or 1703.25 平方米."""
    if measure == Measure.AREA:
        return area_words(amount)
    return ngettext("%(n)s 人", "%(n)s 人", amount) % {"n": amount}


def share_words(op: str, frac: tuple[int, int]) -> str:
    """不少于 2/3, or 超过 1/2; the words of the law stand for the two that everybody knows."""
    n, d = frac
    share = {(1, 2): _("二分之一"), (2, 3): _("三分之二"), (3, 4): _("四分之三")}.get((n, d), f"{n}/{d}")
    return (_("超过%(share)s") if op == ">" else _("不少于%(share)s")) % {"share": share}


def criterion_words(criterion: Criterion, names: Names | None = None) -> str:
    """到会：应到 24 人，实到 17 人，要求不少于三分之二（16 人），达到."""
    needed = Threshold(criterion.op, criterion.threshold).needed(criterion.denominator)
    said = {
        "name": _name(criterion, names or {}),
        "whole": _whole(criterion),
        "part": _part(criterion),
        "share": share_words(criterion.op, criterion.threshold),
        "needed": amount_words(criterion.measure, needed),
    }
    if criterion.passed:
        return _("%(name)s：%(whole)s，%(part)s，要求%(share)s（%(needed)s），达到") % said
    said["missing"] = amount_words(criterion.measure, criterion.missing)
    return _("%(name)s：%(whole)s，%(part)s，要求%(share)s（%(needed)s），未达到，还差 %(missing)s") % said


def _name(criterion: Criterion, names: Names) -> str:
    if criterion.name == "quorum":
        name = _("到会") if criterion.numerator_of == "present" else _("参与表决")
    else:
        name = _("同意")
    if criterion.measure == Measure.AREA:
        name = _("%(name)s（按面积）") % {"name": name}
    if criterion.group != WHOLE:
        name = _("%(party)s%(name)s") % {"party": names.get(criterion.group, criterion.group), "name": name}
    return name


def _whole(criterion: Criterion) -> str:
    amount = amount_words(criterion.measure, criterion.denominator)
    text = {
        "roll": _("应到（名册）%(n)s"),
        "participating": _("参与表决 %(n)s"),
        "present": _("到会 %(n)s"),
        "for_against": _("同意与反对共 %(n)s"),
    }[criterion.denominator_of]
    return text % {"n": amount}


def _part(criterion: Criterion) -> str:
    amount = amount_words(criterion.measure, criterion.numerator)
    text = {
        "present": _("实到 %(n)s"),
        "participating": _("参与 %(n)s"),
        "for": _("同意 %(n)s"),
    }[criterion.numerator_of]
    return text % {"n": amount}


def outcome_words(outcome: str) -> str:
    """通过, 未通过, 未达法定人数."""
    return str(PollOutcome(outcome).label)


def totals_words(totals: Mapping[str, Any], measure: str) -> str:
    """同意 5 人，反对 2 人，弃权 1 人，无效 0 人；参与 8 人，未参与 1 人，名册 9 人."""
    said = {name: amount_words(measure, int(totals[name])) for name in totals if isinstance(totals[name], int)}
    return (
        _(
            "同意 %(votes_for)s，反对 %(votes_against)s，弃权 %(abstained)s，无效 %(invalid)s；"
            "参与 %(participating)s，未参与 %(unreturned)s，名册 %(roll)s"
        )
        % said
    )


def open_words(*, out: str, could_change: bool) -> str:
    """What the ballots that are still out can do; `out` says how many they are."""
    if could_change:
        return _("尚有 %(out)s 未投，可能改变结果") % {"out": out}
    return _("尚有 %(out)s 未投，不会改变结果") % {"out": out}
