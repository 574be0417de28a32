"""Rule packs: what is shipped can be used, and every fault of a bad one is named at once."""

import copy
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from workflows.polling.packs import shipped
from workflows.polling.rules import CHECK, RulesInvalid, faults_of, read_rules, sha256_of


@pytest.mark.parametrize("code", sorted(shipped()))
def test_a_shipped_pack_has_no_fault_cites_its_source_and_says_that_it_is_to_be_checked(code: str) -> None:
    data = shipped()[code]
    assert faults_of(data) == []
    rules = read_rules(data)
    assert (rules.code, rules.sha256) == (code, sha256_of(data))
    assert CHECK in rules.note
    assert rules.source


CHANGES: list[tuple[str, Any, str]] = [
    ("quorum.0.frac", [0.66, 1], "quorum[0].frac"),
    ("quorum.0.frac", [3, 2], "quorum[0].frac"),
    ("quorum.0.frac", [True, 2], "quorum[0].frac"),
    ("quorum.0.op", "=", "quorum[0].op"),
    ("quorum.0.of", "present", "quorum[0].of"),
    ("quorum.0.group", "party:", "quorum[0].group"),
    ("quorum.0", "two thirds", "quorum[0]"),
    ("quorum", [], "quorum"),
    ("approval.0.den", "everybody", "approval[0].den"),
    ("approval.0.num", "against", "approval[0].num"),
    ("approval.0.measure", "money", "approval[0].measure"),
    ("approval.0.frac", [1, 1], "approval[0].frac"),
    ("ballot.0", "shouting", "ballot[0]"),
    ("scope.0", "parliament", "scope[0]"),
    ("proxy", {"allowed": True}, "proxy.cap"),
    ("proxy.cap", 0, "proxy.cap"),
    ("proxy.barred_roles", "all", "proxy.barred_roles"),
    ("sign.who", "nobody", "sign.who"),
    ("sign.frac", [0, 2], "sign.frac"),
    ("publish.min_days", -1, "publish.min_days"),
    ("publish.calendar", "lunar", "publish.calendar"),
    ("publish.objection_effect", "ignore", "publish.objection_effect"),
    ("tie", "coin", "tie"),
    ("notice_days", "three", "notice_days"),
    ("version", 0, "version"),
    ("name", " ", "name"),
    ("note", "good", "note"),
    ("effective_from", "2021-13-01", "effective_from"),
    ("after", 7, "after"),
    ("overspend", {"frac": [2, 1]}, "overspend.frac"),
    ("colour", "red", "colour"),
    ("publish.colour", "red", "publish.colour"),
]


def changed(path: str, value: Any) -> dict[str, Any]:
    data = copy.deepcopy(shipped()["four_party"])
    place: Any = data
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        place = place[step]
    place[last] = value
    return data


@pytest.mark.parametrize(("path", "value", "named"), CHANGES)
def test_a_fault_is_named_with_its_place(path: str, value: Any, named: str) -> None:
    assert [fault.path for fault in faults_of(changed(path, value))] == [named]


def test_all_faults_are_named_at_once() -> None:
    data = changed("tie", "coin")
    del data["quorum"]
    data["approval"] = data["approval"] * 2
    assert [fault.path for fault in faults_of(data)] == ["quorum", "tie", "approval[1]"]
    with pytest.raises(RulesInvalid) as caught:
        read_rules(data)
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("data", [None, [], "pack", 7])
def test_what_is_no_object_is_no_pack(data: object) -> None:
    assert [fault.path for fault in faults_of(data)] == [""]


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command(*arguments, stdout=out)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def test_check_rule_pack_names_each_fault_and_exits_1(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(shipped()["four_party"]), encoding="utf-8")
    bad.write_text(json.dumps(changed("tie", "coin") | {"colour": 1}), encoding="utf-8")
    code, out = run("check_rule_pack", str(good))
    assert code == 0
    assert CHECK in out
    code, out = run("check_rule_pack", str(bad), "--json")
    assert code == 1
    assert [row["path"] for row in json.loads(out)["faults"]] == ["colour", "tie"]
    assert run("check_rule_pack", str(tmp_path / "none.json"))[0] == 2


ROLL = "voter,party,head,area_m2\nv1,x,1,50.0001\nv2,x,1,49.9999\nv3,y,1,50\n"


def decide(tmp_path: Path, roll: str, ballots: str, rules: str = "owners_278_ordinary", *more: str) -> tuple[int, Any]:
    (tmp_path / "roll.csv").write_text(roll, encoding="utf-8-sig")
    (tmp_path / "ballots.csv").write_text(ballots, encoding="utf-8")
    code, out = run("decide", rules, str(tmp_path / "roll.csv"), str(tmp_path / "ballots.csv"), *more)
    return code, out


def test_decide_prints_outcome_totals_and_criteria_from_files_alone(tmp_path: Path) -> None:
    code, out = decide(tmp_path, ROLL, "voter,choice\nv1,for\nv3,反对\n", "owners_278_ordinary", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["outcome"] == "not_adopted"
    assert found["totals"]["area"] == {
        "for": 500_001, "against": 500_000, "abstain": 0, "invalid": 0, "participating": 1_000_001,
        "unreturned": 499_999, "roll": 1_500_000,
    }  # fmt: skip
    assert [(c["name"], c["measure"], c["passed"]) for c in found["criteria"]] == [
        ("quorum", "area", True), ("quorum", "head", True), ("approval", "area", True), ("approval", "head", False),
    ]  # fmt: skip
    assert found["could_change"]
    words = decide(tmp_path, ROLL, "voter,choice\nv1,for\nv3,反对\n")[1]
    assert "参与表决 100.0001 平方米" in words


def test_decide_takes_rules_without_their_citation(tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    pack = {key: shipped()["four_party"][key] for key in ("quorum", "approval", "tie")}
    rules.write_text(json.dumps(pack), encoding="utf-8")
    code, out = decide(tmp_path, ROLL, "voter,choice\nv1,for\nv2,for\nv3,for\n", str(rules), "--json")
    assert (code, json.loads(out)["outcome"]) == (0, "adopted")


@pytest.mark.parametrize(
    ("roll", "ballots", "says"),
    [
        ("voter,party,head\n", "voter,choice\n", "area_m2 is missing"),
        (ROLL + "v1,x,1,5\n", "voter,choice\n", "v1 stands on the roll twice"),
        (ROLL + "v4,x,1,5.00001\n", "voter,choice\n", "line 5"),
        (ROLL + "v4,x,1,NaN\n", "voter,choice\n", "line 5"),
        (ROLL + "v4,x,half,5\n", "voter,choice\n", "half"),
        (ROLL, "voter,choice\nv1,maybe\n", "maybe is not for"),
        (ROLL, "voter,choice\n,for\n", "voter is empty"),
        (ROLL, "voter,choice\nv9,for\n", "v9: is not on the roll"),
        (ROLL, "voter,choice\nv1,for\nv1,for\n", "v1: has voted already"),
    ],
)
def test_decide_names_what_is_wrong_in_its_files(tmp_path: Path, roll: str, ballots: str, says: str) -> None:
    code, out = decide(tmp_path, roll, ballots)
    assert code == 2
    assert says in out
