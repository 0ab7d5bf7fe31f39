"""A measurement runs in a process of its own, bound to one core, its numerics without threads."""

import os

from hybridctl.bench.one_core import THREADS, on_one_core


def seen(_: int) -> tuple[int, int, list[str | None]]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return os.getpid(), cores, [os.environ.get(name) for name in THREADS]


def test_it_has_one_core_no_threads_and_leaves_this_process_as_it_was() -> None:
    before = [os.environ.get(name) for name in THREADS]
    pid, cores, threads = on_one_core(seen, 0)
    assert pid != os.getpid()
    assert cores == 1
    assert threads == ["1"] * len(THREADS)
    assert [os.environ.get(name) for name in THREADS] == before
