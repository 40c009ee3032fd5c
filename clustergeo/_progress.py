"""How far a long run has come, on standard error or in a notebook."""

from __future__ import annotations

import contextlib
import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MANY = 10_000  # is shown as 10k


@contextlib.contextmanager
def told(total: int | None, *, unit: str, shown: bool | None = None) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes how many more are done.

    Parameters
    ----------
    total
        How many there are; None if that is not known.
    unit
        What is counted.
    shown
        Whether to show a bar; by default in notebooks and where standard error is a terminal.

    Examples
    --------
    >>> with told(10, unit="sites", shown=False) as done:
    ...     done(10)
    """
    if not (_in_notebook() or sys.stderr.isatty() if shown is None else shown):
        yield lambda _count: None
        return
    with warnings.catch_warnings():
        # Without the widgets of a notebook the bar is drawn as text, which tqdm warns of.
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm  # noqa: PLC0415 - only where somebody looks

        bar = tqdm(total=total, unit=f" {unit}", unit_scale=total is None or total >= _MANY)
    with bar:
        yield lambda count: bar.update(count) and None


def _in_notebook() -> bool:
    """Say whether a notebook's kernel runs this; its library may be loaded for other reasons."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")
