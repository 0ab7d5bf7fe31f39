"""Reads the arguments that several commands take; what is wrong is said in one line."""

from __future__ import annotations

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def seed(text: str) -> int:
    """Read a seed."""
    value = int(text) if text.lstrip("-").isdigit() else -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed, expected an integer of 0 or more")
    return value


def count(text: str) -> int:
    """Read a number of things, 1 or more."""
    value = int(text) if text.isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no count of 1 or more")
    return value


def positive(text: str) -> float:
    """Read a length of time above 0."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def seed_range(text: str) -> tuple[int, int]:
    """Read FIRST:LAST."""
    first, separator, last = text.partition(":")
    if not separator or not first.isdigit() or not last.isdigit() or int(last) <= int(first):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no range of seeds, expected FIRST:LAST, as 1000000:1000100"
        )
    return int(first), int(last)


def names(text: str) -> tuple[str, ...]:
    """Read names separated by commas."""
    found = tuple(name.strip() for name in text.split(",") if name.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} names nothing, expected names separated by commas")
    return found


def share(text: str) -> float:
    """Read a share, 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share, expected a number from 0 to 1")
    return value
