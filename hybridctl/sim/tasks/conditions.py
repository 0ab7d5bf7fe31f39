"""Whether a condition holds in the physics: what beliefs and success are measured by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import PARTS
from hybridctl.messages.reach import HOME_POSITION
from hybridctl.sim.fixtures import SOCKET_HEIGHT
from hybridctl.sim.regions import Region, regions_of
from hybridctl.sim.things import CUP_HANDLE, ObjectSpec
from hybridctl.sim.truth import (
    TrueObject,
    drawer_fraction,
    finger_contacts,
    pinched,
    seen_share,
    touching,
    true_objects,
    true_pose,
    true_tool,
)
from hybridctl.sim.world import SimWorld
from hybridctl.sim.world_model import ARM_PREFIX

SETTLED = 0.02
"""What moves slower than this is at rest [m/s]."""
OPEN_FRACTION, CLOSED_FRACTION = 0.70, 0.05
SEEN_SHARE, MIDDLE = 0.0015, 0.5
"""What takes up more of the picture than this is in view, if its middle is in the inner half."""
AT_GAP, BESIDE_GAP = 0.02, 0.08
RIM_DEPTH = 0.035
"""How far down from its edge a cup's wall counts as its rim [m]."""
_MARGIN, _ABOVE, _HOME_RADIUS = 0.010, 0.014, 0.06
_REST_SPEED = 0.03


class TruthError(LookupError):
    """A condition names what the scene does not hold, or asks what only a memory can say."""


class TruthOf:
    """The truth of one world, asked by phrases.

    Args:
        world: As it is whenever it is asked.
        referents: Phrases that do not name a thing by themselves (`cup next to the plate`), with the body
            that each means.
    """

    def __init__(self, world: SimWorld, referents: Mapping[str, str] | None = None) -> None:
        self._world = world
        self._referents = dict(referents or {})
        self._regions = regions_of(world.scene)

    def thing(self, phrase: str) -> TrueObject:
        """Return the loose thing that a phrase names.

        Raises:
            TruthError: there is none, or there are several.
        """
        found = [
            t
            for t in true_objects(self._world)
            if (t.body == self._referents[phrase] if phrase in self._referents else t.phrase == phrase)
        ]
        if len(found) != 1:
            raise TruthError(f"{phrase!r} names {len(found)} things of the scene, expected one")
        return found[0]

    def region(self, phrase: str) -> Region:
        """Return the place that a phrase names.

        Raises:
            TruthError: there is none.
        """
        body = self._referents.get(phrase)
        for name, region in self._regions.items():
            if region.body == body if body is not None else name == phrase:
                return region
        raise TruthError(f"{phrase!r} names no place of the scene, known are {', '.join(self._regions)}")

    def pose(self, phrase: str) -> np.ndarray:
        """Return the pose of the thing or the fixture that a phrase names, shape (4, 4) [m]."""
        return true_pose(self._world, self.region(phrase).body)

    def taken_by(self, phrase: str, part: str) -> bool:
        """Return whether both fingers touch a cup, and nowhere but at its `handle` or its `rim`.

        Raises:
            TruthError: it has no such part.
        """
        thing = self.thing(phrase)
        if thing.shape != "cup" or part not in PARTS:
            raise TruthError(f"the {phrase} has no {part!r}; a cup has {' and '.join(PARTS)}")
        T = thing.T_base_object

        def at_part(geom: str, point: FloatArray) -> bool:
            if part == "handle":
                return geom.removeprefix(f"{thing.body}_") in ("handle", "upper", "lower")
            height = float(T[:3, 2] @ (point - T[:3, 3]))
            return "_wall" in geom and height > thing.height / 2 - RIM_DEPTH

        touched = finger_contacts(self._world, thing.body)
        return pinched(self._world, thing.body) and all(at_part(*contact) for contact in touched)

    def holds(self, condition: Condition) -> bool:
        """Return whether a condition is so.

        Raises:
            TruthError: it names what is not there, or only a memory can say (`seen`, `known`).
        """
        return self._plainly(condition) != condition.negated

    def _plainly(self, condition: Condition) -> bool:
        kind, a, b = condition.predicate, condition.subject, condition.object
        if kind is Predicate.HOLDING:
            return self._holding(self.thing(a))
        if kind is Predicate.HELD_BY:
            return self._holding(self.thing(a)) and self.taken_by(a, b)
        if kind is Predicate.HAND_EMPTY:
            return not any(pinched(self._world, thing.body) for thing in true_objects(self._world))
        if kind in (Predicate.OPEN, Predicate.CLOSED):
            fraction = self._opening(a)
            return fraction > OPEN_FRACTION if kind is Predicate.OPEN else fraction < CLOSED_FRACTION
        if kind is Predicate.IN_VIEW:
            share, middle = seen_share(self._world, self.region(a).body, camera="wrist")
            return bool(share > SEEN_SHARE and np.abs(middle).max() < MIDDLE)
        if kind is Predicate.AT_HOME:
            return bool(np.linalg.norm(true_tool(self._world)[:3, 3] - HOME_POSITION) < _HOME_RADIUS)
        if kind is Predicate.AT_REST:
            dq = self._world.data.qvel[self._world.arm_dofs]
            return bool(np.abs(dq).max() < _REST_SPEED)
        if kind in (Predicate.IN, Predicate.ON, Predicate.WITH):
            return self._rests(self.thing(a), self.region(b))
        if kind is Predicate.INSERTED:
            return self._inserted(self.thing(a), self.region(b))
        if kind is Predicate.AT:
            return self._lies(self.thing(a)) and self._gap(self.thing(a), b) <= AT_GAP
        if kind is Predicate.NEXT_TO:
            return self._lies(self.thing(a)) and self._next_to(self.thing(a), b)
        raise TruthError(f"only a memory can say whether {condition} holds")

    def _opening(self, phrase: str) -> float:
        """Return how far open what a phrase names is, 0 to 1; a drawer is all that opens here."""
        if self.region(phrase).body != "drawer":
            raise TruthError(f"the {phrase} neither opens nor closes; a drawer does")
        return drawer_fraction(self._world)

    def _holding(self, thing: TrueObject) -> bool:
        """Between the fingers, and touching nothing but the hand."""
        others = {name for name in touching(self._world, thing.body) if not name.startswith(ARM_PREFIX)}
        return pinched(self._world, thing.body) and not others

    def _let_go(self, thing: TrueObject) -> bool:
        return thing.speed < SETTLED and not pinched(self._world, thing.body)

    def _lies(self, thing: TrueObject) -> bool:
        """On the table, let go."""
        return bool(thing.position[2] - lowest_point(thing) < _ABOVE and self._let_go(thing))

    def _rests(self, thing: TrueObject, region: Region) -> bool:
        p = self._local(thing, region)
        half = lowest_point(thing)
        if region.kind == "in":
            # What stands taller than the wall is inside when it stands on the floor, not on the rim.
            below = p[2] < max(region.rim, region.floor + half + _ABOVE)
            inside = region.holds(p[0], p[1], margin=_MARGIN)
        else:
            below = abs(p[2] - half - region.floor) < _ABOVE
            inside = region.holds(p[0], p[1])
        return bool(below and inside and self._let_go(thing))

    def _inserted(self, thing: TrueObject, region: Region) -> bool:
        p = self._local(thing, region)
        bottom = p[2] - thing.height / 2
        upright = thing.T_base_object[2, 2] > 0.97
        return bool(
            region.holds(p[0], p[1]) and bottom < SOCKET_HEIGHT / 2 and upright and self._let_go(thing)
        )

    def _local(self, thing: TrueObject, region: Region) -> np.ndarray:
        T = true_pose(self._world, region.body)
        return np.asarray(T[:3, :3].T @ (thing.position - T[:3, 3]))

    def _gap(self, thing: TrueObject, place: str) -> float:
        """Return the distance between the outlines of a thing and of a place, both taken as circles [m]."""
        region = self.region(place)
        T = true_pose(self._world, region.body)
        across = float(np.hypot(*(thing.position - T[:3, 3])[:2]))
        return across - outline_radius(thing.spec) - max(region.half)

    def _next_to(self, thing: TrueObject, place: str) -> bool:
        gap = self._gap(thing, place)
        others = [
            self._gap(other, place)
            for other in true_objects(self._world)
            if other.shape == thing.shape and other.body != thing.body
        ]
        return gap < BESIDE_GAP and all(gap < other for other in others)


def outline_radius(spec: ObjectSpec) -> float:
    """Return the radius of the circle about a thing's outline, its handle left out [m]."""
    long = {"lemon": 1.35, "lime": 1.35, "mango": 1.35, "egg": 1.3, "bar": 1.5, "cross": 1.6, "dumbbell": 2.4}
    return spec.size / 2 * long.get(spec.shape, 1.0)


def lowest_point(thing: TrueObject) -> float:
    """Return how far a thing's centre is above its lowest point as it lies now [m]."""
    spec, up = thing.spec, np.abs(thing.T_base_object[2, :3])
    if spec.shape in ("ball", "apple", "orange", "plum", "melon", "grapefruit"):
        return spec.size / 2
    if spec.shape in ("lemon", "lime", "mango", "egg", "strawberry"):
        axes = (outline_radius(spec), spec.size / 2, spec.height / 2)
        return float(np.linalg.norm(up * axes))
    if spec.shape in ("cylinder", "can", "peg"):
        return float(spec.size / 2 * np.hypot(up[0], up[1]) + spec.height / 2 * up[2])
    long = outline_radius(spec) if spec.shape != "cup" else CUP_HANDLE
    return float(up @ (long, spec.size / 2, spec.height / 2)) if up[2] < 0.9 else spec.height / 2
