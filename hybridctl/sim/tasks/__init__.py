"""Tasks: reset by a seed, scored from simulator truth."""
