"""The only movers: each command locks, checks, moves, records and sets the clocks in one transaction."""
