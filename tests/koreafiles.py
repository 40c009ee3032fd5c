"""Files as Korean offices publish them, written by the tests: real bytes of DBF, texts of PRJ, zips."""

from __future__ import annotations

import shutil
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
from shapely import box

if TYPE_CHECKING:
    from collections.abc import Sequence

LONLAT = "EPSG:4326"
# The .prj of Statistics Korea's boundaries of 2013: EPSG:5174, whose datum is left out.
BESSEL_TM = (
    'PROJCS["Bessel_1841_Transverse_Mercator",GEOGCS["GCS_Bessel_1841",DATUM["D_Bessel_1841",'
    'SPHEROID["Bessel_1841",6377397.155,299.1528128]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",200000.0],PARAMETER["False_Northing",500000.0],'
    'PARAMETER["Central_Meridian",127.0028902777778],PARAMETER["Scale_Factor",1.0],'
    'PARAMETER["Latitude_Of_Origin",38.0],UNIT["Meter",1.0]]'
)
# Of the same office, later: EPSG:5179, for which no register has the name.
ITRF_TM = (
    'PROJCS["PCS_ITRF2000_TM",GEOGCS["GCS_ITRF_2000",DATUM["D_ITRF_2000",SPHEROID["GRS_1980",6378137.0,298.257222101]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["False_Easting",1000000.0],PARAMETER["False_Northing",2000000.0],PARAMETER["Central_Meridian",127.5],'
    'PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",38.0],UNIT["Meter",1.0]]'
)
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
SEOUL = box(126.98, 37.55, 126.99, 37.56)


def zones(names: Sequence[str] = ("종로구", "똠방각하"), crs: Any = "EPSG:5174") -> gpd.GeoDataFrame:
    """Return squares in Seoul, a row a name, side by side."""
    shapes = [box(126.98 + 0.01 * at, 37.55, 126.99 + 0.01 * at, 37.56) for at in range(len(names))]
    return gpd.GeoDataFrame({"SIG_KOR_NM": list(names)}, geometry=shapes, crs=LONLAT).to_crs(crs)


def dbf(path: Path, column: bytes, cells: Sequence[bytes], *, width: int = 20, language: int = 0) -> None:
    """Write a DBF of one text column, byte by byte."""
    head = struct.pack("<BBBBIHH16xBBxx", 3, 113, 5, 6, len(cells), 65, width + 1, 0, language)
    field = struct.pack("<11sc4xBB14x", column, b"C", width % 256, width // 256)
    path.write_bytes(head + field + b"\r" + b"".join(b" " + cell.ljust(width)[:width] for cell in cells) + b"\x1a")


def shapefile(
    path: Path,
    cells: Sequence[bytes] = (b"a",),
    *,
    column: bytes = b"NAME",
    prj: str | None = None,
    cpg: str | None = None,
    crs: Any = "EPSG:5174",
    **table: Any,
) -> Path:
    """Write a shapefile whose DBF, `.prj` and `.cpg` are those given; without a `.prj` it has none."""
    zones([""] * len(cells), crs=crs).to_file(path)
    for ending in (".prj", ".cpg"):
        path.with_suffix(ending).unlink(missing_ok=True)
    dbf(path.with_suffix(".dbf"), column, cells, **table)
    if prj is not None:
        path.with_suffix(".prj").write_text(prj, encoding="ascii")
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
    return path


def packed(path: Path, *parts: tuple[Path, str], encoding: str = "cp949") -> Path:
    """Write a zip of files under names in an encoding, without the flag of UTF-8, as Korean Windows does."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, name in parts:
            info = _Named(name)
            info.raw = name.encode(encoding)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read_bytes())
    return path


class _Named(zipfile.ZipInfo):
    """A member whose name is written in these bytes and without a flag."""

    raw = b""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the name in the standard library
        return self.raw, self.flag_bits & ~0x800


def parts_of(shp: Path, stem: str) -> list[tuple[Path, str]]:
    """Return the parts of a shapefile with the names that they get in a zip."""
    return [(one, f"{stem}{one.suffix}") for one in sorted(shp.parent.glob(f"{shp.stem}.*")) if one.suffix in PARTS]


def turned_zip(folder: Path, stems: Sequence[str]) -> Path:
    """Return a zip of shapefiles of these Korean names, one row more in each."""
    parts = []
    for number, stem in enumerate(stems):
        inner = Path(tempfile.mkdtemp(dir=folder)) / "s.shp"
        zones(["구"] * (number + 1)).to_file(inner, encoding="cp949")
        parts += parts_of(inner, stem)
    out = packed(folder / "경계.zip", *parts)
    for part, _ in parts:
        shutil.rmtree(part.parent, ignore_errors=True)
    return out
