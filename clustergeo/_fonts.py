"""The Hangul font that pages and pictures carry, so that Korean shows on a machine that has no Korean font."""

from __future__ import annotations

import functools
import importlib.resources
import io
from pathlib import Path

FAMILY = "ClusterGeo Gothic"

_BASIC_LATIN = frozenset(range(0x20, 0x7F))


def font_path() -> Path:
    """Return the shipped font, a TrueType file.

    It is a modified NanumGothic under the SIL Open Font License 1.1; the licence lies beside it as `OFL.txt`.

    Examples
    --------
    >>> font_path().name
    'ClusterGeoGothic.ttf'
    """
    return Path(str(importlib.resources.files("clustergeo") / "_fontdata" / "ClusterGeoGothic.ttf"))


def covers(text: str) -> set[str]:
    """Return the characters of a text that the shipped font lacks; line breaks and tabs are not characters.

    Parameters
    ----------
    text
        Any text.

    Examples
    --------
    >>> covers("용인 첨단시스템반도체, 7.28 ㎢")
    set()
    >>> covers("용인 \N{SNOWMAN}")
    {'☃'}
    """
    return {one for one in text if ord(one) not in _characters() and one not in "\n\r\t"}


# A report asks for the text of each of its pages once, and again when it is verified.
@functools.lru_cache(maxsize=8)
def subset_woff(text: str) -> bytes:
    """Return the shipped font as WOFF 1.0 (zlib) with only the characters of a text, and basic Latin.

    The same text gives the same bytes, whatever the order of its characters. Characters that the font lacks are left
    out: a browser takes those from its own fonts.

    Parameters
    ----------
    text
        Everything the page shows.

    Examples
    --------
    >>> subset_woff("용인")[:4]
    b'wOFF'
    """
    # Both are slow to import, and only a page needs them.
    from fontTools import subset  # noqa: PLC0415
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    font = TTFont(font_path(), recalcTimestamp=False)
    options = subset.Options(hinting=False, name_IDs=["*"], notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=sorted(({ord(one) for one in text} | _BASIC_LATIN) & _characters()))
    subsetter.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    font.save(out)
    font.close()
    return out.getvalue()


@functools.cache
def _characters() -> frozenset[int]:
    """Return the code points of the font."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - slow to import

    with TTFont(font_path(), lazy=True) as font:
        return frozenset(font.getBestCmap())
