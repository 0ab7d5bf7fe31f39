"""Resolves an expression that was read to a distribution over the slots of a scene.

Every slot i fits a description with a probability w_i (it exists, has the kind and the colours, and for each
clause there is a landmark that it stands so to). Slots fit independently of each other, but for what can be
one thing only: what is held, and extremes, which are a distribution already. The expression refers to one
that fits, each as likely as the next, so that

    P(i) = w_i E[1 / (1 + number of others that fit)] = w_i ∫₀¹ Π_{j≠i} (1 - w_j (1 - t)) dt
    P(none) = Π_j (1 - w_j)

which sum to 1; the integrand is a polynomial, for which Gauss-Legendre quadrature is exact.
Of several readings each counts as much as it is likely to refer to anything at all: a listener takes the one
that makes sense in the scene.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from hybridctl.messages.arrays import FloatArray
from world_state.lexicon import CATEGORIES, words_of
from world_state.referring.expression import Called, Clause, Described, Expression, Extreme, Focus, Held
from world_state.referring.reference import Reference
from world_state.relations import SIZE_STD, p_related, size
from world_state.scene import Scene
from world_state.slot import Slot

IGNORED = 1e-3
"""What fits with a lower probability than this is not looked at further."""
_POINTS, _POINT_WEIGHTS = np.polynomial.hermite_e.hermegauss(24)
_POINT_WEIGHTS = _POINT_WEIGHTS / _POINT_WEIGHTS.sum()


def resolve(
    text: str, readings: Sequence[Expression], scene: Scene, *, focus: Mapping[str, float] | None = None
) -> Reference:
    """Return what an expression refers to.

    Args:
        text: The expression as it was asked.
        readings: What `read` made of it.
        scene: The things as of one instant.
        focus: What `it` is, as probabilities by slot id; None means what is held.
    """
    asked = _Asked(scene, scene.held if focus is None else focus)
    distributions = [asked.distribution(reading) for reading in readings]
    found = np.array([1.0 - none for _, none in distributions])
    # With nothing found by any of them all count the same.
    shares = (found + 1e-12) / (found + 1e-12).sum()
    p = np.sum([share * each for share, (each, _) in zip(shares, distributions, strict=True)], axis=0)
    return Reference(
        text=text,
        reading=str(readings[int(np.argmax(shares))]),
        probabilities=dict(zip(scene.believed, p.tolist(), strict=True)),
        p_none=max(0.0, 1.0 - float(p.sum())),
    )


def _distribution(w: FloatArray) -> tuple[FloatArray, float]:
    """Return the probability of each slot, shape (n,), and of none, from how well each fits."""
    nodes, weights = _legendre(len(w) // 2 + 1)
    factors = 1.0 - w[None, :] * (1.0 - nodes[:, None])
    others = factors.prod(axis=1, keepdims=True) / factors  # no factor is 0: the nodes lie inside of (0, 1)
    return w * (weights @ others), float(np.prod(1.0 - w))


@lru_cache(maxsize=64)
def _legendre(count: int) -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1.0) / 2.0, weights / 2.0


class _Asked:
    """One question about one scene; what a landmark fits is worked out once."""

    def __init__(self, scene: Scene, focus: Mapping[str, float]) -> None:
        self._scene = scene
        # What a thing is does not age: only those whose place is asked for are aged up to now.
        self._slots = tuple(scene.believed.values())
        self._focus = focus
        self._known: dict[Expression, FloatArray] = {}

    def fits(self, expression: Expression) -> FloatArray:
        """Return the probability with which each slot fits an expression, shape (n,)."""
        if expression not in self._known:
            self._known[expression] = self._fits(expression)
        return self._known[expression]

    def distribution(self, expression: Expression) -> tuple[FloatArray, float]:
        """Return the probability of each slot, shape (n,), and of none of them."""
        w = self.fits(expression)
        return (w, max(0.0, 1.0 - float(w.sum()))) if _at_most_one(expression) else _distribution(w)

    def _fits(self, expression: Expression) -> FloatArray:
        if isinstance(expression, Focus):
            return self._each(lambda slot: self._focus.get(slot.id, 0.0))
        if isinstance(expression, Held):
            return self._each(self._scene.p_held)
        if isinstance(expression, Called):
            return self._each(lambda slot: slot.p_exists * _p_called(slot, expression.phrase))
        w = self._each(lambda slot: slot.p_exists * self._p_plain(slot, expression))
        for clause in expression.clauses:
            w = w * self._related(clause, w)
        return w if expression.extreme is None else self._most(expression.extreme, w)

    def _each(self, probability: Callable[[Slot], float]) -> FloatArray:
        return np.array([probability(slot) for slot in self._slots], dtype=np.float64)

    def _aged(self, index: int) -> Slot:
        return self._scene.slot(self._slots[index].id)

    def _p_plain(self, slot: Slot, described: Described) -> float:
        """Return the probability that a thing has the kind and the colours, by attributes or by its name."""
        p = self._p_noun(slot, described.noun)
        for colour in described.colours:
            p *= self._scene.colours(slot.id).get(colour, 0.0)
        return max(p, _p_called(slot, " ".join((*described.colours, described.noun))))

    def _p_noun(self, slot: Slot, noun: str) -> float:
        if noun not in CATEGORIES:
            return self._scene.kinds(slot.id).get(noun, 0.0)
        kinds = CATEGORIES[noun]
        return sum(self._scene.kinds(slot.id).get(kind, 0.0) for kind in kinds) if kinds else 1.0

    def _related(self, clause: Clause, w: FloatArray) -> FloatArray:
        """Return the probability that there is a landmark to which each slot stands as a clause says.

        Slots that are ruled out by `w` already are not looked at.
        """
        landmarks = [self.fits(landmark) for landmark in clause.landmarks]
        if clause.relation in ("is", "other than"):
            same = landmarks[0]
            return same if clause.relation == "is" else 1.0 - same
        pairs = self._landmarks(landmarks)
        exclusive = all(_at_most_one(landmark) for landmark in clause.landmarks)
        p = np.zeros(len(w))
        for i in np.flatnonzero(w > IGNORED).tolist():
            each = [weight * p_related(self._scene, clause.relation, self._aged(i), *marks)
                    for weight, marks in pairs]  # fmt: skip
            p[i] = sum(each) if exclusive else 1.0 - math.prod(1.0 - one for one in each)
        return p

    def _landmarks(self, fits: Sequence[FloatArray]) -> list[tuple[float, tuple[Slot, ...]]]:
        """Return the slots, or the pairs of different ones, that may be the landmarks, with probabilities."""
        found: list[tuple[float, tuple[Slot, ...]]] = [(1.0, ())]
        for w in fits:
            found = [
                (weight * float(w[i]), (*marks, self._aged(i)))
                for weight, marks in found
                for i in np.flatnonzero(w > IGNORED).tolist()
                if self._aged(i) not in marks
            ]
        return found

    def _most(self, extreme: Extreme, w: FloatArray) -> FloatArray:
        """Return the probability of each slot that it is the most so of those that fit, shape (n,)."""
        if extreme.landmark is None:
            values, std = self._measured(extreme.word, np.zeros(2))
            return _least(w, values, std)
        p = np.zeros(len(w))
        shares, _ = self.distribution(extreme.landmark)
        for k in np.flatnonzero(shares > IGNORED).tolist():
            others = w.copy()
            others[k] = 0.0
            values, std = self._measured(extreme.word, self._aged(k).position[:2])
            p += shares[k] * _least(others, values, std)
        return p

    def _measured(self, word: str, origin: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard deviation of what an extreme is the least of, shapes (n,) [m]."""
        if word in ("nearest", "farthest"):
            offsets = self._each_position() - origin
            distances = np.linalg.norm(offsets, axis=1)
            towards = offsets / np.maximum(distances, 1e-9)[:, None]
            covariances = np.array([slot.covariance[:2, :2] for slot in self._scene.slots]).reshape(-1, 2, 2)
            std = np.sqrt(np.einsum("ni,nij,nj->n", towards, covariances, towards))
            return (distances if word == "nearest" else -distances), std
        if word in ("leftmost", "rightmost"):
            sign = 1.0 if word == "leftmost" else -1.0
            std = np.array([float(slot.covariance[1, 1]) ** 0.5 for slot in self._scene.slots])
            return sign * self._each_position()[:, 1], std
        measure = (lambda slot: float(slot.extent[2])) if word == "tallest" else size
        sign = 1.0 if word == "smallest" else -1.0
        return sign * self._each(measure), np.full(len(self._slots), SIZE_STD)

    def _each_position(self) -> FloatArray:
        return np.array([slot.position[:2] for slot in self._scene.slots], dtype=np.float64).reshape(-1, 2)


def _least(w: FloatArray, mean: FloatArray, std: FloatArray) -> FloatArray:
    """Return the probability of each that it fits and that no other that fits has a lower value, shape (n,).

    P(i) = w_i E_x[Π_{j≠i} (1 - w_j P(x_j < x))] over x ~ N(mean_i, std_i²), by Gauss-Hermite quadrature;
    scaled so that the sum is what it must be, 1 - Π (1 - w_j).
    """
    std = np.maximum(std, 1e-9)
    x = mean[:, None] + std[:, None] * _POINTS  # (n, points)
    below = ndtr((x[:, :, None] - mean) / std)  # (n, points, n): P(x_j < x)
    survives = 1.0 - w * below
    index = np.arange(len(w))
    survives[index, :, index] = 1.0
    p = w * (survives.prod(axis=2) @ _POINT_WEIGHTS)
    total = float(p.sum())
    return np.asarray(p * ((1.0 - float(np.prod(1.0 - w))) / total) if total > 0.0 else p)


def _at_most_one(expression: Expression) -> bool:
    """Whether an expression's fits exclude each other: only one thing is held, only one is the smallest."""
    return isinstance(expression, Focus | Held) or (
        isinstance(expression, Described) and expression.extreme is not None
    )


def _p_called(slot: Slot, phrase: str) -> float:
    """Return the probability that a thing is called so; 0 where nobody ever called it that."""
    words = words_of(phrase)
    return sum(slot.labels.p(label) for label in slot.labels.log_p if words_of(label) == words)
