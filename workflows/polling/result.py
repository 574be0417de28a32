"""The result of a poll: `(rules, roll, ballots) → certification`, the same for the same facts, in any order.

Nothing is rounded: shares are compared by cross-multiplication of whole numbers.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from workflows.polling.facts import (
    Ballot,
    Certification,
    Choice,
    Criterion,
    Elector,
    HandCount,
    Measure,
    Outcome,
    Totals,
)
from workflows.polling.rules import Approval, Quorum, RulePack, Threshold, sha256_of

Rule = TypeVar("Rule", Quorum, Approval)
ALGORITHM = 1
ALL = "all"
HALF = (1, 2)


class BallotRefused(ValueError):
    """A ballot that cannot count: of nobody on the roll, a second one, or of somebody who may not vote."""

    def __init__(self, voter: str, why: str) -> None:
        super().__init__(f"{voter}: {why}")
        self.voter, self.why = voter, why


class NotCountable(ValueError):
    """The facts and the rules do not fit: hands have no floor area, more hands than people."""


@dataclass(frozen=True)
class Needed:
    """How many of a group must be there, and how many more that is."""

    group: str
    present: int
    needed: int
    missing: int


@dataclass(frozen=True)
class _Facts:
    """Who counts, what was cast, and who was there; None: those who took part."""

    rules: RulePack
    roll: Sequence[Elector]
    ballots: Mapping[str, Choice]
    present: frozenset[str] | None
    hands: Sequence[HandCount]


def certify(  # the facts of a poll, one by one
    rules: RulePack,
    roll: Sequence[Elector],
    ballots: Iterable[Ballot],
    *,
    present: Collection[str] | None = None,
    hands: Sequence[HandCount] = (),
    chair: str | None = None,
) -> Certification:
    """What a poll comes to. `present` are the voters who were there; without it those who took part were.

    With `hands` there are no ballots. A tie by heads is decided by the ballot of `chair`, where the rules say so and
    nothing but the approval by heads of all, at exactly half, is in the way. Raises BallotRefused, NotCountable.
    """
    standing = [e for e in roll if not (e.recused and rules.recusal == "leaves_roll")]
    cast = list(ballots)
    there = None if present is None else frozenset(present)
    facts = _Facts(rules, standing, _counted(cast, roll), there, tuple(hands))
    _check(facts)
    found = _judged(facts, chair)
    return Certification(
        outcome=found.outcome,
        totals=found.totals,
        criteria=found.criteria,
        could_change=_could_change(facts, found.outcome, chair),
        tie=found.tie,
        input_sha256=_digest(rules, roll, cast, there, hands, chair),
        algorithm=ALGORITHM,
    )


@dataclass(frozen=True)
class _Judged:
    totals: tuple[Totals, ...]
    criteria: tuple[Criterion, ...]
    tie: bool
    outcome: Outcome


def _judged(facts: _Facts, chair: str | None) -> _Judged:
    totals = tuple(_totals(facts))
    criteria = tuple(_criteria(facts, totals))
    whole = next(t for t in totals if t.measure == Measure.HEAD and t.group == ALL)
    tie = whole.votes_for == whole.votes_against and whole.votes_for > 0
    outcome = _outcome(criteria)
    if outcome == Outcome.NOT_ADOPTED and tie and _chair_decides(facts, criteria, chair):
        outcome = Outcome.ADOPTED
    return _Judged(totals, criteria, tie, outcome)


def heads_needed(rules: RulePack, roll: Sequence[Elector], present: Collection[str]) -> list[Needed]:
    """For each quorum by heads: how many are there, how many must be, how many more that is."""
    standing = [e for e in roll if not (e.recused and rules.recusal == "leaves_roll")]
    found = []
    for rule, group in _expanded([q for q in rules.quorum if q.measure == Measure.HEAD], standing):
        of_group = [e for e in standing if group in (ALL, e.party)]
        there = sum(e.head for e in of_group if e.voter in present and not e.recused)
        needed = rule.threshold.needed(sum(e.head for e in of_group))
        found.append(Needed(group, there, needed, max(needed - there, 0)))
    return found


def _counted(cast: Sequence[Ballot], roll: Sequence[Elector]) -> dict[str, Choice]:
    by_voter = {e.voter: e for e in roll}
    counted: dict[str, Choice] = {}
    for ballot in cast:
        elector = by_voter.get(ballot.voter)
        if elector is None:
            raise BallotRefused(ballot.voter, "is not on the roll")
        if elector.recused:
            raise BallotRefused(ballot.voter, "does not take part in this matter")
        if ballot.voter in counted:
            raise BallotRefused(ballot.voter, "has voted already")
        counted[ballot.voter] = Choice(ballot.choice)
    return counted


def _check(facts: _Facts) -> None:
    if len({e.voter for e in facts.roll}) != len(facts.roll):
        raise NotCountable("somebody stands on the roll twice")
    if not facts.hands:
        return
    if facts.ballots:
        raise NotCountable("hands were counted: there cannot be ballots besides")
    if any(rule.measure == Measure.AREA for rule in _conditions(facts.rules)):
        raise NotCountable("hands say nothing of floor area")
    for party, raised in Counter(count.party for count in facts.hands).items():
        if raised > 1:
            raise NotCountable(f"the hands of {party} were counted twice")
    for count in facts.hands:
        most = sum(e.head for e in facts.roll if e.party == count.party and not e.recused and _is_there(e, facts))
        if count.votes_for + count.votes_against + count.abstained > most:
            raise NotCountable(f"more hands than people of {count.party}")


def _is_there(elector: Elector, facts: _Facts) -> bool:
    return facts.present is None or elector.voter in facts.present


def _weight(elector: Elector, measure: Measure) -> int:
    return elector.head if measure == Measure.HEAD else elector.area_cm2


def _parties(roll: Sequence[Elector]) -> list[str]:
    return sorted({e.party for e in roll if e.party})


def _totals(facts: _Facts) -> Iterator[Totals]:
    rules = facts.rules
    measures = {Measure.HEAD, *(rule.measure for rule in _conditions(rules))}
    for measure in sorted(measures, reverse=True):
        for group in (ALL, *_parties(facts.roll)):
            yield _total(facts, measure, group)


def _total(facts: _Facts, measure: Measure, group: str) -> Totals:
    of_group = [e for e in facts.roll if group in (ALL, e.party)]
    sums: Counter[Choice] = Counter()
    for elector in of_group:
        if choice := facts.ballots.get(elector.voter):
            sums[choice] += _weight(elector, measure)
    for count in facts.hands:
        if group in (ALL, count.party):
            sums[Choice.FOR] += count.votes_for
            sums[Choice.AGAINST] += count.votes_against
            sums[Choice.ABSTAIN] += count.abstained
    whole, participating = sum(_weight(e, measure) for e in of_group), sums.total()
    return Totals(
        measure=measure,
        group=group,
        votes_for=sums[Choice.FOR],
        votes_against=sums[Choice.AGAINST],
        abstained=sums[Choice.ABSTAIN],
        invalid=sums[Choice.INVALID],
        participating=participating,
        unreturned=whole - participating,
        roll=whole,
    )


def _conditions(rules: RulePack) -> list[Quorum | Approval]:
    return [*rules.quorum, *rules.approval]


def _expanded(rules: Iterable[Rule], roll: Sequence[Elector]) -> list[tuple[Rule, str]]:
    """Each rule with each group that it holds for; a party without anybody on the roll can never meet it."""
    found: list[tuple[Rule, str]] = []
    for rule in rules:
        groups = _parties(roll) if rule.group == "each_party" else [rule.group.removeprefix("party:")]
        found += [(rule, group) for group in groups]
    return found


def _criteria(facts: _Facts, totals: Sequence[Totals]) -> Iterator[Criterion]:
    by_key = {(t.measure, t.group): t for t in totals}
    for quorum, group in _expanded(facts.rules.quorum, facts.roll):
        total = by_key.get((quorum.measure, group), _total(facts, quorum.measure, group))
        if facts.present is None:
            there, of = _taking_part(facts.rules, total), "participating"
        else:
            there, of = _present(facts, quorum.measure, group), "present"
        yield _criterion("quorum", quorum.measure, group, quorum.threshold, (of, there), ("roll", total.roll))
    for approval, group in _expanded(facts.rules.approval, facts.roll):
        total = by_key.get((approval.measure, group), _total(facts, approval.measure, group))
        den = approval.den
        whole = {
            "for_against": total.votes_for + total.votes_against,
            "participating": _taking_part(facts.rules, total),
            "present": _present(facts, approval.measure, group),
            "roll": total.roll,
        }[den]
        yield _criterion(
            "approval", approval.measure, group, approval.threshold, ("for", total.votes_for), (den, whole)
        )


def _criterion(  # one line of the explanation
    name: str, measure: Measure, group: str, threshold: Threshold, num: tuple[str, int], den: tuple[str, int]
) -> Criterion:
    passed = threshold.met(num[1], den[1])
    return Criterion(
        name=name,
        measure=measure,
        group=group,
        numerator_of=num[0],
        numerator=num[1],
        denominator_of=den[0],
        denominator=den[1],
        op=threshold.op,
        threshold=threshold.frac,
        passed=passed,
        missing=0 if passed else max(threshold.needed(den[1]) - num[1], 1),
    )


def _taking_part(rules: RulePack, total: Totals) -> int:
    """Who counts as taking part: by default every ballot that came back, whatever it says."""
    left_out = total.abstained if rules.abstain == "not_participating" else 0
    return total.participating - left_out + (total.unreturned if rules.unreturned == "participates" else 0)


def _present(facts: _Facts, measure: Measure, group: str) -> int:
    if facts.present is None:
        return _total(facts, measure, group).participating
    there = (e for e in facts.roll if e.voter in facts.present and not e.recused)
    return sum(_weight(e, measure) for e in there if group in (ALL, e.party))


def _outcome(criteria: Sequence[Criterion]) -> Outcome:
    if not all(c.passed for c in criteria if c.name == "quorum"):
        return Outcome.NO_QUORUM
    return Outcome.ADOPTED if all(c.passed for c in criteria) else Outcome.NOT_ADOPTED


def _chair_decides(facts: _Facts, criteria: Sequence[Criterion], chair: str | None) -> bool:
    """Whether the ballot of the chair, counted once more, adopts what stands at exactly half."""
    if facts.rules.tie != "chair_casts" or chair is None or facts.ballots.get(chair) != Choice.FOR:
        return False
    failed = [c for c in criteria if not c.passed]
    return all(
        (c.name, c.measure, c.group, c.op, c.threshold) == ("approval", Measure.HEAD, ALL, ">", HALF)
        and c.numerator * 2 == c.denominator
        for c in failed
    )


def _could_change(facts: _Facts, outcome: Outcome, chair: str | None) -> bool:
    """Whether the ballots that are still out could lead to another outcome.

    Three completions are enough. All in favour raises every share of approval and takes part in every quorum, so
    nothing adopts if it does not; all against lowers every share and takes part likewise, so nothing fails an
    approval that it does not; all abstaining takes part least where abstentions do not count. A quorum of those
    present does not depend on ballots.
    """
    if facts.hands:
        return False
    out = [e for e in facts.roll if not e.recused and e.voter not in facts.ballots and _is_there(e, facts)]
    completions = (Choice.FOR, Choice.AGAINST, Choice.ABSTAIN) if out else ()
    filled = (replace(facts, ballots={**facts.ballots, **dict.fromkeys(map(_voter, out), c)}) for c in completions)
    return any(_judged(other, chair).outcome != outcome for other in filled)


def _voter(elector: Elector) -> str:
    return elector.voter


def _digest(  # everything that the result follows from
    rules: RulePack,
    roll: Sequence[Elector],
    ballots: Sequence[Ballot],
    present: frozenset[str] | None,
    hands: Sequence[HandCount],
    chair: str | None,
) -> str:
    return sha256_of(
        {
            "rules": rules.sha256,
            "roll": sorted([e.voter, e.party, e.head, e.area_cm2, e.recused] for e in roll),
            "ballots": sorted([b.voter, str(b.choice)] for b in ballots),
            "present": None if present is None else sorted(present),
            "hands": sorted([h.party, h.votes_for, h.votes_against, h.abstained] for h in hands),
            "chair": chair,
        }
    )
