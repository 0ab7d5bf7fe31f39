"""Expressions that refer to things, `the cup next to the plate`: read, and resolved to a distribution."""

from world_state.referring.grammar import read
from world_state.referring.reference import Reference
from world_state.referring.resolve import resolve

__all__ = ["Reference", "read", "resolve"]
