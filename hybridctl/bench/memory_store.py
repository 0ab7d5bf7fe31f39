"""What the event store can bear: durable events a second, opening a long one, and kill -9 under load."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from hybridctl.bench.postgres_server import PostgresServer
from world_state.beliefs import Beliefs
from world_state.categorical import Categorical
from world_state.history import beliefs_at
from world_state.pose import initial
from world_state.slot import Slot, attributes_of
from world_state.store import EventStore

SLOTS = 20
SNAPSHOT_EVERY = 500
_FLUSH_EVERY = 20_000  # events: what waits stays well below the queue's bound
_LONGEST_LIFE = 0.25  # [s] of a writer before its kill: opening, many commits, a checkpoint


@dataclass(frozen=True)
class Rate:
    """How fast a store took events.

    Attributes:
        events_per_second: Appended and durable, from the first append to the return of the last flush.
        bytes_each: JSON of one event.
        append_us_median: Time that `append` took, with the writer at work beside it [µs].
        append_us_p999: ... of all but one in a thousand [µs].
        paced_us_p999: The same of a loop that appends 2000 times a second and else sleeps [µs].
    """

    events_per_second: float
    bytes_each: int
    append_us_median: float
    append_us_p999: float
    paced_us_p999: float


def events_per_second(location: str | Path | None = None, *, events: int = 200_000) -> Rate:
    """Measure how fast a new store takes looks with the slot that each changes.

    Args:
        location: A new file, or a URL; a temporary file when None.
        events: How many.
    """
    with _place(location) as place, EventStore(place) as store:
        looks = list(made_up_looks(SLOTS))
        took = np.empty(events)
        began = perf_counter()
        for k in range(events):
            measurement, belief = looks[k % SLOTS]
            before = perf_counter()
            store.append("seen", stamp=0.01 * k, cause="seen", measurement=measurement, belief=belief)
            took[k] = perf_counter() - before
            if k % _FLUSH_EVERY == _FLUSH_EVERY - 1:
                store.flush()
        store.flush()
        whole = perf_counter() - began
        paced = _paced(store, looks[0])
        event = store.last("seen")
        assert event is not None
        size = len(str(event.measurement)) + len(str(event.belief))
    return Rate(
        events / whole, size, 1e6 * float(np.median(took)), 1e6 * float(np.percentile(took, 99.9)), paced
    )


def open_million_ms(*, events: int = 1_000_000) -> float:
    """Return how long it takes to open a store of so many events and to know what is believed [ms]."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.db"
        write_history(path, events=events)
        began = perf_counter()
        with EventStore(path) as store:
            beliefs = beliefs_at(store)
            took = perf_counter() - began
        assert len(beliefs.slots) == SLOTS
    return 1e3 * took


def write_history(location: str | Path, *, events: int) -> None:
    """Write so many looks at SLOTS things in turn, with a snapshot every SNAPSHOT_EVERY, as a memory does."""
    looks = list(made_up_looks(SLOTS))
    beliefs = Beliefs()
    with EventStore(location) as store:
        for k in range(events):
            measurement, belief = looks[k % SLOTS]
            store.append("seen", stamp=0.01 * k, cause="seen", measurement=measurement, belief=belief)
            if k < SLOTS:
                beliefs = beliefs.with_delta(belief)
            elif k % SNAPSHOT_EVERY == SNAPSHOT_EVERY - 1:
                store.snapshot(0.01 * k, beliefs.to_json())
            if k % _FLUSH_EVERY == _FLUSH_EVERY - 1:
                store.flush()


def kills(n: int, location: str | Path | None = None, *, seed: int = 0) -> tuple[int, int, int]:
    """Kill a writer by SIGKILL n times at random moments under load; return (kills, lost, half read).

    Lost is an event that was acknowledged, its number sent by the writer after `flush` had returned, and is
    not there; half read one that is not what was written, or one that lacks those before it. Each writer
    goes on in the store that the one before left.

    Args:
        n: How often.
        location: A new file, or a URL; a temporary file when None.
        seed: Of the moments.
    """
    rng = random.Random(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["hybridctl.bench.memory_store"])
    lost = half = 0
    known, after = 0, 0  # events that were found whole, and the id of the last
    with _place(location) as place:
        for _ in range(n):
            receiver, sender = context.Pipe(duplex=False)
            writer = context.Process(target=_write_for_ever, args=(str(place), known, sender), daemon=True)
            writer.start()
            sender.close()
            acknowledged = _read_until_killed(receiver, writer.pid, life=rng.uniform(0.0, _LONGEST_LIFE))
            writer.join()
            with EventStore(place) as store:
                for event in store.events(after=after):
                    half += not _is_whole(event.measurement, event.belief, number=known)
                    known, after = known + 1, event.id
            lost += max(0, acknowledged - known)
    return n, lost, half


def kills_of_postgres(n: int, *, servers: int = 5) -> tuple[int, int, int]:
    """As `kills`, on a PostgreSQL of its own; between, its server is ended at once `servers` times.

    Raises:
        FileNotFoundError: PostgreSQL's server is not installed.
    """
    total = np.zeros(3, dtype=int)
    with PostgresServer() as server:
        total += kills(n, server.url)
        for _ in range(servers):
            total += _server_killed(server)
    return int(total[0]), int(total[1]), int(total[2])


def _server_killed(server: PostgresServer) -> tuple[int, int, int]:
    """Kill the server under a writer, start it again, and return (1, lost, half read)."""
    context = multiprocessing.get_context("forkserver")
    receiver, sender = context.Pipe(duplex=False)
    with EventStore(server.url) as store:
        before = sum(1 for _ in store.events())
        last = max((event.id for event in store.events()), default=0)
    writer = context.Process(target=_write_for_ever, args=(server.url, before, sender), daemon=True)
    writer.start()
    sender.close()
    first = receiver.recv()  # it is at work
    server.kill()
    acknowledged = max(first, _last_received(receiver))
    writer.join()  # its store has said so: it ended by StoreError
    server.start()
    half, known = 0, before
    with EventStore(server.url) as store:
        for event in store.events(after=last):
            half += not _is_whole(event.measurement, event.belief, number=known)
            known += 1
    return 1, max(0, acknowledged - known), half


def _write_for_ever(location: str, first: int, acknowledge: Connection) -> None:
    """Append numbered looks in groups of any size, and send how many there are once they are durable."""
    looks = list(made_up_looks(SLOTS))
    rng = random.Random(first)
    with EventStore(location) as store:
        number = first
        while True:
            for _ in range(rng.randint(1, 200)):
                measurement, belief = looks[number % SLOTS]
                store.append(
                    "seen", stamp=0.01 * number, cause="seen", measurement={**measurement, "number": number},
                    belief=belief,
                )  # fmt: skip
                number += 1
            if rng.random() < 0.05:
                store.snapshot(0.01 * number, {"number": number})
            store.flush()
            acknowledge.send(number)


def _read_until_killed(receiver: Connection, pid: int | None, *, life: float) -> int:
    """Return the last acknowledged number of a writer that is killed after `life` [s]."""
    assert pid is not None
    acknowledged, end = 0, perf_counter() + life
    while (left := end - perf_counter()) > 0.0:
        if receiver.poll(left):
            acknowledged = receiver.recv()
    os.kill(pid, signal.SIGKILL)
    return max(acknowledged, _last_received(receiver))


def _last_received(receiver: Connection) -> int:
    last = 0
    try:
        while True:
            last = receiver.recv()
    except (EOFError, OSError):
        return last


def _is_whole(measurement: dict[str, Any], belief: dict[str, Any], *, number: int) -> bool:
    expected = _looks()[number % SLOTS]
    return measurement == {**expected[0], "number": number} and belief == expected[1]


def made_up_looks(count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Iterate over what events of looks hold: the measurement, and the slot that it changed."""
    rng = np.random.default_rng(0)
    for k in range(count):
        position, view = rng.uniform(-0.5, 0.5, 3), rng.uniform(-1.0, 1.0, 3)
        slot = Slot(
            id=f"s{k + 1}", pose=initial(position, 1e-5 * np.eye(3), yaw=float(rng.uniform(-0.7, 0.7))),
            labels=Categorical.of({"red block": 0.95}), attributes=attributes_of("red block"),
            extent=np.full(3, 0.04), stamp=0.01 * k, last_seen=0.01 * k, last_view=view, sources=("seen",),
        )  # fmt: skip
        measurement = {"camera": "scene", "position": position.tolist(), "view": view.tolist(), "shape": None}
        yield measurement, {"slots": {slot.id: slot.to_json()}, "stamp": slot.stamp}


_LOOKS: list[tuple[dict[str, Any], dict[str, Any]]] = []


def _looks() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    if not _LOOKS:
        _LOOKS.extend(made_up_looks(SLOTS))
    return _LOOKS


def _paced(store: EventStore, look: tuple[dict[str, Any], dict[str, Any]]) -> float:
    """Return the time of all but one in a thousand of 4000 appends in 2 s [µs]."""
    from time import sleep

    took = np.empty(4000)
    for k in range(len(took)):
        before = perf_counter()
        store.append("seen", stamp=0.0, cause="seen", measurement=look[0], belief=look[1])
        took[k] = perf_counter() - before
        sleep(5e-4)
    return 1e6 * float(np.percentile(took, 99.9))


@contextmanager
def _place(location: str | Path | None) -> Iterator[str | Path]:
    if location is not None:
        yield location
        return
    with TemporaryDirectory() as folder:
        yield Path(folder) / "events.db"
