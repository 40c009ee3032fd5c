"""The refusals of clustergeo; every message says what is wrong, where, what was expected and the cure."""

from __future__ import annotations


class ClusterGeoError(ValueError):
    """The parent of every refusal."""


class InputError(ClusterGeoError):
    """A file, frame or argument cannot be used as it is."""


class FactError(ClusterGeoError):
    """A table of facts breaks its rules; the message names file and line."""


class DataError(ClusterGeoError):
    """The shipped data is missing or was altered."""


class PageError(ClusterGeoError):
    """A page cannot be made to open without a network."""


class ClusterGeoWarning(UserWarning):
    """Something that the answer could not take into account, and how to mend it."""
