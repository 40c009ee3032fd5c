"""The columns of official files: which vocabulary they are of, which scheme their codes, what a parcel number says."""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustergeo import datasets
from clustergeo.errors import InputError
from clustergeo.reading.problems import LANGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOIS, KOSTAT = "mois", "kostat"
PNU_NAMES = ("pnu", "pnu_code", "필지고유번호", "고유번호", "토지고유번호")
LEGAL_NAMES = ("법정동코드", "법정동_코드", "bjd_cd", "bjdcode", "legal_dong_code", "ld_cd")

_PNU_DIGITS, _LEGAL_DIGITS = 19, 10
# A spreadsheet keeps 15 digits of a number.
_EXACT_BELOW = 1e15
_LAND = {"1": False, "2": True}
# The zone code of a planning zone stands inside its number, after the code of the area: UDV100 is the RDZ.
_ZONE = re.compile(r"[A-Z]{3}\d{3}")
_RDZ = "UDV100"
_DATE = re.compile(r"((?:19|20)\d{2})-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True)
class _Vocabulary:
    """Columns that belong together: those that give it away, and the others it may have."""

    told: str
    signs: tuple[str, ...]
    least: int = 1


_VOCABULARIES = (
    _Vocabulary(
        "planning zones (MNUM the zone's number, UNAME or ALIAS its name, NTFDATE the day it was notified)",
        ("mnum", "uname", "alias", "remark", "ntfdate", "sgg_oid", "col_adm_se"),
        2,
    ),
    _Vocabulary("industrial complexes (DAN_ID, DAN_NAME, DANJI_TYPE)", ("dan_id", "dan_name", "danji_type")),
    _Vocabulary("parcels (PNU, JIBUN)", ("pnu", "jibun")),
    _Vocabulary("administrative boundaries of the ministry (MOIS)", ("ctprvn_cd", "sig_cd", "emd_cd", "li_cd")),
    _Vocabulary(
        "administrative boundaries of Statistics Korea (KOSTAT, SGIS)",
        ("adm_cd", "adm_nm", "adm_dr_cd", "sido_cd", "sigungu_cd", "tot_reg_cd"),
        2,
    ),
)

# The scheme of a column, by its name; any other code column must be named by the caller.
_SCHEMES = {
    **dict.fromkeys(("ctprvn_cd", "sig_cd", "emd_cd", "li_cd", "col_adm_se", *PNU_NAMES, *LEGAL_NAMES), MOIS),
    **dict.fromkeys(("adm_cd", "adm_cd2", "adm_dr_cd", "sido_cd", "sigungu_cd", "tot_reg_cd"), KOSTAT),
}
_LEVELS = {2: "province", 5: "municipality", 7: "locality", 8: "locality", 10: "legal_dong"}


def recognised(frame: pd.DataFrame) -> list[str]:
    """Return which official vocabularies a frame's columns are of, one sentence each, for a layer's report.

    Parameters
    ----------
    frame
        Any frame, as it was read.

    Returns
    -------
    list of str
        The vocabulary and the columns it was known by; the scheme of each code column; the zone codes inside `MNUM`.

    Examples
    --------
    >>> recognised(pd.DataFrame({"MNUM": ["41461UDV100NTC197612040001"], "NTFDATE": ["19761204"]}))[1]
    'MNUM holds the zone code UDV100 (restricted development zone, 개발제한구역)'
    """
    names = _names(frame)
    said = []
    for vocabulary in _VOCABULARIES:
        held = [names[sign] for sign in vocabulary.signs if sign in names]
        if len(held) >= vocabulary.least:
            said.append(f"columns {', '.join(held)} are those of {vocabulary.told}")
    if "mnum" in names:
        codes = sorted(zone_codes(frame[names["mnum"]]).dropna().unique())
        words = [f"{code} (restricted development zone, 개발제한구역)" if code == _RDZ else code for code in codes]
        if words:
            said.append(f"{names['mnum']} holds the zone code {', '.join(words)}")
    schemes = code_columns(frame)
    said += [f"{name} holds codes of the scheme {scheme}" for name, scheme in schemes.items()]
    return said


def code_columns(frame: pd.DataFrame) -> dict[str, str]:
    """Return the scheme, `mois` or `kostat`, of each column that official files name for a code of places.

    Examples
    --------
    >>> code_columns(pd.DataFrame({"SIG_CD": ["41461"], "adm_cd": ["31191"], "code": ["31"]}))
    {'SIG_CD': 'mois', 'adm_cd': 'kostat'}
    """
    return {name: _SCHEMES[low] for low, name in _names(frame).items() if low in _SCHEMES}


def possible_schemes(codes: Iterable[Any]) -> set[str]:
    """Return the schemes in which every code begins with a province that exists there; empty where there is no code.

    Some pairs of digits mean a province in both: 31 is Gyeonggi in the one and Ulsan in the other.

    Examples
    --------
    >>> sorted(possible_schemes(["31", "26"])), possible_schemes(["41461"]), possible_schemes(["39010"])
    (['kostat', 'mois'], {'mois'}, {'kostat'})
    """
    heads = {text[:2] for text in map(code_text, codes) if text}
    return {s for s in (KOSTAT, MOIS) if heads and heads <= set(datasets.province_members(scheme=s))}


def normalised(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy with the official columns said in the house's words, added at its end.

    Parameters
    ----------
    frame
        Any frame, as it was read; its own columns stay as they are.

    Returns
    -------
    pandas.DataFrame
        Same index and length. Added where the frame has what they are made of: `zone_code` (from `MNUM`), `notified_on`
        (ISO text, from `NTFDATE`), and for each code column one that names level and scheme, such as
        `municipality_code_mois` (from `SIG_CD`), so that codes of two schemes are never joined under one name.

    Examples
    --------
    >>> official = pd.DataFrame({"SIG_CD": [41461], "NTFDATE": ["19761204"]})
    >>> normalised(official)[["notified_on", "municipality_code_mois"]].iloc[0].tolist()
    ['1976-12-04', '41461']
    """
    out, names = frame.copy(), _names(frame)
    made: dict[str, Any] = {}
    if "mnum" in names:
        made["zone_code"] = zone_codes(frame[names["mnum"]])
    if "ntfdate" in names:
        made["notified_on"] = _texts(frame[names["ntfdate"]], _iso)
    for name, scheme in code_columns(frame).items():
        if str(name).lower() in PNU_NAMES:
            continue
        codes = _texts(frame[name], code_text)
        lengths = set(codes.dropna().str.len())
        level = _LEVELS.get(lengths.pop()) if len(lengths) == 1 else None
        if level is not None:
            made.setdefault(f"{level}_code_{scheme}", codes)
    for name, values in made.items():
        if name not in out.columns:
            out[name] = values
    return out


def zone_codes(numbers: pd.Series) -> pd.Series:
    """Return the zone code inside each `MNUM`, null where there is none.

    Examples
    --------
    >>> zone_codes(pd.Series(["41461UDV100NTC197612040001", "x"])).tolist()
    ['UDV100', None]
    """
    return _texts(numbers, lambda value: found[0] if (found := _ZONE.search(str(value).upper())) else None)


def decode_pnu(values: Any, *, lang: str = "en") -> pd.DataFrame:
    """Return the parts of parcel numbers (PNU, 필지고유번호), and what is wrong with those that are none.

    Parameters
    ----------
    values
        n parcel numbers: a column, an array or a list, as text of 19 digits; spaces and hyphens are passed over.
    lang
        `"en"` or `"ko"`, of the words in `reason`.

    Returns
    -------
    pandas.DataFrame
        n rows, the index of a column kept: `pnu` (19 digits), `valid`, `province_code_mois` (2 digits),
        `municipality_code_mois` (5), `legal_dong_code` (10, of the ri where there is one), `ri_code` (2, null for a
        dong), `mountain` (a forest parcel, 산), `main_number` and `sub_number` (of the lot), `lot` (such as 산12-3)
        and `reason` (null where valid). The parts of an invalid number are null.

    Notes
    -----
    Digits 1 to 10 are the legal-dong code of the Ministry of the Interior and Safety (2 province, 3 municipality, 3
    eup, myeon or dong, 2 ri), the 11th is 1 for land or 2 for mountain, then 4 digits each of the main and the sub
    number of the lot. That the legal dong exists is not checked: only its province is.

    Examples
    --------
    >>> decode_pnu(["4146125626200120003"])[["municipality_code_mois", "mountain", "lot"]].iloc[0].to_dict()
    {'municipality_code_mois': '41461', 'mountain': True, 'lot': '산12-3'}
    """
    if lang not in LANGS:
        msg = f"lang={lang!r} is not a language of clustergeo; expected 'ko' or 'en'."
        raise InputError(msg)
    given = values if isinstance(values, pd.Series) else pd.Series(list(values), dtype=object)
    texts = pd.Series([_digits(value) for value in given], index=given.index, dtype=object)
    place = LANGS.index(lang)
    reasons = [None if reason is None else reason[place] for reason in pnu_problems(given)]
    valid = np.array([reason is None for reason in reasons], dtype=bool)
    held = _nulled(texts.where(valid, None))
    main, sub = (pd.to_numeric(held.str[at : at + 4]).astype("Int64") for at in (11, 15))
    mountain = pd.array(held.str[10].map(_LAND), dtype="boolean")
    tail = ("-" + sub.astype("str")).where(sub > 0, "")
    lot = pd.Series(np.where(np.asarray(mountain.fillna(value=False), dtype=bool), "산", ""), index=given.index)
    ri = held.str[8:10]
    return pd.DataFrame(
        {
            "pnu": held,
            "valid": valid,
            "province_code_mois": held.str[:2],
            "municipality_code_mois": held.str[:5],
            "legal_dong_code": held.str[:10],
            "ri_code": ri.where(ri != "00", None),
            "mountain": mountain,
            "main_number": main,
            "sub_number": sub,
            "lot": (lot + main.astype("str") + tail).where(valid, None),
            "reason": _nulled(pd.Series(reasons, index=given.index, dtype=object)),
        },
        index=given.index,
    )


def _nulled(values: pd.Series) -> pd.Series:
    """Return texts of pandas' own type for them, null where there is none: pandas 2 would make a null the text None."""
    kind = pd.Series(["a"]).dtype
    if pd.api.types.is_object_dtype(kind):
        return values.astype(object).where(values.notna(), None)
    return values.astype(kind)


def pnu_problems(values: Iterable[Any]) -> list[tuple[str, str] | None]:
    """Return what is wrong with each parcel number, in Korean and English, None for one that can be.

    Examples
    --------
    >>> pnu_problems(["4146125626200120003", "41461"])
    [None, ('숫자 5자리. 필지고유번호는 숫자 19자리', '5 digits; a parcel number has 19 digits')]
    """
    plain = _plainly_valid()
    return [
        None if isinstance(value, str) and plain.fullmatch(value) else _pnu_problem(value, _digits(value))
        for value in values
    ]


def legal_code_problem(value: Any) -> str | None:
    """Return what is wrong with a legal-dong code, None for one that can be.

    Examples
    --------
    >>> legal_code_problem("4146125600"), legal_code_problem("9946125600")
    (None, '99 is the code of no province known here (MOIS)')
    """
    text = _digits(value)
    if not (text.isascii() and text.isdigit()) or len(text) != _LEGAL_DIGITS:
        return f"{len(text)} characters; a legal-dong code has {_LEGAL_DIGITS} digits"
    found = _province_problem(text)
    return None if found is None else found[1]


def code_text(value: Any) -> str | None:
    """Return a code as text: a number without its `.0`, null for nothing.

    Examples
    --------
    >>> code_text(41461.0), code_text(" 41461 "), code_text(None)
    ('41461', '41461', None)
    """
    return _digits(value) or None


@functools.cache
def _plainly_valid() -> re.Pattern[str]:
    """Return what a valid parcel number looks like: nearly all of millions are, and need no second look."""
    provinces = "|".join(sorted(datasets.province_members(scheme=MOIS)))
    return re.compile(rf"(?:{provinces})(?!000)[0-9]{{3}}(?!000)[0-9]{{5}}[12](?!0000)[0-9]{{8}}")


def _pnu_problem(value: Any, text: str) -> tuple[str, str] | None:
    """Return what is wrong with a parcel number, in Korean and English, None for one that can be."""
    digits = bool(re.fullmatch(r"[0-9]+", text))
    if (isinstance(value, float) and abs(value) >= _EXACT_BELOW) or re.fullmatch(r"\d\.\d+[eE]\+?\d+", text):
        return (
            "스프레드시트의 수는 19자리 가운데 15자리만 남아 뒷자리를 잃음. 열을 텍스트로 바꿀 것",
            "a number of a spreadsheet keeps 15 digits of 19: the last ones are lost; format the column as text",
        )
    if not digits or len(text) != _PNU_DIGITS:
        held = repr(text[:30])
        korean, english = (f"숫자 {len(text)}자리", f"{len(text)} digits") if digits else (held, held)
        korean, english = (korean, english) if text else ("비어 있음", "empty")
        return (
            f"{korean}. 필지고유번호는 숫자 {_PNU_DIGITS}자리",
            f"{english}; a parcel number has {_PNU_DIGITS} digits",
        )
    faults = (
        (
            text[10] not in _LAND,
            (
                f"11번째 숫자가 {text[10]}. 1(토지) 또는 2(산)",
                f"digit 11 is {text[10]}; expected 1 (land) or 2 (mountain)",
            ),
        ),
        (
            text[2:5] == "000" or text[5:8] == "000",
            (f"{text[:8]}: 시군구나 읍면동이 없음", f"{text[:8]} names no municipality, or no eup, myeon or dong"),
        ),
        (text[11:15] == "0000", ("본번이 0", "the main number of the lot is 0")),
    )
    return next((fault for is_so, fault in faults if is_so), None) or _province_problem(text)


def _province_problem(text: str) -> tuple[str, str] | None:
    """Return that the first two digits are no province, in Korean and English, or None."""
    known = datasets.province_members(scheme=MOIS)
    if text[:2] in known:
        return None
    return (
        f"{text[:2]}: 알려진 시도의 코드가 아님(행정안전부)",
        f"{text[:2]} is the code of no province known here (MOIS)",
    )


def _digits(value: Any) -> str:
    """Return a code without spaces and hyphens, and a whole number without its fraction; empty text for nothing."""
    if value is None or value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = re.sub(r"[\s-]", "", str(value))
    return text.removesuffix(".0") if re.fullmatch(r"\d+\.0", text) else text


def _iso(value: Any) -> str | None:
    """Return a day as ISO text, None for what is no day."""
    found = _DATE.fullmatch(_dashed(value))
    try:
        return dt.date(*map(int, found.groups())).isoformat() if found else None
    except ValueError:
        return None


def _dashed(value: Any) -> str:
    """Return a day with its separators as hyphens.

    Examples
    --------
    >>> _dashed("1976.12.04"), _dashed(19761204)
    ('1976-12-04', '19761204')
    """
    text = "" if value is None else str(value).strip()[:10]
    return re.sub(r"[./]", "-", text)


def _texts(values: pd.Series, read: Callable[[Any], str | None]) -> pd.Series:
    """Return what each value says, as text, by a function that is asked once a value."""
    return pd.Series([read(value) for value in values], index=values.index, dtype=object)


def _names(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of a frame by their names in small letters, the first of each."""
    out: dict[str, Any] = {}
    for name in frame.columns:
        out.setdefault(str(name).strip().lower(), name)
    return out
