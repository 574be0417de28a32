"""The result engine: golden polls, exact thresholds, and what must hold for any poll."""

import os
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.polling.golden_sets import GOLDEN
from workflows.polling.facts import Ballot, Certification, Choice, Elector, HandCount, Outcome
from workflows.polling.packs import shipped
from workflows.polling.result import BallotRefused, NotCountable, certify, heads_needed
from workflows.polling.rules import BARE, RulePack, Threshold, read_bare_rules, read_rules

EXAMPLES = int(os.environ.get("EXAMPLES", "150"))
QUICK = settings(max_examples=EXAMPLES, deadline=None, derandomize="EXAMPLES" not in os.environ)
CHOICES = list(Choice)


def rules(**given: Any) -> RulePack:
    quorum = {"measure": "head", "of": "roll", "group": "all", "op": ">=", "frac": [2, 3]}
    approval = {"measure": "head", "num": "for", "den": "participating", "op": ">", "frac": [1, 2]}
    return read_bare_rules({**BARE, "quorum": [quorum], "approval": [approval], **given})


def share(den: str, op: str, frac: list[int], measure: str = "head", group: str = "all") -> dict[str, Any]:
    return {"measure": measure, "num": "for", "den": den, "group": group, "op": op, "frac": frac}


def golden(name: str) -> Certification:
    case = GOLDEN[name]
    areas, recused = case.get("area_of", {}), set(case.get("recused", ()))
    roll: list[Elector] = []
    for count, party, area in case["roll"]:
        for _ in range(count):
            n = len(roll)
            roll.append(Elector(f"v{n}", party, 1, areas.get(n, area), n in recused))
    ballots = [Ballot(f"v{n}", Choice(choice)) for choice, voters in case.get("ballots", {}).items() for n in voters]
    present = {f"v{n}" for n in case["present"]} if "present" in case else None
    hands = [HandCount(*count) for count in case.get("hands", ())]
    return certify(read_rules(shipped()[name]), roll, ballots, present=present, hands=hands)


def test_each_shipped_pack_has_its_golden_poll() -> None:
    assert set(GOLDEN) == set(shipped())
    assert len(GOLDEN) == 10


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_a_golden_poll_comes_to_what_was_worked_out_by_hand(name: str) -> None:
    result = golden(name)
    found = [(c.name, c.measure, c.group, c.numerator, c.denominator, c.passed) for c in result.criteria]
    assert found == GOLDEN[name]["criteria"]
    assert result.outcome == GOLDEN[name]["outcome"]


@given(n=st.integers(1, 9), more=st.integers(0, 9), whole=st.integers(1, 10**14))
@QUICK
def test_a_threshold_is_met_exactly_where_the_fraction_says(n: int, more: int, whole: int) -> None:
    d = n + more
    at_least, more_than = Threshold(">=", (n, d)), Threshold(">", (n, d))
    needed = at_least.needed(whole)
    assert at_least.met(needed, whole)
    assert needed == 1 or not at_least.met(needed - 1, whole)
    assert at_least.met(n * whole, d * whole)
    assert not more_than.met(n * whole, d * whole)
    assert not at_least.met(n * whole - 1, d * whole)
    assert more_than.met(n * whole + 1, d * whole)
    assert not at_least.met(0, 0)


electors = st.lists(
    st.tuples(st.sampled_from(["x", "y", ""]), st.integers(0, 3), st.integers(0, 10**6), st.booleans()),
    min_size=1,
    max_size=9,
)
packs = st.builds(
    lambda quorum, approval, abstain, unreturned, tie, recusal: rules(
        quorum=[{"measure": quorum[2], "of": "roll", "group": "all", "op": quorum[0], "frac": quorum[1]}],
        approval=approval,
        abstain=abstain,
        unreturned=unreturned,
        tie=tie,
        recusal=recusal,
    ),
    st.tuples(st.sampled_from([">", ">="]), st.sampled_from([[1, 2], [2, 3]]), st.sampled_from(["head", "area"])),
    st.sampled_from(
        [
            [share("participating", ">", [1, 2]), share("participating", ">", [1, 2], "area")],
            [share("for_against", ">=", [2, 3])],
            [share("present", ">", [1, 2], group="each_party")],
            [share("roll", ">=", [1, 2]), share("participating", ">=", [3, 4], "area")],
        ]
    ),
    st.sampled_from(["participates", "not_participating"]),
    st.sampled_from(["participates", "not_participating"]),
    st.sampled_from(["chair_casts", "not_adopted"]),
    st.sampled_from(["leaves_roll", "keeps_roll"]),
)


def people(rows: list[tuple[str, int, int, bool]]) -> list[Elector]:
    return [Elector(f"v{n}", *row) for n, row in enumerate(rows)]


def cast(roll: list[Elector], choices: list[Choice | None]) -> list[Ballot]:
    pairs = zip(roll, choices, strict=False)
    return [Ballot(e.voter, choice) for e, choice in pairs if choice is not None and not e.recused]


ballot_lists = st.lists(st.sampled_from([*CHOICES, None]), min_size=9, max_size=9)


@given(pack=packs, rows=electors, choices=ballot_lists, order=st.randoms(use_true_random=False))
@QUICK
def test_the_order_of_roll_and_ballots_changes_nothing(pack: RulePack, rows: Any, choices: Any, order: Any) -> None:
    roll = people(rows)
    ballots = cast(roll, choices)
    first = certify(pack, roll, ballots, chair="v0")
    mixed, mixed_ballots = list(roll), list(ballots)
    order.shuffle(mixed)
    order.shuffle(mixed_ballots)
    assert certify(pack, mixed, mixed_ballots, chair="v0") == first


@given(pack=packs, rows=electors, choices=ballot_lists)
@QUICK
def test_the_sums_add_up_for_each_measure_and_group(pack: RulePack, rows: Any, choices: Any) -> None:
    roll = people(rows)
    result = certify(pack, roll, cast(roll, choices))
    for t in result.totals:
        assert t.votes_for + t.votes_against + t.abstained + t.invalid == t.participating
        assert t.participating + t.unreturned == t.roll
    standing = [e for e in roll if not (e.recused and pack.recusal == "leaves_roll")]
    whole = {t.measure: t.roll for t in result.totals if t.group == "all"}
    assert whole["head"] == sum(e.head for e in standing)
    assert whole.get("area", 0) in (0, sum(e.area_cm2 for e in standing))


@given(pack=packs, rows=electors, choices=ballot_lists, which=st.integers(0, 8))
@QUICK
def test_a_vote_for_in_place_of_one_against_never_rejects(pack: RulePack, rows: Any, choices: Any, which: int) -> None:
    roll = people(rows)
    ballots = cast(roll, choices)
    if not ballots:
        return
    n = which % len(ballots)
    if ballots[n].choice != Choice.AGAINST:
        ballots[n] = Ballot(ballots[n].voter, Choice.AGAINST)
    before = certify(pack, roll, ballots, chair="v0")
    ballots[n] = Ballot(ballots[n].voter, Choice.FOR)
    after = certify(pack, roll, ballots, chair="v0")
    assert not (before.outcome == Outcome.ADOPTED and after.outcome != Outcome.ADOPTED)
    assert before.input_sha256 != after.input_sha256


@given(pack=packs, rows=electors.filter(lambda rows: len(rows) <= 5), choices=ballot_lists)
@QUICK
def test_what_could_still_change_is_what_some_completion_changes(pack: RulePack, rows: Any, choices: Any) -> None:
    roll = people(rows)
    ballots = cast(roll, choices)
    now = certify(pack, roll, ballots, chair="v0")
    voted = {ballot.voter for ballot in ballots}
    out = [e.voter for e in roll if e.voter not in voted and not e.recused]
    others = set()
    for filled in product([*CHOICES, None], repeat=len(out)):
        more = [Ballot(voter, choice) for voter, choice in zip(out, filled, strict=True) if choice]
        others.add(certify(pack, roll, [*ballots, *more], chair="v0").outcome)
    assert now.could_change == (others != {now.outcome})


def test_a_tie_is_decided_by_the_chair_only_where_the_rules_say_so() -> None:
    roll = [Elector(f"v{n}") for n in range(4)]
    ballots = [Ballot(f"v{n}", Choice.FOR if n < 2 else Choice.AGAINST) for n in range(4)]
    assert certify(rules(tie="chair_casts"), roll, ballots, chair="v0").outcome == "adopted"
    assert certify(rules(tie="chair_casts"), roll, ballots, chair="v2").outcome == "not_adopted"
    assert certify(rules(tie="chair_casts"), roll, ballots).outcome == "not_adopted"
    assert certify(rules(), roll, ballots, chair="v0").outcome == "not_adopted"
    assert certify(rules(), roll, ballots).tie


@pytest.mark.parametrize("voter", ["stranger", "v0", "recused"])
def test_a_ballot_that_cannot_count_is_refused_by_name(voter: str) -> None:
    roll = [Elector("v0"), Elector("recused", recused=True)]
    with pytest.raises(BallotRefused) as caught:
        certify(rules(), roll, [Ballot("v0", Choice.FOR), Ballot(voter, Choice.FOR)])
    assert caught.value.voter == voter


def test_hands_have_no_area_and_are_no_more_than_those_who_are_there() -> None:
    roll = [Elector("v0", "x"), Elector("v1", "x"), Elector("v2", "y")]
    with pytest.raises(NotCountable, match="more hands"):
        certify(rules(), roll, [], present={"v0"}, hands=[HandCount("x", 2, 0, 0)])
    with pytest.raises(NotCountable, match="twice"):
        certify(rules(), roll, [], hands=[HandCount("x", 1, 0, 0), HandCount("x", 0, 1, 0)])
    with pytest.raises(NotCountable, match="area"):
        certify(read_rules(shipped()["owners_278_ordinary"]), roll, [], hands=[HandCount("x", 1, 0, 0)])
    with pytest.raises(NotCountable, match="besides"):
        certify(rules(), roll, [Ballot("v2", Choice.FOR)], hands=[HandCount("x", 1, 0, 0)])
    counted = certify(rules(), roll, [], present={"v0", "v1"}, hands=[HandCount("x", 1, 1, 0)])
    assert (counted.outcome, counted.tie, counted.could_change) == ("not_adopted", True, False)


def test_what_is_needed_at_the_door_is_named_for_each_group() -> None:
    roll = [Elector(f"v{n}", "x" if n < 4 else "y") for n in range(6)]
    found = heads_needed(read_rules(shipped()["four_party"]), roll, {"v0", "v1"})
    assert [(need.group, need.present, need.needed, need.missing) for need in found] == [
        ("all", 2, 4, 2),
        ("x", 2, 2, 0),
        ("y", 0, 1, 1),
    ]
