"""Addresses matched offline against the shipped localities: what certainly contains each, and what was assumed."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import pandas as pd

from clustergeo import datasets
from clustergeo.errors import InputError
from clustergeo.reading import _gazetteer as gazetteer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXACT, MUNICIPALITY, PROVINCE, AMBIGUOUS, UNKNOWN = "exact", "municipality", "province", "ambiguous", "unknown"
_WORSE = (EXACT, MUNICIPALITY, AMBIGUOUS, PROVINCE, UNKNOWN)

Dong = Literal["legal", "administrative"]

_SHOWN = 10
_NEAR = re.compile(r"인근|부근|근처|주변|맞은편|건너편|인접")
_AROUND = re.compile(r"일원|일대|외\s*\d+\s*(필지|개소|곳)?")
# Where one address names several places. A dot between digits belongs to a name such as 종로1·2가동.
_SEVERAL = re.compile(r"[,;/&]|(?<!\d)[·ㆍ‧]|[·ㆍ‧](?!\d)|\s(?:및|와|과)\s")
_EUP = re.compile(r"[가-힣]{1,5}?[가-힣0-9]?[읍면]")
_DONG = re.compile(r"[가-힣]+[0-9·.ㆍ]*(?:[가-힣]*동|가)")
_PLACE = re.compile(r"[가-힣]+[시군구읍면동]")
# What may follow the name of an eup or myeon without a space: a ri, a lot, the end.
_AFTER = re.compile(r"(?:[가-힣]{1,6}?[0-9]*리)?(?:산?[\d-]+.*)?")
# What may follow the name of a municipality without a space.
_GLUED = re.compile(r"[가-힣0-9]+?(?:[읍면동리로길가])")


def match_addresses(texts: Any, *, dong: Dong = "legal") -> pd.DataFrame:
    """Return where each address lies, as far as the shipped regions prove it. No service is asked.

    Parameters
    ----------
    texts
        n Korean addresses (소재지, 주소): a column, an array or a list.
    dong
        What a dong in them is. `"legal"` (법정동), as in every address of a lot: it is not held to lie in the
        administrative dong of the same name, so that only its municipality is certain. `"administrative"` (행정동)
        where the texts are known to name those.

    Returns
    -------
    pandas.DataFrame
        n rows, the index of a column kept: `text`, `status`, `province`, `municipality`, `locality` (names today, of
        2018 for localities; several joined by `; `), `codes_kostat` (2018 codes of the areas that certainly contain
        the place, joined by `;`: localities, municipalities or provinces), `candidates` (what the name may mean) and
        `assumed` (what was taken for granted). Unknown is null.

        `status` is `exact` (one or more localities contain it), `municipality`, `province`, `ambiguous` (it lies in
        one of the candidates) or `unknown`.

    Raises
    ------
    InputError
        `dong` is neither.

    Notes
    -----
    Addresses are taken to be of 2018 or later; what changed since is taken into account as far as the shipped tables
    know it, and told. An eup or myeon is the same area in law and in administration; a ri and a lot lie inside it. A
    dong is not: the lots of the legal Sillim-dong (신림동) of Gwanak-gu are served by many administrative dongs, one of
    which is called Sillim-dong. A road name proves no more than the names before it.

    Examples
    --------
    >>> found = match_addresses(["경기 용인시 처인구 남사읍 완장리 산 12-3", "서울 강남구 역삼동 123", "고성군 간성읍"])
    >>> found["status"].tolist()
    ['exact', 'municipality', 'exact']
    >>> found["codes_kostat"].tolist(), found["candidates"].iloc[1]
    (['3119132', '11230', '3240011'], '역삼1동; 역삼2동')
    """
    if dong not in get_args(Dong):
        msg = f"dong={dong!r} is no kind of dong; expected 'legal' (법정동) or 'administrative' (행정동)."
        raise InputError(msg)
    given = texts if isinstance(texts, pd.Series) else pd.Series(list(texts), dtype=object)
    # A cell that is no text, such as a number or nothing, is no address.
    cells = [value if isinstance(value, str) else "" for value in given]
    found = {text: _matched(text, dong) for text in dict.fromkeys(cells)}
    rows = [_row(text or None, found[text]) for text in cells]
    columns = ["text", "status", "province", "municipality", "locality", "codes_kostat", "candidates", "assumed"]
    return pd.DataFrame(rows, columns=columns, index=given.index, dtype=object)


@dataclass(frozen=True)
class _Place:
    """What one address, or one place of it, says.

    Attributes
    ----------
    status
        How far it is proved.
    codes
        Of the regions, one of which or all of which contain it.
    candidates, assumed
        What the name may mean, and what was taken for granted.
    """

    status: str
    codes: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


_NOTHING = _Place(UNKNOWN)


class _Start(NamedTuple):
    """A reading of the beginning of an address: provinces and municipalities it may mean, and where it ends."""

    provinces: frozenset[str]
    municipalities: tuple[str, ...]
    end: int


def _matched(text: str, dong: Dong) -> _Place:
    """Return what an address says, the union of its places where it names several."""
    whole = re.sub(r"\(.*?\)|\[.*?\]", " ", unicodedata.normalize("NFKC", text))
    parts = [part.strip() for part in _SEVERAL.split(whole) if part.strip()]
    places: list[_Place] = []
    context: _Start | None = None
    for part in parts:
        spread = _Spread(part)
        starts = _starts(spread)
        if not starts and context is not None:
            if not _PLACE.match(part):
                continue
            starts = [context._replace(end=0)]
        place, context = _placed(spread, starts, dong)
        places.append(place)
    if not places:
        return _NOTHING
    return _noted(_together(places), whole)


def _together(places: list[_Place]) -> _Place:
    """Return the union of several places, as well proved as the worst of them."""
    if len(places) == 1:
        return places[0]
    status = max((place.status for place in places), key=_WORSE.index)
    if status == UNKNOWN:
        return replace(_NOTHING, assumed=("one of the places that it names is not known",))
    return _Place(
        status,
        *(
            tuple(dict.fromkeys(value for place in places for value in getattr(place, name)))
            for name in ("codes", "candidates", "assumed")
        ),
    )


def _noted(place: _Place, text: str) -> _Place:
    """Return a place with what its other words say: near it is not in it, the ground around is taken to be."""
    near, around = _NEAR.search(text), _AROUND.search(text)
    if near and place.status == EXACT:
        codes = tuple(dict.fromkeys(code[:5] for code in place.codes))
        told = f"{near[0]} (near) does not say that it lies in the place named: only its municipality is taken"
        return _Place(MUNICIPALITY, codes, place.candidates, (*place.assumed, told))
    if around and place.codes:
        told = f"{around[0].strip()} is taken to lie in the places named"
        return replace(place, assumed=(*place.assumed, told))
    return place


class _Spread:
    """An address without its spaces, which still knows where they were."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        self._at = [at for at, sign in enumerate(self.text) if sign != " "]
        self.tight = "".join(self.text[at] for at in self._at)

    def parted(self, end: int) -> bool:
        """Say whether a name that ends here is followed by nothing, a space or what is no Korean letter."""
        if end >= len(self.tight):
            return True
        return self._at[end] - self._at[end - 1] > 1 or not "가" <= self.tight[end] <= "힣"

    def rest(self, end: int) -> str:
        """Return what follows, with its spaces."""
        return self.text[self._at[end] :] if end < len(self.tight) else ""


def _starts(spread: _Spread) -> list[_Start]:
    """Return the readings of the beginning of an address that use most of it."""
    held = gazetteer.names()
    found = []
    for provinces, begin in [(frozenset[str](), 0), *_prefixes(spread, held.provinces, 0)]:
        if begin and spread.parted(begin):
            only = _municipalities_of(provinces)
            found.append(_Start(frozenset(provinces), only if len(only) == 1 else (), begin))
        for mapping, glued in ((held.municipalities, True), (held.stems, False), (held.newer, True)):
            for codes, end in _prefixes(spread, mapping, begin):
                mine = tuple(code for code in codes if not provinces or held.known[code].owners & provinces)
                if mine and (spread.parted(end) or (glued and _GLUED.match(spread.rest(end)))):
                    found.append(_Start(frozenset(provinces), mine, end))
    longest = max((start.end for start in found), default=0)
    return [start for start in found if start.end == longest]


@functools.cache
def _municipalities_of(provinces: frozenset[str]) -> tuple[str, ...]:
    """Return the municipalities that were ever of provinces, all for none."""
    known = gazetteer.names().known
    return tuple(code for code, one in known.items() if not provinces or one.owners & provinces)


def _prefixes(spread: _Spread, mapping: Any, begin: int) -> Iterator[tuple[Any, int]]:
    """Yield what the names that stand at a place of an address mean, and where each ends."""
    for length in range(1, min(_longest(), len(spread.tight) - begin) + 1):
        meant = mapping.get(spread.tight[begin : begin + length])
        if meant:
            yield meant, begin + length


@functools.cache
def _longest() -> int:
    held = gazetteer.names()
    return max(len(name) for names in (held.provinces, held.municipalities) for name in names)


def _placed(spread: _Spread, starts: list[_Start], dong: Dong) -> tuple[_Place, _Start | None]:
    """Return what one place of an address says, and the reading of its beginning for the places after it."""
    provinces = frozenset(code for start in starts for code in start.provinces)
    codes = tuple(dict.fromkeys(code for start in starts for code in start.municipalities))
    vague = [start for start in starts if not start.municipalities]
    rest = spread.rest(starts[0].end) if starts else spread.text
    rest, told = _past_newer(rest, codes)
    eup = _eup(rest)
    if eup is not None:
        among = codes or _municipalities_of(provinces)
        place = _in_eup(eup, among, named=bool(codes))
        if place is not None:
            context = _Start(provinces, tuple(dict.fromkeys(code[:5] for code in place.codes)), 0)
            return replace(place, assumed=(*told, *place.assumed)), context
        told = (*told, f"{eup} is no eup or myeon of 2018 there")
    if not codes:
        return _in_province(provinces, rest, told), _Start(provinces, (), 0) if provinces else None
    if vague:
        options = (*codes, *sorted({code for start in vague for code in start.provinces}))
        return _Place(AMBIGUOUS, options, _called(options), told), None
    place = _in_municipality(codes, rest, dong)
    return replace(place, assumed=(*told, *place.assumed)), _Start(provinces, codes, 0)


def _past_newer(rest: str, codes: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return an address past the gu that its city has been given since 2018, and that there is one."""
    found = re.match(r"([가-힣]+구)(?:\s+|$)", rest)
    if found is None or not codes:
        return rest, ()
    since = gazetteer.names().newer.get(found[1], ())
    told = (
        f"{found[1]} was set up after the boundary of 2018"
        if set(codes) & set(since)
        else f"{found[1]} is no gu known there"
    )
    return rest[found.end() :], (f"{found[1]} {told}",)


def _eup(rest: str) -> str | None:
    """Return the eup or myeon that stands first in what is left of an address."""
    word = re.split(r"\s", rest, maxsplit=1)[0]
    return next(
        (word[:end] for end in range(len(word), 1, -1) if _EUP.fullmatch(word[:end]) and _AFTER.fullmatch(word[end:])),
        None,
    )


def _in_eup(eup: str, among: tuple[str, ...], *, named: bool) -> _Place | None:
    """Return the localities of that name among municipalities; a myeon may have become an eup since 2018."""
    held = gazetteer.names()
    name = eup
    found = [code for code in among if name in held.localities[code]]
    if not found and eup.endswith("읍"):
        name = eup[:-1] + "면"
        found = [code for code in among if name in held.localities[code]]
    assumed = () if name == eup else (f"{eup} is {name} of 2018, an eup since",)
    if not found:
        return None
    codes = tuple(held.localities[code][name] for code in found)
    if len(codes) == 1:
        alone = () if named and len(among) == 1 else (f"of the places meant only {_called(found)[0]} has {name}",)
        return _Place(EXACT, codes, (), (*assumed, *alone))
    return _Place(AMBIGUOUS, codes, tuple(f"{where} {name}" for where in _called(found)), assumed)


def _in_municipality(codes: tuple[str, ...], rest: str, dong: Dong) -> _Place:
    """Return what is certain of a place of which the municipality is named, and what follows is no eup or myeon."""
    held = gazetteer.names()
    # The gu of one city are one answer; municipalities of one name in several provinces are not.
    cities = {(held.known[code].province, held.known[code].name.partition(" ")[0]) for code in codes}
    newer = any(set(codes) == set(since) for since in held.newer.values())
    since = (
        (f"its gu was renamed or rearranged since the boundary of 2018: {'; '.join(_called(codes))}",) if newer else ()
    )
    found = _DONG.match(rest)
    if found is None:
        several = len(cities) > 1 and not newer
        return _Place(AMBIGUOUS, codes, _called(codes)) if several else _Place(MUNICIPALITY, codes, (), since)
    name = gazetteer.dong_name(found[0])
    same = tuple(held.localities[code][name] for code in codes if name in held.localities[code])
    if dong == "administrative" and same:
        if len(same) == 1:
            return _Place(EXACT, same)
        return _Place(AMBIGUOUS, same, tuple(f"{where} {found[0]}" for where in _called([code[:5] for code in same])))
    alike = tuple(_alike(codes, name))
    if len(cities) > 1 and not newer:
        return _Place(AMBIGUOUS, codes, _called(codes))
    why = (
        f"{found[0]} is a legal dong: no administrative dong is known to contain it, only its municipality"
        if dong == "legal"
        else f"{found[0]} is no administrative dong of 2018 there"
    )
    return _Place(MUNICIPALITY, codes, alike, (*since, why))


def _alike(codes: Iterable[str], name: str) -> Iterator[str]:
    """Yield the administrative dongs of municipalities that share the origin of a name."""
    held, origin = gazetteer.names(), gazetteer.kin(name)
    for code in codes:
        yield from (held.shown[one] for other, one in held.localities[code].items() if gazetteer.kin(other) == origin)


def _in_province(provinces: frozenset[str], rest: str, told: tuple[str, ...]) -> _Place:
    """Return what is certain of a place of which at most the province is named."""
    word, held = rest.split(" ", maxsplit=1)[0], gazetteer.names()
    missed = re.fullmatch(r"[가-힣]+[시군구읍면]", word)
    if not provinces or missed:
        # Counties have changed province (Ganghwa, Yeongi): a name that the province does not have proves nothing.
        if missed and provinces and word[-1] not in "읍면":
            told = (*told, f"{word} is no municipality of 2018 there")
        return replace(_NOTHING, candidates=_called(held.municipalities.get(word, ())), assumed=told)
    return _Place(PROVINCE, tuple(sorted(provinces)), (), told)


def _called(codes: Iterable[str]) -> tuple[str, ...]:
    """Return the names of municipalities and provinces, today."""
    known, ever = gazetteer.names().known, _province_today()
    return tuple(f"{known[code].province} {known[code].name}" if code in known else ever[code] for code in codes)


@functools.cache
def _province_today() -> dict[str, str]:
    """Return the name today of the province that each 2018 province has become."""
    table = datasets.provinces_on()
    return {code: row.province for row in table.itertuples(index=False) for code in row.members}


def _row(text: str | None, place: _Place) -> tuple[str | None, ...]:
    """Return the cells of one address."""
    held, today = gazetteer.names(), _province_today()
    above = [held.known[code[:5]] for code in place.codes if code[:5] in held.known]
    provinces = [one.province for one in above] + [today[code] for code in place.codes if code in today]
    settled = place.status in {EXACT, MUNICIPALITY, PROVINCE}
    localities = [held.shown[code] for code in place.codes if code in held.shown]
    columns = (
        provinces if settled or len(set(provinces)) == 1 else (),
        [one.name for one in above] if settled else (),
        localities if settled else (),
    )
    more = len(place.candidates) - _SHOWN
    candidates = (*place.candidates[:_SHOWN], *([f"and {more} more"] if more > 0 else []))
    return (
        text,
        place.status,
        *(_joined(values, "; ") for values in columns),
        _joined(place.codes, ";"),
        _joined(candidates, "; "),
        _joined(place.assumed, "; "),
    )


def _joined(values: Iterable[str], sign: str) -> str | None:
    """Return different texts joined, null for none."""
    return sign.join(dict.fromkeys(values)) or None
