"""Archives: a path, a zip, one of its members, an address or an open file, each as one file on disk."""

from __future__ import annotations

import contextlib
import os
import posixpath
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clustergeo._files import native
from clustergeo.errors import InputError
from clustergeo.reading.downloads import LIMIT, address_of, copied, fetched, poured
from clustergeo.reading.opening import expect_file, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A file this small may be packed as densely as it likes; beyond, official shapefiles are packed 5 to 60 times.
_BOMB_SIZE, _BOMB_RATIO = 256 << 20, 200
_LISTING = 4 << 20
_END = b"PK\x05\x06"
_END_SIZE = 22

_READ_WHOLE = (
    ".parquet",
    ".geoparquet",
    ".csv",
    ".xlsx",
    ".geojson",
    ".json",
    ".topojson",
    ".geojsonl",
    ".geojsons",
    ".ndjson",
)
_COMPANIONS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


@dataclass(frozen=True)
class Source:
    """A file on disk that stands for what the caller named.

    Attributes
    ----------
    file
        The file to read.
    name
        How to name it in a message, a report and as a source.
    packed
        The file as it came: the zip where it was one.
    names
        The name of the file and of the one inside the zip, for what names tell: the first is empty where it packs
        several, the second where there is no zip.
    layer
        The layer to read inside the file, None where it has one table or the choice is still open.
    report
        What was decided, one sentence each.
    """

    file: Path
    name: str
    packed: Path
    layer: str | None = None
    report: tuple[str, ...] = field(default=())
    names: tuple[str, str] = ("", "")


class _Asked(NamedTuple):
    """What a caller asked for: the name for messages, the member of a zip, the layer, and the endings that are read."""

    name: str
    member: str | None
    layer: str | None
    endings: tuple[str, ...]


@contextlib.contextmanager
def opened(given: Any, *, endings: Iterable[str], layer: str | None = None) -> Iterator[Source]:
    """Yield the file on disk that a caller's path, zip, member, address or open file stands for.

    Parameters
    ----------
    given
        A path; a path into a zip (`file.zip/inner.shp`); an address (`https://...`), fetched once into a temporary
        file; or a file opened in binary mode.
    endings
        The endings of the formats that are read.
    layer
        Which layer is meant; of a zip of several files the one of that name.

    Raises
    ------
    InputError
        There is no such file or member, several and none chosen, a zip that would unpack to more than `LIMIT` bytes,
        an address that does not answer: with the cure.
    """
    known = tuple(endings)
    with contextlib.ExitStack() as stack:
        if hasattr(given, "read"):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            file, name = copied(given, folder, known)
            yield _inside(file, _Asked(name, None, layer, known), folder, stack)
            return
        address = address_of(given)
        if address is not None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            file, name = fetched(address, folder, known)
            yield _inside(file, _Asked(name, None, layer, known), folder, stack)
            return
        path, member = _member(native(given))
        file = expect_file(path, (*known, ".zip"))
        yield _inside(file, _Asked(str(given), member, layer, known), None, stack)


def holds(path: Any, endings: Iterable[str]) -> bool:
    """Say whether all files of a zip that are read have one of these endings; of what is no zip, it is said too.

    Examples
    --------
    >>> holds("no-such-file.zip", (".gpkg",))
    True
    """
    known = tuple(endings)
    try:
        with zipfile.ZipFile(native(path)) as archive:
            found = [posixpath.splitext(name)[1].lower() for name in archive.namelist()]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return True
    return not any(ending in _READ_WHOLE for ending in found if ending not in known)


def _inside(file: Path, asked: _Asked, folder: Path | None, stack: contextlib.ExitStack) -> Source:
    """Return a file as it is, or what is meant inside a zip."""
    if file.suffix.lower() != ".zip":
        return Source(file, asked.name, file, asked.layer, names=(Path(asked.name).name, ""))
    if folder is None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    return _unpacked(file, asked, folder)


def _member(path: Path) -> tuple[Path, str | None]:
    """Return a path, or the zip among its parents and the name inside it."""
    for parent in path.parents:
        if parent.suffix.lower() == ".zip" and parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    return path, None


def _unpacked(file: Path, asked: _Asked, folder: Path) -> Source:
    """Return the file of a zip that is meant, unpacked into a folder."""
    name = asked.name
    _check_listing(file, name)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = {_told(info): info for info in archive.infolist() if not _empty(info) and not _hidden(info)}
            known = [part for part in parts if posixpath.splitext(part)[1].lower() in asked.endings]
            chosen, layer = _chosen(known, parts, asked)
            wanted = {chosen: parts[chosen]} | _companions(chosen, parts)
            _check_size(wanted.values(), name)
            for part, info in wanted.items():
                ending = posixpath.splitext(part)[1].lower()
                _unpack(archive, info, folder / f"inside{ending}", name)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        if "encrypted" in str(error) or "password" in str(error):
            msg = f"{shown(name)} is locked with a password. Unpack it and pass the file inside."
        else:
            msg = f"{shown(name)} cannot be read as a zip: {error}. Check that it is whole: copy or download it again."
        raise InputError(msg) from error
    ending = posixpath.splitext(chosen)[1].lower()
    inner = shown(chosen).strip("'")
    report = (f"read {inner} inside the zip",) if len(known) > 1 else ()
    names = (Path(name).name if len(known) == 1 else "", posixpath.basename(chosen))
    return Source(folder / f"inside{ending}", name, file, layer, report, names)


def _chosen(known: list[str], parts: dict[str, zipfile.ZipInfo], asked: _Asked) -> tuple[str, str | None]:
    """Return the member that is meant, and the layer to choose inside it."""
    name, member, layer = asked.name, asked.member, asked.layer
    if member is not None:
        found = [part for part in known if part == member]
        if not found:
            held = _listed(known) or "nothing that clustergeo reads"
            msg = f"{shown(name)}: there is no {member!r} that can be read in the zip; it holds {held}."
            raise InputError(msg)
        return found[0], layer
    if not known:
        nested = any(part.lower().endswith(".zip") for part in parts)
        cure = "Unpack it once and pass the zip inside." if nested else "Check that the right file was packed."
        held = _listed(sorted(parts)) or "no files"
        msg = f"{shown(name)} holds no layer in a format that clustergeo reads; it holds {held}. {cure}"
        raise InputError(msg)
    named = [part for part in known if layer is not None and layer in (part, posixpath.basename(part), _stem(part))]
    if len(named) == 1:
        return named[0], None
    if len(known) == 1:
        return known[0], layer
    if named:
        first = named[0]
        msg = f"{shown(name)} holds {len(named)} layers named {layer!r}: {_listed(named)}. Name one: layer={first!r}."
    elif layer is not None:
        msg = f"{shown(name)} has no layer {layer!r}; it holds {_listed(_stem(part) for part in known)}."
    else:
        names = [_stem(part) for part in known]
        names = names if len(set(names)) == len(names) else known
        msg = (
            f"{shown(name)} holds {len(known)} layers: {_listed(names)}. "
            f"Name one: layer={names[0]!r} (--layer {names[0]} on the command line)."
        )
    raise InputError(msg)


def _listed(names: Iterable[str]) -> str:
    """Return the first of some names."""
    held = list(names)
    most = 12
    return ", ".join(held[:most]) + (f" and {len(held) - most} more" if len(held) > most else "")


def _stem(part: str) -> str:
    return posixpath.splitext(posixpath.basename(part))[0]


def _companions(chosen: str, parts: dict[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the members that belong to a shapefile, whatever the case of their endings."""
    if not chosen.lower().endswith(".shp"):
        return {}
    stem = posixpath.splitext(chosen)[0].lower()
    found: dict[str, zipfile.ZipInfo] = {}
    for part, info in parts.items():
        base, ending = posixpath.splitext(part)
        if base.lower() == stem and ending.lower() in _COMPANIONS:
            found[part] = info
    return found


def _told(info: zipfile.ZipInfo) -> str:
    """Return the name of a member: UTF-8 where it says so or is such, else cp949, as Korean Windows packs it."""
    utf8_flag = 0x800
    if info.flag_bits & utf8_flag:
        return info.filename
    try:
        data = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "cp949"):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(encoding)
    return info.filename


def _empty(info: zipfile.ZipInfo) -> bool:
    """Say whether a member is a folder, or has no name."""
    return not info.filename or info.filename.endswith("/")


def _hidden(info: zipfile.ZipInfo) -> bool:
    """Say whether a member is one of those that macOS adds."""
    return info.filename.startswith("__MACOSX/") or posixpath.basename(info.filename).startswith("._")


def _check_listing(file: Path, name: str) -> None:
    """Refuse a zip whose list of members would fill the memory."""
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - _END_SIZE - 0xFFFF))
        tail = stream.read()
    at = tail.rfind(_END)
    listing = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    if listing > _LISTING:
        msg = (
            f"{shown(name)} lists too many files ({listing:,} bytes of names; at most {_LISTING:,} are read). "
            "Unpack it and pass the file inside."
        )
        raise InputError(msg)


def _check_size(members: Iterable[zipfile.ZipInfo], name: str) -> None:
    """Refuse a zip that would unpack to far more than it is."""
    held = list(members)
    size, packed = sum(one.file_size for one in held), sum(one.compress_size for one in held)
    if size > LIMIT or (size > _BOMB_SIZE and size > _BOMB_RATIO * max(packed, 1)):
        msg = (
            f"{shown(name)} would unpack from {packed:,} to {size:,} bytes; expected at most {LIMIT:,}, and beyond "
            f"{_BOMB_SIZE:,} at most {_BOMB_RATIO} times the packed size. If it is sound, unpack it and pass the file "
            "inside."
        )
        raise InputError(msg)


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, name: str) -> None:
    """Write one member; one that is longer than it says is refused."""
    with archive.open(info) as source, target.open("wb") as out:
        if poured(source, out, info.file_size) > info.file_size:
            msg = f"{shown(name)} holds more than it says. Pack it again."
            raise InputError(msg)
