"""What a memory is fed, in the order in which it comes, and beside it the truth that it is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.observation import Observation
from hybridctl.messages.policy import LocateAnswer
from world_state.errors import MeasurementError
from world_state.levelling import levelled
from world_state.sighting import Sighting


@dataclass(frozen=True)
class Look:
    """A picture and what the model answered for each phrase; it comes later than the picture was taken.

    Attributes:
        stamp: When the answers are there [s].
        picture: What was seen.
        answers: By phrase.
        station: Number of the place where the camera stood.
        shown: Which things are to be seen in it, shape (n,), from truth.
    """

    stamp: float
    picture: Observation
    answers: Mapping[str, LocateAnswer]
    station: int
    shown: NDArray[np.bool_]

    @cached_property
    def T_base_camera(self) -> FloatArray:
        """The camera's pose by the table that it sees, shape (4, 4) [m]: found once."""
        picture = self.picture
        return levelled(picture.depth, picture.K, picture.T_base_camera, table_height=0.0)

    @cached_property
    def sightings(self) -> tuple[Sighting, ...]:
        """What the answers show by depth: the same for everybody, and measured once."""
        found = []
        for phrase, answer in self.answers.items():
            try:
                found.append(Sighting.of(phrase, answer, table_height=0.0, T_base_camera=self.T_base_camera))
            except MeasurementError:  # only the table stands there
                continue
        return tuple(found)


@dataclass(frozen=True)
class Points:
    """Simultaneous measurements without a picture: what stood where, and what was said of it.

    Attributes:
        stamp: When they are there [s].
        sightings: What was measured.
        shown: Which things were to be seen, shape (n,), from truth.
    """

    stamp: float
    sightings: tuple[Sighting, ...]
    shown: NDArray[np.bool_]


@dataclass(frozen=True)
class Feel:
    """What the arm feels at a tick: its state, the tool's pose (4, 4) [m], and the width it was told [m]."""

    stamp: float
    state: ArmState
    T_base_tool: FloatArray
    commanded_width: float


@dataclass(frozen=True)
class Intent:
    """That the hand is about to grasp `phrase`, or, where that is None, to let go."""

    stamp: float
    phrase: str | None


Input = Look | Points | Feel | Intent


@dataclass(frozen=True)
class Move:
    """That somebody put a thing elsewhere at once.

    Attributes:
        phrase: Which.
        stamp: When [s].
        to: Its new place, shape (3,) [m].
        swapped: Whether a look-alike took its place, and it the look-alike's.
    """

    phrase: str
    stamp: float
    to: FloatArray
    swapped: bool


@dataclass(frozen=True)
class Truth:
    """Where things really were, tick by tick.

    Attributes:
        phrases: Their names, n of them.
        stamps: Of the ticks, shape (t,) [s].
        positions: Of their centres, shape (t, n, 3) [m].
        held: Number of what the hand holds, shape (t,); -1 for nothing.
        in_bowl: Whether each lies in the bowl, shape (t, n).
        moves: What somebody did.
    """

    phrases: tuple[str, ...]
    stamps: FloatArray
    positions: FloatArray
    held: NDArray[np.int64]
    in_bowl: NDArray[np.bool_]
    moves: tuple[Move, ...]

    def tick(self, stamp: float) -> int:
        """Return the number of the last tick that is not after `stamp` [s]."""
        return max(0, int(np.searchsorted(self.stamps, stamp + 1e-9, side="right")) - 1)

    def at(self, stamp: float) -> FloatArray:
        """Return where all things were at `stamp` [s], shape (n, 3) [m]."""
        return np.asarray(self.positions[self.tick(stamp)])


@dataclass(frozen=True)
class Recording:
    """One sequence.

    Attributes:
        seed: Of the scene and of all that happens.
        inputs: By the time at which each comes.
        truth: What was so.
        ended: How the arm's run ended, in words.
    """

    seed: int
    inputs: tuple[Input, ...]
    truth: Truth
    ended: str

    @property
    def looks(self) -> tuple[Look, ...]:
        """The pictures, by the time of their answers."""
        return tuple(one for one in self.inputs if isinstance(one, Look))
