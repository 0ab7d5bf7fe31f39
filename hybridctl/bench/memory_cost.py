"""What one correction of the memory costs with twenty slots and a store, and what history adds to that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from hybridctl.bench.memory_iid import COVARIANCE
from hybridctl.bench.memory_players import HandClock
from hybridctl.bench.memory_recording import Look
from hybridctl.bench.memory_scene import THINGS, crowded_scene
from hybridctl.messages.policy import Confidence
from world_state.depth import ObjectMeasurement, measure
from world_state.errors import MeasurementError
from world_state.memory import WorldMemory
from world_state.readings import Looks
from world_state.sighting import Sighting
from world_state.store import EventStore

SHORT, LONG, LONG_QUICK = 100, 100_000, 5_000
"""Events in the store when updates are timed."""
UPDATES = 600
_SAID = Confidence(-0.1, 2.1, 0.95)


def update_cost(*, history: int = SHORT, updates: int = UPDATES) -> float:
    """Return the median time of a correction by one look [ms], after `history` events in a store on disk."""
    clock = HandClock()
    rng = np.random.default_rng(3)
    places = [
        (thing.phrase, np.array([thing.x, thing.y, thing.centre_z])) for thing in crowded_scene(0).objects
    ]
    with TemporaryDirectory() as folder:
        store = EventStore(Path(folder) / "events.db")
        try:
            for k in range(history):
                store.append("note", stamp=0.0, cause="history", measurement={"k": k}, belief={})
                if k % 1000 == 999:
                    store.flush()
            store.flush()
            memory = WorldMemory(store, clock=clock)
            took = []
            for k in range(THINGS + updates):
                clock.sleep_until(0.1 * k)
                phrase, place = places[k % THINGS]
                reading = _reading(phrase, place + rng.normal(0.0, np.sqrt(np.diag(COVARIANCE))), k)
                started = perf_counter()
                memory.take(reading)
                took.append(perf_counter() - started)
            store.flush()
        finally:
            store.close()
    return 1e3 * float(np.median(took[THINGS:]))


def measuring_cost(looks: Sequence[Look]) -> float:
    """Return the median time that depth takes to measure one answer [ms]."""
    took = []
    for look in looks:
        for answer in look.answers.values():
            started = perf_counter()
            try:
                measure(answer)
            except MeasurementError:
                continue
            took.append(perf_counter() - started)
    return 1e3 * float(np.median(took))


def _reading(phrase: str, place: np.ndarray, k: int) -> Looks:
    """Return one look at one thing, from one of six places in turn."""
    eye = np.array([0.86, 0.1 * (k // THINGS % 6), 0.7])
    look = ObjectMeasurement(
        position=place, covariance=COVARIANCE, extent=np.array([0.044, 0.044, 2 * place[2]]), grasp_yaw=0.0,
        yaw_meaningful=False, shape="flat", points=80, clipped=False, view=eye, stamp=0.1 * k,
    )  # fmt: skip
    sighting = Sighting(phrase, look, _SAID, np.array([64.0, 64.0]), np.ones(2))
    return Looks(0.1 * k, "scene", (sighting,), ())
