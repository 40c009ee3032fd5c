"""What cards, tooltips, filters and the list of the map are made of: columns in words, rows of a closed schema.

The page builds each card from these when it is opened, as text; nothing here is markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from clustergeo import _cells, _marks, _pack, explaining, labels
from clustergeo._words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# The figures are rounded to what a card shows of them: a tenth of a percent, a tenth of a kilometre, a thousand m2.
_SHARE, _KM, _KM2, _OWN = 3, 1, 3, 6
_OWN_MOST = 12
_TEXT_MOST = 500


class Evidence(NamedTuple):
    """One way an RDZ answer can be founded: its badge letters, its stroke on the map and its words."""

    letters: tuple[str, str]
    weight: float
    dashes: str
    words: tuple[str, str]


EVIDENCE = {
    "measured": Evidence(("측", "M"), 3.5, "", ("측정", "measured against a layer")),
    "estimated": Evidence(("추", "E"), 3.0, "9 3", ("추정(원과 레이어)", "estimated from a disc and a layer")),
    "reported": Evidence(("보", "R"), 2.5, "", ("보고된 공식 수치", "reported figure")),
    "present": Evidence(("유", "P"), 2.5, "5 3", ("있음, 수치 없음", "present, no figure")),
    "none": Evidence(("무", "N"), 2.0, "1.5 3.5", ("없음(추론)", "none, inferred")),
    "unknown": Evidence(("?", "?"), 1.0, "1 5", ("알 수 없음", "unknown")),
}


class Answers(NamedTuple):
    """How a zone is answered: each way that occurs (basis, answer, whether a figure is known), and which is whose."""

    ways: list[tuple[str, bool | None, bool]]
    codes: NDArray[np.int64]


def answers_of(frame: pd.DataFrame, stem: str) -> Answers:
    """Return how a zone is answered for each site.

    Parameters
    ----------
    frame
        The sites; every column is optional.
    stem
        The zone, as in `rdz` or `rdz_reported`.

    Examples
    --------
    >>> answers_of(pd.DataFrame({"rdz_basis": ["reported"], "rdz_present": [True], "rdz_share": [0.5]}), "rdz").ways
    [('reported', True, True)]
    """
    basis, bases = pd.factorize(_cells.texts(frame, f"{stem}_basis"))
    figure = _cells.known(frame, f"{stem}_share") | _cells.known(frame, f"{stem}_area_m2")
    keys = ((basis + 1) * 3 + (_cells.flags(frame, f"{stem}_present") + 1)) * 2 + figure
    held, codes = np.unique(keys, return_inverse=True)
    ways = []
    for key in held.tolist():
        at, answer = key // 6, (key // 2) % 3
        ways.append(("unknown" if at == 0 else str(bases[at - 1]), (None, False, True)[answer], bool(key % 2)))
    return Answers(ways, codes.astype(np.int64))


def evidence_key(basis: str, answer: bool | None, *, figure: bool) -> str:  # noqa: FBT001 - an answer, not a switch
    """Return the key of `EVIDENCE` that an answer rests on.

    Examples
    --------
    >>> evidence_key("reported", True, figure=False), evidence_key("inferred", False, figure=False)
    ('present', 'none')
    """
    if basis in ("measured", "estimated") or (basis == "reported" and (figure or answer is False)):
        return basis
    if answer is None:
        return "unknown"
    return "present" if answer else "none"


def says_rdz(frame: pd.DataFrame) -> bool:
    """Return whether a frame has a column of RDZ evidence at all, whatever it holds."""
    return "rdz_basis" in frame.columns or "rdz_reported_basis" in frame.columns


def table_of(
    frame: pd.DataFrame, *, names: Sequence[str], basis: NDArray[np.object_] | None, lang: str
) -> dict[str, Any]:
    """Return a table of the page: names, columns in words, and the rows of its cards.

    Parameters
    ----------
    frame
        The drawn sites, without geometries; every column is optional.
    names
        What to call each.
    basis
        `measured`, `disc` or `point` for each; None says nothing of footprints.
    lang
        `"ko"` or `"en"`.

    Returns
    -------
    dict
        `n`, `names`, `columns`, `rows`; where the frame says so `other` (names in the other language), `place`, `rdz`
        (how each answer is founded) and `filters`.
    """
    made = _Table(frame, lang)
    found: dict[str, Any] = {"n": len(frame), "names": list(names)}
    other = _cells.texts(frame, "name_en" if lang == "ko" else "name_ko")
    if any(one is not None for one in other):
        found["other"] = [None if one is None or one == name else one for one, name in zip(other, names, strict=True)]
    made.place()
    made.capital()
    made.zones()
    made.area()
    made.status()
    made.footprint(basis)
    made.own()
    place = places(frame, lang)
    if any(place):
        found["place"] = _pack.words([one or None for one in place])
    if says_rdz(frame):
        found["rdz"] = _rdz(frame, lang)
    return found | {"columns": made.columns, "rows": made.rows, "filters": made.filters()}


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


def _rdz(frame: pd.DataFrame, lang: str) -> dict[str, Any]:
    """Return how each RDZ answer is founded: the ways that occur, how many sites have each, and which has which."""
    place = labels.check_lang(lang)
    answers = answers_of(frame, "rdz" if "rdz_basis" in frame.columns else "rdz_reported")
    keys = [(evidence_key(basis, answer, figure=figure), answer) for basis, answer, figure in answers.ways]
    order = list(
        dict.fromkeys((key, answer) for key in EVIDENCE for answer in (True, False, None) if (key, answer) in keys)
    )
    codes = np.array([order.index(key) for key in keys], dtype=np.int64)[answers.codes] if keys else answers.codes
    ways = []
    for row, (key, answer) in enumerate(order):
        found = EVIDENCE[key]
        ways.append(
            {
                "letter": found.letters[place],
                "answer": {True: "yes", False: "no", None: "open"}[answer],
                "weight": found.weight,
                "dashes": found.dashes,
                "words": found.words[place],
                "count": int((codes == row).sum()),
            }
        )
    return {"ways": ways, "codes": codes.tolist()}


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
            (found for one in (f"address_{self.lang}", "address_ko", "address_en") if (found := self._text(one))), None
        )
        parts = [one for one in held if one]
        if parts or address:
            # English names run from the small to the large.
            parts = parts[::-1] if self.lang == "en" else parts
            joint = ", " if self.lang == "en" else " "
            self._row("place", word("place", self.lang), parts=parts, joint=joint, address=address)

    def capital(self) -> None:
        """Add the verdict on the capital region: proved bounds, distance to the border, what would decide."""
        if "in_capital_region" not in self.frame.columns:
            return
        self._flag("in_capital_region")
        self._row(
            "capital",
            word("capital", self.lang),
            answer="in_capital_region",
            share=self._bounds("capital_share"),
            border=self._number("capital_border_km", _KM),
            remedy=explaining.remedy("border", self.lang),
        )

    def zones(self) -> None:
        """Add every zone that the frame was tagged with, RDZ first, the reported beside the measured."""
        names = [str(name) for name in self.frame.columns]
        stems = [name.removesuffix("_present") for name in names if name.endswith("_present")]
        tagged = [stem for stem in stems if not stem.endswith("_reported")]
        for stem in sorted(tagged, key=lambda one: (one != "rdz", names.index(f"{one}_present"))):
            self._zone(stem, word("rdz", self.lang) if stem == "rdz" else labels.zone_name(stem, self.lang))
        for stem in stems:
            plain = stem.removesuffix("_reported")
            if plain == stem or not _cells.texts(self.frame, f"{stem}_basis").astype(bool).any():
                continue
            beside = plain in tagged
            term = word("rdz_reported" if beside else "rdz", self.lang) if plain == "rdz" else f"{plain} *"
            # Where the tag only repeats the report, saying it once is enough.
            self._zone(stem, term, only=f"{plain}_basis" if beside else None)

    def area(self) -> None:
        """Add the area with its date, what it is of and its source, and the area as announced."""
        area, announced = self._number("area_km2", _KM2), self._number("announced_area_km2", _KM2)
        if area or announced:
            self._row(
                "area",
                word("area", self.lang),
                area=area,
                announced=announced,
                day=self._text("area_as_of"),
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
        error = np.where(basis == "measured", np.nan, _cells.figures(self.frame, "position_error_m"))
        if np.isfinite(error).any():
            self.columns["position_error_m"] = _pack.numbers(error, 0)
        self._row(
            "footprint",
            word("footprint", self.lang),
            basis="footprint",
            error="position_error_m" if "position_error_m" in self.columns else None,
            source=self._text("position_source"),
        )

    def own(self) -> None:
        """Add the caller's own columns under their own names, the first dozen."""
        stems = [str(name).removesuffix("present") for name in self.frame.columns if str(name).endswith("_present")]
        strange = [
            str(name)
            for name in self.frame.columns
            if not labels.knows(str(name)) and not str(name).startswith(tuple(stems))
        ]
        for name in strange[:_OWN_MOST]:
            cells = self.frame[name]
            if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
                held = self._number(name, _OWN)
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
            if held:
                found.append({"title": labels.column(column, self.lang), "column": held})
        return found

    def _zone(self, stem: str, term: str, *, only: str | None = None) -> None:
        """Add what is known of one zone."""
        answers = answers_of(self.frame, stem)
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
        notes = f"{stem.removesuffix('_reported')}_reported_note_{self.lang}"
        last = stem.endswith("_reported") or f"{stem}_reported_basis" not in self.frame.columns
        self._row(
            "zone",
            term,
            answer=f"{stem}_present",
            share=self._bounds(f"{stem}_share"),
            area=self._area(f"{stem}_area_m2"),
            basis=f"{stem}_basis_words",
            day=self._text(f"{stem}_as_of"),
            source=self._text(f"{stem}_source"),
            remedy=None if only else f"{stem}_remedy",
            note=self._text(notes) if last or only is None else None,
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

    def _area(self, column: str) -> str | None:
        """Add an area in square kilometres."""
        values = _cells.figures(self.frame, column) / 1e6
        if not np.isfinite(values).any():
            return None
        self.columns[column] = _pack.numbers(values, _KM2)
        return column

    def _bounds(self, stem: str) -> list[str] | None:
        """Add a share and its bounds."""
        found = [self._number(name, _SHARE) for name in (stem, f"{stem}_low", f"{stem}_high")]
        return [one or "" for one in found] if any(found) else None

    def _text(self, column: str) -> str | None:
        """Add a column of texts as they are."""
        cells = _cells.texts(self.frame, column)
        if not _cells.not_null(cells).any():
            return None
        self.columns[column] = _pack.words([None if one is None else one[:_TEXT_MOST] for one in cells])
        return column

    def _words(self, column: str, *, hidden: str | None = None) -> str | None:
        """Add a column of codes in words."""
        cells = _cells.worded(self.frame, column, self.lang, hidden=hidden)
        if not _cells.not_null(cells).any():
            return None
        self.columns[column] = _pack.words(cells)
        return column


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
