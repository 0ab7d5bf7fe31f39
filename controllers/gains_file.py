"""A gains file that may be edited while the arm moves."""

from __future__ import annotations

import hashlib
from pathlib import Path

from controllers.configuration import parse_section
from controllers.errors import GainsError
from controllers.gains import Gains, gains_path


class GainsFile:
    """Reads a gains file, and again whenever it has changed and come to rest.

    No thread: `poll` is called between control periods and looks at the file at most once in `period`. A
    change is read once the file has not been touched for one look, so that a half-written file is not taken
    for a wrong one.

    Args:
        path: A YAML file, or the name of a shipped one; as for `load_gains`.
        period: Time between two looks [s].

    Raises:
        GainsError: the file is wrong; at the start there are no old gains to go on with.
    """

    def __init__(self, path: str | Path | None = None, *, period: float = 0.5) -> None:
        self.path = gains_path(path)
        self._period = period
        self._next = -float("inf")
        self._stamp = self._now_stamp()
        self._touched = False
        self._digest = ""
        self.gains = self._read()
        """The last good gains."""

    def poll(self, now: float) -> Gains | None:
        """Return new gains where the file has changed for good; None where there is nothing new.

        Args:
            now: Clock time [s].

        Raises:
            GainsError: the file's new content is wrong. Said once for each content; `gains` stays.
        """
        if now < self._next:
            return None
        self._next = now + self._period
        stamp = self._now_stamp()
        if stamp != self._stamp:
            self._stamp, self._touched = stamp, True
            return None
        if not self._touched:
            return None
        self._touched = False
        before = self._digest
        gains = self._read()
        if self._digest == before or gains == self.gains:
            return None  # written anew, or commented only
        self.gains = gains
        return gains

    def _read(self) -> Gains:
        try:
            content = self.path.read_bytes()
            text = content.decode("utf-8")
        except OSError as error:
            raise GainsError(f"{self.path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise GainsError(f"{self.path}: is not a text file in UTF-8") from error
        digest = hashlib.sha256(content).hexdigest()
        if digest == self._digest:
            return self.gains
        self._digest = digest
        return parse_section(Gains, text, name=str(self.path))

    def _now_stamp(self) -> tuple[int, int] | None:
        """Return the file's time and size; None while it is away, as in the middle of an editor's rename."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
