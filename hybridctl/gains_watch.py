"""Hands an edited gains file to a running controller, between two control periods."""

from __future__ import annotations

from collections.abc import Callable

from controllers.controller import Controller, ControlResult
from controllers.errors import GainsError
from controllers.gains import Gains
from controllers.gains_file import GainsFile
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray


class GainsWatch:
    """A listener of the runtime, which calls it between steps: no thread, and no step sees two gains.

    Args:
        controller: What is running.
        file: The file to look at.
        say: Told of each change, and once of each content that is refused.
        followers: Told of gains that were taken.
    """

    def __init__(
        self,
        controller: Controller,
        file: GainsFile,
        *,
        say: Callable[[str], None],
        followers: tuple[Callable[[Gains], None], ...] = (),
    ) -> None:
        self._controller, self._file = controller, file
        self._say, self._followers = say, followers

    def on_control(
        self, state: ArmState, result: ControlResult, T_base_tool: FloatArray, source: str
    ) -> None:
        """Look at the file if it is time; the next step has the new gains."""
        try:
            gains = self._file.poll(result.command.stamp)
            if gains is None:
                return
            self._controller.set_gains(gains)
        except GainsError as error:
            self._say(f"the gains stay as they were: {error}")
            return
        self._say(f"new gains from {self._file.path}")
        for follower in self._followers:
            follower(gains)

    def on_tree(self, stamp: float, status: str, tip: str) -> None:
        """Nothing: gains do not hang on the tree."""
