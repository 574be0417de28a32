"""Errands of several people over days; their nodes call commands, and none keeps the state of a case."""
