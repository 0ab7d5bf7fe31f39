"""What the event store can bear: durable events a second, opening a long one, and kill -9 under load."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

import numpy as np

from hybridctl.bench.postgres_server import PostgresServer
from world_state.beliefs import Beliefs
from world_state.categorical import Categorical
from world_state.errors import StoreError
from world_state.history import beliefs_at
from world_state.pose import initial
from world_state.slot import Slot, attributes_of
from world_state.store import EventStore
from world_state.store.event import Json

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
        took = np.empty(events)
        began = perf_counter()
        for k in range(events):
            measurement, belief = _LOOKS[k % SLOTS]
            before = perf_counter()
            store.append("seen", stamp=0.01 * k, cause="seen", measurement=measurement, belief=belief)
            took[k] = perf_counter() - before
            if k % _FLUSH_EVERY == _FLUSH_EVERY - 1:
                store.flush()
        store.flush()
        whole = perf_counter() - began
        paced = _paced(store)
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
    beliefs = Beliefs()
    with EventStore(location) as store:
        for k in range(events):
            measurement, belief = _LOOKS[k % SLOTS]
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
    lost = half = 0
    found = _Found()
    with _place(location) as place:
        for _ in range(n):
            writer = _Writer(place, first=found.count)
            acknowledged = writer.killed_after(rng.uniform(0.0, _LONGEST_LIFE))
            half += found.look(place)
            lost += max(0, acknowledged - found.count)
    return n, lost, half


def kills_of_postgres(n: int, *, servers: int = 5, seed: int = 0) -> tuple[int, int, int]:
    """As `kills`, on a PostgreSQL of its own; its server is then ended at once `servers` times besides.

    Raises:
        FileNotFoundError: PostgreSQL's server is not installed.
    """
    with PostgresServer() as server:
        _, lost, half = kills(n, server.url, seed=seed)
        found = _Found()
        half += found.look(server.url)
        for _ in range(servers):
            writer = _Writer(server.url, first=found.count)
            writer.wait_for_work()
            server.kill()
            acknowledged = writer.ended()
            server.start()
            half += found.look(server.url)
            lost += max(0, acknowledged - found.count)
    return n + servers, lost, half


class _Found:
    """What of a store has been looked at: how many events were found whole, and the id of the last."""

    def __init__(self) -> None:
        self.count = self._last_id = 0

    def look(self, location: str | Path) -> int:
        """Read what is new, and return how many of it are not what was written, or not in their turn."""
        wrong = 0
        with EventStore(location) as store:
            for event in store.events(after=self._last_id):
                wrong += (event.measurement, event.belief) != _numbered(self.count)
                self.count, self._last_id = self.count + 1, event.id
        return wrong


class _Writer:
    """A process that appends under load and says how many events are durable."""

    def __init__(self, location: str | Path, *, first: int) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._acknowledged = first
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_write_for_ever, args=(str(location), first, sender), daemon=True
        )
        self._process.start()
        sender.close()

    def wait_for_work(self) -> None:
        """Return once its first events are durable."""
        self._acknowledged = self._receiver.recv()

    def killed_after(self, life: float) -> int:
        """Kill it after `life` [s] and return how many events it had acknowledged."""
        end = perf_counter() + life
        while (left := end - perf_counter()) > 0.0:
            if self._receiver.poll(left):
                self.wait_for_work()
        self._process.kill()
        return self.ended()

    def ended(self) -> int:
        """Wait for its end and return how many events it had acknowledged."""
        with suppress(EOFError):
            while True:
                self.wait_for_work()
        self._process.join()
        return self._acknowledged


def _write_for_ever(location: str, first: int, acknowledge: Connection) -> None:
    """Append numbered looks in groups of any size, and send how many there are once they are durable."""
    rng = random.Random(first)
    number = first
    with suppress(StoreError), EventStore(location) as store:  # ends with its server
        while True:
            for _ in range(rng.randint(1, 200)):
                measurement, belief = _numbered(number)
                store.append(
                    "seen", stamp=0.01 * number, cause="seen", measurement=measurement, belief=belief
                )
                number += 1
            if rng.random() < 0.05:
                store.snapshot(0.01 * number, {"number": number})
            store.flush()
            acknowledge.send(number)


def _made_up_looks() -> Iterator[tuple[Json, Json]]:
    """Iterate over what events of looks hold: the measurement, and the slot that it changed."""
    rng = np.random.default_rng(0)
    for k in range(SLOTS):
        position, view = rng.uniform(-0.5, 0.5, 3), rng.uniform(-1.0, 1.0, 3)
        slot = Slot(
            id=f"s{k + 1}", pose=initial(position, 1e-5 * np.eye(3), yaw=float(rng.uniform(-0.7, 0.7))),
            labels=Categorical.of({"red block": 0.95}), attributes=attributes_of("red block"),
            extent=np.full(3, 0.04), stamp=0.01 * k, last_seen=0.01 * k, last_view=view, sources=("seen",),
        )  # fmt: skip
        measurement = {"camera": "scene", "position": position.tolist(), "view": view.tolist(), "shape": None}
        yield measurement, {"slots": {slot.id: slot.to_json()}, "stamp": slot.stamp}


_LOOKS = tuple(_made_up_looks())


def _numbered(number: int) -> tuple[Json, Json]:
    measurement, belief = _LOOKS[number % SLOTS]
    return {**measurement, "number": number}, belief


def _paced(store: EventStore) -> float:
    """Return the time of all but one in a thousand of 4000 appends in 2 s [µs]."""
    took = np.empty(4000)
    measurement, belief = _LOOKS[0]
    for k in range(len(took)):
        before = perf_counter()
        store.append("seen", stamp=0.0, cause="seen", measurement=measurement, belief=belief)
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
