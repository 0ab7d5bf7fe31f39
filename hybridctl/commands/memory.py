"""`hybridctl memory …`: what a robot believed when, what changed, and its events for other tools."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hybridctl.commands.arguments import Commands, count
from hybridctl.commands.belief_tables import print_beliefs
from hybridctl.commands.console import ERRORS

if TYPE_CHECKING:
    from world_state.beliefs import Beliefs
    from world_state.store import Event, EventStore

_FIRST = 10  # events: a look is dated by its picture, so the first to be written need not be the earliest
_PLACE = "run folder, SQLite file or postgresql://USER@HOST/DATABASE"


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    memory = commands.add_parser(
        "memory",
        help="read what a robot believed, when, and why",
        description="Read an event store: the memory of a run, or of a fleet.",
    )
    actions = memory.add_subparsers(required=True, metavar="ACTION")
    show = _action(actions, "show", "which robots and events there are, and what is believed now", _show)
    show.add_argument("--last", type=count, default=20, metavar="N", help="events to list (default: 20)")
    at = _action(actions, "at", "what was believed at a time", _at)
    at.add_argument("time", type=_time, help="by the robot's clock [s]")
    diff = _action(actions, "diff", "what changed between two times, in words", _diff)
    diff.add_argument("before", type=_time, help="by the robot's clock [s]")
    diff.add_argument("after", type=_time, help="by the robot's clock [s]")
    export = _action(actions, "export", "print events as JSON Lines", _export)
    export.add_argument("--out", type=Path, metavar="FILE", help="write them there")
    refilter = _action(actions, "refilter", "run stored readings through today's filter", _refilter)
    refilter.add_argument("into", help="new event store: a file that is not there yet, or a URL")


def _action(actions: Commands, name: str, what: str, run: object) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    action.add_argument("place", metavar="RUN_FOLDER|FILE|URL", help=_PLACE)
    whose = "every robot's" if name == "export" else "those of the only robot"
    action.add_argument("--robot", metavar="NAME", help=f"whose events (default: {whose})")
    if name != "export":
        action.add_argument("--json", action="store_true", help="print JSON")
    action.set_defaults(run=run)
    return action


def _time(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is no time in seconds")
    return value


def _shown(location: str | Path) -> str:
    """Return a place for people: without a password."""
    from world_state.store.database import open_engine, shown

    return shown(open_engine(location).url)


def _location(place: str) -> str | Path:
    """Return where the store is: in a run folder by its name there, else as given."""
    if "://" in place or not Path(place).is_dir():
        return place
    from hybridctl.record import EVENTS_NAME

    return Path(place) / EVENTS_NAME


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[tuple[EventStore, str]]:
    """Open the store that was asked for, and say whose events are meant."""
    from world_state.store import EventStore

    location = _location(arguments.place)
    with EventStore(location, create=False) as store:
        yield store, _one_of(store.robots(), arguments.robot, location)


def _one_of(robots: Sequence[str], asked: str | None, location: str | Path) -> str:
    from world_state.errors import StoreError

    names, where = ", ".join(map(repr, robots)), _shown(location)
    if not robots:
        raise StoreError(f"{where} holds no events yet")
    if asked is not None and asked not in robots:
        raise StoreError(f"{where} holds no events of {asked!r}, only of {names}")
    if asked is None and len(robots) > 1:
        raise StoreError(f"{where} holds events of {names}: say whose by --robot NAME")
    return asked or robots[0]


def _show(arguments: argparse.Namespace) -> int:
    from world_state.history import beliefs_at

    with _opened(arguments) as (store, robot):
        kinds = store.kinds(robot=robot)
        events = store.newest(arguments.last, robot=robot)
        beliefs = beliefs_at(store, robot=robot)
    if arguments.json:
        shown = [event.to_json() for event in events]
        print(json.dumps({"robot": robot, "kinds": kinds, "events": shown, "beliefs": beliefs.to_json()}))
        return 0
    console = Console(highlight=False)
    counted = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    console.print(f"{robot}: {sum(kinds.values())} events ({counted})", markup=False)
    table = Table(title=f"the last {len(events)} events", title_justify="left")
    table.add_column("time [s]", justify="right")
    for column in ("kind", "cause"):
        table.add_column(column, overflow="fold")
    for event in events:
        table.add_row(f"{event.stamp:.3f}", escape(event.kind), escape(event.cause))
    console.print(table)
    print_beliefs(console, beliefs, at=max(event.stamp for event in events))
    return 0


def _at(arguments: argparse.Namespace) -> int:
    from world_state.history import beliefs_at

    with _opened(arguments) as (store, robot):
        beliefs = beliefs_at(store, arguments.time, robot=robot)
        _say_if_before_all(store, robot, arguments.time)
    if arguments.json:
        print(json.dumps(beliefs.to_json()))
    else:
        print_beliefs(Console(highlight=False), beliefs, at=arguments.time)
    return 0


def _say_if_before_all(store: EventStore, robot: str, time: float) -> None:
    """Say on standard error that nothing was known at a time because nothing had begun."""
    began = min((event.stamp for event in islice(store.events(robot=robot), _FIRST)), default=time)
    if time < began:
        ERRORS.print(f"the events of {robot} begin later, at {began:g} s", markup=False)


def _diff(arguments: argparse.Namespace) -> int:
    from world_state.errors import StoreError
    from world_state.history import beliefs_at

    if arguments.before > arguments.after:
        raise StoreError(
            f"from {arguments.before:g} to {arguments.after:g} s is backwards: give the earlier time first"
        )
    with _opened(arguments) as (store, robot):
        _say_if_before_all(store, robot, arguments.before)
        before, after = (beliefs_at(store, t, robot=robot) for t in (arguments.before, arguments.after))
    _print_changes(arguments, before, after, f"from {arguments.before:g} to {arguments.after:g} s")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from world_state.export import write_lines
    from world_state.store import EVERY_ROBOT, EventStore

    with ExitStack() as stack:
        if arguments.robot is not None:
            store, robot = stack.enter_context(_opened(arguments))
        else:  # a file for other tools need not be of one robot
            store = stack.enter_context(EventStore(_location(arguments.place), create=False))
            robot = EVERY_ROBOT
        if arguments.out is None:
            write_lines(store.events(robot=robot), sys.stdout)
            return 0
        with _new_file(arguments.out) as file:
            written = write_lines(store.events(robot=robot), file)
    ERRORS.print(f"{written} events written to {arguments.out}", markup=False)
    return 0


def _new_file(path: Path) -> TextIO:
    from world_state.errors import StoreError

    if not path.parent.is_dir():
        raise StoreError(f"there is no folder {path.parent}: make it, or give another --out")
    try:
        return path.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise StoreError(f"{path} is there already: give another --out, or remove it") from error


def _refilter(arguments: argparse.Namespace) -> int:
    from world_state.export import read_lines
    from world_state.history import beliefs_at
    from world_state.noise import NoiseModel
    from world_state.refilter import refilter
    from world_state.store import EventStore

    with ExitStack() as stack:
        before = None
        if arguments.place.endswith(".jsonl"):
            path = Path(arguments.place)
            robots = sorted({event.robot for event in read_lines(path)})
            robot = _one_of(robots, arguments.robot, path)
            events: Iterable[Event] = (event for event in read_lines(path) if event.robot == robot)
        else:
            store, robot = stack.enter_context(_opened(arguments))
            events, before = store.events(robot=robot), beliefs_at(store, robot=robot)
        new = stack.enter_context(EventStore(arguments.into, robot=robot))
        done = refilter(events, new, noise=NoiseModel())
    ERRORS.print(
        f"{done.readings} readings filtered anew, {done.refused} of them refused, {done.copied} other events "
        f"copied to {_shown(arguments.into)}", markup=False,
    )  # fmt: skip
    if before is not None:
        _print_changes(arguments, before, done.beliefs, "at the end, from the filter of then to today's")
    return 0


def _print_changes(arguments: argparse.Namespace, before: Beliefs, after: Beliefs, title: str) -> None:
    from world_state.changes import diff

    changes = diff(before, after)
    if arguments.json:
        print(json.dumps([change._asdict() for change in changes]))
        return
    console = Console(highlight=False)
    if not changes:
        console.print(f"nothing changed {title}")
        return
    table = Table(title=title, title_justify="left")
    table.add_column("of", overflow="fold")
    table.add_column("change", overflow="fold")
    for change in changes:
        table.add_row(escape(change.subject), escape(change.what))
    console.print(table)
