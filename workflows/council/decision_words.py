"""What a decision says in public: documents of the office are in the language of the office, whoever makes them."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cases.council_terms import DecisionKind
from cases.models import Certification, Decision
from cases.terms import CouncilKind, DecisionOutcome
from workflows.council.certify import criteria_of
from workflows.poll_words import criterion_words, totals_words


def office_words(text: Promise | str) -> str:
    """A word in the language of the office."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(text)


def criteria_words(certification: Certification | None, names: dict[str, str]) -> list[str]:
    """Each condition with its numbers, passed or not; `names` of parties by code."""
    return [criterion_words(criterion, names) for criterion in (criteria_of(certification) if certification else ())]


def sums_words(certification: Certification | None) -> list[str]:
    """The totals of the whole roll, a line for each measure."""
    rows: Iterable[dict[str, Any]] = certification.totals if certification else []
    return [totals_words(row, row["measure"]) for row in rows if row["group"] == "all"]


def party_names(decision: Decision) -> dict[str, str]:
    """The names of the parties of its council by their codes."""
    return dict(decision.council.parties.values_list("code", "name"))


def kind_words(decision: Decision) -> str:
    """决议, or 建议（由业主大会决定）."""
    if decision.kind == DecisionKind.DECISION:
        return str(DecisionKind.DECISION.label)
    body = CouncilKind(decision.competent).label
    return _("%(kind)s（由%(body)s决定）") % {"kind": DecisionKind.RECOMMENDATION.label, "body": body}


def notice_text(decision: Decision) -> tuple[str, str]:
    """Title and body of the notice: what was decided where, the literal text, how, and what follows."""
    with translation.override(settings.LANGUAGE_CODE):
        item = decision.item
        if item is None:
            raise ValueError("a decision that was taken on paper is not posted here")
        kind = DecisionKind(decision.kind).label
        title = _("关于“%(topic)s”的%(kind)s") % {"topic": item.topic.title, "kind": kind}
        head = _("%(council)s于 %(day)s召开 %(meeting)s会议，就“%(topic)s”议定如下：") % {
            "council": decision.council.name,
            "day": _("%(y)s 年 %(m)s 月 %(d)s 日") % _day(decision),
            "meeting": item.meeting.number,
            "topic": item.topic.title,
        }
        return title, "\n".join([head, "", decision.text, "", *_result(decision), *follow_up_lines(decision)])


def _day(decision: Decision) -> dict[str, int]:
    day = decision.decided_on
    return {"y": day.year, "m": day.month, "d": day.day}


def _result(decision: Decision) -> list[str]:
    names = party_names(decision)
    lines = [_("结果：%(outcome)s") % {"outcome": DecisionOutcome(decision.outcome).label}]
    if decision.kind == DecisionKind.RECOMMENDATION:
        body = CouncilKind(decision.competent).label
        lines.append(_("本事项由%(body)s决定，以上内容是建议。") % {"body": body})
    return [*lines, *sums_words(decision.certification), *criteria_words(decision.certification, names)]


def follow_up_lines(decision: Decision) -> list[str]:
    """What follows, by whom, until when; or why nothing does."""
    if decision.nothing_to_do:
        return [_("无须落实：%(reason)s") % {"reason": decision.nothing_to_do}]
    owed = decision.follow_ups.select_related("owner").order_by("due_date", "pk")
    return [
        _("落实：%(what)s，责任单位%(owner)s，%(day)s 前完成")
        % {"what": row.what, "owner": row.owner, "day": f"{row.due_date:%Y-%m-%d}"}
        for row in owed
    ]
