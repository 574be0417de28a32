"""Pages of the staff and of residents: parse, one command, answer."""
