"""Policies that are no model in this process: recorded answers, a table, or a service elsewhere."""
