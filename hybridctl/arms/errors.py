"""What can go wrong between a program and its arm."""

from __future__ import annotations


class ArmError(RuntimeError):
    """An arm refused: it is stopped, was never entered, or is another's."""


class ConnectionLost(ArmError):  # noqa: N818 (it says what happened)
    """An arm in another process cannot be reached, closed the connection, or did not answer in time."""


class WireError(ArmError):
    """Bytes on the wire that are not what the protocol says: truncated, too large, unknown, wrong version."""


class AddressError(ValueError):
    """An address that is not `sim://HOST:PORT`."""
