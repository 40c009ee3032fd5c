"""What is known of V-World's datasets: their names, and on what terms they may be used."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clustergeo.errors import InputError

_ATTRIBUTED = "공공저작물 출처표시 (KOGL Type 1, attribution)"


@dataclass(frozen=True)
class Dataset:
    """One dataset of the Data API.

    Parameters
    ----------
    name, title_ko, title_en
        Its name in the service, and what it is.
    licence
        As the public data portal states it; None where no statement was seen.
    terms
        Where the licence, or the lack of one, was seen.
    storing
        Whether its terms allow to keep answers: True, False, or None where that is not known.
    known
        Whether it is one of the table.
    """

    name: str
    title_ko: str
    title_en: str
    licence: str | None = None
    terms: str = "no statement of its terms was seen"
    storing: bool | None = None
    known: bool = True


DATASETS = (
    Dataset(
        "LT_C_UD801",
        "개발제한구역",
        "restricted development zone",
        terms="https://data.go.kr/data/15058773/openapi.do leaves the licence blank",
    ),
    Dataset(
        "LT_C_DAMDAN",
        "산업단지 단지경계",
        "boundaries of industrial complexes",
        _ATTRIBUTED,
        "https://www.data.go.kr/data/15056776/openapi.do",
        storing=True,
    ),
    Dataset(
        "LT_C_ADSIDO_INFO",
        "광역시도",
        "provinces",
        _ATTRIBUTED,
        "https://www.data.go.kr/data/15058814/openapi.do",
        storing=True,
    ),
    Dataset("LT_C_ADSIGG_INFO", "시군구", "municipalities"),
    Dataset("LT_C_ADEMD_INFO", "읍면동", "eup, myeon and dong"),
    Dataset("LT_C_UM710", "상수원보호구역", "water source protection zone"),
    Dataset("LT_C_AGRIXUE101", "농업진흥지역도", "agricultural promotion area"),
    Dataset("LP_PA_CBND_BUBUN", "연속지적도", "parcels"),
    Dataset("LT_C_UPISUQ171", "개발행위허가제한지역", "development-permit restriction area"),
)


def dataset_of(name: str) -> Dataset:
    """Return what is known of a dataset; one that is not in the table has unknown terms.

    Raises
    ------
    InputError
        The name cannot be one.

    Examples
    --------
    >>> dataset_of("lt_c_ud801").title_ko
    '개발제한구역'
    """
    wanted = str(name).strip().upper()
    if not re.fullmatch(r"L[A-Z]_[A-Z0-9_]{2,60}", wanted):
        msg = f"{name!r} is no dataset of V-World's Data API. Write its name as there, such as 'LT_C_UD801'."
        raise InputError(msg)
    found = next((one for one in DATASETS if one.name == wanted), None)
    return found or Dataset(wanted, "표에 없는 자료", "not in clustergeo's table", known=False)
