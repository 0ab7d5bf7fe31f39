"""A PostgreSQL server in a folder of its own, for benches and tests, where its programs are installed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class PostgresServer:
    """Runs on a free port of 127.0.0.1 from `__enter__` to `__exit__`, then leaves nothing behind.

    Root starts it as `nobody`, since PostgreSQL refuses to run as root.
    """

    def __init__(self, **settings: str) -> None:
        """Say which settings of postgresql.conf differ from the server's defaults.

        Raises:
            FileNotFoundError: PostgreSQL's server is not installed.
        """
        self._bin = server_programs()
        if self._bin is None:
            raise FileNotFoundError("PostgreSQL's server is not installed: apt-get install postgresql")
        self._settings = settings
        self._user = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name

    @property
    def url(self) -> str:
        """The URL of its database."""
        return f"postgresql://hybridctl@127.0.0.1:{self._port}/postgres"

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="hybridctl-postgres-"))
        try:
            if os.getuid() == 0:
                shutil.chown(self._folder, self._user)
            with socket.create_server(("127.0.0.1", 0)) as probe:
                self._port = int(probe.getsockname()[1])
            self._run("initdb", "-U", "hybridctl", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
            self.start()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, also after `kill`; returns once it answers."""
        settings = {
            "port": str(self._port), "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
            **self._settings,
        }  # fmt: skip
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run("pg_ctl", "start", "-w", "-l", str(self._folder / "log"), "-o", options)

    def kill(self) -> None:
        """End all its processes at once, as a loss of power would; nothing is written any more."""
        self._run("pg_ctl", "stop", "-m", "immediate", check=False)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        assert self._bin is not None
        as_user: dict[str, Any] = {}
        if os.getuid() == 0:
            entry = pwd.getpwnam(self._user)
            as_user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        done = subprocess.run(
            [self._bin / program, "-D", self._folder / "data", *arguments], cwd=self._folder, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            timeout=60, check=False, **as_user,
        )  # fmt: skip
        if check and done.returncode:
            log = self._folder / "log"
            raise OSError(f"{program} failed: {done.stderr or (log.read_text() if log.exists() else '')}")


def server_programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs; None where they are not installed."""
    found = shutil.which("pg_ctl")
    folders = ([Path(found).resolve().parent] if found else []) + _DEBIAN
    return next((folder for folder in folders if (folder / "initdb").exists()), None)
