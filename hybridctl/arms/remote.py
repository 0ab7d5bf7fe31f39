"""An arm, its camera and its clock in another process, behind the same protocols as in this one."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Any, Self

import numpy as np

from hybridctl.arms.errors import ArmError, ConnectionLost, WireError
from hybridctl.arms.wall_clock import WallClock
from hybridctl.arms.wire import (
    ANSWER_LIMIT,
    PROTOCOL,
    REQUEST_LIMIT,
    FrameReader,
    check_version,
    encode,
    pack_command,
    parse_address,
    require,
    unpack_command,
    unpack_state,
)
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.messages.arrays import FloatArray, MessageError
from hybridctl.messages.observation import Observation

_ERRORS: dict[str, type[Exception]] = {"MessageError": MessageError, "WireError": WireError}


class Connection:
    """One TCP connection to a simulator; calls from several threads take turns.

    An answer that does not come in time closes it, and a simulator that loses its controlling client stops
    the arm. `reconnect` opens it again; control must then be taken anew.
    """

    def __init__(self, address: str, *, timeout: float) -> None:
        self.address = address
        self.timeout = timeout
        self.dof = 0
        self.mode = ""
        self.serial = ""
        self._host, self._port = parse_address(address)
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._reader = FrameReader(limit=ANSWER_LIMIT)
        self._received: list[dict[str, Any]] = []
        self._count = 0
        self._wall = WallClock()
        self._why = "it was never opened"

    @classmethod
    def open(cls, address: str, *, timeout: float = 5.0) -> Self:
        """Connect to `sim://HOST:PORT`; `timeout` [s] holds for this and for every call.

        Raises:
            AddressError: the address is of another form.
            ConnectionLost: nobody listens there, or does not answer.
            WireError: whoever answers speaks another protocol or version.
        """
        connection = cls(address, timeout=timeout)
        connection.reconnect()
        return connection

    def reconnect(self) -> None:
        """Close what is open and connect again; raises as `open` does."""
        self.close()
        try:
            self._socket = socket.create_connection((self._host, self._port), timeout=self.timeout)
        except OSError as error:
            raise ConnectionLost(
                f"no simulator at {self.address} ({error}): start one with "
                f"`python -m hybridctl.sim.server --host {self._host} --port {self._port}`"
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = FrameReader(limit=ANSWER_LIMIT)
        self._received.clear()
        try:
            hello = self.request("hello", protocol=PROTOCOL)
            check_version(hello, who="simulator")
            self.dof, self.mode = require(hello, "dof", int), require(hello, "mode", str)
            self.serial = require(hello, "serial", str)
        except ArmError:
            self.close()
            raise

    def close(self) -> None:
        """Hang up; if this connection controls the arm, the simulator stops it."""
        if self._socket is not None:
            self._socket.close()
            self._socket, self._why = None, "it was closed"

    def request(self, op: str, **fields: Any) -> dict[str, Any]:
        """Send one request and return its answer.

        Raises:
            ConnectionLost: the connection is closed, or no answer came within the timeout.
            WireError: what came is not the protocol.
            ArmError, MessageError: the simulator refused.
        """
        with self._lock:
            if self._socket is None:
                raise ConnectionLost(f"no connection to {self.address}: {self._why}; call reconnect()")
            self._count += 1
            try:
                self._socket.settimeout(self.timeout)
                self._socket.sendall(encode({"op": op, "id": self._count, **fields}, limit=REQUEST_LIMIT))
                answer = self._receive(self._socket, self._count)
            except WireError as error:
                self._give_up(str(error))
                raise
            except TimeoutError as error:
                raise self._give_up(
                    f"no answer to {op} within {self.timeout:g} s: is the simulator hung or the network down?"
                ) from error
            except OSError as error:
                raise self._give_up(f"the connection broke ({error}): has the simulator ended?") from error
        if "error" in answer:
            error_type = _ERRORS.get(str(answer["error"]), ArmError)
            raise error_type(str(answer.get("message", "no reason given")))
        return answer

    def _receive(self, connection: socket.socket, number: int) -> dict[str, Any]:
        """Return the answer to request `number`; 0 is a refusal of all, and lower ones were given up on."""
        deadline = self._wall.now() + self.timeout
        while True:
            while self._received:
                answer = self._received.pop(0)
                if require(answer, "id", int) in (number, 0):
                    return answer
            connection.settimeout(max(1e-3, deadline - self._wall.now()))
            data = connection.recv(262144)
            if not data:
                self._reader.finish()
                raise ConnectionResetError("the other side hung up")
            self._received += self._reader.feed(data)

    def _give_up(self, why: str) -> ConnectionLost:
        self.close()
        self._why = why
        return ConnectionLost(f"{self.address}: {why} Call reconnect() when it is back.")


class RemoteArm:
    """An arm in another process; what it raises is what an arm in this process would, or ConnectionLost."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.stop_cause: str | None = None

    @property
    def dof(self) -> int:
        """As the simulator said in its hello."""
        return self._connection.dof

    def read(self) -> ArmState:
        """Return the measurement as it is now; `stop_cause` says why the arm is stopped, if it is."""
        fields = self._connection.request("read")
        self.stop_cause = fields.get("stop_cause")
        return unpack_state(fields)

    def send(self, command: JointCommand) -> JointCommand:
        """Hand set-points over and return them as applied.

        Raises:
            ArmError: the arm was not entered, is stopped, or another client controls it.
            MessageError: the command is not for as many joints.
            ConnectionLost: the simulator is gone.
        """
        return unpack_command(self._connection.request("send", **pack_command(command)))

    def stop(self, *, cause: str) -> None:
        """Brake and hold; with no connection raises ConnectionLost (the simulator then stops by itself)."""
        self._connection.request("stop", cause=cause)
        self.stop_cause = cause

    def __enter__(self) -> Self:
        self._connection.request("enter")
        self.stop_cause = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        cause = "left" if error is None else f"{type(error).__name__}: {error}"
        # A lost connection must not hide what went wrong; the simulator has stopped the arm by itself.
        hide = contextlib.suppress(ConnectionLost) if error is not None else contextlib.nullcontext()
        with hide:
            self._connection.request("exit", cause=cause)


class RemoteCamera:
    """A camera in another process; on a connection of its own it does not hold up the arm's.

    Args:
        connection: To the simulator.
        name: `scene` or `wrist`.
    """

    def __init__(self, connection: Connection, *, name: str = "scene") -> None:
        self._connection, self._name = connection, name

    def capture(self, arm: ArmState, T_base_tool: FloatArray) -> Observation:
        """Return colour, depth and calibration of the scene as it is now."""
        seen = self._connection.request("capture", camera=self._name)
        return Observation(
            rgb=require(seen, "rgb", np.ndarray),
            depth=require(seen, "depth", np.ndarray),
            K=require(seen, "K", np.ndarray),
            T_base_camera=require(seen, "T_base_camera", np.ndarray),
            T_base_tool=T_base_tool,
            arm=arm,
            stamp=require(seen, "stamp", float),
            camera=require(seen, "camera", str),
        )


class RemoteClock:
    """The simulator's clock: in lockstep sleeping steps the physics, in real time it waits for them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def now(self) -> float:
        """Return the simulated time [s]."""
        return float(require(self._connection.request("now"), "now", float))

    def sleep_until(self, stamp: float) -> None:
        """Return once the simulated time is `stamp` [s], to half a timestep.

        Raises:
            ArmError: in lockstep another client controls the arm, and with it the time.
        """
        while not require(self._connection.request("sleep_until", stamp=stamp), "there", bool):
            pass
