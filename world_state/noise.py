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
ENTROPY_FLOOR = 2.05
"""No answer of the shipped model has less entropy: it was trained on smoothed bins [nat]."""
RIGHT_ODDS, RIGHT_SLOPE = -1.075, -1.209
RIGHT_LOW, RIGHT_SHARE, RIGHT_HIGH = 0.026, 1.088, 0.99
"""P(a location is right) = low + share · sigmoid(odds + slope · ln(entropy - floor)), at most high.

Fitted to 3,200 answers of the shipped model on 40 full tables of 20 things, each from four places
(development seeds 100 to 139; half to fit, half to test: ECE 0.029, area under the ROC 0.86; 78 % are right).
On the main job's tables of 4 to 6 things, where all of 399 answers were right, it says 0.98 (median).
"""
_PROBABILITIES = (
    "wrong_here", "alike", "seen_there", "seen_for_another", "empty_though_there", "nudged",
    "moved_if_absent", "moved_if_hidden", "moved_if_present", "new_thing", "clutter",
    "repeat_weight", "trust_in_people",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NoiseModel:
    """Likelihoods of what sensors say. Every probability lies strictly between 0 and 1.

    Attributes:
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
        for name in (*_PROBABILITIES, "dropped"):
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

        What the policy says of itself, or for one that does not, by its entropy, as fitted to the shipped
        model (RIGHT_LOW and what goes with it).
        """
        if confidence.p_right is not None:
            return min(0.995, max(0.005, confidence.p_right))
        above = max(confidence.entropy - ENTROPY_FLOOR, 0.01)
        odds = math.exp(RIGHT_ODDS + RIGHT_SLOPE * math.log(above))
        return min(RIGHT_HIGH, RIGHT_LOW + RIGHT_SHARE * odds / (1.0 + odds))
