"""Each example runs as it stands, and the sensor of one's own does what a sensor must."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from hybridctl.arms.wall_clock import WallClock
from world_state import EventStore, WorldMemory
from world_state.history import beliefs_at
from world_state.noise import NoiseModel
from world_state.readings import READINGS
from world_state.refilter import refilter

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))
SHOWN = {
    "ask_memory": "red ball (s5) moved 11",
    "own_sensor": "in(parcel, bin): True",
    "put_in_bowl": "SUCCESS",
}
"""What each example must print: the end of what it is there to show."""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path, tmp_path):
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=250, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert SHOWN[path.stem] in done.stdout


@pytest.fixture
def scale(monkeypatch):
    monkeypatch.setattr("world_state.readings.READINGS", dict(READINGS))  # the example adds its own
    return runpy.run_path(str(FOLDER / "own_sensor.py"))


def test_a_scale_is_believed_stored_and_filtered_anew(scale, tmp_path):
    weighed, in_bin = scale["Weighed"], scale["IN_BIN"]
    with EventStore(tmp_path / "events.db") as store, EventStore(tmp_path / "new.db") as new:
        memory = WorldMemory(store, clock=WallClock())
        memory.take(weighed(memory.now(), 0.02))
        assert memory.believes(in_bin).truth is False
        memory.take(weighed(memory.now(), 0.36))
        assert memory.believes(in_bin).truth is True
        anew = refilter(store.events(), new, noise=NoiseModel(), readings=scale["READINGS"])
        assert anew.beliefs.to_json() == beliefs_at(store).to_json() == memory.beliefs.to_json()


def test_a_doubtful_weight_stays_doubtful_however_often_it_is_read(scale):
    memory = WorldMemory(None, clock=WallClock())
    causes = [memory.take(scale["Weighed"](memory.now(), 0.19)).cause for _ in range(100)]
    assert memory.believes(scale["IN_BIN"]).truth is None
    assert sum(map(bool, causes)) == 1  # one event, and not a hundred
