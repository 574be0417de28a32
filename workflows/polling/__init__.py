"""What a poll comes to: a pure function of rules, roll and ballots, with its explanation; imports no Django."""
