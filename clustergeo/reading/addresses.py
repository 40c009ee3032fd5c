"""Addresses matched offline against the shipped localities: what certainly contains each, and what was assumed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, get_args

import pandas as pd

from clustergeo.errors import InputError
from clustergeo.reading import _gazetteer as gazetteer
from clustergeo.reading import _wording as wording
from clustergeo.reading._remarks import Remark, remark
from clustergeo.reading._wording import Spread, Start
from clustergeo.reading.problems import LANGS

if TYPE_CHECKING:
    from collections.abc import Iterable

EXACT, MUNICIPALITY, PROVINCE, AMBIGUOUS, UNKNOWN = "exact", "municipality", "province", "ambiguous", "unknown"

Dong = Literal["legal", "administrative"]
_Text = TypeVar("_Text", str, Remark)

_SHOWN = 10
_COLUMNS = (
    "text",
    "status",
    "province",
    "municipality",
    "locality",
    "codes_kostat",
    "candidates",
    "assumed",
    "assumed_ko",
    "together",
)
_LONGEST, _LONGEST_WORD = 2_000, 100
_DONG = re.compile(r"[가-힣]+[0-9·.ㆍ]*(?:[가-힣]*동|가)")


def match_addresses(texts: Any, *, dong: Dong = "legal", lang: str = "en") -> pd.DataFrame:
    """Return where each address lies, as far as the shipped regions prove it. No service is asked.

    Parameters
    ----------
    texts
        n Korean addresses (소재지, 주소): a column, an array or a list.
    dong
        What a dong in them is. `"legal"` (법정동), as in every address of a lot: it is not held to lie in the
        administrative dong of the same name, so that only its municipality is certain. `"administrative"` (행정동)
        where the texts are known to name those.
    lang
        `"en"` or `"ko"`, of the words in `assumed`.

    Returns
    -------
    pandas.DataFrame
        n rows, the index of a column kept: `text`, `status`, `province`, `municipality`, `locality` (names today, of
        2018 for localities; several joined by `; `), `codes_kostat` (2018 codes of the areas that certainly contain
        the place, joined by `;`: localities, municipalities or provinces), `candidates` (what the name may mean) and
        `assumed` (what was taken for granted). Unknown is null.

        `status` is `exact` (a locality contains it), `municipality`, `province`, `ambiguous` (it lies in
        one of the candidates, or in all places that it names together) or `unknown`.

    Raises
    ------
    InputError
        `dong` or `lang` is neither.

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
    if lang not in LANGS:
        msg = f"lang={lang!r} is not a language of clustergeo; expected 'ko' or 'en'."
        raise InputError(msg)
    columns = ["text", "status", "province", "municipality", "locality", "codes_kostat", "candidates"]
    found = matches(texts, dong=dong)
    assumed = found["assumed" if lang == "en" else f"assumed_{lang}"]
    return found[columns].assign(assumed=assumed)


def matches(texts: Any, *, dong: Dong) -> pd.DataFrame:
    """Return what `match_addresses` does, what was assumed in both languages, and whether all places are meant."""
    given = texts if isinstance(texts, pd.Series) else pd.Series(list(texts), dtype=object)
    # A cell that is no text, such as a number or nothing, is no address.
    cells = [value if isinstance(value, str) else "" for value in given]
    found = {text: _matched(text, dong) for text in dict.fromkeys(cells)}
    rows = [_row(text or None, found[text]) for text in cells]
    return pd.DataFrame(rows, columns=_COLUMNS, index=given.index, dtype=object)


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
    fine
        Whether it names more than a municipality: a dong, an eup.
    together
        Whether it names several places, all of which contain it together.
    """

    status: str
    codes: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    assumed: tuple[Remark, ...] = ()
    fine: bool = False
    together: bool = False


_NOTHING = _Place(UNKNOWN)


class _Read(NamedTuple):
    """A place, the beginning by which the places after it are read, and what is left of the text.

    `past_head` says that the beginning of the first word that is left was read too.
    """

    place: _Place
    context: Start | None
    rest: str
    past_head: bool


def _matched(text: str, dong: Dong) -> _Place:
    """Return what an address says, the union of its places where it names several."""
    if len(text) > _LONGEST or any(len(word) > _LONGEST_WORD for word in text.split()):
        return replace(_NOTHING, assumed=(remark("long", count=f"{len(text):,}"),))
    said = wording.said(text)
    places: list[_Place] = []
    context: Start | None = None
    for at, part in enumerate([*said.parts, *said.asides]):
        if at >= len(said.parts) and not places:
            break
        rest, joined = part, False
        while rest:
            starts = wording.starts(Spread(rest))
            if not starts and places:
                if not wording.looks_like_place(rest.split(maxsplit=1)[0]):
                    begin = wording.further(rest, past_head=True)
                    rest = rest[begin:] if begin is not None else ""
                    continue
                found = _in_context(rest, context, dong)
            else:
                found = _placed(Spread(rest), starts, dong)
            if joined and not places[-1].fine and _all_in(found.place.codes, places[-1].codes):
                # What follows a province or a city without a separator lies in it.
                places[-1] = replace(found.place, assumed=_unique(places[-1].assumed, found.place.assumed))
            elif joined and (places[-1].status == PROVINCE or _vague(places[-1])):
                where = ", ".join(gazetteer.called(places[-1].codes))
                why = remark("not_in", name=rest.split(maxsplit=1)[0], where=where)
                return replace(_NOTHING, candidates=gazetteer.named(found.place.codes), assumed=(why,))
            else:
                places.append(found.place)
            context = found.context or context
            begin = wording.further(found.rest, past_head=found.past_head)
            rest, joined = (found.rest[begin:] if begin is not None else ""), True
    return _noted(_together(places), said) if places else _NOTHING


def _unique(*texts: tuple[_Text, ...]) -> tuple[_Text, ...]:
    """Return texts once each, in their order."""
    return tuple(dict.fromkeys(text for some in texts for text in some))


def _vague(place: _Place) -> bool:
    """Say whether a place may be a whole province."""
    return any(code in gazetteer.provinces_today() for code in place.codes)


def _all_in(codes: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Say whether regions, at least one, lie in others."""
    return bool(codes) and all(any(gazetteer.lies_in(code, other) for other in others) for code in codes)


def _together(places: list[_Place]) -> _Place:
    """Return the union of several places; of one that lies in another, only the greater counts."""
    assumed = _unique(*(place.assumed for place in places))
    if len(places) > 1 and any(place.status == UNKNOWN for place in places):
        return replace(_NOTHING, assumed=(*assumed, remark("one_unknown")))
    kept: list[_Place] = []
    for place in places:
        if any(_all_in(place.codes, other.codes) for other in kept):
            continue
        kept = [other for other in kept if not _all_in(other.codes, place.codes)]
        kept.append(place)
    if len(kept) == 1:
        return replace(kept[0], assumed=assumed)
    codes = _unique(*(place.codes for place in kept))
    names = _unique(
        *(place.candidates if place.status == AMBIGUOUS else gazetteer.named(place.codes) for place in kept)
    )
    return _Place(AMBIGUOUS, codes, names, (*assumed, remark("together", count=len(kept))), together=True)


def _noted(place: _Place, said: wording.Said) -> _Place:
    """Return a place with what its other words say: near it is not in it, the ground around is taken to be."""
    if said.more:
        told = remark("more", word=said.more.strip())
        return replace(_NOTHING, candidates=gazetteer.named(place.codes), assumed=(*place.assumed, told))
    if said.near and place.codes:
        if place.status not in {EXACT, MUNICIPALITY} or not place.fine:
            told = remark("near", word=said.near)
            return replace(_NOTHING, candidates=gazetteer.named(place.codes), assumed=(*place.assumed, told))
        codes = tuple(dict.fromkeys(code[:5] for code in place.codes))
        told = remark("near_fine", word=said.near)
        return _Place(MUNICIPALITY, codes, place.candidates, (*place.assumed, told))
    if said.around and place.codes:
        told = remark("around", word=said.around)
        return replace(place, assumed=(*place.assumed, told))
    return place


def _placed(spread: Spread, starts: list[Start], dong: Dong) -> _Read:
    """Return what the first place of a text says."""
    provinces = frozenset(code for start in starts for code in start.provinces)
    codes = tuple(dict.fromkeys(code for start in starts for code in start.municipalities))
    vague = [start for start in starts if not start.municipalities]
    rest = spread.rest(starts[0].end) if starts else spread.text
    rest, told = _past_newer(rest, codes)
    other = bool(wording.starts(Spread(rest)))
    eup = None if other else wording.eup_of(rest)
    if eup is not None:
        place = _in_eup(eup, codes or wording.municipalities_of(provinces), named=bool(codes))
        if place is not None:
            context = Start(provinces, tuple(dict.fromkeys(code[:5] for code in place.codes)), 0)
            return _Read(replace(place, assumed=(*told, *place.assumed)), context, rest, past_head=True)
        told = (*told, remark("no_eup", name=eup))
        if starts and _in_eup(eup, wording.municipalities_of(frozenset()), named=False) is not None:
            return _Read(replace(_NOTHING, assumed=told), Start(provinces, codes, 0), rest, past_head=True)
    if not codes:
        place = _in_province(provinces, "" if other else rest, told)
        return _Read(place, Start(provinces, (), 0) if provinces else None, rest, past_head=not other)
    if vague:
        options = (*codes, *sorted({code for start in vague for code in start.provinces}))
        return _Read(_Place(AMBIGUOUS, options, gazetteer.called(options), told), None, rest, past_head=not other)
    place = _in_municipality(codes, "" if other else rest, dong)
    place = replace(place, assumed=(*told, *place.assumed), fine=place.fine or eup is not None)
    return _Read(place, Start(provinces, codes, 0), rest, past_head=place.fine)


def _in_context(text: str, context: Start | None, dong: Dong) -> _Read:
    """Return what a word that looks like a place says after the places before it."""
    word = text.split(maxsplit=1)[0]
    eup = wording.eup_of(text)
    place = replace(_NOTHING, assumed=(remark("no_place", name=word),))
    if eup is not None:
        among = (context.municipalities or wording.municipalities_of(context.provinces)) if context else ()
        found = _in_eup(eup, among, named=True)
        if found is not None:
            place = found
        elif context and _in_eup(eup, wording.municipalities_of(frozenset()), named=False) is None:
            place = _as_context(context, remark("no_eup", name=eup))
    elif context and _DONG.match(word):
        codes = context.municipalities
        place = (
            _in_municipality(codes, word, dong) if codes else _as_context(context, remark("unknown_there", name=word))
        )
    elif context and word.endswith("도"):
        place = _as_context(context, remark("unknown_there", name=word))
    return _Read(place, context, text, past_head=True)


def _as_context(context: Start, told: Remark) -> _Place:
    """Return what is certain of a place of which only what stands before it is known."""
    codes = context.municipalities
    if not codes:
        return _Place(PROVINCE, tuple(sorted(context.provinces)), (), (told,))
    return replace(_in_municipality(codes, "", "legal"), assumed=(told,), fine=True)


def _past_newer(rest: str, codes: tuple[str, ...]) -> tuple[str, tuple[Remark, ...]]:
    """Return an address past the gu that its city has been given since 2018, and that there is one."""
    found = re.match(r"([가-힣]+구)(?:\s+|$)", rest)
    if found is None or not codes:
        return rest, ()
    since = gazetteer.names().newer.get(found[1], ())
    if not set(codes) & set(since) and wording.starts(Spread(rest)):
        return rest, ()
    return rest[found.end() :], (remark("newer_gu" if set(codes) & set(since) else "no_gu", name=found[1]),)


def _in_eup(eup: str, among: tuple[str, ...], *, named: bool) -> _Place | None:
    """Return the localities of that name among municipalities; a myeon may have become an eup since 2018."""
    held = gazetteer.names()
    name = eup
    found = [code for code in among if name in held.localities[code]]
    if not found and eup.endswith("읍"):
        name = eup[:-1] + "면"
        found = [code for code in among if name in held.localities[code]]
    assumed = () if name == eup else (remark("was_myeon", name=eup, myeon=name),)
    if not found:
        return None
    codes = tuple(held.localities[code][name] for code in found)
    if len(codes) == 1:
        alone = () if named and len(among) == 1 else (remark("only", where=gazetteer.called(found)[0], name=name),)
        return _Place(EXACT, codes, (), (*assumed, *alone), fine=True)
    return _Place(AMBIGUOUS, codes, tuple(f"{where} {name}" for where in gazetteer.called(found)), assumed, fine=True)


def _in_municipality(codes: tuple[str, ...], rest: str, dong: Dong) -> _Place:
    """Return what is certain of a place of which the municipality is named, and what follows is no eup or myeon."""
    held = gazetteer.names()
    # The gu of one city are one answer; municipalities of one name in several provinces are not.
    cities = {(held.known[code].province, held.known[code].name.partition(" ")[0]) for code in codes}
    newer = any(set(codes) == set(since) for since in held.newer.values())
    since = (remark("renamed", where="; ".join(gazetteer.called(codes))),) if newer else ()
    found = _DONG.match(rest)
    if found is None:
        several = len(cities) > 1 and not newer
        return _Place(AMBIGUOUS, codes, gazetteer.called(codes)) if several else _Place(MUNICIPALITY, codes, (), since)
    name = gazetteer.dong_name(found[0])
    same = tuple(held.localities[code][name] for code in codes if name in held.localities[code])
    if dong == "administrative" and same:
        if len(same) == 1:
            return _Place(EXACT, same, fine=True)
        return _Place(
            AMBIGUOUS,
            same,
            tuple(f"{where} {found[0]}" for where in gazetteer.called([code[:5] for code in same])),
            fine=True,
        )
    alike = tuple(gazetteer.alike(codes, name))
    if len(cities) > 1 and not newer:
        return _Place(AMBIGUOUS, codes, gazetteer.called(codes), fine=True)
    why = remark("legal", name=found[0]) if dong == "legal" else remark("no_dong", name=found[0])
    return _Place(MUNICIPALITY, codes, alike, (*since, why), fine=True)


def _in_province(provinces: frozenset[str], rest: str, told: tuple[Remark, ...]) -> _Place:
    """Return what is certain of a place of which at most the province is named."""
    word, held = rest.split(" ", maxsplit=1)[0], gazetteer.names()
    missed = re.fullmatch(r"[가-힣]+[시군구읍면]", word)
    if not provinces or missed:
        # Counties have changed province (Ganghwa, Yeongi): a name that the province does not have proves nothing.
        if missed and provinces and word[-1] not in "읍면":
            told = (*told, remark("no_municipality", name=word))
        return replace(_NOTHING, candidates=gazetteer.called(held.municipalities.get(word, ())), assumed=told)
    return _Place(PROVINCE, tuple(sorted(provinces)), (), told)


def _row(text: str | None, place: _Place) -> tuple[str | bool | None, ...]:
    """Return the cells of one address."""
    held, today = gazetteer.names(), gazetteer.provinces_today()
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
        _joined((one.en for one in place.assumed), "; "),
        _joined((one.ko for one in place.assumed), "; "),
        place.together,
    )


def _joined(values: Iterable[str], sign: str) -> str | None:
    """Return different texts joined, null for none."""
    return sign.join(dict.fromkeys(values)) or None
