"""A scenario file as a tree whose faults are told with file and line."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clustergeo._files import shown
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_HEADER = re.compile(r"\s*\[+\s*([^\[\]]+?)\s*\]+\s*(#.*)?$")


# What may stand before the first table.
_TEXTS = ("title",)

# The kinds of a setting, and how a refusal calls them; true and false are no numbers.
_KINDS: dict[str, tuple[type, ...]] = {
    "a text": (str,),
    "a number": (int, float),
    "a whole number": (int,),
    "true or false": (bool,),
    "a day such as 2026-01-01": (str, dt.date),
    "a list": (list,),
    "a table { ... }": (dict,),
}
TEXT, NUMBER, WHOLE, FLAG, DAY, LIST, TABLE = ((kind,) for kind in _KINDS)


@dataclass(frozen=True)
class Located:
    """One table of a TOML file.

    Attributes
    ----------
    path
        The file.
    line
        Where the table begins, from 1.
    body
        What it holds.
    lines
        The line of each of its keys.
    """

    path: Path
    line: int
    body: dict[str, Any]
    lines: dict[str, int]

    def fault(self, problem: str, key: str | None = None) -> InputError:
        """Return a refusal that names file and line."""
        return InputError(f"{shown(self.path)}, line {self.lines.get(key or '', self.line)}: {problem}")

    @contextlib.contextmanager
    def refusing(self, key: str | None = None) -> Iterator[None]:
        """Add file and line to what is refused within."""
        try:
            yield
        except InputError as error:
            raise self.fault(str(error), key) from error
        except (TypeError, AttributeError, ValueError) as error:
            problem = f"a setting is of the wrong kind ({error}). Compare it with docs/siting.md."
            raise self.fault(problem, key) from error

    def only(self, known: Mapping[str, tuple[str, ...]]) -> None:
        """Refuse keys that are not known, and settings that are of none of their kinds."""
        for key, value in self.body.items():
            if key not in known:
                problem = f"there is no setting {key!r} here; expected some of {', '.join(known)}."
                raise self.fault(problem, key)
            flag, timed = isinstance(value, bool), isinstance(value, dt.datetime)
            kinds = [_KINDS[one] for one in known[key]]
            if timed or not any(isinstance(value, kind) and flag == (bool in kind) for kind in kinds):
                problem = f"{key} is {value!r}; expected {' or '.join(known[key])}."
                raise self.fault(problem, key)

    def need(self, key: str) -> Any:
        """Return a setting that must be there."""
        if key not in self.body:
            problem = f"{key!r} is missing. Add a line {key} = ... to this table."
            raise self.fault(problem)
        return self.body[key]


def read(path: Path, data: bytes) -> dict[str, list[Located]]:
    r"""Return the tables of a TOML file by name; `[layers.rdz]` is one of `layers`, with its name under `name`.

    Raises
    ------
    InputError
        The file is no TOML in UTF-8; with the line.

    Examples
    --------
    >>> import pathlib
    >>> tables = read(pathlib.Path("a.toml"), b"[sites]\nfile = 'x'\n[[criteria]]\nname = 'rail'\n")
    >>> tables["criteria"][0].line, tables["criteria"][0].lines
    (3, {'name': 4})
    """
    try:
        text = decoded(data)
        tree = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{shown(path)} is no TOML file in UTF-8: {error}. Mend it there."
        raise InputError(msg) from error
    places = _places(text, tree)
    out: dict[str, list[Located]] = {}
    for name, value in tree.items():
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            parts = value
        elif isinstance(value, dict) and value and all(isinstance(one, dict) for one in value.values()):
            parts = [{"name": key, **one} for key, one in value.items()]
        elif isinstance(value, dict):
            parts = [value]
        elif name in _TEXTS and isinstance(value, str):
            continue
        else:
            line = next((at for at, row in enumerate(text.splitlines(), 1) if row.strip().startswith(name)), 1)
            problem = (
                f"{name} is {value!r}; expected a text."
                if name in _TEXTS
                else f"{name!r} stands outside every table. Move it into one, such as [sites]."
            )
            msg = f"{shown(path)}, line {line}: {problem}"
            raise InputError(msg)
        found = places.get(name, [])
        found = found if len(found) == len(parts) else [(1, {})] * len(parts)
        out[name] = [Located(path, line, body, keys) for body, (line, keys) in zip(parts, found, strict=True)]
    return out


def decoded(data: bytes) -> str:
    """Return the text of a file; editors on Windows put a mark before it."""
    return data.decode("utf-8-sig")


def _places(text: str, tree: Mapping[str, Any]) -> dict[str, list[tuple[int, dict[str, int]]]]:
    """Return the line of each table of a name, and those of its keys."""
    out: dict[str, list[tuple[int, dict[str, int]]]] = {}
    keys: dict[str, int] = {}
    for at, row in enumerate(text.splitlines(), 1):
        header = _HEADER.match(row)
        name = header[1].split(".")[0].strip().strip("\"'") if header else ""
        # A row of a list over several lines, such as [0, 1], looks like a header and names no table.
        if name in tree:
            keys = {}
            out.setdefault(name, []).append((at, keys))
        elif "=" in row and not row.lstrip().startswith("#"):
            keys.setdefault(row.partition("=")[0].strip().strip("\"'"), at)
    return out
