"""The world-state memory of a robot: the present beliefs, the clock, and the store of what changed them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.clock import Clock
from hybridctl.messages.observation import Observation
from hybridctl.messages.policy import AskAnswer, LocateAnswer
from world_state.beliefs import Beliefs
from world_state.close_looks import Series, look_close
from world_state.errors import MeasurementError
from world_state.hand_eye import HandEye
from world_state.history import beliefs_at
from world_state.levelling import levelled
from world_state.noise import NoiseModel
from world_state.posture import HandCamera, Posture
from world_state.presence import glances
from world_state.queries import Queries
from world_state.readings import (
    Answered,
    CloseLooked,
    Correction,
    Feeling,
    Forgotten,
    Intent,
    Looks,
    Reading,
    Told,
)
from world_state.sighting import Sighting
from world_state.slot import Slot, predict
from world_state.store import EventStore
from world_state.transport import inverse

SNAPSHOT_EVERY = 500
"""Events between two snapshots of all beliefs: at most so many are read to know what was believed when."""


class WorldMemory(Queries):
    """Beliefs about the world; each change of one is an event in the store.

    Every reading comes in by `take`; the other methods make readings of what the tree has at hand, and those
    of Queries say what is believed. Called from one thread, the tree's.
    """

    def __init__(
        self,
        store: EventStore | None,
        *,
        clock: Clock,
        table_height: float = 0.0,
        noise: NoiseModel | None = None,
    ) -> None:
        """Start with no belief.

        Args:
            store: Where events go; None keeps none.
            clock: What ages are measured by.
            table_height: Height of the table top in the base frame [m].
            noise: How far each sensor is trusted; the defaults when None.
        """
        self._store = store
        self._clock = clock
        self._table_height = table_height
        self._noise = noise or NoiseModel()
        self._beliefs = Beliefs()
        self._recorded = self._beliefs
        self._since_snapshot = 0
        self._series: CloseLooked | None = None
        self._feeling: Feeling | None = None
        self._posture: Posture | None = None
        self._hand_camera: HandCamera | None = None
        self.surprise = 0.0
        """Minus the log of how expected the last reading was [nat]."""

    @classmethod
    def from_events(cls, store: EventStore, *, clock: Clock, table_height: float = 0.0) -> Self:
        """Return the memory that wrote the store, as of its last event; it goes on writing there.

        What was believed is read, not filtered anew, so old stores survive a changed filter. Ticks are no
        events: until the next `feel` a held thing is where it was grasped, and the probability of holding is
        that at its last change of state. `clock` must count from the same origin as the one that wrote.

        Raises:
            StoreError: the store cannot be read.
        """
        memory = cls(store, clock=clock, table_height=table_height)
        memory._beliefs = memory._recorded = beliefs_at(store)
        return memory

    @property
    def beliefs(self) -> Beliefs:
        """What was believed when it was last corrected."""
        return self._beliefs

    def now(self) -> float:
        """Return the clock's time [s]."""
        return self._clock.now()

    @property
    def posture(self) -> Posture | None:
        """How the arm last stood; None where nobody felt it since the program started."""
        return self._posture

    def take(self, reading: Reading) -> Correction:
        """Correct the beliefs by a reading, and store both if it changed more than a tick does.

        Raises:
            MeasurementError: the reading says nothing that can be believed; nothing changes.
            StoreError: an earlier event could not be written.
        """
        correction = reading.correct(self._beliefs, self._noise)
        self._beliefs, self.surprise = correction.beliefs, correction.surprise
        if correction.cause and self._store is not None:
            self._store.append(
                reading.kind, stamp=reading.stamp, cause=correction.cause, measurement=reading.to_json(),
                belief=self._beliefs.delta(self._recorded),
            )  # fmt: skip
            self._recorded = self._beliefs
            self._since_snapshot += 1
            if self._since_snapshot >= SNAPSHOT_EVERY:
                self._store.snapshot(reading.stamp, self._beliefs.to_json())
                self._since_snapshot = 0
        return correction

    def see(self, phrase: str, answer: LocateAnswer) -> Slot:
        """Take in where a policy saw a thing, and return what is believed of it now.

        A picture older than the belief changes nothing, nor does one of a held thing near the hand, where
        the fingers hide it. A held thing that is seen standing elsewhere is not held: its grip is forgotten.
        Depth also says of all other known things in the picture whether they are still there.

        Raises:
            MeasurementError: the picture shows no object there, or none that may be the thing.
        """
        T = self._levelled(answer.observation)
        try:
            sightings = (Sighting.of(phrase, answer, table_height=self._table_height, T_base_camera=T),)
        except MeasurementError:
            self._look(answer.observation, (), T)
            raise
        self._look(answer.observation, sightings, T)
        slot = self._beliefs.slot_named(phrase)
        if slot is None:
            raise MeasurementError(f"what the policy points at is probably not the {phrase}")
        return slot

    def see_all(self, picture: Observation, answers: Mapping[str, LocateAnswer]) -> dict[str, Slot]:
        """Take in where a policy saw several things in one picture, explained together.

        Returns:
            What is believed of each phrase now; those are missing that nothing is believed of.
        """
        T = self._levelled(picture)
        sightings = []
        for phrase, answer in answers.items():
            try:
                sightings.append(
                    Sighting.of(
                        phrase, answer, table_height=self._table_height,
                        T_base_camera=T if answer.observation is picture else None,
                    )
                )  # fmt: skip
            except MeasurementError:  # only the table stands there
                continue
        self._look(picture, tuple(sightings), T)
        found = {phrase: self._beliefs.slot_named(phrase) for phrase in answers}
        return {phrase: slot for phrase, slot in found.items() if slot is not None}

    def see_close(self, phrase: str, picture: Observation) -> Slot:
        """Take in what a camera on the hand sees where a thing is believed to be, and return the new belief.

        No policy is asked: the belief says where to look. What is found there corrects it, if it may be the
        same thing. Looks from different turns of the hand tell the camera's own constant error from the
        thing's place; what was learned of the camera serves later things.

        Raises:
            UnknownSlot: the memory knows no such thing.
            MeasurementError: the thing is held, the picture is older than the belief or the tool does not
                point down, or nothing that may be the thing stands near where it is believed; the belief
                stays as it was.
        """
        slot = self.slot(phrase)
        self._hand_camera = HandCamera(inverse(picture.T_base_tool) @ picture.T_base_camera, picture.K)
        last = self._series
        series = Series(self.hand_eye)
        if last is not None and last.slot == slot.id and last.series.goes_on_at(picture.stamp):
            series = last.series
        if slot.status == "held":
            raise MeasurementError(f"the {phrase} is held: the fingers hide it from a camera on the hand")
        if picture.stamp < slot.stamp:
            age = slot.stamp - picture.stamp
            raise MeasurementError(f"the picture is {age:.3f} s older than the belief about the {phrase}")
        seen, series = look_close(
            slot, picture, series, table_height=self._table_height, hand_eye=self.hand_eye
        )
        reading = CloseLooked(picture.camera, slot.id, seen, series)
        after = self.take(reading).beliefs.slots[slot.id]
        self._series = reading
        return after

    def hear(self, answer: AskAnswer) -> Correction:
        """Take in what a policy answered to a question about a picture."""
        return self.take(Answered.of(answer))

    def be_told(self, question: str, answer: str, *, answers: tuple[str, ...] = ("yes", "no")) -> Correction:
        """Take in what a person says: `answer`, one of `answers`, to a question, asked or not."""
        return self.take(Told(self.now(), question, answer, answers))

    def feel(self, state: ArmState, T_base_tool: FloatArray, *, commanded_width: float) -> None:
        """Take in what the arm feels, once a tree tick: updates what is held, and where.

        Args:
            state: The arm's reading.
            T_base_tool: Tool pose at the same instant, shape (4, 4) [m]; the tool lies between the fingers.
            commanded_width: Finger distance that the gripper was told to take [m].
        """
        speed = float(np.abs(state.dq).max(initial=0.0))
        self._posture = Posture(T_base_tool, speed, state.stamp, self._hand_camera)
        self._feeling = Feeling.of(
            state, T_base_tool, commanded_width=commanded_width, table_height=self._table_height,
            after=self._feeling,
        )  # fmt: skip
        self.take(self._feeling)

    def intend_grasp(self, phrase: str) -> None:
        """Say what the tree is about to grasp, so that what is then held is known by its name.

        Raises:
            UnknownSlot: the memory knows no such thing.
        """
        self.take(Intent(self.now(), self.slot(phrase).id))

    def intend_release(self) -> None:
        """Say that the tree is about to open the gripper, so that what leaves the hand was not dropped."""
        self.take(Intent(self.now()))

    def forget(self, phrase: str) -> None:
        """Drop the belief about a thing.

        Raises:
            UnknownSlot: the memory knows no such thing.
        """
        self.take(Forgotten(self.now(), self.slot(phrase).id))

    @property
    def hand_eye(self) -> HandEye:
        """What is believed of the error of the camera on the hand."""
        return self._beliefs.hand_eye

    def _levelled(self, picture: Observation) -> FloatArray:
        """Return the camera's pose by the table that it sees, shape (4, 4) [m]: found once a picture."""
        return levelled(picture.depth, picture.K, picture.T_base_camera, table_height=self._table_height)

    def _look(self, picture: Observation, sightings: tuple[Sighting, ...], T_base_camera: FloatArray) -> None:
        """Take in a picture; what was looked at closely before may have moved, so those looks are over."""
        seen = glances(picture, self._standing(picture.stamp), T_base_camera=T_base_camera)
        reading = Looks(picture.stamp, picture.camera, sightings, seen)
        self.take(reading)
        self._series = None

    def _standing(self, stamp: float) -> list[Slot]:
        """Return the things that stood when a picture was taken: what rests does so where it was."""
        return [
            predict(slot, stamp) if slot.pose.moving else slot
            for slot in self._beliefs.slots.values()
            if slot.status != "held" and slot.stamp <= stamp
        ]
