"""Packages that are used where they are installed: those of `clustergeo[documents]`."""

from __future__ import annotations

import importlib
from typing import Any

from clustergeo.errors import InputError


def available(module: str) -> bool:
    """Say whether a module can be imported here.

    Examples
    --------
    >>> available("json"), available("no_such_module")
    (True, False)
    """
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def needed(module: str, *, package: str, makes: str) -> Any:
    """Return a module, or refuse what needs it.

    Parameters
    ----------
    module, package
        What is imported, and the name under which it is installed.
    makes
        What it writes.

    Raises
    ------
    InputError
        It is not installed; the message says how to install it.

    Examples
    --------
    >>> needed("json", package="json", makes="JSON").dumps([1])
    '[1]'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        msg = (
            f"{makes} is written by {package}, which is not installed here. "
            "Install it with: python -m pip install 'clustergeo[documents]'"
        )
        raise InputError(msg) from error
