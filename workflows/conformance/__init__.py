"""Conformance: the history of the district replayed against the moves that it has declared for itself."""
