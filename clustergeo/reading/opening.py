"""A file before its rows are read: is it there, which layer of it is meant, where do its coordinates lie."""

from __future__ import annotations

import contextlib
import math
import os
import re
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyogrio
import pyproj
import shapely

from clustergeo._files import native
from clustergeo.errors import InputError
from clustergeo.schema import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PARQUET = (".parquet", ".geoparquet")
VECTOR = (".gpkg", ".fgb", ".shp")
UNKNOWN_BOUNDS = (math.nan,) * 4

_REFUSALS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pa.ArrowException,
    shapely.errors.ShapelyError,
    UnboundLocalError,  # pyogrio's own, where the text of a CRS is no UTF-8
    ValueError,
    RuntimeError,
    OSError,
)
# What GDAL says of columns of types that GeoPackage does not know, and of a journal that it cannot read: `affinity`
# reads and tells them.
_OTHER_TYPES = (
    r"Field format '.*' not supported|geometry column '.*' of type '.*' ignored|table '.*' has multiple geom|"
    r"unable to open database file: this file is a WAL"
)
_ADDRESS = ";!"
# GDAL's fast way from FlatGeobuf to Arrow leaves the offset of a row without a geometry unset, and whoever follows it
# reads foreign memory, in damaged files too; its plain way is half as fast and right. The setting holds for the
# process and touches no other format.
_SAFE = {"OGR_FLATGEOBUF_STREAM_BASE_IMPL": True}
# Before its features a GeoJSON of the older form names its CRS.
_CRS = re.compile(r'"crs"\s*:\s*\{[^{}]*"properties"\s*:\s*\{[^{}]*"name"\s*:\s*"([^"\\]*)"')
_HEAD = 4_096
_RESTORE = "SHAPE_RESTORE_SHX"
_SHAPEFILE = (9994).to_bytes(4, "big")


def shown(path: str | Path) -> str:
    """Return a path or an address for a message, readable in any locale."""
    if isinstance(path, str) and "://" in path:
        return repr(path)
    return repr(os.fsencode(native(path) if path else "").decode("utf-8", "backslashreplace"))


def some(names: Iterable[object]) -> str:
    """Return the first of some names, and how many more there are.

    Examples
    --------
    >>> some([2, 3]), some("abcdefg")
    ('2, 3', 'a, b, c, d, e and 2 more')
    """
    held = [str(name) for name in names]
    return ", ".join(held[:SHOWN]) + (f" and {len(held) - SHOWN} more" if len(held) > SHOWN else "")


def expect_file(path: str | Path, endings: Iterable[str]) -> Path:
    """Return the path of a file that is there, is not empty and has one of these endings.

    Raises
    ------
    InputError
        It is not; the message names the path and the cure.
    """
    file = native(path)
    if not file.is_file():
        msg = f"There is no file {shown(path)}. Check the path and the working directory."
        raise InputError(msg)
    known = tuple(endings)
    if file.suffix.lower() not in known:
        msg = f"{shown(path)} is of an unknown format. clustergeo reads {', '.join(known)}."
        raise InputError(msg)
    if file.stat().st_size == 0:
        msg = f"{shown(path)} is empty (0 bytes). Export it again."
        raise InputError(msg)
    return file


def refuse_layer(file: str | Path, layer: str | None) -> None:
    """Refuse a layer asked of a format that has none."""
    if layer is not None:
        msg = f"layer={layer!r} was asked of {shown(file)}, whose format holds one table only. Leave it out."
        raise InputError(msg)


def refuse_encoding(file: Path, name: str | Path, encoding: str | None) -> None:
    """Refuse an encoding named for a format whose texts are UTF-8."""
    if encoding is not None and file.suffix.lower() in (*PARQUET, ".gpkg", ".fgb"):
        msg = f"encoding={encoding!r} was asked of {shown(name)}, whose texts are UTF-8 always. Leave it out."
        raise InputError(msg)


def check_length(file: Path, name: str | Path) -> None:
    """Refuse a shapefile whose parts do not fit: GDAL would read the rows beyond a cut as having no geometry."""
    if file.suffix.lower() != ".shp":
        return
    with file.open("rb") as stream:
        magic, _, length = stream.read(4), stream.read(20), stream.read(4)
    # The header counts the length of the file in words of two bytes.
    told, held = 2 * int.from_bytes(length, "big"), file.stat().st_size
    if magic == _SHAPEFILE and held < told:
        msg = f"{shown(name)} is cut short: it says that it has {told:,} bytes, but has {held:,}. Copy it again."
        raise InputError(msg)
    index, table = companion(file, ".shx"), companion(file, ".dbf")
    if index is None or table is None:
        return
    with table.open("rb") as stream:
        rows = int.from_bytes(stream.read(8)[4:], "little")
    shapes = max(index.stat().st_size - 100, 0) // 8
    if rows != shapes:
        msg = (
            f"{shown(name)} has {shapes:,} shapes in its .shx but {rows:,} rows in its .dbf. Copy all its parts again."
        )
        raise InputError(msg)


def check_lines(file: Path, rows: int, name: str | Path) -> None:
    """Refuse a file of a feature a line where a line is none: GDAL stops at the first and says nothing."""
    with file.open("rb") as stream:
        marked = stream.read(1) == b"\x1e"
        stream.seek(0)
        held = sum(line.count(b"\x1e") if marked else bool(line.strip()) for line in stream)
    if held > rows:
        msg = (
            f"{shown(name)} holds {held:,} features, a line each, of which {rows:,} can be read: it is cut short or "
            "damaged. Copy or export it again."
        )
        raise InputError(msg)


def no_rows(path: str | Path) -> InputError:
    """Return the refusal of a file without rows."""
    return InputError(f"{shown(path)} has no rows. Check that the export worked and the right layer was chosen.")


def no_geometry(path: str | Path, where: str = "") -> InputError:
    """Return the refusal of a file without a geometry, at all or in any row."""
    return InputError(f"{shown(path)} has no geometry{where}: clustergeo needs polygons or points.")


@contextlib.contextmanager
def readable(path: str | Path) -> Iterator[None]:
    """Turn what GDAL or Arrow cannot read into a refusal that carries its cure."""
    try:
        yield
    except InputError:
        raise
    except _REFUSALS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"{shown(path)} cannot be read: {reason}. Check that it is whole and of the format its name says."
        raise InputError(msg) from error


@contextlib.contextmanager
def other_types() -> Iterator[None]:
    """Keep GDAL from warning of columns of types that it does not know, and of a journal that it cannot read."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_OTHER_TYPES)
        yield


def chosen_layer(
    source: str, layer: str | None, *, path: str | Path, only: tuple[str, str | None] | None = None
) -> str | None:
    """Return which layer of a file that GDAL opens is read: the one asked for, or the only one with a geometry.

    Parameters
    ----------
    source, path
        The name that GDAL knows the file by, and that of the caller.
    layer
        What was asked for.
    only
        The name and the type of geometry of the only layer, where that is known already: to ask GDAL means that a text
        is read once more.

    Raises
    ------
    InputError
        There are several and none was asked for; the message names them.
    """
    found = pyogrio.list_layers(source) if only is None else [only]
    names = [str(name) for name, kind in found if kind is not None]
    if not len(found):
        msg = f"{shown(path)} holds no layer: it is empty or damaged. Export it again."
        raise InputError(msg)
    if layer is not None and layer not in [str(name) for name, _ in found]:
        msg = f"{shown(path)} has no layer {layer!r}; it holds {', '.join(names) or 'none with a geometry'}."
        raise InputError(msg)
    if layer is not None or not names:
        return layer
    if len(names) > 1:
        msg = (
            f"{shown(path)} holds {len(names)} layers: {', '.join(names)}. "
            f"Name one: layer={names[0]!r} (--layer {names[0]} on the command line)."
        )
        raise InputError(msg)
    return names[0]


def unknown_crs(file: Path) -> list[str]:
    """Return what is told of a GeoJSON whose `crs` GDAL does not know, and takes for longitude and latitude."""
    with file.open("rb") as stream:
        found = _CRS.search(stream.read(_HEAD).decode("utf-8", "replace"))
    if found is None:
        return []
    try:
        with warnings.catch_warnings():
            # That a form is deprecated is for who wrote the file.
            warnings.simplefilter("ignore")
            pyproj.CRS.from_user_input(found[1])
    except pyproj.exceptions.CRSError:
        return [
            f"its crs is {found[1]!r}, which nobody knows; read as longitude and latitude of WGS 84: if not, pass crs="
        ]
    return []


def companion(file: Path, ending: str) -> Path | None:
    """Return the file beside a shapefile that has this ending, in small or capital letters; None if there is none."""
    beside = (file.with_suffix(one) for one in (ending, ending.upper()))
    return next((one for one in beside if one.is_file()), None)


@contextlib.contextmanager
def gdal_path(file: Path) -> Iterator[str]:
    """Yield a path that GDAL and Arrow can open.

    They take a text and encode it as UTF-8, whatever the locale; under `LC_ALL=C` a Korean name holds surrogate escapes
    that stand for the same bytes. A name of other bytes (cp949, from an old disk), or one that pyogrio would not take
    for the name of a file, is reached through links; so is a shapefile without its index, which is made beside them.
    """
    try:
        text = os.fsencode(file).decode("utf-8")
    except UnicodeDecodeError:
        text = _ADDRESS
    lost = no_index(file)
    if lost or set(text) & set(_ADDRESS) or (text.lower().endswith(".zip") and not text.endswith(".zip")):
        with tempfile.TemporaryDirectory() as folder:
            for sibling in file.parent.iterdir():
                if sibling.stem == file.stem and sibling.is_file():
                    Path(folder, f"file{sibling.suffix.lower()}").symlink_to(sibling.absolute())
            linked = str(Path(folder, f"file{file.suffix.lower()}"))
            if lost:
                _restore_index(linked)
            yield linked
    else:
        yield text


def plain_flatgeobuf(file: Path) -> None:
    """Make GDAL read FlatGeobuf in its plain way."""
    if file.suffix.lower() == ".fgb":
        pyogrio.set_gdal_config_options(_SAFE)


def no_index(file: Path) -> list[str]:
    """Return what is said of a shapefile without its `.shx`; nothing of other files."""
    lost = file.suffix.lower() == ".shp" and companion(file, ".shx") is None
    return ["its .shx is missing and was made anew, in a copy"] if lost else []


def _restore_index(shapefile: str) -> None:
    """Make the `.shx` of a shapefile beside it."""
    with configured(_RESTORE, "YES"):
        pyogrio.read_info(shapefile)


@contextlib.contextmanager
def configured(name: str, value: str) -> Iterator[None]:
    """Set an option of GDAL's for a while; what the caller has set stands again at the end."""
    before = pyogrio.get_gdal_config_option(name)
    pyogrio.set_gdal_config_options({name: value})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({name: before})
