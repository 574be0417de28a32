"""Rates of cases, computed from events alone: each defined once, beside its formula and its words."""
