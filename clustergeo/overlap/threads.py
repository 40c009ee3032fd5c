"""Work in threads: rows are cut into chunks of a fixed size, so that the answers never depend on their number."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

Given = TypeVar("Given")
Found = TypeVar("Found")

CHUNK = 32_768

_here = threading.local()


def chunks(rows: int, size: int) -> list[slice]:
    """Return consecutive slices of at most `size` rows.

    Examples
    --------
    >>> chunks(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return [slice(start, min(rows, start + size)) for start in range(0, rows, size)]


def pieces(sizes: NDArray[np.int64], size: int) -> list[NDArray[np.intp]]:
    """Return the numbers of entries of these sizes in consecutive pieces, a new one begun whenever `size` is full.

    Examples
    --------
    >>> [piece.tolist() for piece in pieces(np.array([3, 3, 9, 1]), 5)]
    [[0], [1], [2, 3]]
    """
    if not len(sizes):
        return []
    return np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(np.cumsum(sizes) // size)) + 1)


def in_threads(work: Callable[[Given], Found], parts: Sequence[Given], threads: int | None) -> list[Found]:
    """Return the result of each part, in order; by default with one thread a processor."""
    wanted = threads if threads is not None else processors()
    if wanted <= 1 or len(parts) <= 1:
        return [work(part) for part in parts]
    with pool(min(wanted, len(parts))) as workers:
        return list(workers.map(work, parts))


@contextlib.contextmanager
def pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Yield this many threads that use no others; at the end, or after a fault, none of them is at work any more.

    What is warned of is kept for the whole process, and a library that silences its own warnings in two threads at a
    time, as `shapely.is_valid` does, may leave them silent for good: at the end they are as they were before.
    """
    with warnings.catch_warnings():
        workers = ThreadPoolExecutor(threads, initializer=stay_alone)
        try:
            yield workers
        except BaseException:
            workers.shutdown(wait=True, cancel_futures=True)
            raise
        # What was asked for is done, also where nobody has waited for it yet.
        workers.shutdown(wait=True)


def stay_alone() -> None:
    """Let the thread that calls this use no others: it is one of several already."""
    _here.alone = True


def processors() -> int:
    """Return how many processors this thread may use: all that the process may, or one if it is one of several."""
    if getattr(_here, "alone", False):
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
