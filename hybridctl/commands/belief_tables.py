"""Beliefs as tables for people: things, drawers, facts and the hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from world_state.beliefs import Beliefs
    from world_state.slot import Slot


def print_beliefs(console: Console, beliefs: Beliefs, *, at: float) -> None:
    """Print what is believed as of a time [s]: less sure the longer ago it was seen."""
    from world_state.queries import AsOf

    then = AsOf(beliefs, at)
    things = _table(
        f"things at {at:g} s", ("id", "called", "position [m]", "σ [mm]", "seen [s]", "there", "is")
    )
    for slot in then.slots():
        sigma = 1e3 * math.sqrt(max(float(slot.covariance[i, i]) for i in range(3)))
        place = ", ".join(f"{value:.3f}" for value in slot.position)
        things.add_row(
            escape(slot.id), escape(slot.phrase), place, f"{sigma:.1f}", f"{slot.last_seen:.2f}",
            f"{100 * slot.p_exists:.0f} %", escape(_is(slot, beliefs)),
        )  # fmt: skip
    console.print(things if beliefs.slots else f"no thing is known at {at:g} s")
    if beliefs.articulations:
        parts = _table("drawers and doors", ("name", "open to", "closed", "ajar", "open"))
        for name, part in beliefs.articulations.items():
            chances = (part.p_closed, part.p_ajar, part.p_open)
            parts.add_row(
                escape(name), f"{100 * part.fraction:.0f} %", *(f"{100 * p:.0f} %" for p in chances)
            )
        console.print(parts)
    if beliefs.facts:
        facts = _table("facts", ("what", "is so with", "told [s]"))
        for key, fact in beliefs.facts.items():
            facts.add_row(escape(key), f"{100 * fact.probability(at):.0f} %", f"{fact.stamp:.2f}")
        console.print(facts)
    held = then.holding_state()
    what = "something" if held.phrase is None else f"the {held.phrase}"
    word = {True: f"holds {what}", False: "holds nothing", None: f"perhaps holds {what}"}[held.state]
    p = 1.0 - held.probability if held.state is False else held.probability
    console.print(f"the hand {word} ({100 * p:.0f} %)", markup=False)


def _is(slot: Slot, beliefs: Beliefs) -> str:
    """Return how a thing stands to the rest: `seen, in the bowl (s1)`."""
    attached = slot.attachment
    if attached.kind in ("none", "held"):  # the status says that it is held
        return slot.status
    place = beliefs.slots.get(attached.to)
    name = attached.to if place is None else f"{place.phrase} ({place.id})"
    return f"{slot.status}, {attached.kind} the {name}"


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
