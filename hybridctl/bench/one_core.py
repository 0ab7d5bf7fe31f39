"""Runs a measurement in a process of its own on one core, with numerics that use no threads."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def on_one_core(work: Callable[[A], R], argument: A) -> R:
    """Return work(argument), computed by a fresh process that is bound to one core.

    Threads are switched off in its environment, so before it loads numpy; binding is left out where the
    system knows no such thing.

    Args:
        work: A module's function.
        argument: Picklable, as what it returns.
    """
    with _single_threaded(), multiprocessing.get_context("spawn").Pool(1, initializer=_bind) as pool:
        return pool.apply(work, (argument,))


def _bind() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    gc.freeze()


@contextmanager
def _single_threaded() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
