"""JSON Lines out of a store, and back to the last bit."""

import io
import json

import pytest

from world_state.errors import StoreError
from world_state.export import read_lines, write_lines
from world_state.store import EVERY_ROBOT, EventStore


def test_what_is_read_back_is_what_was_stored(tmp_path):
    place = tmp_path / "a.db"
    with EventStore(place, robot="a") as a, EventStore(place, robot="b") as b:
        for k, store in enumerate((a, b, a)):
            store.append(
                "seen", stamp=0.1 + 0.2 * k, cause="Schale „Ü“\nbeside",
                measurement={"x": [1 / 3, None, -0.0]}, belief={"slots": {"s1": None}, "k": k},
            )  # fmt: skip
            store.flush()
        events = list(a.events(robot=EVERY_ROBOT))
    path = tmp_path / "events.jsonl"
    with path.open("w", encoding="utf-8") as file:
        assert write_lines(events, file) == 3
    assert [repr(event) for event in read_lines(path)] == [repr(event) for event in events]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["robot"] for line in lines] == ["a", "b", "a"]


def test_no_event_is_no_line():
    file = io.StringIO()
    assert write_lines([], file) == 0
    assert file.getvalue() == ""


@pytest.mark.parametrize("line", ["{}", "rubbish", '{"id": 1}', "[]"])
def test_a_line_that_is_no_event_is_named(tmp_path, line):
    with EventStore(tmp_path / "a.db") as store:
        store.append("seen", stamp=0.0, cause="", measurement={}, belief={})
        with (tmp_path / "a.jsonl").open("w") as file:
            write_lines(store.events(), file)
            file.write(line + "\n")
    with pytest.raises(StoreError, match="line 2, is no exported event"):
        list(read_lines(tmp_path / "a.jsonl"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StoreError, match="cannot be read"):
        list(read_lines(tmp_path / "nowhere.jsonl"))
