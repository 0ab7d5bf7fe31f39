"""The simulator's sockets and its time: one thread does everything in turn, so lockstep is deterministic.

In real time the physics are stepped between requests; after a pause, a picture for one, at most CATCH_UP of
it is made good and the rest of the time is given up.
"""

from __future__ import annotations

import selectors
import socket
import traceback
from dataclasses import dataclass, field
from typing import Any

from hybridctl.arms.errors import ArmError, WireError
from hybridctl.arms.wall_clock import WallClock
from hybridctl.arms.wire import (
    ANSWER_LIMIT,
    LONGEST_SLEEP,
    REQUEST_LIMIT,
    FrameReader,
    check_version,
    encode,
    require,
)
from hybridctl.messages.arrays import MessageError
from hybridctl.sim.shared_arm import SharedArm

CATCH_UP = 0.1
"""Longest stretch of physics that is made good at once in real time [s]."""
SILENCE = 0.5
"""In real time a controlling client that is not heard of for so long counts as lost [s]."""
MAX_CLIENTS = 16
_GREETING_TIME = 5.0
_FAREWELL_TIME = 1.0
_BACKLOG_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class _Sleep:
    """Request `number` asked to sleep until `stamp`, and is answered at `until` [s]."""

    number: int
    stamp: float
    until: float


@dataclass(eq=False)
class _Client:
    """A connection, with bytes not yet understood or sent, and a sleep not yet over."""

    socket: socket.socket
    name: str
    heard: float
    reader: FrameReader = field(default_factory=lambda: FrameReader(limit=REQUEST_LIMIT))
    unsent: bytearray = field(default_factory=bytearray)
    deadline: float | None = None
    greeted: bool = False
    closing: bool = False
    asleep: _Sleep | None = None


class SimServer:
    """Listens from the start; `run` serves until `close` or an exception.

    Raises:
        OSError: the port is taken or the host is not this machine's.
    """

    def __init__(self, shared: SharedArm, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._shared = shared
        self._wall = WallClock()
        self._origin = self._wall.now() - self._shared.world.now()
        self._clients: list[_Client] = []
        self._selector = selectors.DefaultSelector()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        shown = f"[{host}]" if ":" in host else host
        self.address = f"sim://{shown}:{self._listener.getsockname()[1]}"

    def run(self) -> None:
        """Serve for ever."""
        timeout = self._shared.timestep if self._shared.mode == "realtime" else 1.0
        while True:
            self.turn(timeout)

    def turn(self, timeout: float) -> None:
        """Wait for requests up to `timeout` [s], answer them, and in real time let the physics catch up."""
        ready = self._selector.select(timeout)
        if self._shared.mode == "realtime":
            self._catch_up()
        for key, events in ready:
            if key.data is None:
                self._accept()
            else:
                self._serve(key.data, events)
        if self._shared.mode == "realtime":
            self._watch()
        for client in list(self._clients):
            if client.deadline is not None and self._wall.now() > client.deadline:
                self._drop(client, "connection lost: no hello")

    def close(self) -> None:
        """Hang up on everybody and free the port."""
        for client in list(self._clients):
            self._drop(client, "the simulator ends")
        self._selector.close()
        self._listener.close()
        self._shared.close()

    def _accept(self) -> None:
        try:
            connection, peer = self._listener.accept()
        except OSError:
            return  # gone before it was taken
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _keep_alive(connection)
        client = _Client(connection, f"{peer[0]}:{peer[1]}", self._wall.now())
        client.deadline = client.heard + _GREETING_TIME
        self._clients.append(client)
        self._selector.register(connection, selectors.EVENT_READ, client)
        if len(self._clients) > MAX_CLIENTS:
            self._refuse(client, 0, ArmError(f"the simulator has {MAX_CLIENTS} clients already"))

    def _serve(self, client: _Client, events: int) -> None:
        try:
            if events & selectors.EVENT_READ:
                data = client.socket.recv(65536)
                if client.closing:
                    if not data:
                        self._drop(client, "connection lost")
                    return
                if not data:
                    client.reader.finish()
                    self._drop(client, "connection lost")
                    return
                client.heard = self._wall.now()
                for request in client.reader.feed(data):
                    self._answer(client, request)
            self._flush(client)
        except WireError as error:
            self._refuse(client, 0, error)
        except BlockingIOError:
            return
        except OSError as error:
            self._drop(client, f"connection lost: {error}")

    def _answer(self, client: _Client, request: dict[str, Any]) -> None:
        """Answer one request; what is wrong on the wire ends the connection, a refusal does not."""
        if client.closing:
            return
        number = 0
        try:
            number = require(request, "id", int)
            if not client.greeted:
                if request.get("op") != "hello":
                    raise WireError("the first request must be hello")
                check_version(request, who="client")
                client.greeted, client.deadline = True, None
            if len(client.unsent) > _BACKLOG_LIMIT:
                raise WireError("the client asks without taking its answers")
            client.asleep = None  # whoever asks anew has given up on its sleep
            fields = self._shared.answer(client.name, request)
            if self._shared.mode == "realtime" and not fields.get("there", True):
                until = min(request["stamp"], fields["now"] + LONGEST_SLEEP)
                client.asleep = _Sleep(number, request["stamp"], until)
                return
            client.unsent += encode({"id": number, **fields}, limit=ANSWER_LIMIT)
        except WireError as error:
            self._refuse(client, number, error)
        except (ArmError, MessageError) as error:
            client.unsent += encode(_failure(number, error), limit=ANSWER_LIMIT)
        except Exception as error:  # a fault in here must not take the arm with it
            traceback.print_exc()
            self._refuse(client, number, error)

    def _refuse(self, client: _Client, number: int, error: Exception) -> None:
        """Say why and hang up; what still comes is thrown away, so that the reason arrives."""
        self._shared.lost(client.name, cause=f"connection lost: {error}")
        client.closing, client.asleep = True, None
        client.deadline = self._wall.now() + _FAREWELL_TIME
        client.unsent += encode(_failure(number, error), limit=ANSWER_LIMIT)
        self._flush(client)

    def _flush(self, client: _Client) -> None:
        if client not in self._clients:
            return
        try:
            while client.unsent:
                sent = client.socket.send(client.unsent)
                del client.unsent[:sent]
            if client.closing:
                client.socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError as error:
            self._drop(client, f"connection lost: {error}")
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.unsent else 0)
        self._selector.modify(client.socket, wanted, client)

    def _drop(self, client: _Client, cause: str) -> None:
        self._shared.lost(client.name, cause=cause)
        if client in self._clients:
            self._clients.remove(client)
            self._selector.unregister(client.socket)
            client.socket.close()

    def _catch_up(self) -> None:
        world, timestep = self._shared.world, self._shared.timestep
        behind = self._wall.now() - self._origin - world.now()
        if behind > CATCH_UP:
            self._origin += behind - CATCH_UP
            behind = CATCH_UP
        steps = int(behind / timestep)
        if steps > 0:
            world.sleep_until(world.now() + steps * timestep)
        for client in list(self._clients):
            sleep = client.asleep
            if sleep is not None and self._shared.time(sleep.until)["there"]:
                client.asleep, client.heard = None, self._wall.now()
                fields = self._shared.time(sleep.stamp)
                client.unsent += encode({"id": sleep.number, **fields}, limit=ANSWER_LIMIT)
                self._flush(client)

    def _watch(self) -> None:
        """Stop the arm when its client is silent: a pulled cable closes no connection."""
        for client in self._clients:
            silent = client.asleep is None and self._wall.now() - client.heard > SILENCE
            if silent and client.name == self._shared.controller and not self._shared.arm.read().stopped:
                self._shared.lost(client.name, cause=f"connection lost: nothing heard for {SILENCE} s")


def _failure(number: int, error: Exception) -> dict[str, Any]:
    return {"id": number, "error": type(error).__name__, "message": str(error)}


def _keep_alive(connection: socket.socket) -> None:
    """Let the system notice within about ten seconds that the other machine is gone."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 4), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):  # not on every system
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
