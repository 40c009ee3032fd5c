"""The refusals and warnings of clustergeo; each says what is wrong, where, what was expected and the cure."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path


class ClusterGeoError(ValueError):
    """The parent of every refusal."""


class InputError(ClusterGeoError):
    """A file, frame or argument cannot be used as it is."""


class FactError(ClusterGeoError):
    """A table of facts breaks its rules; the message names file and line."""


class DataError(ClusterGeoError):
    """The shipped data is missing or was altered."""


class ServiceError(ClusterGeoError):
    """A service on the network did not give a whole answer; the message says what is missing."""


class PageError(ClusterGeoError):
    """A page cannot be made to open without a network."""


class ClusterGeoWarning(UserWarning):
    """Something that the answer could not take into account, and how to mend it."""


def warn(message: str) -> None:
    """Warn at the line that called into clustergeo, however deep the cause lies."""
    here, level, frame = str(Path(__file__).parent), 2, sys._getframe(1)  # noqa: SLF001  (the way to a caller's line)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, ClusterGeoWarning, stacklevel=level)
