"""Compilation of the kernels: once, kept in a cache where one can be written, and free of the interpreter's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
from numba import types

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = types.int64
NUMBER = types.float64
FLAG = types.boolean


def given(kind: Any, dimensions: int = 1) -> Any:
    """Return the type of an array that a kernel only reads: it may be shared between threads or mapped from a file."""
    return types.Array(kind, dimensions, "C", readonly=True)


def made(kind: Any, dimensions: int = 1) -> Any:
    """Return the type of an array that a kernel writes."""
    return types.Array(kind, dimensions, "C")


def compiled(*arguments: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function for these types of arguments when its module is imported.

    The types are stated, so that each function is compiled once and never again for an array that differs in a
    detail. The result is cached beside the module or, where that folder cannot be written, in the user's cache (see
    NUMBA_CACHE_DIR in numba's manual); where no folder can be written it is compiled anew in each process.
    """
    return _compiled(arguments)


def inner(*arguments: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function that only other kernels call: it has no door to Python, which takes long to compile."""
    return _compiled(arguments, no_cpython_wrapper=True, forceinline=True)


def _compiled(arguments: tuple[Any, ...], **more: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def compile_now(function: Callable[..., Any]) -> Callable[..., Any]:
        # nobody calls the kernels from C, and without that door they compile faster
        options: dict[str, Any] = {
            "nogil": True,
            "error_model": "numpy",
            "no_cfunc_wrapper": True,
            "no_rewrites": True,
            **more,
        }
        try:
            kept: Callable[..., Any] = numba.njit(arguments, cache=True, **options)(function)
        except (RuntimeError, OSError):  # numba found no folder for its cache, or could not write to it
            kept = numba.njit(arguments, **options)(function)
        return kept

    return compile_now
