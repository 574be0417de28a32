"""The words of an owners' ballot: what must be reached, how far it is, what it came to, and the texts that hang out."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from cases.council_terms import BallotChannel, PollOutcome
from cases.models import Certification, Poll
from workflows.council.certify import ALL, criteria_of
from workflows.council.packs import rules_of
from workflows.poll_words import area_words, criterion_words, outcome_words, share_words, totals_words
from workflows.polling import facts


def whole_of(row: Certification) -> dict[str, dict[str, Any]]:
    """The totals of the whole roll by measure."""
    return {total["measure"]: total for total in row.totals if total["group"] == ALL}


def sums_of_roll(poll: Poll) -> dict[str, int]:
    """Heads and area of the roll as they were kept at the opening."""
    return {name: (poll.at_opening or {}).get(name, 0) for name in ("heads", "area_cm2")}


def sums_words(heads: int, area_cm2: int) -> str:
    """The two sums of a roll, as it is printed."""
    return _("业主 %(heads)s 人，专有部分面积 %(area)s") % {"heads": heads, "area": area_words(area_cm2)}


def rule_words(poll: Poll) -> list[str]:
    """What must be reached, measure by measure, in plain words."""
    rules = rules_of(poll.pack)
    names = {facts.Measure.AREA: _("专有部分面积"), facts.Measure.HEAD: _("业主人数（几套房也算一人）")}
    wholes = {
        "participating": _("参与表决的"), "roll": _("全体业主的"), "present": _("到会的"),
        "for_against": _("同意与反对合计的"),
    }  # fmt: skip
    lines = [
        _("参与：%(measure)s%(share)s参与，表决才有效") % {
            "measure": names[rule.measure], "share": share_words(rule.threshold.op, rule.threshold.frac)
        }
        for rule in rules.quorum
    ]  # fmt: skip
    lines += [
        _("同意：%(whole)s%(measure)s%(share)s同意，才算通过") % {
            "whole": wholes[rule.den], "measure": names[rule.measure],
            "share": share_words(rule.threshold.op, rule.threshold.frac),
        }
        for rule in rules.approval
    ]  # fmt: skip
    if rules.proxy.allowed:
        lines.append(_("可以书面委托他人交票，委托书写明意见，一人最多受托 %(n)s 份") % {"n": rules.proxy.cap})
    return lines


def out_words(out_heads: int, out_area: int, *, could_change: bool) -> str:
    """尚有 3 票（255.9 平方米）未回，不会改变结果."""
    said = {"n": out_heads, "area": area_words(out_area)}
    if could_change:
        return _("尚有 %(n)s 票（%(area)s）未回，可能改变结果") % said
    return _("尚有 %(n)s 票（%(area)s）未回，不会改变结果") % said


def certified_words(row: Certification) -> list[str]:
    """The outcome, each criterion, both totals, and what the ballots that did not come back could have done."""
    whole = whole_of(row)
    lines = [_("结果：%(outcome)s") % {"outcome": outcome_words(row.outcome)}]
    lines += [criterion_words(criterion) for criterion in criteria_of(row)]
    names = {"head": _("按人数"), "area": _("按面积")}
    lines += [
        _("%(measure)s：%(totals)s") % {"measure": names[measure], "totals": totals_words(whole[measure], measure)}
        for measure in ("area", "head")
        if measure in whole
    ]
    if out := whole["head"]["unreturned"]:
        area = whole["area"]["unreturned"] if "area" in whole else _area_out(row.poll)
        lines.append(out_words(out, area, could_change=row.could_change))
    else:
        lines.append(_("全部选票都已收回"))
    if held := row.poll.ballots.filter(struck_at=None).exclude(holder_index="").count():
        lines.append(_("其中 %(n)s 票由受托人代交，每票都有委托书") % {"n": held})
    return lines


def _area_out(poll: Poll) -> int:
    """What did not come back, where the rules do not count areas."""
    voted = poll.ballots.filter(struck_at=None).values("elector")
    return sum(poll.electors.exclude(pk__in=voted).values_list("area_cm2", flat=True))


def announcement(poll: Poll) -> str:
    """The text that hangs out before the ballot: what, when, by which rule."""
    zone = timezone.get_default_timezone()
    lines = [
        _("表决事项：%(topic)s") % {"topic": poll.topic.title},
        poll.text,
        _("表决时间：%(opens)s 至 %(closes)s") % {
            "opens": _moment(poll.opens_at, zone), "closes": _moment(poll.closes_at, zone),
        },
        _("表决方式：书面表决；纸质票交回，或扫选票上的二维码用手机投票，每位业主一票，只计一次"),
        *rule_words(poll),
        _("依据：%(source)s") % {"source": poll.pack.source},
    ]  # fmt: skip
    return "\n".join(lines)


def result_text(poll: Poll, row: Certification) -> str:
    """The text of the public notice of the result; nobody is named in it."""
    counts = dict.fromkeys(BallotChannel.values, 0)
    for channel in poll.ballots.filter(struck_at=None).values_list("channel", flat=True):
        counts[channel] += 1
    lines = [
        _("表决事项：%(topic)s") % {"topic": poll.topic.title},
        poll.text,
        *certified_words(row),
        _("名册：%(sums)s") % {"sums": sums_words(**sums_of_roll(poll))},
        _("收回选票：纸质 %(paper)s 张，手机 %(phone)s 张") % counts,
        _("依据：%(source)s") % {"source": poll.pack.source},
        _("核对码：%(sha)s") % {"sha": row.input_sha256[:16]},
    ]
    return "\n".join(lines)


def is_adopted(row: Certification) -> bool:
    """Whether the owners said yes."""
    return row.outcome == PollOutcome.ADOPTED


def _moment(at: datetime | None, zone: Any) -> str:
    return timezone.localtime(at, zone).strftime("%Y-%m-%d %H:%M") if at else ""
