"""How far each sensor is trusted: the figures that turn readings into likelihoods, all in one place."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hybridctl.messages.arrays import FloatArray, MessageError, checked_scalar
from hybridctl.messages.policy import Confidence
from world_state.depth import ObjectMeasurement

REPEATED = 0.9
"""Part of a look's own variance that looks from the same place share."""
_PROBABILITIES = (
    "wrong_here", "alike", "seen_there", "seen_for_another", "empty_though_there", "nudged",
    "moved_if_absent", "moved_if_hidden", "moved_if_present", "new_thing", "clutter",
    "repeat_weight", "trust_in_people",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NoiseModel:
    """Likelihoods of what sensors say. Every probability lies strictly between 0 and 1.

    Attributes:
        best_p_right: Probability that a location is right of a policy that does not say, where its entropy is
            `usual_entropy` or less. These three were fitted to the shipped model on 250 scenes of the
            development seeds: 1238 of 1238 answers about what was there were right, at 2.09 to 2.23 nat; of
            500 about what was not there, 95 % had more than 2.37 nat.
        usual_entropy: Entropy of an everyday answer [nat].
        entropy_scale: What more than that divides the odds of being right by e [nat].
        calibration: Standard deviation, along x and along y, of the error that all looks from one place share
            because the camera is not quite where it says [m]; 0 for a true calibration.
        calibration_height: The same in height, which levelling on the table leaves [m].
        space: Volume in which things stand, over which one that was moved may be anywhere [m³].
        wrong_here: Probability that a wrong location is of this very thing.
        alike: Probability that another thing goes by the same phrase.
        seen_there: Probability that depth sees a thing that stands there in plain view.
        seen_for_another: Probability that something of its height stands there though it was taken away.
        empty_though_there: Probability that depth sees the table though it stands there.
        nudged: Probability that a thing was pushed aside by some centimetres since it was last seen.
        moved_if_absent: Probability that a thing that is gone from its place stands elsewhere in the picture.
        moved_if_hidden: Probability that a thing whose place cannot be seen stands elsewhere.
        moved_if_present: Probability that it stands elsewhere though something stands at its place.
        new_thing: Probability that what is pointed at was never seen before.
        clutter: Probability that what was measured is no thing at all.
        same_view: Cameras nearer than this see the same picture and make the same error [m].
        repeat_within: For how long a repeated answer from the same view is the same answer [s].
        repeat_weight: What it then weighs.
        existence_limit: Log-odds of existence are held within this [nat].
        dead: Log-odds of existence below which a thing is forgotten [nat] ...
        keep_lost: ... once it was not seen for this long [s]: until then it is known again where it turns up.
        fact_half_life: How fast an answered question is forgotten [s].
        trust_in_people: Probability that what a person says is so.
        dropped: Probability that what leaves the hand was not meant to.
    """

    best_p_right: float = 0.99
    usual_entropy: float = 2.15
    entropy_scale: float = 0.03
    calibration: float = 0.0
    calibration_height: float = 0.0
    space: float = 0.06
    wrong_here: float = 0.2
    alike: float = 0.3
    seen_there: float = 0.95
    seen_for_another: float = 0.15
    empty_though_there: float = 0.003
    nudged: float = 0.02
    moved_if_absent: float = 0.5
    moved_if_hidden: float = 0.02
    moved_if_present: float = 0.002
    new_thing: float = 0.2
    clutter: float = 0.002
    same_view: float = 0.05
    repeat_within: float = 60.0
    repeat_weight: float = 0.1
    existence_limit: float = 4.0
    dead: float = -3.0
    keep_lost: float = 60.0
    fact_half_life: float = 300.0
    trust_in_people: float = 0.95
    dropped: float = 0.02

    def __post_init__(self) -> None:
        for name in vars(self):
            checked_scalar(f"NoiseModel.{name}", getattr(self, name))
        for name in (*_PROBABILITIES, "best_p_right", "dropped"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise MessageError(f"NoiseModel.{name} is {getattr(self, name)}, expected between 0 and 1")

    def trusted(self, look: ObjectMeasurement) -> ObjectMeasurement:
        """Return a look with the error of its camera's calibration in its covariance."""
        if self.calibration == 0.0 == self.calibration_height:
            return look
        shared = np.diag(np.square([self.calibration, self.calibration, self.calibration_height]))
        return replace(look, covariance=look.covariance + shared)

    def shared(self, look: ObjectMeasurement) -> FloatArray:
        """Return what looks from the same place share of a trusted look's covariance, (3, 3) [m²]."""
        calibration = np.diag(np.square([self.calibration, self.calibration, self.calibration_height]))
        return np.asarray(calibration + REPEATED * (look.covariance - calibration))

    def p_right(self, confidence: Confidence) -> float:
        """Return the probability that a location is right, kept off 0 and 1 so that no answer is final.

        What the policy says of itself, or for one that does not, by its entropy: the odds fall by e for every
        `entropy_scale` beyond the usual.
        """
        if confidence.p_right is not None:
            return min(0.995, max(0.005, confidence.p_right))
        beyond = max(0.0, confidence.entropy - self.usual_entropy) / self.entropy_scale
        log_odds = math.log(self.best_p_right / (1.0 - self.best_p_right)) - beyond
        return min(0.995, max(0.005, 1.0 / (1.0 + math.exp(-max(-50.0, log_odds)))))
