"""How things stand to each other, as probabilities over the beliefs of where they are and what they are.

Left, right, in front and behind are seen from where a person stands who faces the robot, as the scene's
camera does: left is the base frame's -y, right +y, in front +x (towards that person), behind -x.

Positions of different things are taken as independent. What they share (a camera's calibration) cancels in a
difference, so that probabilities near one half are, if anything, too modest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from hybridctl.messages.arrays import FloatArray
from world_state.judgement import Judgement
from world_state.lexicon import CONTAINERS
from world_state.overlap import beyond, in_disc, in_rectangle, turned
from world_state.scene import Scene, p_same
from world_state.slot import Slot

ASIDE = 0.025
"""What is at least so much farther to a side than a landmark stands on that side of it [m]."""
AT_GAP, BESIDE_GAP = 0.02, 0.08
"""Outlines nearer than this touch, or stand side by side [m]: as tasks are scored."""
BETWEEN_OFF = 0.045
"""What is nearer than this to the line from one landmark to the other stands between them [m]."""
RIM = 0.010
"""The bottom of what lies in a container is at least this much below its rim [m]."""
THINNEST = 0.005
"""The top of what lies on a thing is at least this much above that thing's top [m]."""
HOLE_HALF = 0.018
"""A peg whose middle is within this of a hole's middle, along both sides, is over the hole [m]."""
SIZE_STD = 0.003
"""Standard deviation of a measured size: about a pixel at either edge [m]."""
TRUSTED_OVERLAP = 0.05
"""Being attached counts in full where the places alone leave at least this probability for it."""

_LEGENDRE, _LEGENDRE_WEIGHTS = np.polynomial.legendre.leggauss(24)
_HERMITE, _HERMITE_WEIGHTS = np.polynomial.hermite_e.hermegauss(3)
_NODES_2D: FloatArray = np.array([(a, b) for a in _HERMITE for b in _HERMITE])
_WEIGHTS_2D: FloatArray = np.outer(_HERMITE_WEIGHTS, _HERMITE_WEIGHTS).ravel() / _HERMITE_WEIGHTS.sum() ** 2

_SIDES: Mapping[str, FloatArray] = {
    "left of": np.array([0.0, -1.0]),
    "right of": np.array([0.0, 1.0]),
    "in front of": np.array([1.0, 0.0]),
    "behind": np.array([-1.0, 0.0]),
}


class Relation(NamedTuple):
    """How many landmarks a relation takes, and its probability in a scene for a thing and these landmarks."""

    landmarks: int
    probability: Callable[..., float]


def p_related(scene: Scene, name: str, thing: Slot, *landmarks: Slot) -> float:
    """Return the probability that a relation holds, given that all these things are there.

    Args:
        scene: All things as of one instant.
        name: One of RELATIONS.
        thing: What stands so.
        landmarks: To what; two for `between`.

    Raises:
        ValueError: there is no such relation, or it takes another number of landmarks.
    """
    if name not in RELATIONS:
        raise ValueError(f"there is no relation {name!r}, known are {', '.join(sorted(RELATIONS))}")
    relation = RELATIONS[name]
    if len(landmarks) != relation.landmarks:
        raise ValueError(f"`{name}` takes {relation.landmarks} landmarks, got {len(landmarks)}")
    if thing.id in (landmark.id for landmark in landmarks):
        return 0.0
    return relation.probability(scene, thing, *landmarks)


def p_in(scene: Scene, thing: Slot, container: Slot) -> float:
    """In a container: the centre over its footprint, the bottom below its rim, let go.

    A thing as flat as a plate has no inside: there it is the same as on it.
    """
    over = _p_over(thing, container)
    below = 1.0
    if container.extent[2] > 2.0 * RIM:
        bottom = float(thing.position[2] - thing.extent[2] / 2)
        below = beyond(_top(container) - RIM, _height_variance(thing, container), bottom)
    return _let_go(scene, thing) * _with_attachment("in", over * below, thing, container)


def is_inside(thing: Slot, container: Slot) -> bool | None:
    """Return whether a thing lies in a container, both as they are; None when too close to call."""
    scene = Scene({thing.id: thing, container.id: container}, min(thing.stamp, container.stamp))
    return Judgement(p_in(scene, thing, container)).truth


def p_on(scene: Scene, thing: Slot, place: Slot) -> float:
    """On a thing: the centre over its footprint, the top above its top, let go; in it, if it is hollow."""
    p_hollow = sum(scene.kinds(place.id).get(kind, 0.0) for kind in CONTAINERS)
    above = beyond(_top(thing), _height_variance(thing, place), _top(place) + THINNEST)
    on = _with_attachment("on", _p_over(thing, place) * above, thing, place)
    inside = p_in(scene, thing, place) if p_hollow > 0.0 else 0.0
    return p_hollow * inside + (1.0 - p_hollow) * _let_go(scene, thing) * on


def p_inserted(scene: Scene, thing: Slot, socket: Slot) -> float:
    """In a hole: over it, and its bottom below half the height of what the hole is in, let go."""
    offset, covariance = _offset(thing, socket)
    if socket.yaw is not None:
        offset, covariance = turned(offset, covariance, socket.yaw)
    bottom = float(thing.position[2] - thing.extent[2] / 2)
    below = beyond(float(socket.position[2]), _height_variance(thing, socket), bottom)
    p = in_rectangle(offset, covariance, (HOLE_HALF, HOLE_HALF)) * below
    return _let_go(scene, thing) * _with_attachment("in", p, thing, socket)


def p_at(scene: Scene, thing: Slot, place: Slot) -> float:
    """At a place: the circles about both outlines overlap or are at most AT_GAP apart, let go."""
    offset, covariance = _offset(thing, place)
    return _let_go(scene, thing) * in_disc(offset, covariance, AT_GAP + outline(thing) + outline(place))


def p_next_to(scene: Scene, thing: Slot, place: Slot) -> float:
    """Next to a thing: the gap between both outlines is below BESIDE_GAP and below any rival's, let go.

    Rivals are the others of the kind that the thing most probably has.
    """
    offset, covariance = _offset(thing, place)
    reach = BESIDE_GAP + outline(thing) + outline(place)
    p = _let_go(scene, thing) * in_disc(offset, covariance, reach)
    if p == 0.0:
        return 0.0
    kinds = scene.kinds(thing.id)
    kind = max(kinds, key=kinds.__getitem__, default="")
    weighed = [(scene.kinds(id).get(kind, 0.0) * slot.p_exists, id) for id, slot in scene.believed.items()]
    rivals = [(w, scene.slot(id)) for w, id in weighed if w > 1e-3 and id not in (thing.id, place.id)]
    return p * _p_nearest(thing, place, rivals, reach) if rivals else p


def _p_nearest(thing: Slot, place: Slot, rivals: Sequence[tuple[float, Slot]], reach: float) -> float:
    """Return the probability that a thing's gap to a place is the smallest, its distance being below `reach`.

    Given where the place is, for which nine Gauss-Hermite nodes stand, the distances of different things are
    independent: ∫ f(x) Π_j (1 - w_j F_j(x)) dx / ∫ f(x) dx, by Gauss-Legendre quadrature up to `reach`.
    """
    place_nodes = place.position[:2] + _NODES_2D @ np.linalg.cholesky(place.covariance[:2, :2]).T
    mean, std = _distance(thing, place_nodes)
    low, high = mean - 6.0 * std, np.minimum(reach, mean + 6.0 * std)
    width = np.maximum(high - low, 0.0)
    x = low[:, None] + 0.5 * width[:, None] * (_LEGENDRE + 1.0)  # (nodes of the place, of the distance)
    density = np.exp(-0.5 * ((x - mean[:, None]) / std[:, None]) ** 2) * _LEGENDRE_WEIGHTS
    density *= (width / std * _WEIGHTS_2D)[:, None]
    alone = np.ones_like(x)
    for weight, rival in rivals:
        its_mean, its_std = _distance(rival, place_nodes)
        gap = x - outline(thing) + outline(rival)
        alone *= 1.0 - weight * ndtr((gap - its_mean[:, None]) / its_std[:, None])
    total = float(density.sum())
    return float((density * alone).sum()) / total if total > 0.0 else 1.0


def _distance(slot: Slot, nodes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation of a thing's distance from each node (n, 2), both of shape (n,) [m].

    Those of the square are exact, d² + tr Σ and 2 tr Σ² + 4 dᵀΣd, and taken to the root to first order: right
    far away, where the distance is Gaussian, and within 2 % of Rayleigh's on the spot.
    """
    P, d = slot.covariance[:2, :2], slot.position[:2] - nodes
    square = (d**2).sum(axis=1) + P[0, 0] + P[1, 1]
    spread = 2.0 * float((P**2).sum()) + 4.0 * np.einsum("ni,ij,nj->n", d, P, d)
    variance = spread / (4.0 * square)
    return np.sqrt(square - variance), np.sqrt(variance)


def p_between(_: Scene, thing: Slot, first: Slot, second: Slot) -> float:
    """Between two things: nearer than BETWEEN_OFF to the line that joins them, and not beyond either."""
    way = second.position[:2] - first.position[:2]
    length = math.hypot(way[0], way[1])
    middle = (first.position[:2] + second.position[:2]) / 2
    # A point on the line is a mean of both ends: it is known at least as well as one of them.
    covariance = thing.covariance[:2, :2] + (first.covariance[:2, :2] + second.covariance[:2, :2]) / 4
    local, spread = turned(thing.position[:2] - middle, covariance, math.atan2(way[1], way[0]))
    return in_rectangle(local, spread, (length / 2, BETWEEN_OFF))


def p_same_colour(scene: Scene, thing: Slot, other: Slot) -> float:
    """Of the same colour."""
    return p_same(scene.colours(thing.id), scene.colours(other.id))


def p_same_kind(scene: Scene, thing: Slot, other: Slot) -> float:
    """Of the same kind."""
    return p_same(scene.kinds(thing.id), scene.kinds(other.id))


def p_smaller(_: Scene, thing: Slot, other: Slot) -> float:
    """Smaller than another thing, by `size`."""
    return beyond(size(other), 2.0 * SIZE_STD**2, size(thing))


def p_larger(_: Scene, thing: Slot, other: Slot) -> float:
    """Larger than another thing, by `size`."""
    return beyond(size(thing), 2.0 * SIZE_STD**2, size(other))


def size(slot: Slot) -> float:
    """Return how large a thing is: the edge of a cube of the same volume as the box around it [m]."""
    return math.cbrt(float(np.prod(slot.extent)))


def outline(slot: Slot) -> float:
    """Return the radius of the circle about a thing's outline [m]."""
    return float(max(slot.extent[0], slot.extent[1])) / 2


def _on_side(name: str) -> Callable[[Scene, Slot, Slot], float]:
    side = _SIDES[name]

    def p_on_side(_: Scene, thing: Slot, landmark: Slot) -> float:
        """Farther to that side than the landmark by more than ASIDE, wherever it stands across."""
        offset, covariance = _offset(thing, landmark)
        return beyond(float(side @ offset), float(side @ covariance @ side), ASIDE)

    return p_on_side


def _p_over(thing: Slot, place: Slot) -> float:
    """Return the probability that a thing's centre is over a place's footprint.

    That is the rectangle of its extent where it has a turn, else the circle inside of it.
    """
    offset, covariance = _offset(thing, place)
    if place.yaw is None:
        return in_disc(offset, covariance, float(min(place.extent[0], place.extent[1])) / 2)
    local, spread = turned(offset, covariance, place.yaw)
    return in_rectangle(local, spread, (float(place.extent[0]) / 2, float(place.extent[1]) / 2))


def _with_attachment(kind: str, p_by_place: float, thing: Slot, place: Slot) -> float:
    """Return a probability from the places and from what is believed of the attachment.

    With probability q they are attached and it is so; otherwise the places decide. Places that exclude it
    (somebody took the thing out) make the attachment count less.
    """
    attachment = thing.attachment
    if attachment.kind != kind or attachment.to not in (place.id, place.phrase):
        return p_by_place
    q = attachment.probability * min(1.0, p_by_place / TRUSTED_OVERLAP)
    return q + (1.0 - q) * p_by_place


def _let_go(scene: Scene, thing: Slot) -> float:
    return 1.0 - scene.p_held(thing)


def _offset(thing: Slot, landmark: Slot) -> tuple[FloatArray, FloatArray]:
    return thing.position[:2] - landmark.position[:2], thing.covariance[:2, :2] + landmark.covariance[:2, :2]


def _top(slot: Slot) -> float:
    return float(slot.position[2] + slot.extent[2] / 2)


def _height_variance(a: Slot, b: Slot) -> float:
    return float(a.covariance[2, 2] + b.covariance[2, 2])


RELATIONS: Mapping[str, Relation] = {
    "in": Relation(1, p_in),
    "on": Relation(1, p_on),
    "inserted": Relation(1, p_inserted),
    "at": Relation(1, p_at),
    "next to": Relation(1, p_next_to),
    **{name: Relation(1, _on_side(name)) for name in _SIDES},
    "between": Relation(2, p_between),
    "same colour as": Relation(1, p_same_colour),
    "same kind as": Relation(1, p_same_kind),
    "smaller than": Relation(1, p_smaller),
    "larger than": Relation(1, p_larger),
}
"""Every relation by its name in words."""
