"""Changes several files of a folder as one: all of them or none, also through kill -9 and loss of power."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path

from hybridctl.data.lerobot_layout import DatasetError

STAGING = ".staging"
_JOURNAL = "journal.json"


class Staging:
    """New versions of a folder's files, written aside and moved into place together.

    `commit` writes a journal of the moves before it makes them. Who opens the folder next finishes what a
    journal lists, and throws away what none lists. The folder is locked while it is open.
    """

    def __init__(self, folder: Path) -> None:
        """Lock the folder, made if missing, and finish or undo what was interrupted.

        Raises:
            DatasetError: another process has it open for writing.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._root = folder, folder / STAGING
        self._lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise DatasetError(f"{folder} is open for writing elsewhere: one writer a folder") from None
        try:
            if is_half_committed(folder):
                self._finish()
            self.clear()
        except BaseException:
            os.close(self._lock)
            raise

    def path(self, target: str) -> Path:
        """Return where to write the new version of `target`, a path relative to the folder."""
        path = self._root / "files" / target
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def commit(self, targets: list[str]) -> None:
        """Move the new versions of `targets` into place."""
        for target in targets:
            _sync(self._root / "files" / target)
        part = self._root / "journal.part"
        part.write_text(json.dumps(targets))
        _sync(part)
        part.rename(self._root / _JOURNAL)
        _sync(self._root)
        self._finish()

    def clear(self) -> None:
        """Throw away what was written, unless a commit of it was begun: that one will be finished."""
        if not is_half_committed(self._folder):
            shutil.rmtree(self._root, ignore_errors=True)

    def close(self) -> None:
        """Unlock the folder; calling it again does nothing."""
        if self._lock >= 0:
            self.clear()
            os.close(self._lock)
            self._lock = -1

    def _finish(self) -> None:
        journal = self._root / _JOURNAL
        touched = set()
        for target in json.loads(journal.read_text()):
            new, old = self._root / "files" / target, self._folder / target
            old.parent.mkdir(parents=True, exist_ok=True)
            if new.exists():  # else it was moved before the interruption
                new.replace(old)
            touched.add(old.parent)
        for parent in touched:
            _sync(parent)
        journal.unlink()


def complete(folder: Path) -> None:
    """Finish a commit that was interrupted, if there is one; who reads a folder calls this first.

    Raises:
        DatasetError: another process is committing at this moment, or the folder cannot be written to.
    """
    if not is_half_committed(folder):
        return
    try:
        Staging(folder).close()
    except OSError as error:
        raise DatasetError(
            f"{folder} was interrupted while an episode came in, and cannot be completed: {error}"
        ) from error


def is_half_committed(folder: Path) -> bool:
    """Return whether a commit was begun and not finished."""
    return (folder / STAGING / _JOURNAL).exists()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
