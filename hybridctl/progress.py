"""Says in one live line what a run's tree does."""

from __future__ import annotations

from rich.console import Console

from controllers.controller import ControlResult
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray


class Progress:
    """Says in one live line what the tree does."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("starting")
        self._tip = ""

    def on_control(
        self, state: ArmState, result: ControlResult, T_base_tool: FloatArray, source: str
    ) -> None:
        """Nothing: the tree says more."""

    def on_tree(self, stamp: float, status: str, tip: str) -> None:
        """Show the leaf that is active; keep a line of each."""
        self._status.update(f"{stamp:5.1f} s  {tip}")
        if tip and tip != self._tip:
            self._console.print(f"{stamp:6.2f} s  {tip}", style="dim")
        self._tip = tip

    def __enter__(self) -> Progress:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()
