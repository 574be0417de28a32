"""Workload and flow: what lies where for how long, what goes back and forth, who gets more than they close."""
