"""What the columns of a spreadsheet hold, by their headers: places, areas with their unit, names, sectors."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clustergeo import datasets
from clustergeo.errors import InputError
from clustergeo.reading.opening import some
from clustergeo.reading.vocabulary import LEGAL_NAMES, PNU_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

LONGITUDE = ("lon", "longitude", "lng", "경도", "x", "x좌표", "좌표x", "경도(x)")
LATITUDE = ("lat", "latitude", "위도", "y", "y좌표", "좌표y", "위도(y)")
WKT = ("wkt", "geometry_wkt", "wkt_geom", "geometry", "geom", "the_geom")
WKB = ("wkb", "geometry_wkb", "wkb_geometry")
ADDRESS = ("소재지", "주소", "소재지주소", "지번주소", "소재지지번주소", "위치", "address", "address_ko", "도로명주소")
PARTS = (
    ("시도", "시도명", "광역시도", "ctp_kor_nm", "sido"),
    ("시군구", "시군구명", "sig_kor_nm", "sigungu"),
    ("읍면동", "읍면동명", "법정동", "법정동명", "emd_kor_nm"),
    ("리", "리명", "li_kor_nm"),
)
ADMINISTRATIVE = ("행정동", "행정동명", "행정읍면동")
CODES = (*PNU_NAMES, *LEGAL_NAMES)
NAMES = (
    *("명칭", "이름", "단지명", "사업명", "산업단지명", "후보지", "후보지명", "dan_name"),
    *("부지명", "시설명", "지구명", "공장명", "사업장명", "업체명", "기업명", "회사명", "상호"),
)
SECTORS = ("업종", "유치업종", "주력업종", "산업분야")

# Other areas, such as 연면적 (floor area) or 건축면적 (of buildings), are none of a site.
_AREA = re.compile(
    r"(?:총|전체|부지|대지|토지|단지|지정|사업|구역|계획|site_?|land_?|total_?)?(?:면적|area)"
    r"[_\s]?\(?\[?(?:단위[:：]?)?(.*?)\]?\)?"
)
_PYEONG_KM2 = Fraction(400, 121) / 10**6
# Square kilometres of one of each unit. A pyeong is 400/121 square metres exactly.
_UNITS = {
    **dict.fromkeys(("㎡", "m2", "m²", "m^2", "제곱미터", "sqm", "평방미터"), Fraction(1, 10**6)),
    **dict.fromkeys(("천㎡", "천m2", "천m²"), Fraction(1, 1000)),
    **dict.fromkeys(("만㎡", "만m2", "만m²", "ha", "헥타르", "헥타아르", "hectare", "hectares"), Fraction(1, 100)),
    **dict.fromkeys(("km2", "㎢", "km²", "km^2", "제곱킬로미터"), Fraction(1)),
    **dict.fromkeys(("평", "py", "pyeong"), _PYEONG_KM2),
    "천평": _PYEONG_KM2 * 1000,
    "만평": _PYEONG_KM2 * 10_000,
}
_NUMBER = re.compile(r"[+-]?[\d,]+(?:\.\d+)?%?")
_TOTAL = re.compile(
    r".{0,12}?(?:총?합계|소계|총계|누계)(?:[(\[].*)?[:：]?|(?:총|합)?계[:：]?|총합|(?:grand|sub)?-?totals?[:：]?|sum[:：]?"
)
_AMOUNT = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(.*)")
_NOT_SAID = frozenset({"", "-", "–", "미정", "미상", "없음", "해당없음", "n/a", "na", "nan", "null", "none"})
_ALIKE = 0.01
_SHOWN = 5


class _Area(NamedTuple):
    """A column of areas: its name, its unit, its cells in square kilometres, and the lines that say 0."""

    column: str
    unit: str
    sizes: NDArray[np.float64]
    zeros: list[str]


def column_of(table: pd.DataFrame, names: Iterable[str]) -> str | None:
    """Return the column of one of these names, in any case and spacing and with or without a note in brackets.

    Examples
    --------
    >>> import pandas as pd
    >>> column_of(pd.DataFrame(columns=["소 재 지(지번)", "LON"]), ("lon", "소재지"))
    'LON'
    """
    return next(iter(columns_of(table, names)), None)


def columns_of(table: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Return all columns of these names, in the order of the names; those with a note in brackets after those without.

    Examples
    --------
    >>> import pandas as pd
    >>> columns_of(pd.DataFrame(columns=["주소(도로명)", "주소", "소재지(지번)"]), ("소재지", "주소"))
    ['소재지(지번)', '주소', '주소(도로명)']
    """
    held = [str(column) for column in table.columns]
    found: dict[str, None] = {}
    for name in names:
        found |= dict.fromkeys(column for column in held if header(column) == name)
        found |= dict.fromkeys(column for column in held if unnoted(column) == name)
    return list(found)


def unnoted(name: object) -> str:
    """Return a header as headers are compared, without a note in brackets at its end.

    Examples
    --------
    >>> unnoted("위도 (WGS84)"), unnoted("소재지[지번]")
    ('위도', '소재지')
    """
    return re.sub(r"[(\[][^()\[\]]*[)\]]$", "", header(name))


def total_of(cells: Iterable[str]) -> str | None:
    """Return the word of a row that is one of totals: among its first texts, or alone beside numbers; None otherwise.

    Examples
    --------
    >>> total_of(["합 계", "", "300"]), total_of(["경기도", "소계", "3"]), total_of(["가 단지", "300", "합계"])
    ('합 계', '소계', None)
    """
    given = [cell.strip() for cell in cells if cell.strip()]
    numbers = [bool(_NUMBER.fullmatch(cell)) for cell in given]
    first = numbers.index(True) if True in numbers else len(given)
    texts = [cell for cell, number in zip(given, numbers, strict=True) if not number]
    found = next((cell for cell in given[:first] if _TOTAL.fullmatch(header(cell))), None)
    return found or (texts[0] if len(texts) == 1 and _TOTAL.fullmatch(header(texts[0])) else None)


def header(name: object) -> str:
    """Return a header as headers are compared: small letters, no spaces.

    Examples
    --------
    >>> header(" 면적 (㎡)")
    '면적(㎡)'
    """
    return re.sub(r"\s", "", str(name)).lower()


def house_column(name: object) -> str | None:
    """Return which column of the house a spreadsheet's own is read into by its header; None for any other.

    Examples
    --------
    >>> [house_column(name) for name in ("이름", "소재지", "면적(㎡)", "업종", "시군구", "소유자")]
    ['name_ko', 'address_ko', 'area_km2', 'sectors', 'municipality', None]
    """
    said = header(name)
    if said in NAMES:
        return "name_ko"
    if said in ADDRESS:
        return "address_ko"
    if said in SECTORS:
        return "sectors"
    levels = ("province", "municipality", "locality")
    level = next((one for one, names in zip(levels, PARTS, strict=False) if said in names), None)
    return "area_km2" if level is None and area_unit(name) is not None else level


def sector_parts(cell: object) -> list[str]:
    """Return the industries that a cell names.

    Examples
    --------
    >>> sector_parts("반도체, 로봇")
    ['반도체', '로봇']
    """
    return [part.strip() for part in re.split(r"[,;/·]", cell if isinstance(cell, str) else "") if part.strip()]


def areas(table: pd.DataFrame, *, what: str) -> tuple[NDArray[np.float64] | None, list[str]]:
    """Return the areas of the sites in square kilometres, and what was decided; None where no column gives them.

    Parameters
    ----------
    table
        Cells as text, indexed by line.
    what
        How to name the file in a refusal.

    Raises
    ------
    InputError
        A cell of an area column is no amount.
    """
    named = [
        (str(name), found[1])
        for name in table.columns
        if (found := _AREA.fullmatch(header(name)))
        and (not found[1] or found[1] in _UNITS or re.search(r"[(\[]", header(name)))
    ]
    if not named or any(name == "area_km2" for name, _ in named):
        return None, []
    read = [area for name, unit in named if (area := _area(table[name], name, unit, what)) is not None]
    told = [
        f"column {name!r} says no unit, so it was left as it is; name it for example '면적(㎡)', '면적(평)' or area_ha"
        for name, _ in named
        if name not in {area.column for area in read}
    ]
    if not read:
        return None, told
    told += [no_area(area.column, area.zeros) for area in read if area.zeros]
    first = read[0]
    for other in read[1:]:
        both = np.isfinite(first.sizes) & np.isfinite(other.sizes)
        if not np.allclose(first.sizes[both], other.sizes[both], rtol=_ALIKE, atol=0):
            names = ", ".join(repr(area.column) for area in read)
            return None, [*told, f"columns {names} give different areas, so area_km2 was not made; keep the site's own"]
    sizes = first.sizes
    for other in read[1:]:
        sizes = np.where(np.isfinite(sizes), sizes, other.sizes)
    used = " and ".join(f"{one.column!r} ({one.unit})" for one in read)
    return sizes, [*told, f"area_km2 was made from column {used}"]


def no_area(column: str, lines: list[str]) -> str:
    """Return the sentence on lines whose area is 0."""
    return f"column {column!r} is 0 in line {some(lines)}, which is no area: it is unknown there"


def _area(cells: pd.Series, name: str, unit: str, what: str) -> _Area | None:
    """Return a column of areas in square kilometres; None where neither header nor cells say the unit."""
    factor = _UNITS.get(unit)
    values, silent, units = np.full(len(cells), np.nan), 0, dict[str, None]()
    bad: list[str] = []
    zeros: list[str] = []
    for at, (line, cell) in enumerate(cells.items()):
        text = header(cell if isinstance(cell, str) else "")
        if text in _NOT_SAID:
            continue
        # A blank between digits may be a comma of thousands or two numbers: nothing says which.
        found = None if re.search(r"\d\s+\d", str(cell)) else _AMOUNT.fullmatch(text)
        own = _UNITS.get(found[2]) if found else None
        if found is None or (found[2] and own is None):
            bad.append(f"line {line}: {name} is {cell!r}")
        elif own is None and factor is None:
            silent += 1
        else:
            # Exact, so that 7,000 m² are 0.007 km² and not the number below.
            amount = float(Fraction(found[1].replace(",", "")) * (factor if own is None else own))  # type: ignore[operator]
            if amount:
                values[at] = amount
            else:
                zeros.append(str(line))
            units.setdefault(found[2] or unit)
    if factor is None and (silent or not units):
        return None
    if bad:
        msg = f"{what} has areas that are no amounts:\n- " + "\n- ".join(bad[:_SHOWN])
        msg += "\nWrite a number, with its unit in the header or the cell, or leave the cell empty."
        raise InputError(msg)
    return _Area(name, ", ".join(units) or unit, values, zeros)


def area_unit(name: object) -> str | None:
    """Return the unit that the header of a column of areas says, empty where it says none; None for other columns.

    Examples
    --------
    >>> area_unit("면적 (평)"), area_unit("area_km2"), area_unit("AREA"), area_unit("연면적")
    ('평', 'km2', '', None)
    """
    found = _AREA.fullmatch(header(name))
    return None if found is None or (found[1] and found[1] not in _UNITS) else found[1]


def unit_size(unit: str) -> float | None:
    """Return the square kilometres of one of a unit, None where it is not known.

    Examples
    --------
    >>> unit_size("ha"), unit_size("")
    (0.01, None)
    """
    size = _UNITS.get(unit)
    return None if size is None else float(size)


def sectors(table: pd.DataFrame) -> tuple[list[list[str] | None] | None, list[str]]:
    """Return the sector codes that a column of industries names, and what was decided; None where there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> sectors(pd.DataFrame({"업종": ["반도체, 로봇", "제과"]}))[0]
    [['semiconductor', 'robot'], None]
    """
    name = column_of(table, SECTORS)
    if name is None or column_of(table, ("sectors",)) is not None:
        return None, []
    taxonomy = datasets.load_sectors()
    codes = {
        header(text): code
        for code, *texts in zip(taxonomy["code"], taxonomy["name_ko"], taxonomy["name_en"], strict=True)
        for text in (code, *texts)
    }
    out: list[list[str] | None] = []
    strange: dict[str, None] = {}
    for cell in table[name]:
        parts = sector_parts(cell)
        out.append(list(dict.fromkeys(codes[header(part)] for part in parts if header(part) in codes)) or None)
        strange |= dict.fromkeys(part for part in parts if header(part) not in codes)
    if not any(out):
        return None, [f"column {name!r} names no sector of the taxonomy, so it was left as it is"] if strange else []
    rest = list(strange)[:_SHOWN]
    missed = f"; {', '.join(map(repr, rest))} {'is' if len(rest) == 1 else 'are'} in no sector" if rest else ""
    return out, [f"sectors were made from column {name!r}{missed}"]
