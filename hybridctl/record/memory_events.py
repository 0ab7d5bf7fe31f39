"""The memory's events as the plots want them: what each said of things by name, not changes by id."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Unfolding:
    """Follows the changes of belief from the first event on.

    Events say what changed, and things go by an id that stays when their name does not. Of each event the
    plots show the things it changed, by the name that they then had, and what the hand held.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._hand: Json = {}

    def unfolded(self, measurement: Json, belief: Json) -> tuple[Json, Json]:
        """Return an event's measurement and belief for the plots; what older versions wrote is so already.

        Raises:
            LookupError, TypeError, ValueError: it is not what a memory writes.
        """
        things: Json = {}
        for id, slot in belief.get("slots", {}).items():
            if slot is None:
                things[self._names.get(id, id)] = None
            elif "pose" in slot:
                labels = {name: value for name, value in slot["labels"].items() if name != "…"}
                self._names[id] = max(labels, key=labels.__getitem__) if labels else id
                things[self._names[id]] = _placed(slot["pose"])
            else:
                things[id] = slot
        self._hand = belief.get("hand", self._hand)
        grip = self._hand.get("grip") or {}
        if "slot" in grip:
            grip = {**grip, "phrase": self._names.get(grip["slot"], grip["slot"])}
        sightings = measurement.get("sightings", [])
        if len(sightings) == 1:
            measurement = {**sightings[0], **measurement}
        return measurement, {**belief, "slots": things, "hand": {**self._hand, "grip": grip or None}}


def _placed(pose: Json) -> Json:
    """Return a pose belief's place [m] and, as a diagonal matrix (3, 3), its variances [m²]."""
    n = 9 + 3 * len(pose["views"])
    # The upper triangle by rows: the first has n entries, the second n - 1.
    variances = [pose["joint"][i] for i in (0, n, 2 * n - 1)]
    covariance = [[v if i == j else 0.0 for j in range(3)] for i, v in enumerate(variances)]
    return {"position": [row[3] for row in pose["T"][:3]], "covariance": covariance}
