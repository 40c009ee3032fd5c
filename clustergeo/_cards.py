"""What cards, tooltips, filters and the list of the map are made of: columns in words, rows of a closed schema.

The page builds each card from these when it is opened, as text; nothing here is markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustergeo import _cells, _evidence, _marks, _pack, _proof, _repeats, explaining, footprints, labels, timeline
from clustergeo._words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Figures travel finer than a card shows them, so that little is not taken for none: a share to a millionth (bounds,
# rounded outwards, to a thousandth), a distance to a metre.
_SHARE, _KM, _OWN = 3, 3, 6
_FINE = 3
_OWN_MOST = 12
_TEXT_MOST = 500


def table_of(
    frame: pd.DataFrame,
    *,
    names: Sequence[str],
    basis: NDArray[np.object_] | None,
    sized: NDArray[np.bool_] | None = None,
    lang: str,
    history: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Return a table of the page: names, columns in words, and the rows of its cards.

    Parameters
    ----------
    frame
        The drawn sites, without geometries; every column is optional.
    names
        What to call each.
    basis
        `measured`, `disc`, `point`, `area_only` or `nowhere` for each; None says nothing of footprints.
    sized
        Whose area is that of the footprint itself.
    lang
        `"ko"` or `"en"`.
    history
        Dated facts of the sites, for their timelines.

    Returns
    -------
    dict
        `n`, `names`, `columns`, `rows`; where the frame says so `other` (names in the other language), `place`, `terms`
        (all that the search finds a site by beside its names), `rdz`
        (how each answer is founded), `history` (the timeline of each) and `filters`.
    """
    made = _Table(frame, lang)
    found: dict[str, Any] = {"n": len(frame), "names": list(names)}
    other = _cells.texts(frame, "name_en" if lang == "ko" else "name_ko")
    if any(one is not None for one in other):
        found["other"] = [None if one is None or one == name else one for one, name in zip(other, names, strict=True)]
    made.judged()
    made.place()
    made.capital(np.ones(len(frame), dtype=bool) if basis is None else ~np.isin(basis, ["area_only", "nowhere"]))
    made.zones()
    made.area(np.zeros(len(frame), dtype=bool) if sized is None else sized)
    made.status()
    made.footprint(basis)
    made.own()
    place = places(frame, lang)
    if any(place):
        found["place"] = _pack.words([one or None for one in place])
    terms = _terms(frame)
    if any(terms):
        found["terms"] = _pack.words([one or None for one in terms])
    if history is not None and "site_id" in frame.columns:
        past = timeline.dated(history, frame["site_id"], lang=lang)
        if past:
            found["history"] = [past.get(str(site)) for site in frame["site_id"]]
    if _evidence.says_rdz(frame):
        found["rdz"] = _evidence.ways_of(frame, lang)
    return found | {"columns": made.columns, "rows": made.rows, "filters": made.filters()}


def zone_term(name: str, lang: str) -> str:
    """Return what the map calls a zone: in its cards, its legend and its list of layers alike.

    Examples
    --------
    >>> zone_term("rdz", "ko"), zone_term("river", "ko")
    ('개발제한구역', 'river')
    """
    return word("rdz", lang) if name == "rdz" else labels.zone_name(name, lang)


def places(frame: pd.DataFrame, lang: str) -> list[str]:
    """Return the nearest known place of each site in one short name; empty text where none is known.

    Examples
    --------
    >>> places(pd.DataFrame({"city": ["용인시", None], "province": ["경기도", None]}), "en")
    ['Yongin-si', '']
    """
    found = np.full(len(frame), None, dtype=object)
    for column in ("province", "municipality", "city"):
        held = _cells.worded(frame, column, lang)
        said = _cells.not_null(held)
        found[said] = held[said]
    return ["" if one is None else str(one) for one in found]


def _terms(frame: pd.DataFrame) -> list[str]:
    """Return the places of each site at every level in both languages, and a province's short Korean name."""
    held = [
        _cells.worded(frame, column, lang)
        for column in ("province", "city", "municipality", "locality")
        for lang in ("ko", "en")
        if column in frame.columns
    ]
    if "province" in frame.columns:
        # 충청남도 is called 충남.
        full = _cells.texts(frame, "province")
        short = [
            one[0] + one[2] if one and one.endswith(("북도", "남도")) and len(one) == len("충청남도") else None
            for one in full
        ]
        held.append(np.array(short, dtype=object))
    return [" ".join(dict.fromkeys(one for one in row if one)) for row in zip(*held, strict=True)] if held else []


class _Table:
    """Collects the columns and rows that a frame has something for."""

    def __init__(self, frame: pd.DataFrame, lang: str) -> None:
        self.frame = frame
        self.lang = lang
        self.columns: dict[str, Any] = {}
        self.rows: list[dict[str, Any]] = []

    def place(self) -> None:
        """Add where a site lies: the three levels in the language's order, and the address."""
        held = [self._words(column) for column in ("province", "municipality", "locality")]
        address = next(
            (
                found
                for one in (
                    f"address_{self.lang}",
                    "address_ko",
                    "address_en",
                    *_repeats.columns(self.frame, "address_ko"),
                )
                if (found := self._text(one))
            ),
            None,
        )
        parts = [one for one in held if one]
        if parts or address:
            # English names run from the small to the large.
            parts = parts[::-1] if self.lang == "en" else parts
            joint = ", " if self.lang == "en" else " "
            self._row("place", word("place", self.lang), parts=parts, joint=joint, address=address)

    def capital(self, drawn: NDArray[np.bool_]) -> None:
        """Add the verdict on the capital region: proved bounds, distance to the border, what would decide."""
        if "in_capital_region" not in self.frame.columns:
            return
        self._flag("in_capital_region")
        abroad = _proof.off_land(self.frame, drawn)
        words = np.where(abroad, explaining.remedy("abroad", self.lang), explaining.remedy("border", self.lang))
        self.columns["capital_remedy"] = _pack.words(words.astype(object))
        self._row(
            "capital",
            word("capital", self.lang),
            answer="in_capital_region",
            share=self._bounds("capital_share"),
            border=self._number("capital_border_km", _KM),
            remedy="capital_remedy",
        )

    def zones(self) -> None:
        """Add every zone that the frame was tagged with, RDZ first, the reported beside the measured."""
        names = [str(name) for name in self.frame.columns]
        stems = [name.removesuffix("_present") for name in names if name.endswith("_present")]
        tagged = [stem for stem in stems if not stem.endswith("_reported")]
        for stem in sorted(tagged, key=lambda one: (one != "rdz", names.index(f"{one}_present"))):
            self._zone(stem, zone_term(stem, self.lang))
        for stem in stems:
            plain = stem.removesuffix("_reported")
            if plain == stem or not _cells.texts(self.frame, f"{stem}_basis").astype(bool).any():
                continue
            beside = plain in tagged
            term = word("rdz_reported" if beside else "rdz", self.lang) if plain == "rdz" else f"{plain} *"
            # Where the tag only repeats the report, saying it once is enough.
            self._zone(stem, term, only=f"{plain}_basis" if beside else None)

    def area(self, sized: NDArray[np.bool_]) -> None:
        """Add the area with its date, what it is of and its source, and the area as announced."""
        area, announced = self._area("area_km2"), self._area("announced_area_km2")
        if area or announced:
            days = _cells.texts(self.frame, "area_as_of")
            days[sized] = word("of_footprint", self.lang)
            self.columns["area_day"] = _pack.words(days)
            self._row(
                "area",
                word("area", self.lang),
                area=area,
                announced=announced,
                day="area_day" if _cells.not_null(days).any() else None,
                scope=self._words("area_scope", hidden="whole"),
                source=self._text("area_source"),
            )

    def status(self) -> None:
        """Add the stage of the project."""
        status = self._words("status")
        if status:
            day, source = self._text("status_as_of"), self._text("status_source")
            self._row("status", word("status", self.lang), status=status, day=day, source=source)

    def footprint(self, basis: NDArray[np.object_] | None) -> None:
        """Add what the footprint is and how good the position."""
        if basis is None:
            return
        self.columns["footprint"] = _pack.words([word(one, self.lang) for one in basis])
        error = np.where(
            np.isin(basis, ["measured", "area_only", "nowhere"]), np.nan, _cells.figures(self.frame, "position_error_m")
        )
        if np.isfinite(error).any():
            self.columns["position_error_m"] = _pack.numbers(error, 0)
        self._row(
            "footprint",
            word("footprint", self.lang),
            basis="footprint",
            error="position_error_m" if "position_error_m" in self.columns else None,
            source=self._text("position_source"),
        )

    def judged(self) -> None:
        """Add what siting says of the sites."""
        for name, cells in _cells.judged(self.frame, self.lang).items():
            self.columns[name] = _pack.words(cells)
            self._row("column", labels.column(name, self.lang), column=name)

    def own(self) -> None:
        """Add the caller's own columns under their own names, the first dozen that say what no other row does."""
        stems = [str(name).removesuffix("present") for name in self.frame.columns if str(name).endswith("_present")]
        strange = [
            str(name)
            for name in self.frame.columns
            if not labels.knows(str(name)) and not str(name).startswith(tuple(stems))
        ]
        said = {name: _repeats.said(self.frame, name) for name in strange}
        strange = [name for name in strange if not said[name].all()]
        for name in strange[:_OWN_MOST]:
            cells = self.frame[name]
            if said[name].any():
                held = self._text(name, but=said[name])
            elif pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
                held = self._number(name, _OWN)
            elif pd.api.types.is_bool_dtype(cells):
                words = np.array([word("no", self.lang), word("yes", self.lang), None], dtype=object)
                held = name
                self.columns[name] = _pack.words(words[_cells.flags(self.frame, name)])
            else:
                held = self._text(name)
            if held:
                self._row("column", labels.column(name, self.lang), column=held)

    def filters(self) -> list[dict[str, Any]]:
        """Return the columns that the page can filter by: sectors, macro-region, basis of the RDZ answer."""
        found = []
        if "sectors" in self.frame.columns:
            self.columns["sectors"] = _sectors(self.frame["sectors"], self.lang)
        for column in ("sectors", "macro_region", "rdz_basis"):
            held = column if column in self.columns else self._words(column)
            # A heading over nothing to tick is left out.
            if held and self.columns[held]["words"]:
                found.append({"title": labels.column(column, self.lang), "column": held})
        return found

    def _zone(self, stem: str, term: str, *, only: str | None = None) -> None:
        """Add what is known of one zone."""
        answers = _evidence.answers_of(self.frame, stem)
        self._flag(f"{stem}_present")
        wanted = [explaining.zone_remedy(basis, answer, figure=figure) for basis, answer, figure in answers.ways]
        self.columns[f"{stem}_remedy"] = _pack.words(
            np.array([None if one is None else explaining.remedy(one, self.lang) for one in wanted], dtype=object)[
                answers.codes
            ]
        )
        basis = np.array([labels.value("rdz_basis", one, self.lang) for one, _, _ in answers.ways], dtype=object)
        self.columns[f"{stem}_basis_words"] = _pack.words(basis[answers.codes])
        if only is not None:
            measured = np.isin(_cells.texts(self.frame, only), ["measured", "estimated"]) & _cells.not_null(
                _cells.texts(self.frame, f"{stem}_basis")
            )
            if not measured.any():
                return
            self.columns[f"{stem}_beside"] = {"numbers": measured.astype(int).tolist()}
        drawn = np.isin(_cells.texts(self.frame, f"{stem}_basis"), ["measured", "estimated"])
        # The note is on what was reported: it does not stand under what a layer says.
        note = self._text(f"{stem.removesuffix('_reported')}_reported_note_{self.lang}", but=drawn & (only is None))
        self._row(
            "zone",
            term,
            answer=f"{stem}_present",
            share=self._bounds(f"{stem}_share"),
            area=self._area(f"{stem}_area_m2", unit=1e6, but=_proof.of_disc(self.frame, stem)),
            basis=f"{stem}_basis_words",
            day=self._text(f"{stem}_as_of"),
            source=self._text(f"{stem}_source"),
            remedy=None if only else f"{stem}_remedy",
            note=note,
            badge=True if stem == "rdz" or (stem == "rdz_reported" and only is None) else None,
            only=f"{stem}_beside" if only else None,
        )

    def _row(self, kind: str, term: str, **parts: Any) -> None:
        """Add a row of the cards; what it has nothing for is left out."""
        self.rows.append({"kind": kind, "term": term} | {name: part for name, part in parts.items() if part})

    def _flag(self, column: str) -> None:
        """Add a flag: 1, 0 or null."""
        self.columns[column] = {
            "numbers": [None if one < 0 else one for one in _cells.flags(self.frame, column).tolist()]
        }

    def _number(self, column: str, places: int) -> str | None:
        """Add a column of numbers and return its name, unless it holds none."""
        values = _cells.figures(self.frame, column)
        if not np.isfinite(values).any():
            return None
        self.columns[column] = _pack.numbers(values, places)
        return column

    def _area(self, column: str, *, unit: float = 1.0, but: NDArray[np.bool_] | None = None) -> str | None:
        """Add an area in square kilometres, that of some sites left out."""
        values = _cells.figures(self.frame, column) / unit
        values = values if but is None else np.where(but, np.nan, values)
        if not np.isfinite(values).any():
            return None
        self.columns[column] = _pack.areas(values)
        return column

    def _bounds(self, stem: str) -> list[str] | None:
        """Add a share and its bounds, these rounded outwards: what is proved stays proved."""
        names = (stem, f"{stem}_low", f"{stem}_high")
        share, low, high = (_cells.figures(self.frame, name) for name in names)
        apart, (least, most) = low != high, footprints.outwards(low, high, _SHARE)
        low, high = np.where(apart, least, low), np.where(apart, most, high)
        found = []
        for name, values in zip(names, (share, low, high), strict=True):
            known = bool(np.isfinite(values).any())
            found.append(name if known else "")
            if known:
                self.columns[name] = _pack.numbers(values, _SHARE + _FINE)
        return found if any(found) else None

    def _text(self, column: str, *, but: NDArray[np.bool_] | None = None) -> str | None:
        """Add a column of texts as they are, but for some sites."""
        cells = _cells.texts(self.frame, column)
        name = column
        if but is not None and but.any():
            cells[but] = None
            name = f"{column}_apart"
        if not _cells.not_null(cells).any():
            return None
        self.columns[name] = _pack.words([None if one is None else _shortened(one) for one in cells])
        return name

    def _words(self, column: str, *, hidden: str | None = None) -> str | None:
        """Add a column of codes in words."""
        cells = _cells.worded(self.frame, column, self.lang, hidden=hidden)
        if not _cells.not_null(cells).any():
            return None
        self.columns[column] = _pack.words(cells)
        return column


def _shortened(text: str) -> str:
    """Return a text of a length that a card has room for; what was cut ends in an ellipsis."""
    return text if len(text) <= _TEXT_MOST else text[: _TEXT_MOST - 1] + "…"


def _sectors(cells: pd.Series, lang: str) -> dict[str, Any]:
    """Return the sectors of each site: words and colours once, and which a site has."""
    held = [_marks.codes(cell) for cell in cells]
    codes = list(dict.fromkeys(code for row in held for code in row))
    place = {code: at for at, code in enumerate(codes)}
    return {
        "words": [labels.value("sectors", code, lang) for code in codes],
        "colours": [labels.sector_colour(code) for code in codes],
        "lists": [[place[code] for code in row] for row in held],
    }
