"""The words of an address: where the places that it names begin, and what it says beside them."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from clustergeo.reading import _gazetteer as gazetteer

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEAR = re.compile(r"인근|부근|근처|주변|맞은편|건너편|인접|연접|접경|앞바다|해상")
_AROUND = re.compile(r"일원|일대")
_LOTS = re.compile(
    r"(?:외|등)\s*\d+\s*(?:개\s*)?(?:필지|지번|번지|필|개소|곳)|(?<=\d)\s*(?:번지)?\s*외(?:\s*\d+)?(?=\s|$|[),])"
)
# Places that it counts or hints at without naming them: 외 1개 시, 등 3개 시군, 남사읍 등.
_MORE = re.compile(
    r"(?:^|(?<=[\s시군구읍면동리도)\d]))(?:외|등)\s*\d+(?!\d*리)"
    r"|(?<![가-힣])(?:외|등)\s*(?:여러|다른|두|세|네|수|몇|기타|다수)"
    r"|(?:(?<=[시군구읍면동리도])|(?<=\s))(?:외|등|등지)(?=\s|$|[),])"
)
# What may stand before an address: the country and the postcode of five digits, or of six before 2015.
_COUNTRY = re.compile(
    r"\s*(?:대한민국|한국(?=[\s,])|(?:the\s+)?republic\s+of\s+korea|south\s+korea|korea)(?![가-힣A-Za-z])[\s,]*",
    re.IGNORECASE,
)
_POSTCODE = re.compile(
    r"\s*(?:우편번호|\(우\)|우\)|〒)?[\s:]*[(\[]?\s*(?:\d{5}|\d{3}-\d{3})\s*[)\]]?(?=[\s,가-힣])[\s,]*"
)
_BRACKETS = {"(": ")", "[": "]"}
_PARTICLE = re.compile(r"(?<=[시군구읍면동리도])(?:에서|부터|까지|에|의|을|를|은|는)(?=[\s,~]|$)")
# Where one address names several places. A dot between digits belongs to a name such as 종로1·2가동.
_SEVERAL = re.compile(
    r"[,;/&+|~∼〜→↔、]|(?<!\d)[·ㆍ‧・•]|[·ㆍ‧・•](?!\d)|및|\s(?:와|과)\s|(?<=[시군구읍면동리도])(?:와|과)(?=\s)"
    r"|(?<=[가-힣])\s*[-–—]\s*(?=[가-힣])"
)
_WORD = re.compile(r"[가-힣][가-힣0-9·.]*")
_ROAD = re.compile(r"[가-힣0-9·.]*(?:로|길)(?:\d[\d가-힣]*)?")
_GLUED_ROAD = re.compile(r"[가-힣]+[시군구][가-힣]+[읍면동]")
_PLACE = re.compile(r"[가-힣][가-힣0-9·.]*?[시군구읍면동도](?:\d[\d·.]*(?:번지|호)?)?")
# Words that end as places do and are none: districts of a plan, roads, the sea, sides.
_NO_PLACE = re.compile(
    r".*(?:지구|공구|특구|도시|국도|지방도|철도|고속도)"
    r"|공유수면|방면|전면|후면|측면|이면|노면|지면|정면|도면|입구|출구|연구|항구|가구|시도|군도|공동|활동|임시|역시"
)
_BUILDING = re.compile(
    r"(?:[가나다라마바사아자차카타파하]|본관|공장|창고|사무|관리|기숙사|연구|생산|업무|지원|복지|부속)동\d*호?"
)
_EUP = re.compile(r"[가-힣]{1,5}?[가-힣0-9]?[읍면]")
# What may follow the name of an eup or myeon without a space: a ri, a lot, the end.
_AFTER = re.compile(r"(?:[가-힣]{1,6}?[0-9]*리)?(?:산?[\d-]+.*)?")
# What may follow the name of a municipality without a space.
_GLUED = re.compile(r"[가-힣0-9]+?(?:[읍면동리로길가])")
_INSIDE = 3
# No name of a place, with its province before it and what may follow it, is longer; nor is that of an eup or myeon.
_REACH, _EUP_LENGTH = 80, 7


class Said(NamedTuple):
    """What an address says.

    Attributes
    ----------
    parts, asides
        Its texts between separators, and those in brackets, each of which may name places.
    near, around, more
        Its words for near a place, for the ground around one, and for places that it does not name; empty for none.
    """

    parts: list[str]
    asides: list[str]
    near: str
    around: str
    more: str


class Start(NamedTuple):
    """A reading of the beginning of an address: provinces and municipalities it may mean, and where it ends."""

    provinces: frozenset[str]
    municipalities: tuple[str, ...]
    end: int


class Spread:
    """The beginning of an address without its spaces, which still knows where they were."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self._at = [at for at, sign in enumerate(self.beginning) if sign != " "]
        self.tight = "".join(self.text[at] for at in self._at)

    @property
    def beginning(self) -> str:
        """As much of the text as names at its beginning may take up."""
        return self.text[:_REACH]

    def parted(self, end: int) -> bool:
        """Say whether a name that ends here is followed by nothing, a space or what is no Korean letter."""
        if end >= len(self.tight):
            return True
        return self._at[end] - self._at[end - 1] > 1 or not "가" <= self.tight[end] <= "힣"

    def rest(self, end: int) -> str:
        """Return what follows, with its spaces."""
        return self.text[self._at[end] :] if end < len(self.tight) else ""


def said(text: str) -> Said:
    """Return what an address says, in its parts.

    Examples
    --------
    >>> said("남사읍 일원, 진위면(평택시) 외 1개 시")
    Said(parts=['남사읍 일원', '진위면 외 1개 시'], asides=['평택시'], near='', around='일원', more='외 1')
    """
    plain, asides = _parted(_addressed(unicodedata.normalize("NFKC", text)))
    whole = " ".join([plain, *asides])
    near, around, more = (pattern.search(whole) for pattern in (_NEAR, _AROUND, _LOTS))
    hinted = _MORE.search(_LOTS.sub(" ", whole))
    return Said(
        list(_parts(plain)),
        [part for aside in asides for part in _parts(aside)],
        near[0] if near else "",
        around[0] if around else more[0].strip() if more else "",
        hinted[0] if hinted else "",
    )


def _addressed(text: str) -> str:
    """Return an address without the country and the postcode before it, in either order.

    Examples
    --------
    >>> [_addressed(text) for text in ("(06236) 서울 강남구", "대한민국 06236 서울", "12345", "한국동 1")]
    ['서울 강남구', '서울', '12345', '한국동 1']
    """
    for pattern in (_COUNTRY, _POSTCODE, _COUNTRY):
        found = pattern.match(text)
        text = text[found.end() :] if found else text
    return text


def _parted(text: str) -> tuple[str, list[str]]:
    """Return a text without what stands in brackets, and that; a bracket that is not closed is none.

    Examples
    --------
    >>> _parted("남사읍(완장리(일부)) 12 (산")
    ('남사읍  12 (산', ['완장리(일부)'])
    """
    out, asides, opened = [], [], list[int]()
    start = 0
    for at, sign in enumerate(text):
        if sign in _BRACKETS:
            opened.append(at)
        elif opened and sign == _BRACKETS[text[opened[-1]]]:
            first = opened.pop()
            if not opened:
                out.append(text[start:first])
                asides.append(text[first + 1 : at])
                start = at + 1
    return " ".join([*out, text[start:]]), asides


def _parts(text: str) -> Iterator[str]:
    """Yield the texts between separators."""
    yield from (" ".join(part.split()) for part in _SEVERAL.split(_PARTICLE.sub(" ", text)) if part.strip())


def further(text: str, *, past_head: bool) -> int | None:
    """Return where the next place begins that a text names or seems to name, None where there is none.

    `past_head` says that the beginning of its first word has been read.

    Examples
    --------
    >>> further("남사읍 완장리 12 평택시 진위면", past_head=True), further("완장리 12 가동", past_head=False)
    (11, None)
    """
    digit = re.search(r"\d", text)
    lot = len(text) if digit is None else digit.start()
    for token in _WORD.finditer(text):
        at, word = token.start(), token[0]
        if _ROAD.fullmatch(word) and not _GLUED_ROAD.match(word):
            continue
        if not (past_head and at == 0) and _begins(text[at:], word, lot=lot < at):
            return at
        inside = next((one for one in range(1, len(word) - _INSIDE + 1) if _hidden(word[one : one + _REACH])), None)
        if inside is not None:
            return at + inside
    return None


def _begins(text: str, word: str, *, lot: bool) -> bool:
    """Say whether a text begins with the name of a place, or a word that looks like one."""
    if starts(Spread(text[:_REACH])):
        return True
    if lot and _BUILDING.fullmatch(word):
        return False
    return looks_like_place(word)


def looks_like_place(word: str) -> bool:
    """Say whether a word looks like the name of a place.

    Examples
    --------
    >>> [looks_like_place(word) for word in ("무슨시", "진위면가곡리12", "동탄2지구", "완장리")]
    [True, True, False, False]
    """
    if _NO_PLACE.fullmatch(word):
        return False
    return bool(_PLACE.fullmatch(word)) or eup_of(word) is not None


def _hidden(text: str) -> bool:
    """Say whether what stands inside a word is the name of a province or municipality of some length."""
    held, spread = gazetteer.names(), Spread(text)
    for mapping in (held.provinces, held.municipalities):
        for _, end in _prefixes(spread, mapping, 0):
            if end >= _INSIDE and (spread.parted(end) or _GLUED.match(spread.rest(end)[:_REACH])):
                return True
    return False


@functools.lru_cache(maxsize=4096)
def _starts_of(text: str) -> tuple[Start, ...]:
    spread = Spread(text)
    held = gazetteer.names()
    found = []
    for provinces, begin in [(frozenset[str](), 0), *_prefixes(spread, held.provinces, 0)]:
        if begin and spread.parted(begin):
            only = municipalities_of(provinces)
            found.append(Start(frozenset(provinces), only if len(only) == 1 else (), begin))
        for mapping, glued in ((held.municipalities, True), (held.stems, False), (held.newer, True)):
            for codes, end in _prefixes(spread, mapping, begin):
                mine = tuple(code for code in codes if not provinces or held.known[code].owners & provinces)
                if mine and (spread.parted(end) or (glued and _GLUED.match(spread.rest(end)[:_REACH]))):
                    found.append(Start(frozenset(provinces), mine, end))
    longest = max((start.end for start in found), default=0)
    return tuple(start for start in found if start.end == longest)


def starts(spread: Spread) -> list[Start]:
    """Return the readings of the beginning of an address that use most of it."""
    return list(_starts_of(spread.beginning))


@functools.cache
def municipalities_of(provinces: frozenset[str]) -> tuple[str, ...]:
    """Return the municipalities that were ever of provinces, all for none."""
    known = gazetteer.names().known
    return tuple(code for code, one in known.items() if not provinces or one.owners & provinces)


def _prefixes(spread: Spread, mapping: Any, begin: int) -> Iterator[tuple[Any, int]]:
    """Yield what the names that stand at a place of an address mean, and where each ends."""
    for length in range(1, min(_longest(), len(spread.tight) - begin) + 1):
        meant = mapping.get(spread.tight[begin : begin + length])
        if meant:
            yield meant, begin + length


@functools.cache
def _longest() -> int:
    held = gazetteer.names()
    return max(len(name) for names in (held.provinces, held.municipalities) for name in names)


def eup_of(text: str) -> str | None:
    """Return the eup or myeon that stands first in what is left of an address.

    Examples
    --------
    >>> eup_of("남사면완장리12 외"), eup_of("서신면로 12")
    ('남사면', None)
    """
    word = re.split(r"\s", text[:_REACH], maxsplit=1)[0]
    for end in range(min(len(word), _EUP_LENGTH), 1, -1):
        if _EUP.fullmatch(word[:end]) and _AFTER.fullmatch(word[end:]):
            return word[:end]
    return None
