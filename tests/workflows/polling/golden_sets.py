"""Ten polls that were worked out by hand, one for each pack that is shipped, at the edges of its rules.

Each: the pack; the roll as (voters, party, area in cm² each); ballots as "choice" × number in the order of the roll;
who was there; hands; the outcome; and each criterion as (name, measure, group, numerator, denominator, passed).
"""

from typing import Any

A, B = "community", "property_company"

GOLDEN: dict[str, dict[str, Any]] = {
    # 12 of 18 are exactly two thirds, each party at half; 7 of 12 present are more than half.
    "four_party": {
        "roll": [(8, A, 0), (4, B, 0), (6, "residents", 0)],
        "present": [*range(7), 8, 9, 12, 13, 14],
        "ballots": {"for": [0, 1, 2, 3, 8, 12, 13], "against": [4, 5, 9], "abstain": [6, 14]},
        "outcome": "adopted",
        "criteria": [
            ("quorum", "head", "all", 12, 18, True),
            ("quorum", "head", A, 7, 8, True),
            ("quorum", "head", B, 2, 4, True),
            ("quorum", "head", "residents", 3, 6, True),
            ("approval", "head", "all", 7, 12, True),
        ],
    },
    # 过半数: exactly half of the roll is no quorum, however they vote.
    "residents_committee": {
        "roll": [(40, "", 0)],
        "present": range(20),
        "ballots": {"for": range(20)},
        "outcome": "no_quorum",
        "criteria": [("quorum", "head", "all", 20, 40, False), ("approval", "head", "all", 20, 20, True)],
    },
    # Exactly half of those present fails "> 1/2"; the one who says nothing is present.
    "villagers_committee": {
        "roll": [(41, "", 0)],
        "present": range(22),
        "ballots": {"for": range(11), "against": range(11, 21)},
        "outcome": "not_adopted",
        "criteria": [("quorum", "head", "all", 22, 41, True), ("approval", "head", "all", 11, 22, False)],
    },
    # 以上: exactly two thirds by heads and by area take part; half of the area and one cm² more approve.
    "owners_278_ordinary": {
        "roll": [(1, "", 30_001), (1, "", 10_000), (1, "", 19_999), (3, "", 10_000)],
        "ballots": {"for": [0, 1, 4], "against": [2]},
        "outcome": "adopted",
        "area_of": {5: 20_000, 4: 0},
        "criteria": [
            ("quorum", "area", "all", 60_000, 90_000, True),
            ("quorum", "head", "all", 4, 6, True),
            ("approval", "area", "all", 40_001, 60_000, True),
            ("approval", "head", "all", 3, 4, True),
        ],
    },
    # Three quarters by heads, one cm² short by area.
    "owners_278_special": {
        "roll": [(3, "", 9_999), (1, "", 10_000), (2, "", 10_000)],
        "ballots": {"for": [0, 1, 2], "against": [3]},
        "outcome": "no_quorum",
        "criteria": [
            ("quorum", "area", "all", 39_997, 59_997, False),
            ("quorum", "head", "all", 4, 6, True),
            ("approval", "area", "all", 29_997, 39_997, False),
            ("approval", "head", "all", 3, 4, True),
        ],
    },
    # Of the whole roll: three of five members, one of them recused but still on it.
    "fund_emergency": {
        "roll": [(5, "", 0)],
        "recused": [4],
        "ballots": {"for": [0, 1, 2]},
        "outcome": "adopted",
        "criteria": [("quorum", "head", "all", 3, 5, True), ("approval", "head", "all", 3, 5, True)],
    },
    # Who is recused leaves the roll: 6 of 9 are two thirds, 6 of 10 would not have been.
    "party_meeting_deliberate": {
        "roll": [(10, "", 0)],
        "recused": [9],
        "present": range(6),
        "ballots": {"for": range(4), "abstain": [4, 5]},
        "outcome": "adopted",
        "criteria": [("quorum", "head", "all", 6, 9, True), ("approval", "head", "all", 4, 6, True)],
    },
    # Hands: 40 of 60 there; 20 hands are half of them and not more.
    "party_meeting_resolve": {
        "roll": [(60, "reps", 0)],
        "present": range(40),
        "hands": [("reps", 20, 15, 5)],
        "outcome": "not_adopted",
        "criteria": [("quorum", "head", "all", 40, 60, True), ("approval", "head", "all", 20, 40, False)],
    },
    # 半数以上 of all members, and the half is enough.
    "owners_committee": {
        "roll": [(8, "", 0)],
        "present": range(5),
        "ballots": {"for": range(4), "invalid": [4]},
        "outcome": "adopted",
        "criteria": [("quorum", "head", "all", 5, 8, True), ("approval", "head", "all", 4, 8, True)],
    },
    # 超过应到会人数的半数: six of eleven; five would be a majority of those present only.
    "party_branch": {
        "roll": [(11, "", 0)],
        "present": range(8),
        "ballots": {"for": range(5), "against": range(5, 8)},
        "outcome": "not_adopted",
        "criteria": [("quorum", "head", "all", 8, 11, True), ("approval", "head", "all", 5, 11, False)],
    },
}
