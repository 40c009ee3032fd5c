"""What a report says: headline, key figures, tables, evidence and sources, for whatever shows or sends it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from clustergeo import _digits, facts, labels, sources, tables, timeline
from clustergeo._contents import facts_as_of
from clustergeo._formats import cell
from clustergeo.explaining import explain
from clustergeo.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import geopandas as gpd
    import pandas as pd

    from clustergeo._table import Table

SUMMARIES = ("sector", "macro_region", "in_capital_region", "rdz_basis", "status")
# These come with the sites, or not at all.
_OWN, _OWN_COLUMNS = ("sector", "status"), ("area_as_of", "status", "capital_border_km")
LAYER_COLUMNS = ("layer", "vintage", "coverage", "licence", "attribution", "source", "sha256")
_TOLD = ("coverage", "licence", "attribution")

# A table of more rows may break over two pages: kept whole it would leave half a page empty.
UNBROKEN_ROWS = 20

# A text that explains thousands of sites one by one is read by nobody.
_EXPLAINED = 60
# More names than this in a sentence hide its figure.
_NAMED = 4
# A full stop or comma at the end belongs to the sentence.
_ADDRESS = re.compile(r"(https?://[^\s<>]*[^\s<>.,;])")

_WORDS = {
    "title_15": ("15개 국가첨단산업단지 후보지는 어디에 있는가", "Where the 15 national high-tech complexes lie"),
    "title": ("부지 {count}곳은 어디에 있는가", "Where {count} sites lie"),
    "title_1": ("부지 1곳은 어디에 있는가", "Where 1 site lies"),
    "asked": ("요청한 기준일 {date}", "as asked: {date}"),
    "sites": ("부지", "sites"),
    "site": ("부지", "site"),
    "in_capital": ("수도권 안", "in the capital region"),
    "undecided": ("수도권 여부 판정 불가", "capital region not decidable"),
    "rdz": ("개발제한구역 있음", "with restricted zone (RDZ)"),
    "rdz_undecided": ("개발제한구역 판정 불가", "RDZ not decidable"),
    "rdz_unknown": ("개발제한구역 알 수 없음", "RDZ unknown"),
    "area": ("km² (알려진 면적 합계)", "km² of known area"),
    "too_many": (
        "부지가 {count}곳을 넘어 문장 설명은 생략했습니다. clustergeo explain 명령으로 볼 수 있습니다.",
        "More than {count} sites: the sentences are left out. The command clustergeo explain gives them.",
    ),
    "made": ("clustergeo가 만든 시각 {time}", "Made by clustergeo at {time}"),
    "discs": (
        "원은 보고된 면적을 보고된 위치에 그린 것으로 근거가 아닙니다.",
        "Discs draw the reported area at the reported position: no evidence.",
    ),
    "dash": ("알 수 없는 값은 0이 아니라 줄표(–)입니다.", "Unknown is a dash, never 0."),
    # The sheets of the workbook, whose unknown cells are empty.
    "empty": ("알 수 없는 값은 0이 아니라 빈칸입니다.", "Unknown is an empty cell, never 0."),
    "overview": ("개요", "Overview"),
    "by_sector": ("업종별", "By sector"),
    "by_macro_region": ("권역별", "By macro-region"),
    "by_in_capital_region": ("수도권", "Capital region"),
    "by_rdz_basis": ("개발제한구역 근거", "RDZ basis"),
    "by_status": ("추진 단계", "Status"),
    "sites_sheet": ("부지", "Sites"),
    "evidence": ("근거", "Evidence"),
    "all_columns": ("모든 열", "All columns"),
    "layers": ("쓰인 자료", "Layers"),
    "sources": ("출처", "Sources"),
    "figure": ("항목", "Figure"),
    "value": ("값", "Value"),
    "name": ("부지", "Site"),
    "sentence": ("문장", "Sentence"),
    "about": ("무엇", "What"),
    "date": ("기준일", "As of"),
    "address": ("출처", "Source"),
    "decided": ("자료를 읽으며 정한 것(영문 기록)", "Decided while reading"),
    "answer": ("답", "Answer"),
}
_LAYER_WORDS = {
    "layer": ("자료", "Layer"),
    "vintage": ("기준", "Vintage"),
    "coverage": ("완전한 범위", "Coverage"),
    "licence": ("이용 조건", "Licence"),
    "attribution": ("출처 표시", "Attribution"),
    "source": ("출처", "Source"),
    "sha256": ("sha256", "sha256"),
}


class Told(NamedTuple):
    """What a report says of its run.

    `as_of` is the day asked for, `shipped` says whether the sites are the 15, `run_at` when it was made; `history`
    holds the facts of the sites, `decided` what was decided while their file was read, one sentence each.
    """

    as_of: str | None
    shipped: bool
    run_at: str
    history: pd.DataFrame | None = None
    decided: tuple[str, ...] = ()


class Source(NamedTuple):
    """One source of one answer: the site, what it tells, its day, and its address or name."""

    site: str
    what: str
    day: str | None
    address: str


@dataclass(frozen=True)
class Brief:
    """What a report says in a language; every text is plain and is escaped by whatever shows it."""

    lang: str
    title: str
    headline: tuple[str, ...]
    as_of: str
    note: str
    key: tuple[tuple[str, str], ...]
    sites: Table
    summaries: tuple[tuple[str, Table], ...]
    evidence: tuple[tuple[str, tuple[str, ...]], ...]
    timeline: tuple[tuple[timeline.Dated, ...], ...]
    too_many: str
    layer_heads: tuple[str, ...]
    layers: tuple[tuple[str | None, ...], ...]
    decided_head: str
    decided: tuple[str, ...]
    sources: tuple[Source, ...]
    made: str
    run_at: str


def brief(tagged: gpd.GeoDataFrame, used: Iterable[Layer | Mapping[str, Any]], *, lang: str, told: Told) -> Brief:
    """Return what a report says of tagged sites.

    Parameters
    ----------
    tagged
        The tagged sites.
    used
        The layers that the tags rest on.
    lang
        `"ko"` or `"en"`.
    told
        What is said of the run.

    Examples
    --------
    >>> from clustergeo import load_sites, tag
    >>> said = brief(tag(load_sites()), [], lang="en", told=Told(None, True, "2026-01-01T00:00:00Z"))
    >>> said.headline[0]
    '1 of 15 sites lies in the capital region (Yongin advanced system-semiconductor cluster); 14 lie outside it.'
    """
    at = labels.check_lang(lang)
    words = words_of(lang)
    figures = tables.site_figures(tagged)
    used = list(used)
    as_of = facts_as_of(facts.latest_date(tagged), lang)
    explained = tagged.head(_EXPLAINED if len(tagged) <= _EXPLAINED else 0)
    names = _names(tagged, lang)
    past: dict[str, tuple[timeline.Dated, ...]] = {}
    if told.history is not None and len(explained):
        past = timeline.dated(told.history, explained["site_id"], lang=lang, as_of=told.as_of)
    return Brief(
        lang=lang,
        title=words["title_15" if told.shipped else "title_1" if len(tagged) == 1 else "title"].format(
            count=f"{len(tagged):,}"
        ),
        headline=tuple(_headline(tagged, figures, names, lang)),
        as_of=f"{as_of} ({words['asked'].format(date=told.as_of)})" if told.as_of else as_of,
        note=" ".join([words["discs"]] * _has_discs(tagged) + [words["dash"]]),
        key=tuple(_key_figures(figures, words)),
        sites=_telling(tables.table(tagged, lang=lang)),
        summaries=tuple((key, tables.table(tagged, by=key, lang=lang)) for key in SUMMARIES if _tells(tagged, key)),
        evidence=tuple(
            (name, tuple(explain(tagged, site, lang=lang).splitlines()))
            for name, site in zip(names, explained["site_id"] if len(explained) else [], strict=False)
        ),
        timeline=tuple(past.get(str(site), ()) for site in (explained["site_id"] if len(explained) else [])),
        too_many=words["too_many"].format(count=_EXPLAINED) if len(tagged) > _EXPLAINED else "",
        layer_heads=tuple(_LAYER_WORDS[name][at] for name in LAYER_COLUMNS),
        layers=tuple(_layer_row(layer, lang) for layer in used),
        decided_head=words["decided"],
        decided=(*([f"{words['sites']}: {'; '.join(told.decided)}"] if told.decided else []), *_decided(used)),
        sources=tuple(_sources(tagged, names, lang)),
        made=words["made"].format(time=told.run_at),
        run_at=told.run_at,
    )


def words_of(lang: str) -> dict[str, str]:
    """Return the fixed words of a report in a language.

    Examples
    --------
    >>> words_of("en")["evidence"]
    'Evidence'
    """
    place = labels.check_lang(lang)
    return {name: pair[place] for name, pair in _WORDS.items()}


def addressed(sentence: str) -> list[str]:
    """Return a sentence in parts: every second one is a web address.

    Examples
    --------
    >>> addressed("See https://a.kr/b. Then go.")
    ['See ', 'https://a.kr/b', '. Then go.']
    """
    return _ADDRESS.split(sentence)


def _tells(tagged: gpd.GeoDataFrame, key: str) -> bool:
    """Say whether a summary tells anything: one line of unknown, of what the caller's sites never had, does not."""
    return key not in _OWN or set(tables.summarize(tagged, by=key)[key]) != {tables.UNKNOWN}


def _telling(shown: Table) -> Table:
    """Return the table of the sites without the columns of which nothing is known because the sites never had them."""
    own = {labels.column(name, shown.lang) for name in _OWN_COLUMNS}
    said = [any(one not in (None, "") for one in cells) for cells in zip(*shown.rows, strict=True)]
    kept = [at for at, column in enumerate(shown.columns) if not said or said[at] or column.header not in own]
    rows = tuple(tuple(row[at] for at in kept) for row in shown.rows)
    return replace(shown, columns=tuple(shown.columns[at] for at in kept), rows=rows)


def _has_discs(tagged: gpd.GeoDataFrame) -> bool:
    """Say whether a disc is drawn for any site."""
    if "footprint_basis" not in tagged.columns:
        return False
    shapes = tagged.geometry
    return bool(((tagged["footprint_basis"] == "disc") & ~(shapes.isna() | shapes.is_empty)).any())


def _names(tagged: pd.DataFrame, lang: str) -> list[str]:
    """Return the name of each site in a language, else another one of its names, else its id."""
    blank = [None] * len(tagged)
    columns = (f"name_{lang}", "name", f"name_{'en' if lang == 'ko' else 'ko'}", "site_id")
    told = zip(*([cell(one) for one in tagged.get(name, blank)] for name in columns), strict=True)
    return [next((str(one) for one in row if one is not None and str(one).strip()), "") for row in told]


def _headline(tagged: pd.DataFrame, figures: pd.DataFrame, names: list[str], lang: str) -> Iterator[str]:
    """Yield the answer in a sentence on the capital region and one on restricted zones."""
    count = {key: int(figures[key].sum()) for key in ("inside", "outside", "undecided", "present", "absent", "open")}
    unknown, total = int(figures["not_known"].sum()), len(tagged)
    basis = tagged.get("rdz_basis")
    inferred = 0 if basis is None else int((figures["absent"].to_numpy() & (basis == "inferred").to_numpy()).sum())
    inside, present = (_listed(names, figures[key].tolist()) for key in ("inside", "present"))
    inside = inside and (f"({inside})" if lang == "ko" else f" ({inside})")
    present = present and (f"({present})" if lang == "ko" else f": {present}")
    if not total:
        yield "부지가 없습니다." if lang == "ko" else "There are no sites."
        return
    # Nothing known is not the same as none: a 0 is said only of what was decided.
    open_capital, open_rdz, unknown_rdz = (number == total for number in (count["undecided"], count["open"], unknown))
    few_capital = not count["inside"] and count["undecided"] > 0
    few_rdz = not count["present"] and count["open"] + unknown > 0
    if lang == "ko":
        parts = ["수도권 안으로 확인된 곳은 없고" if few_capital else f"수도권 안에 {count['inside']:,}곳{inside}"]
        parts += [f"밖에 {count['outside']:,}곳"] * (count["outside"] > 0)
        parts += [f"판정할 수 없는 곳이 {count['undecided']:,}곳"] * (count["undecided"] > 0)
        yield (
            f"부지 {total:,}곳이 수도권 안인지는 판정할 수 없습니다."
            if open_capital
            else f"부지 {total:,}곳 가운데 {', '.join(parts)}입니다."
        )
        parts = ["걸친 것으로 확인된 부지는 없고" if few_rdz else f"걸친 부지가 {count['present']:,}곳{present}"]
        note = "" if not inferred else "(추론)" if inferred == count["absent"] else f"(그중 추론 {inferred:,}곳)"
        parts += [f"걸치지 않은 부지가 {count['absent']:,}곳{note}"] * (count["absent"] > 0)
        parts += [f"판정할 수 없는 부지가 {count['open']:,}곳"] * (count["open"] > 0)
        parts += [f"알 수 없는 부지가 {unknown:,}곳"] * (unknown > 0)
        yield (
            f"부지 {total:,}곳이 개발제한구역에 걸쳤는지는 {'판정할' if open_rdz else '알'} 수 없습니다."
            if open_rdz or unknown_rdz
            else f"개발제한구역에는 {', '.join(parts)}입니다."
        )
        return
    those = "the site lies" if total == 1 else f"any of the {total:,} sites lies"
    lies = "lies" if count["inside"] <= 1 else "lie"
    some = f"{count['inside']:,}" if count["inside"] else "None"
    parts = [
        f"None of {total:,} site{'s' * (total != 1)} is known to lie in the capital region"
        if few_capital
        else f"{some} of {total:,} site{'s' * (total != 1)} {lies} in the capital region{inside}"
    ]
    parts += [f"{count['outside']:,} {'lies' if count['outside'] == 1 else 'lie'} outside it"] * (count["outside"] > 0)
    parts += [f"{count['undecided']:,} cannot be decided"] * (count["undecided"] > 0)
    yield (f"Whether {those} in the capital region cannot be decided." if open_capital else "; ".join(parts) + ".")
    note = "" if not inferred else ", by inference" if inferred == count["absent"] else f" ({inferred:,} by inference)"
    some = f"{count['present']:,}" if count["present"] else "None"
    zone = "on a restricted development zone (RDZ)"
    parts = [
        f"None is known to lie {zone}"
        if few_rdz
        else f"{some} {'lies' if count['present'] <= 1 else 'lie'} {zone}{present}"
    ]
    parts += [f"{count['absent']:,} {'does' if count['absent'] == 1 else 'do'} not{note}"] * (count["absent"] > 0)
    parts += [f"for {count['open']:,} it cannot be decided"] * (count["open"] > 0)
    parts += [f"for {unknown:,} it is unknown"] * (unknown > 0)
    still = f"Whether {those} {zone} {'cannot be decided' if open_rdz else 'is unknown'}."
    yield still if open_rdz or unknown_rdz else "; ".join(parts) + "."


def _listed(names: list[str], chosen: list[bool]) -> str:
    """Return the names of a few sites; nothing for none or many."""
    found = [name for name, there in zip(names, chosen, strict=True) if there]
    return ", ".join(found) if len(found) <= _NAMED else ""


def _key_figures(figures: pd.DataFrame, words: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the figures at the head of a report."""
    yield f"{len(figures):,}", words["site" if len(figures) == 1 else "sites"]
    undecided = {"in_capital": figures["undecided"], "rdz": figures["open"] | figures["not_known"]}
    for column, word in (("inside", "in_capital"), ("present", "rdz")):
        # Where nothing is decided there is no number, and least of all 0.
        yield "–" if len(figures) and undecided[word].all() else f"{int(figures[column].sum()):,}", words[word]
    area = float(figures["area_km2"].sum(min_count=1))
    if not math.isnan(area):
        yield _digits.area(area, least=2), words["area"]
    for column, word in (("undecided", "undecided"), ("open", "rdz_undecided"), ("not_known", "rdz_unknown")):
        if figures[column].any():
            yield f"{int(figures[column].sum()):,}", words[word]


def _layer_row(layer: Layer | Mapping[str, Any], lang: str) -> tuple[str | None, ...]:
    """Return the cells of a layer's row; terms that the shipped layers use are told in the language."""
    told: Mapping[str, Any] = layer.provenance if isinstance(layer, Layer) else layer
    cells = (None if told.get(name) in (None, "") else str(told[name]) for name in LAYER_COLUMNS)
    return tuple(
        labels.value(name, cell, lang) if cell and name in _TOLD else cell
        for name, cell in zip(LAYER_COLUMNS, cells, strict=True)
    )


def _decided(used: Iterable[Layer | Mapping[str, Any]]) -> Iterator[str]:
    """Yield what was decided while each layer was read, a line each."""
    for layer in used:
        told: Mapping[str, Any] = layer.provenance if isinstance(layer, Layer) else layer
        if told.get("decided"):
            yield f"{told['layer']}: {told['decided']}"


def _sources(tagged: pd.DataFrame, names: list[str], lang: str) -> Iterator[Source]:
    """Yield every source of every site: a row an address, for what the source tells."""
    columns = [str(name) for name in tagged.columns if str(name).endswith("_source")]
    # Where no layer was used, the evidence itself fills the answer: the same source twice says nothing more.
    for row, name in enumerate(names):
        said: set[tuple[str, str]] = set()
        for column in sorted(columns, key=lambda one: (one.endswith("_reported_source"), columns.index(one))):
            part = column.removesuffix("_source")
            told = cell(tagged[column].iloc[row])
            day = cell(tagged[f"{part}_as_of"].iloc[row]) if f"{part}_as_of" in tagged.columns else None
            for address in str(told).split() if told else []:
                if (part.removesuffix("_reported"), address) not in said:
                    said.add((part.removesuffix("_reported"), address))
                    shown = sources.source_words(address, lang)
                    yield Source(name, labels.column(column, lang), None if day is None else str(day), shown)
