"""A tree that halts exactly: whatever happens in a tick, no leaf is left running."""

from __future__ import annotations

from typing import Any

from py_trees.behaviour import Behaviour

from behaviors.context import TreeContext
from behaviors.leaf import halt_all
from hybridctl.messages.arm import ArmState


class Tree:
    """A py_trees root with its context, ticked by the runtime."""

    def __init__(self, root: Behaviour, context: TreeContext) -> None:
        self.root = root
        self.context = context

    def tick(self, state: ArmState, *, commanded_width: float) -> str:
        """Update the context, tick once and return `RUNNING`, `SUCCESS` or `FAILURE`.

        An exception in a leaf halts the whole tree (py_trees alone leaves siblings running, FIELD.md §5)
        and is raised again.
        """
        self.context.update(state, commanded_width=commanded_width)
        try:
            self.root.tick_once()
        except BaseException:
            self.halt()
            raise
        return str(self.root.status.name)

    def halt(self) -> None:
        """Stop every running leaf and brake."""
        halt_all(self.root)
        self.context.controller.hold()

    def tip(self) -> str:
        """Return the name of the leaf that the last tick ended in."""
        tip: Any = self.root.tip()
        while tip is not None and getattr(tip, "inner_tip", None) is not None:
            tip = tip.inner_tip()
        return "" if tip is None else str(tip.name)

    def failures(self) -> list[dict[str, Any]]:
        """Return what failed on the way, in order, as plain data."""
        return [
            {"leaf": f.leaf, "kind": f.kind.value, "why": f.why, "stamp": round(f.stamp, 3)}
            for f in self.context.failures
        ]
