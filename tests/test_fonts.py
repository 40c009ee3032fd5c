"""The shipped font shows Korean anywhere, under its own name, and pages carry only what they use."""

from __future__ import annotations

import io
import logging
import subprocess
import sys

import pytest
from fontTools.ttLib import TTFont

from clustergeo import _fonts

SYLLABLES = "".join(map(chr, range(0xAC00, 0xD7A4)))
LATIN = "".join(map(chr, range(0x20, 0x7F)))


@pytest.fixture(scope="module")
def font() -> TTFont:
    return TTFont(_fonts.font_path())


def test_every_syllable_latin_letter_and_common_symbol_is_there() -> None:
    assert len(SYLLABLES) == 11_172
    assert _fonts.covers(SYLLABLES + LATIN + "ㄱㅏ→↑■□▲○●㎡㎢·…–—“”×±°²≤≥韓國") == set()


def test_a_character_that_the_font_lacks_is_told() -> None:
    assert _fonts.covers("용인 \N{SNOWMAN}\n\U0001f469") == {"\N{SNOWMAN}", "\U0001f469"}


def test_the_font_and_its_licence_are_small_enough_to_ship() -> None:
    path = _fonts.font_path()
    assert 1_000_000 < path.stat().st_size < 3_000_000
    licence = (path.parent / "OFL.txt").read_text(encoding="utf-8")
    assert "Copyright (c) 2010, NAVER Corporation" in licence
    assert "SIL OPEN FONT LICENSE\n\nVersion 1.1 - 26 February 2007" in licence
    assert "PERMISSION & CONDITIONS" in licence


def test_the_modified_font_does_not_use_the_reserved_name(font: TTFont) -> None:
    names = {code: font["name"].getDebugName(code) for code in (1, 3, 4, 6)}
    assert names[1] == names[4] == _fonts.FAMILY
    assert not [text for text in names.values() if "nanum" in str(text).lower()]
    assert font["name"].getDebugName(16) is None
    assert "NAVER Corporation" in font["name"].getDebugName(0)
    assert "SIL Open Font License, Version 1.1" in font["name"].getDebugName(13)


def test_the_font_has_no_hinting(font: TTFont) -> None:
    assert not {"fpgm", "prep", "cvt ", "TSI1"} & set(font.keys())


def test_the_backslash_is_the_mirror_image_of_the_slash(font: TTFont) -> None:
    characters, glyphs, metrics = font.getBestCmap(), font["glyf"], font["hmtx"]
    slash, backslash = (characters[ord(one)] for one in "/\\")
    width = metrics[slash][0]
    mirrored = sorted((width - x, y) for x, y in glyphs[slash].getCoordinates(glyphs)[0])
    assert sorted(glyphs[backslash].getCoordinates(glyphs)[0]) == mirrored


def test_a_page_carries_only_its_characters_and_basic_latin() -> None:
    data = _fonts.subset_woff("용인 용인\N{SNOWMAN}")
    assert data[:4] == b"wOFF"
    with TTFont(io.BytesIO(data)) as small:
        assert set(map(chr, small.getBestCmap())) == set(LATIN) | set("용인")
        assert "SIL Open Font License" in small["name"].getDebugName(13)
    assert len(data) < 30_000


def test_the_same_characters_give_the_same_bytes() -> None:
    assert _fonts.subset_woff("반도체 용인") == _fonts.subset_woff("용인반도체반도체")
    assert _fonts.subset_woff("용인") != _fonts.subset_woff("용안")


def test_making_a_subset_says_nothing(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.INFO):
        _fonts.subset_woff("용인\N{SNOWMAN}")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert capsys.readouterr() == ("", "")


def test_the_module_alone_does_not_load_the_font_tools() -> None:
    code = "import sys, clustergeo._fonts; sys.exit(any(name.startswith('fontTools') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
