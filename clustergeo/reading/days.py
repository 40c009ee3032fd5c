"""Days that are none, of which GDAL makes others: 30 February is 2 March to it, and the 13th month 1 January 1970."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from clustergeo.errors import InputError
from clustergeo.reading.opening import shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_TIME = r"[T ](\d\d?):(\d\d)(?::(\d\d)(?:\.\d+)?)? ?(?:Z|[+-]\d\d(?::?\d\d)?)?"
_FORM = re.compile(rf"(\d{{4}})[-/](\d\d?)[-/](\d\d?)(?:{_TIME})?")
_BEYOND = re.compile(r'"(\d{4})[-/](?:(0?2)[-/](29|3[01])|(0?[469]|11)[-/](31))"')
_KEY = re.compile(r'("(?:[^"\\]|\\.)*")\s*:\s*\Z')
_LONGEST = 1_000
# The last is one of those that are put in now and then.
_HOURS, _MINUTES, _SECONDS = 24, 60, 61


def is_day(text: Any) -> bool:
    """Say whether a text is a day, with or without a time, in a form that GDAL reads as that day.

    Examples
    --------
    >>> is_day("2026-01-02"), is_day("2026/1/2 03:04"), is_day("2026-02-30"), is_day("2026-01-02T24:00:00Z"), is_day(5)
    (True, True, False, False, False)
    """
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return False
    hour, minute, second = (int(one or 0) for one in found.groups()[3:])
    try:
        dt.date(*(int(one) for one in found.groups()[:3]))
    except ValueError:
        return False
    return hour < _HOURS and minute < _MINUTES and second < _SECONDS


def check_days(file: Path, frame: Any, columns: Iterable[str], name: str | Path) -> None:
    """Refuse a JSON with a day that no month has: it would be read as one of the next month.

    Parameters
    ----------
    file
        The text, in UTF-8.
    frame
        What was read of it.
    columns
        Which of its columns are of days.
    name
        How to name the file in a refusal.

    Raises
    ------
    InputError
        With the row, the column and the text.
    """
    known = {*columns}
    text = file.read_text(encoding="utf-8-sig") if known else ""
    for found in _BEYOND.finditer(text):
        year, month, day = (int(one) for one in found.groups() if one is not None)
        column = _key(text[max(found.start() - _LONGEST, 0) : found.start()])
        if year == 0 or column not in known or is_day(found[0].strip('"')):
            continue
        other = dt.date(year, month, 1) + dt.timedelta(days=day - 1)
        rows = np.flatnonzero(np.asarray(frame[column] == other))
        if len(rows):
            msg = (
                f"{shown(name)}, column {column!r}: {found[0]} is no day and would be read as {other} "
                f"(row {rows[0]}, counted from 0). Correct it."
            )
            raise InputError(msg)


def _key(text: str) -> str | None:
    """Return the key of the value that follows a piece of JSON; None where it is no value of one."""
    found = _KEY.search(text)
    try:
        return None if found is None else str(json.loads(found[1]))
    except ValueError:
        return None
