"""The history as event logs that process mining reads: XES (IEEE 1849) of cases, OCEL 2.0 of everything together."""
