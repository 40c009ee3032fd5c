"""Work in threads: rows are cut into chunks of a fixed size, so that the answers never depend on their number."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


def in_threads(work: Callable[[Given], Found], parts: Sequence[Given], threads: int | None) -> list[Found]:
    """Return the result of each part, in order; by default with one thread a processor."""
    wanted = threads if threads is not None else processors()
    if wanted <= 1 or len(parts) <= 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(min(wanted, len(parts)), initializer=stay_alone) as pool:
        return list(pool.map(work, parts))


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
