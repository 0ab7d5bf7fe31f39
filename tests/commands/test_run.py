"""`hybridctl run --resume`: what cannot be resumed is one line and status 2."""

import pytest

from behaviors.progress import PREFIX, STARTED
from hybridctl.cli import main
from world_state.store import EventStore


@pytest.fixture
def cut(tmp_path):
    """A run that was cut short on an arm where nobody answers any more."""
    about = {"arm": "sim://127.0.0.1:1", "serial": "abc", "gains": None, "policy": None}
    folder = tmp_path / "cut"
    folder.mkdir()
    with EventStore(folder / "events.db") as store:
        data = {"instruction": "put the red block in the bowl", "about": about}
        store.append(PREFIX + STARTED, stamp=0.0, cause="", measurement=data, belief={})
    return folder


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "no simulator at sim://127.0.0.1:1"),  # the arm is the run's own where none is given
        (("--out", "elsewhere"), "--out is for new runs"),
        (("--dataset", "d"), "--dataset is for new runs"),
        (("pick the red ball",), "follows 'put the red block in the bowl': leave the instruction out"),
    ],
)
def test_a_wrong_use_is_one_line_that_says_what_is_right(cut, more, words, capsys):
    assert main(["run", "--resume", str(cut), *more]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert len(told.strip().splitlines()) == 1


def test_a_folder_that_is_not_there_is_not_made(tmp_path, capsys):
    assert main(["run", "--resume", str(tmp_path / "x")]) == 2
    assert "is not there" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_simulator_that_was_started_anew_is_another_arm(cut, start_simulator, capsys):
    address = start_simulator(seed=3).address
    with EventStore(cut / "events.db") as store:
        about = {"arm": address, "serial": "abc", "gains": None, "policy": None}
        data = {"instruction": "put the red block in the bowl", "about": about}
        store.append(PREFIX + STARTED, stamp=0.0, cause="", measurement=data, belief={})
    assert main(["run", "--resume", str(cut)]) == 2
    assert "started anew" in capsys.readouterr().err.replace("\n", " ")
