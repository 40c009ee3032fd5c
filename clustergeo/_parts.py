"""A folder of answers: each part whole or not there, each known by what it was made from."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clustergeo._crate import run_time, software_version
from clustergeo._files import PARTIAL, native, shown, writable, write_whole
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MANIFEST = "_manifest.json"
_MAKER = "clustergeo tag_files"
_UNFINISHED = re.compile(r"_unfinished-[0-9a-f]{8}")
_PART = re.compile(r"part-\d{5,}\.parquet")
_STAGED = re.compile(r"part-\d{5,}-[0-9a-f]{32}\.parquet(\.partial)?|job-[0-9a-f]{32}\.pickle")
_NAMED = 5
_TAIL = 8  # bytes at the end of a Parquet file: the length of its footer, and four letters


@dataclass(frozen=True)
class Part:
    """One piece of the sources, and the part of the folder that holds its answers.

    Attributes
    ----------
    name
        Of the part.
    source, row_groups
        The file, and which of its row groups; None for all of it.
    first, before
        How many rows of the file stand before the piece, and how many rows of other files before the file.
    rows
        How many it has.
    asked
        The sha256 of all that decides what the part holds.
    """

    name: str
    source: Path
    row_groups: tuple[int, int] | None
    first: int
    before: int
    rows: int
    asked: str


@dataclass
class Outcome:
    """What became of a piece: a part that is staged, or why there is none."""

    rows: int = 0
    repaired: int = 0
    unplaced: int = 0
    silent: dict[str, int] | None = None
    refuted: int = 0
    named: tuple[str, ...] = ()
    staged: str = ""
    size: int = 0
    footer: str = ""
    fault: str | None = None


class Folder:
    """A folder of parts, with a manifest of what each was made from.

    Parts are written by whoever works on them, in a folder of the run and under a name of the attempt, and get their
    names here and nowhere else: a worker that was given up for lost can spoil nothing, of this run or the next.

    Parameters
    ----------
    path
        The folder.
    parts
        What it is to hold.

    Attributes
    ----------
    complete
        Whether all parts are there, whole, and were held against each other.

    Raises
    ------
    InputError
        It holds a stranger's files.
    """

    def __init__(self, path: str | os.PathLike[str], parts: Sequence[Part]) -> None:
        self.path, self.parts = native(path).absolute(), parts
        self.unfinished = self.path / f"_unfinished-{uuid.uuid4().hex[:8]}"
        if self.path.exists() and not self.path.is_dir():
            msg = f"{shown(self.path)} is a file; tag_files writes a folder of parts. Name a folder."
            raise InputError(msg)
        self.complete = False
        known = self._read()
        held = {one.name for one in self.path.iterdir()} if self.path.is_dir() else set()
        ours = {MANIFEST, MANIFEST + PARTIAL, *filter(_UNFINISHED.fullmatch, held)}
        strangers = {name for name in held - ours if not name.startswith(".")}
        if known is not None:
            strangers = strangers & {part.name for part in parts} - known.keys()
        if strangers:
            some = ", ".join(map(repr, sorted(strangers)[:_NAMED]))
            msg = f"{shown(self.path)} holds files that are not of an earlier run: {some}. Choose an empty folder."
            raise InputError(msg)
        self._known: dict[str, dict[str, Any] | None] = known or {}
        self._stale = [name for name in self._known if name not in {part.name for part in parts}]
        self._kept = {part.name: entry for part in parts if (entry := self._whole(part)) is not None}
        self.complete = self.complete and not self.missing and not self._stale

    @property
    def missing(self) -> list[Part]:
        """The parts that are not there whole."""
        return [part for part in self.parts if part.name not in self._kept]

    def told(self) -> list[Mapping[str, Any]]:
        """Return what is known of each part, in order."""
        return [self._kept[part.name] for part in self.parts if part.name in self._kept]

    def begin(self) -> None:
        """Make the folder, and remove what an earlier run left that is not wanted as it is."""
        with writable(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        self.note()
        self.sweep()
        # Before anything is written: at no time do answers of two runs stand side by side.
        for name in [*self._stale, *(part.name for part in self.missing)]:
            with writable(self.path / name):
                (self.path / name).unlink(missing_ok=True)
        if self.missing:
            with writable(self.unfinished):
                self.unfinished.mkdir(exist_ok=True)

    def reveal(self, part: Part, outcome: Outcome) -> None:
        """Give a staged part its name, and note it."""
        with writable(self.path / part.name):
            (self.unfinished / outcome.staged).replace(self.path / part.name)
        self._kept[part.name] = {
            "source": shown(Path(part.source.name)).strip("'"),
            "row_groups": part.row_groups,
            "first": part.first,
            "rows": outcome.rows,
            "repaired": outcome.repaired,
            "unplaced": outcome.unplaced,
            "silent": outcome.silent,
            "refuted": outcome.refuted,
            "named": outcome.named,
            "asked": part.asked,
            "size": outcome.size,
            "footer": outcome.footer,
        }

    def finish(self) -> None:
        """Note that all parts are there and have been held against each other."""
        self.complete, self._stale = True, []
        self.note()

    def note(self) -> None:
        """Write the manifest: which parts there are or will be, and whether they are all there."""
        # What is not there yet is named too: a run that was killed must find it.
        names = [*self._stale, *(part.name for part in self.parts)]
        told = {
            "made_by": _MAKER,
            "version": software_version(),
            "run_at": run_time(),
            "complete": self.complete,
            "rows": sum(entry["rows"] for entry in self._kept.values()),
            "parts": {name: self._kept.get(name) for name in names},
        }
        write_whole(self.path / MANIFEST, (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())

    def sweep(self) -> None:
        """Remove what was staged and not revealed, by this run or one that was killed."""
        for folder in [path for path in self.path.glob("_unfinished-*") if _UNFINISHED.fullmatch(path.name)]:
            # Its writers may be removing it too.
            with contextlib.suppress(OSError):
                for path in folder.iterdir():
                    if _STAGED.fullmatch(path.name):
                        path.unlink(missing_ok=True)
                folder.rmdir()

    def _read(self) -> dict[str, dict[str, Any] | None] | None:
        """Return the parts that the manifest names; None where there is no manifest of ours."""
        file = self.path / MANIFEST
        if not file.is_file():
            return None
        try:
            told = json.loads(file.read_bytes())
            if told["made_by"] == _MAKER and all(_PART.fullmatch(name) for name in told["parts"]):
                self.complete = bool(told["complete"])
                return dict(told["parts"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        msg = f"{shown(file)} is not the manifest of an earlier run. Choose an empty folder."
        raise InputError(msg)

    def _whole(self, part: Part) -> dict[str, Any] | None:
        """Return what is known of a part that is there, whole, and what is asked for."""
        entry = self._known.get(part.name)
        if not entry or entry.get("asked") != part.asked:
            return None
        try:
            there = footer_of(self.path / part.name)
        except OSError:
            return None
        return entry if there == (entry.get("size"), entry.get("footer")) else None


def footer_of(path: Path) -> tuple[int, str]:
    """Return the size of a Parquet file and the sha256 of its footer, which names the place of every page."""
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(size - _TAIL, 0))
        length = int.from_bytes(stream.read(4), "little")
        stream.seek(max(size - _TAIL - length, 0))
        return size, hashlib.sha256(stream.read()).hexdigest()
