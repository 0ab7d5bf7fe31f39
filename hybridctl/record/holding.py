"""When the memory believed that something is held, read from its events."""

from __future__ import annotations

from enum import Enum

from hybridctl.record.run_folder import MemoryEvent


class Belief(Enum):
    """Whether something is in the hand."""

    HELD = "held"
    EMPTY = "empty"
    UNSURE = "not sure"


_CAUSES = {
    "grasped": Belief.HELD,
    "nothing held": Belief.EMPTY,
    "let go": Belief.EMPTY,
    "not sure": Belief.UNSURE,
}


def holding_spans(memory: list[MemoryEvent], end: float) -> list[tuple[float, float, Belief, str]]:
    """Return (start, end, belief, phrase) of each stretch of one belief [s]; nothing before the first."""
    spans: list[tuple[float, float, Belief, str]] = []
    for event in memory:
        if event.kind != "holding" or event.cause not in _CAUSES:
            continue
        if spans:
            start, _, belief, phrase = spans[-1]
            spans[-1] = (start, event.stamp, belief, phrase)
        grip = event.belief.get("hand", {}).get("grip") or {}
        spans.append((event.stamp, max(end, event.stamp), _CAUSES[event.cause], str(grip.get("phrase", ""))))
    return spans
