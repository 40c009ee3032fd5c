"""Make the shipped Hangul font from NanumGothic Regular: `build_font.py NanumGothic.ttf ClusterGeoGothic.ttf`.

The source is the file of that name in the Debian package fonts-nanum (SIL Open Font License 1.1). The result keeps
every character: Latin, punctuation, symbols, Hangul jamo, all 11,172 syllables and 4,888 hanja. It loses hinting, the
private tables of the hinting tool and the old name records. Its backslash, drawn as a won sign, becomes the mirror
image of the slash. The licence reserves the name "Nanum", so a modified font must not carry it. The same input and
fontTools give the same bytes.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from fontTools import subset
from fontTools.pens.reverseContourPen import ReverseContourPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

FAMILY = "ClusterGeo Gothic"
POSTSCRIPT = "ClusterGeoGothic-Regular"
LIMIT_BYTES = 3_000_000

# The tables of the hinting tool, and gasp, which only steers hinting.
UNNEEDED_TABLES = ["TSI0", "TSI1", "TSI2", "TSI3", "TSI5", "gasp"]

RESERVED = (
    "Copyright (c) 2010, NAVER Corporation (http://www.nhncorp.com), with Reserved Font Name Nanum, Naver Nanum, "
    "NanumGothic, Naver NanumGothic, NanumMyeongjo, Naver NanumMyeongjo, NanumBrush, Naver NanumBrush, NanumPen, "
    "Naver NanumPen, Naver NanumGothicEco, NanumGothicEco, Naver NanumMyeongjoEco, NanumMyeongjoEco, "
    "Naver NanumGothicLight, NanumGothicLight, NanumBarunGothic, Naver NanumBarunGothic."
)


def rename(font: TTFont) -> None:
    """Give the font its own names, and keep the copyright, the designers and the licence."""
    names = font["name"]
    kept = {code: str(names.getDebugName(code)) for code in (0, 5, 9)}
    version = kept[5].split(";")[0]
    records = {
        0: f"{kept[0]} {RESERVED}",
        1: FAMILY,
        2: "Regular",
        3: f"{version};{POSTSCRIPT}",
        4: FAMILY,
        5: f"{version};modified",
        6: POSTSCRIPT,
        9: kept[9],
        10: "A modified version of NanumGothic Regular by NAVER Corporation: without hinting, made by clustergeo.",
        13: "This Font Software is licensed under the SIL Open Font License, Version 1.1.",
        14: "http://scripts.sil.org/OFL",
    }
    names.names = []
    for code, text in records.items():
        names.setName(text, code, 3, 1, 0x409)


def mirror_backslash(font: TTFont) -> None:
    """Draw the backslash as one: Korean fonts show it as a won sign, which has a character of its own."""
    glyphs, metrics, characters = font["glyf"], font["hmtx"], font.getBestCmap()
    slash = characters[ord("/")]
    width = metrics[slash][0]
    pen = TTGlyphPen(None)
    # A mirror image turns the outline the other way; reversing it keeps the inside inside.
    font.getGlyphSet()[slash].draw(TransformPen(ReverseContourPen(pen), (-1, 0, 0, 1, width, 0)))
    glyphs["backslash.mirrored"] = pen.glyph()
    glyphs["backslash.mirrored"].recalcBounds(glyphs)
    metrics["backslash.mirrored"] = (width, glyphs["backslash.mirrored"].xMin)
    for table in font["cmap"].tables:
        if ord("\\") in table.cmap:
            table.cmap[ord("\\")] = "backslash.mirrored"


def build(source: Path) -> bytes:
    """Return the modified font."""
    font = TTFont(source, recalcTimestamp=False)
    mirror_backslash(font)
    options = subset.Options(hinting=False, name_IDs=["*"], name_languages=["*"], name_legacy=True, notdef_outline=True)
    options.drop_tables += UNNEEDED_TABLES
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=font.getBestCmap())
    subsetter.subset(font)
    rename(font)
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def main(arguments: list[str]) -> int:
    """Build the font and say how large it is."""
    if len(arguments) != 2:  # noqa: PLR2004 - one input, one output
        print("usage: build_font.py IN.ttf OUT.ttf", file=sys.stderr)
        return 2
    data = build(Path(arguments[0]))
    if len(data) >= LIMIT_BYTES:
        print(f"the font is {len(data):,} bytes; it must stay under {LIMIT_BYTES:,}", file=sys.stderr)
        return 1
    Path(arguments[1]).write_bytes(data)
    print(f"{arguments[1]}: {len(data):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
