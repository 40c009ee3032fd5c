"""Packages that are used where they are installed: those of the extras of clustergeo."""

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


def needed(module: str, *, package: str, makes: str, done: str = "written", extra: str = "documents") -> Any:
    """Return a module, or refuse what needs it.

    Parameters
    ----------
    module, package
        What is imported, and the name under which it is installed.
    makes, done
        What it writes or reads, and which of the two.
    extra
        The extra of clustergeo that brings it.

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
            f"{makes} is {done} by {package}, which is not installed here. "
            f"Install it with: python -m pip install 'clustergeo[{extra}]'"
        )
        raise InputError(msg) from error
