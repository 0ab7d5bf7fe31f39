"""Which backend an address means."""

from __future__ import annotations

from pathlib import Path

from hybridctl.vla.backends.remote import RemotePolicy
from hybridctl.vla.backends.replay import FILE_NAME, ReplayPolicy
from hybridctl.vla.policy import CheckpointPolicy, load_policy

AnyPolicy = CheckpointPolicy | ReplayPolicy | RemotePolicy


def open_policy(address: str | None = None, *, timeout: float = 5.0) -> AnyPolicy:
    """Return the policy at an address.

    Args:
        address: Model folder or hub name; `http://HOST:PORT` of a service; recorded answers (`.jsonl`, or the
            run folder that holds them); None for the model that ships.
        timeout: For a service to connect and to answer [s].

    Raises:
        CheckpointError: what is there is no complete, sane checkpoint.
        PolicyError: nobody answers there, or the recording cannot be read.
    """
    if address is not None:
        if "://" in address:
            return RemotePolicy(address, timeout=timeout)
        path = Path(address)
        if path.suffix == ".jsonl" or (path / FILE_NAME).is_file():
            return ReplayPolicy(path)
    return load_policy(address)
