"""Answers of a service kept on this machine, with their age."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from clustergeo._files import native, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORM = 1


@dataclass(frozen=True)
class Kept:
    """What was kept, and when it was read from the service."""

    records: list[dict[str, Any]]
    read_at: datetime


def folder() -> Path:
    """Return where answers are kept: `CLUSTERGEO_CACHE`, or the cache folder of the platform."""
    named = os.environ.get("CLUSTERGEO_CACHE")
    return native(named) if named else Path(platformdirs.user_cache_dir("clustergeo", appauthor=False))


def kept(request: Mapping[str, Any], *, max_age: timedelta) -> Kept | None:
    """Return the answer to a request if a whole one is kept and is young enough.

    Parameters
    ----------
    request
        What was asked, without any key.
    max_age
        How old it may be.
    """
    try:
        held = json.loads(gzip.decompress(_path(request).read_bytes()))
        read_at = datetime.fromisoformat(held["read_at"])
        whole = held["form"] == _FORM and held["request"] == _plain(request) and isinstance(held["records"], list)
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        # Not there, or no whole file of ours: it is read from the service again.
        return None
    age = datetime.now(UTC) - read_at if read_at.tzinfo else max_age * 2
    return Kept(held["records"], read_at) if whole and timedelta(0) <= age <= max_age else None


def keep(request: Mapping[str, Any], records: list[dict[str, Any]], read_at: datetime) -> Path:
    """Keep an answer, whole or not at all; return its file.

    Raises
    ------
    InputError
        The folder cannot be written to.
    """
    held = {"form": _FORM, "request": _plain(request), "read_at": read_at.isoformat(), "records": records}
    data = gzip.compress(json.dumps(held, ensure_ascii=False).encode(), compresslevel=6, mtime=0)
    return write_whole(_path(request), data)


def _path(request: Mapping[str, Any]) -> Path:
    """Return the file of a request."""
    digest = hashlib.sha256(json.dumps(_plain(request), sort_keys=True).encode()).hexdigest()
    return folder() / "services" / f"{digest[:32]}.json.gz"


def _plain(request: Mapping[str, Any]) -> Any:
    """Return a request as JSON gives it back."""
    return json.loads(json.dumps(dict(request)))
