"""What each move is asked for: one form per transition."""
