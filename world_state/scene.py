"""What relations and expressions are asked of: the things as of one instant, and what is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from world_state.categorical import OTHER
from world_state.lexicon import named
from world_state.slot import Slot, predict


@dataclass(frozen=True, eq=False)
class Scene:
    """The things of one instant; each is aged up to then, and its attributes looked up, once it is asked for.

    Attributes:
        believed: The slots by id, as of when each was last corrected.
        now: The instant [s].
        held: Probability that a thing is in the hand, by slot id; 0 for those that it lacks.
    """

    believed: Mapping[str, Slot]
    now: float
    held: Mapping[str, float] = field(default_factory=dict)
    _aged: dict[str, Slot] = field(default_factory=dict, init=False)
    _attributes: dict[tuple[str, str], Mapping[str, float]] = field(default_factory=dict, init=False)

    def slot(self, id: str) -> Slot:
        """Return a thing as of now."""
        if id not in self._aged:
            self._aged[id] = predict(self.believed[id], self.now)
        return self._aged[id]

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """All things as of now, in the order in which they were first seen."""
        return tuple(map(self.slot, self.believed))

    def p_held(self, slot: Slot) -> float:
        """Return the probability that a thing is in the hand."""
        return self.held.get(slot.id, 0.0)

    def kinds(self, id: str) -> Mapping[str, float]:
        """Return the probability of each kind that a thing may be; what lacks of 1 is not known."""
        return self._attribute("kind", id)

    def colours(self, id: str) -> Mapping[str, float]:
        """Return the probability of each colour that a thing may have; what lacks of 1 is not known."""
        return self._attribute("colour", id)

    def _attribute(self, name: str, id: str) -> Mapping[str, float]:
        if (name, id) not in self._attributes:
            self._attributes[name, id] = _attribute(self.believed[id], name)
        return self._attributes[name, id]


def p_same(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Return the probability that two things have the same value, if each is believed by itself."""
    return sum(p * b[value] for value, p in a.items() if value in b)


def _attribute(slot: Slot, name: str) -> dict[str, float]:
    """Return the probability of each value, from what was asked, else from its names: a lemon is yellow."""
    belief = slot.attributes.get(name)
    if belief is not None:
        return {value: belief.p(value) for value in belief.log_p if value != OTHER}
    found: dict[str, float] = {}
    for phrase in slot.labels.log_p:
        value = getattr(named(phrase), name)
        if value is not None:
            found[value] = found.get(value, 0.0) + slot.labels.p(phrase)
    return found
