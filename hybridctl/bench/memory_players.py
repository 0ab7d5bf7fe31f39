"""Those who are told the same and must say where things are: the memory, a naive one, and a peer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from scipy.special import gammainc

from hybridctl.bench.memory_recording import Feel, Input, Look, Points
from hybridctl.messages.arrays import FloatArray
from world_state.association import unexpected
from world_state.errors import UnknownSlot
from world_state.memory import WorldMemory
from world_state.noise import NoiseModel
from world_state.presence import glances
from world_state.readings import Looks
from world_state.sighting import Sighting
from world_state.slot import Slot, predict
from world_state.store import EventStore

if TYPE_CHECKING:  # an extra that not everybody has installed
    from hybridctl.bench.peers.stone_soup_tracks import StoneSoupTracks

NEAR = 0.025
"""A thing is where somebody says if its centre is within this of there [m]."""


class Guess(NamedTuple):
    """Where somebody says a thing is.

    Attributes:
        position: Of its centre, shape (3,) [m].
        covariance: Of that, shape (3, 3) [m²]; None of somebody who gives none.
        probability: That the thing is within NEAR of there; None of somebody who gives none.
    """

    position: FloatArray
    covariance: FloatArray | None = None
    probability: float | None = None


class Player(Protocol):
    """Somebody who is told what comes in, and can be asked."""

    def take(self, one: Input) -> None:
        """Be told."""
        ...

    def guesses(self, now: float) -> Mapping[str, Guess]:
        """Say where things are at a time [s], by their phrases."""
        ...


@dataclass
class HandClock:
    """A clock that stands where it was set [s]."""

    stamp: float = 0.0

    def now(self) -> float:
        """Return the time [s]."""
        return self.stamp

    def sleep_until(self, stamp: float) -> None:
        """Go on to `stamp` [s]."""
        self.stamp = max(self.stamp, stamp)


class Remembering:
    """The world-state memory."""

    def __init__(self, *, noise: NoiseModel, store: EventStore | None = None) -> None:
        self.clock = HandClock()
        self.memory = WorldMemory(store, clock=self.clock, noise=noise)
        self._noise = noise
        self.chances: list[float] = []
        """Of each look at a thing that was known: the chance of a gap as large as it had, or larger."""
        self.look_ms: list[float] = []
        """Time of each picture's reading, depth measured before [ms]."""

    def take(self, one: Input) -> None:
        """Tell the memory."""
        self.clock.sleep_until(one.stamp)
        memory = self.memory
        if isinstance(one, Look | Points):
            before, sightings = memory.beliefs.slots, one.sightings  # measured here, before the clock starts
            started = perf_counter()
            memory.take(self._reading(one))
            self.look_ms.append(1e3 * (perf_counter() - started))
            self._judge(before, sightings)
        elif isinstance(one, Feel):
            memory.feel(one.state, one.T_base_tool, commanded_width=one.commanded_width)
        elif one.phrase is None:
            memory.intend_release()
        else:
            with suppress(UnknownSlot):  # it is grasped all the same, by an arm that knows
                memory.intend_grasp(one.phrase)

    def guesses(self, now: float) -> dict[str, Guess]:
        """Say where each thing is that the memory believes in."""
        self.clock.sleep_until(now)
        named: dict[str, Slot] = {}
        for slot in self.memory.slots():
            best = named.get(slot.phrase)
            if slot.existence > 0.0 and (best is None or _share(slot) > _share(best)):
                named[slot.phrase] = slot
        return {
            phrase: Guess(slot.position, slot.covariance, _share(slot) * mass_within(slot.covariance, NEAR))
            for phrase, slot in named.items()
        }

    def _reading(self, one: Look | Points) -> Looks:
        """Return the reading that `WorldMemory.see_all` makes, of measurements that are there already."""
        if isinstance(one, Points):
            return Looks(one.stamp, "points", one.sightings, ())
        picture = one.picture
        standing = [
            slot
            for slot in self.memory.beliefs.slots.values()
            if slot.status != "held" and slot.stamp <= picture.stamp
        ]
        now = [predict(slot, picture.stamp) for slot in standing]
        seen = glances(picture, now, T_base_camera=one.T_base_camera)
        return Looks(picture.stamp, picture.camera, one.sightings, seen)

    def _judge(self, before: Mapping[str, Slot], sightings: tuple[Sighting, ...]) -> None:
        """Note the chance of each look's gap; a look that the memory took for another thing's has none."""
        for sighting in sightings:
            slot = self.memory.beliefs.slot_named(sighting.phrase)
            if slot is None or slot.id not in before or slot.status == "held":
                continue
            old = before[slot.id]
            near = float(np.linalg.norm(sighting.look.position - slot.position)) < NEAR
            if (
                near
                and old.stamp <= sighting.look.stamp
                and float(np.linalg.norm(sighting.look.position - old.position)) < NEAR
            ):
                self.chances.append(
                    math.exp(-unexpected(old, self._noise.trusted(sighting.look), {}, noise=self._noise))
                )


@dataclass
class LastAnswer:
    """The naive memory: of each phrase the place of its last answer, for ever."""

    places: dict[str, FloatArray] = field(default_factory=dict)

    def take(self, one: Input) -> None:
        """Put each phrase where its answer is; arms and intents are nothing to it."""
        if isinstance(one, Look | Points):
            self.places.update(raw_places(one))

    def guesses(self, now: float) -> dict[str, Guess]:
        """Say where each thing was last seen."""
        return {phrase: Guess(position) for phrase, position in self.places.items()}


class Tracking:
    """Stone Soup's tracker: sees points, as a peer of the memory on the point-mass part."""

    def __init__(self, tracks: StoneSoupTracks) -> None:
        self._tracks = tracks

    def take(self, one: Input) -> None:
        """Track what was pointed at; arms and intents are nothing to it."""
        if isinstance(one, Look | Points):
            self._tracks.see(one.stamp, raw_places(one).items())

    def guesses(self, now: float) -> dict[str, Guess]:
        """Say where each named track is."""
        return {phrase: Guess(*place) for phrase, place in self._tracks.places(now).items()}


def raw_places(one: Look | Points) -> dict[str, FloatArray]:
    """Return where the answers themselves are, by phrase, shape (3,) [m]."""
    return {sighting.phrase: sighting.look.position for sighting in one.sightings}


def mass_within(covariance: FloatArray, radius: float) -> float:
    """Return the probability that a Gaussian of that covariance, shape (3, 3) [m²], is within `radius` [m].

    The squared distance is a sum of chi-squares; a gamma distribution of the same mean and variance stands in
    for it (Satterthwaite, 1946).
    """
    mean = float(np.trace(covariance))
    variance = 2.0 * float(np.trace(covariance @ covariance))
    return float(gammainc(mean * mean / variance, radius**2 * mean / variance))


def _share(slot: Slot) -> float:
    return slot.p_exists * slot.labels.p(slot.phrase)
