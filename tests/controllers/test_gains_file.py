"""An edited gains file is read once it has come to rest; a wrong one is said once and changes nothing."""

import os
from pathlib import Path

import pytest

from controllers import GainsError
from controllers.gains import SHIPPED
from controllers.gains_file import GainsFile

TEXT = (SHIPPED / "panda.yaml").read_text()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text(TEXT)
    return path


def edit(path: Path, text: str) -> None:
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(before + 10**9, before + 10**9))


def faster(text: str) -> str:
    return text.replace("velocity: 0.5 ", "velocity: 0.7 ")


def test_a_change_is_read_once_and_only_after_it_came_to_rest(path: Path) -> None:
    file = GainsFile(path, period=0.5)
    assert file.poll(0.0) is None
    edit(path, faster(TEXT))
    assert file.poll(0.4) is None  # not time yet
    assert file.poll(0.5) is None  # seen, may be half written
    gains = file.poll(1.0)
    assert gains is not None
    assert gains.scales.velocity == 0.7
    assert file.poll(1.5) is None


def test_half_written_file_is_not_taken_for_a_wrong_one(path: Path) -> None:
    file = GainsFile(path, period=0.5)
    edit(path, "")
    assert file.poll(0.0) is None
    edit(path, faster(TEXT))
    assert file.poll(0.5) is None
    assert file.poll(1.0) is not None


def test_a_wrong_edit_is_said_once_and_mending_it_counts(path: Path) -> None:
    file = GainsFile(path, period=0.5)
    before = file.gains
    edit(path, TEXT.replace("velocity: 0.5 ", "velocity: 5.0 "))
    file.poll(0.0)
    with pytest.raises(GainsError, match=r"my\.yaml: scales\.velocity = 5\.0"):
        file.poll(0.5)
    assert [file.poll(0.5 * k) for k in range(2, 6)] == [None] * 4
    assert file.gains == before
    edit(path, faster(TEXT))
    file.poll(3.0)
    assert file.poll(3.5) is not None


def test_comments_and_saving_anew_change_nothing(path: Path) -> None:
    file = GainsFile(path, period=0.5)
    edit(path, TEXT + "# a remark\n")
    file.poll(0.0)
    assert file.poll(0.5) is None
    edit(path, TEXT + "# a remark\n")
    file.poll(1.0)
    assert file.poll(1.5) is None


def test_file_that_vanishes_is_said_and_may_come_back(path: Path) -> None:
    file = GainsFile(path, period=0.5)
    path.unlink()
    file.poll(0.0)
    with pytest.raises(GainsError, match="cannot be read"):
        file.poll(0.5)
    assert file.poll(1.0) is None
    edit(path, faster(TEXT))
    file.poll(1.5)
    assert file.poll(2.0) is not None


def test_a_wrong_file_at_the_start_is_refused(path: Path) -> None:
    path.write_text("rate: 5\n")
    with pytest.raises(GainsError, match="rate"):
        GainsFile(path)
