"""Signals while files are written: ending a process raises, and the renames are not cut in two."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def termination_raised() -> Iterator[None]:
    """Let SIGTERM raise SystemExit: by default it ends the process at once, and the partial files would stay."""
    main = threading.current_thread() is threading.main_thread()
    # A program that handles SIGTERM itself keeps its way.
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def leave(number: int, _frame: Any) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back until the block is done; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: Any) -> None:
        came.append(number)

    # A handler that was not set from Python reads as None and could not be put back: that signal is left alone.
    held = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) is not None]
    before = {one: signal.signal(one, note) for one in held}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        for number in dict.fromkeys(came):
            signal.raise_signal(number)
