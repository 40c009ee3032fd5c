"""Fetching: what stands at an address or in an open file, copied once to disk."""

from __future__ import annotations

import http
import re
import shutil
import time
import urllib.parse
from pathlib import Path
from typing import Any, BinaryIO

from clustergeo.errors import InputError, ServiceError
from clustergeo.reading._fetching import Fetcher
from clustergeo.reading.opening import shown

# What is fetched from an address, copied from an open file or unpacked from a zip has no more bytes than this.
LIMIT = 4 << 30
_PATIENCE, _TRIES = 30.0, 3
_BLOCK = 1 << 20

_MAGIC = (
    (b"SQLite format 3\0", ".gpkg"),
    (b"PAR1", ".parquet"),
    (b"fgb\x03", ".fgb"),
    (b"PK\x03\x04", ".zip"),
    (b"\x00\x00\x27\x0a", ".shp"),
)
_HEAD = 256
_WEB = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)
_PATH = re.compile(r"(https?):/([^/].*)", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)


def address_of(given: Any) -> str | None:
    """Return an address; None for what is none. A `Path` of one has lost a slash, which is given back.

    Examples
    --------
    >>> address_of("https://example.org/zones.zip"), address_of(Path("https://example.org/zones.zip"))
    ('https://example.org/zones.zip', 'https://example.org/zones.zip')
    >>> address_of("zones.zip") is None
    True
    """
    if isinstance(given, str):
        return given if _SCHEME.match(given) else None
    lost = _PATH.fullmatch(str(given))
    return None if lost is None else f"{lost[1]}://{lost[2]}"


def copied(given: Any, folder: Path, endings: tuple[str, ...]) -> tuple[Path, str]:
    """Return the copy of an open file, and how to name it."""
    told = getattr(given, "name", None)
    name = told if isinstance(told, str) else "the open file"
    target = folder / "given"
    with target.open("wb") as out:
        if poured(given, out, LIMIT) > LIMIT:
            msg = f"{shown(name)} is longer than {LIMIT:,} bytes. Write it to disk and pass its path."
            raise InputError(msg)
    return _with_ending(target, name, endings), name


def fetched(address: str, folder: Path, endings: tuple[str, ...]) -> tuple[Path, str]:
    """Return what an address answers, and how to name it: without a key or a password that stands in it."""
    parts = urllib.parse.urlsplit(address)
    name = urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https"):
        msg = f"{shown(name)} is an address of {scheme}://; clustergeo fetches http and https. Download it and pass it."
        raise InputError(msg)
    target = folder / "given"
    what, cure = shown(name), "Check the address and the network, or download it and pass its path."
    fetcher = Fetcher(what, address, file=LIMIT, timeout_s=_PATIENCE, tries=_TRIES, pause_s=0, sleep=time.sleep)
    try:
        with target.open("wb") as out:
            status = fetcher.pour(out)
    except ServiceError as error:
        msg = f"{error} {cure}"
        raise InputError(msg) from None
    if status >= http.HTTPStatus.BAD_REQUEST:
        # The words beside the number are the server's, which may repeat a key of the address.
        msg = f"{what} answers HTTP {status}. Check the address, or download the file and pass it."
        raise InputError(msg)
    with target.open("rb") as stream:
        if _WEB.match(stream.read(_HEAD)):
            msg = f"{shown(name)} answers with a web page, not with a file. Pass the address of the file itself."
            raise InputError(msg)
    return _with_ending(target, urllib.parse.unquote(name), endings), name


def _with_ending(file: Path, name: str, endings: tuple[str, ...]) -> Path:
    """Give a file the ending of its format: that of its name, or the one that its first bytes tell."""
    ending = Path(name).suffix.lower()
    if ending not in (*endings, ".zip"):
        with file.open("rb") as stream:
            head = stream.read(64)
        ending = next((one for magic, one in _MAGIC if head.startswith(magic)), "")
        if not ending and head.lstrip(b"\xef\xbb\xbf\x1e \r\n\t").startswith(b"{"):
            ending = ".geojson"
    if file.stat().st_size == 0:
        msg = f"{shown(name)} is empty (0 bytes). Export it again."
        raise InputError(msg)
    if ending not in (*endings, ".zip"):
        msg = f"{shown(name)} is of an unknown format. clustergeo reads {', '.join(dict.fromkeys((*endings, '.zip')))}."
        raise InputError(msg)
    if ending == ".shp":
        msg = f"{shown(name)} is the .shp of a shapefile, whose other parts are missing. Pass the zip or the path."
        raise InputError(msg)
    target = file.with_name(f"given{ending}")
    shutil.move(file, target)
    return target


def poured(source: Any, out: BinaryIO, most: int) -> int:
    """Copy bytes until the end, or until there are more than a number; return how many."""
    count = 0
    while count <= most:
        block = source.read(_BLOCK)
        if not isinstance(block, bytes):
            msg = f"the open file gives {type(block).__name__}, not bytes. Open it in binary mode: open(path, 'rb')."
            raise InputError(msg)
        if not block:
            break
        out.write(block)
        count += len(block)
    return count
