"""A commit of several files is all or nothing at every point where it can be interrupted."""

from pathlib import Path

import pytest

from hybridctl.data.lerobot_layout import DatasetError
from hybridctl.data.lerobot_staging import Staging, is_half_committed

TARGETS = ["a.txt", "deep/b.txt", "c.txt"]


class PowerCutError(BaseException):
    pass


def write(staging, text):
    for target in TARGETS:
        staging.path(target).write_text(text)


def contents(folder):
    return {(folder / target).read_text() for target in TARGETS}


@pytest.mark.parametrize("moves", range(4))
def test_a_commit_that_is_cut_short_is_finished_by_the_next_who_opens(tmp_path, monkeypatch, moves):
    staging = Staging(tmp_path)
    write(staging, "old")
    staging.commit(TARGETS)
    write(staging, "new")
    left = [moves]
    replace = Path.replace

    def cut(self, target):
        if left[0] == 0:
            raise PowerCutError
        left[0] -= 1
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", cut)
        if moves < 3:
            with pytest.raises(PowerCutError):
                staging.commit(TARGETS)
        else:
            staging.commit(TARGETS)
    assert is_half_committed(tmp_path) == (moves < 3)
    staging.close()
    Staging(tmp_path).close()
    assert contents(tmp_path) == {"new"}
    assert not is_half_committed(tmp_path)
    assert not (tmp_path / ".staging").exists()


def test_a_commit_that_was_not_begun_is_thrown_away(tmp_path, monkeypatch):
    staging = Staging(tmp_path)
    write(staging, "old")
    staging.commit(TARGETS)
    write(staging, "new")
    with monkeypatch.context() as patched:

        def cut(self, target):
            raise PowerCutError

        patched.setattr(Path, "rename", cut)
        with pytest.raises(PowerCutError):
            staging.commit(TARGETS)
    staging.close()
    Staging(tmp_path).close()
    assert contents(tmp_path) == {"old"}


def test_one_writer_a_folder(tmp_path):
    first = Staging(tmp_path)
    with pytest.raises(DatasetError, match="one writer a folder"):
        Staging(tmp_path)
    first.close()
    Staging(tmp_path).close()
