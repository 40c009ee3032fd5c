"""Encoding: in which one the texts of a shapefile or of a text file are, held against their bytes."""

from __future__ import annotations

import codecs
import contextlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from clustergeo.errors import InputError
from clustergeo.reading.dbf import ASCII_END, Table, mend
from clustergeo.reading.opening import companion, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clustergeo.reading.dbf import Checked, Field

UTF8 = "utf-8"
KOREAN = "cp949"

_BLOCK = 1 << 20
# Codecs of Python that no file of texts is in.
_NO_CHARSETS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem")

# The language bytes of a DBF that name one encoding. Others (0x03, 0x57, 0xF0 ...) are written by programs that did not
# ask, so they count only where neither UTF-8 nor cp949 fits.
_SURE = {0x4E: KOREAN, 0x79: KOREAN}
_DOUBTFUL = {0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x13: "cp932", 0x4D: "cp936", 0x4F: "cp950", 0x57: "cp1252"}

# Of the name of a column, in bytes.
_LONGEST_NAME = 10
# What is cut where a text is longer than its column: the first bytes of a character whose last ones are missing.
_CUT = ("unexpected end of data", "incomplete multibyte sequence")


class Encoding(NamedTuple):
    """What was decided about the texts of a file.

    Attributes
    ----------
    name
        As Python names it; None where the file holds no text.
    report
        What was decided, one sentence each.
    cut
        How many texts fill their column and end within a character.
    """

    name: str | None
    report: list[str]
    cut: int = 0


class _Misfit(NamedTuple):
    """The first cell that is no text in an encoding: where it is, and what it holds."""

    where: str
    data: bytes


def named(encoding: str) -> str:
    """Return the name of an encoding; the superset cp949 for euc-kr, which lacks 8,822 syllables such as 똠.

    Raises
    ------
    InputError
        There is no such encoding.

    Examples
    --------
    >>> named("EUC-KR"), named("UTF8"), named("949")
    ('cp949', 'utf-8', 'cp949')
    """
    text = str(encoding).strip().lower()
    # ESRI writes code pages as numbers: 949, ANSI 949, 88591.
    number = re.fullmatch(r"(?:ansi|oem|cp|windows|ms)?[ _-]*(\d{3,5})", text)
    if number:
        text = {"65001": UTF8, "88591": "latin-1"}.get(number[1], f"cp{number[1]}")
    try:
        name = codecs.lookup("" if text.replace("-", "_") in _NO_CHARSETS else text).name
        "".encode(name)
    except (LookupError, ValueError) as error:
        msg = f"encoding={encoding!r} is no encoding of texts. Write for example 'cp949' or 'utf-8'."
        raise InputError(msg) from error
    return KOREAN if name in ("euc_kr", "ks_c_5601_1987") else name


def of_shapefile(file: Path, asked: str | None, name: str) -> Encoding:
    """Return in which encoding the texts of a shapefile are.

    Parameters
    ----------
    file
        The `.shp`.
    asked
        What the caller names; otherwise the `.cpg`, the language byte of the `.dbf`, strict UTF-8 and cp949 are held
        against the texts, in this order.
    name
        How to name the file in a refusal.

    Raises
    ------
    InputError
        The encoding asked for does not fit, or none does: with the first cell that is no text in it.
    """
    table = companion(file, ".dbf")
    if table is None:
        return Encoding(None, [f"{shown(file.with_suffix('.dbf').name)} is missing: the shapes have no columns"])
    texts = _Texts(table)
    if asked is not None:
        wanted = named(asked)
        misfit, cut = texts.misfit(wanted)
        if misfit is not None:
            raise InputError(_refusal(misfit, name, f"encoding={asked!r}"))
        return Encoding(wanted, _half(cut), cut)
    if not texts.foreign():
        return Encoding(UTF8, [])
    report: list[str] = []
    for tried, why, plain in _candidates(file, texts.language, report):
        misfit, cut = texts.misfit(tried)
        if misfit is None and plain and tried not in (UTF8, KOREAN) and texts.hangul(UTF8):
            # A Western encoding takes any bytes; that Korean in UTF-8 stands there by chance is out of the question.
            report.append(f"{why}, but they are Korean in UTF-8")
            continue
        if misfit is None:
            if not plain:
                report.append(f"texts read as {tried}, {why}")
            return Encoding(tried, report + _half(cut) + _hint(tried, texts), cut)
        if plain:
            report.append(f"{why}, which its texts are not (such as {misfit.data[:20]!r}, {misfit.where})")
    raise InputError(_refusal(misfit, name, "UTF-8 or cp949"))


@contextlib.contextmanager
def whole(file: Path, found: Encoding, checked: Checked) -> Iterator[Path]:
    """Yield a shapefile whose cells GDAL reads as they are: the same one, or a copy where its table is mended."""
    table = companion(file, ".dbf")
    if not (found.cut or checked.texts or checked.flags) or found.name is None or table is None:
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        for part in (one for one in file.parent.iterdir() if one.stem == file.stem and one != table):
            Path(folder, f"file{part.suffix.lower()}").symlink_to(part.absolute())
        copy = Path(folder, "file.dbf")
        shutil.copyfile(table, copy)
        _Texts(copy, write=True).trim(found.name)
        mend(copy, checked)
        yield Path(folder, "file.shp")


def of_text(file: Path, asked: str | None, name: str) -> Encoding:
    """Return in which encoding a text file is: as asked, or UTF-8, or cp949 where it is no UTF-8.

    Raises
    ------
    InputError
        It is in none of them.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a.geojson"
    >>> _ = file.write_bytes("똠방각하".encode("cp949"))
    >>> of_text(file, None, file.name).name
    'cp949'
    """
    if asked is not None:
        wanted = named(asked)
        if not _decodes(file, wanted):
            msg = f"{shown(name)} is no text in encoding={asked!r}. Leave the encoding out, or name another."
            raise InputError(msg)
        return Encoding(wanted, [])
    with file.open("rb") as stream:
        head = stream.read(4)
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and _decodes(file, "utf-16"):
        return Encoding("utf-16", ["texts read as utf-16, by the mark at the start of the file"])
    if _decodes(file, UTF8):
        return Encoding("utf-8-sig" if head[:3] == codecs.BOM_UTF8 else UTF8, [])
    if _decodes(file, KOREAN):
        return Encoding(KOREAN, ["texts read as cp949, because they are no UTF-8"])
    msg = f'{shown(name)} is neither UTF-8 nor cp949 text. Name its encoding: encoding="..." (--encoding ...).'
    raise InputError(msg)


def check_texts(columns: Iterable[tuple[str, Any]], name: str | Path, *, first: int = 0) -> None:
    """Refuse texts of a format of UTF-8 that are none: they would be handed on unseen, to fail where they are used.

    Parameters
    ----------
    columns
        Names, and columns of Arrow or of pandas.
    name
        How to name the file in a refusal.
    first
        The number of their first row in the file.

    Raises
    ------
    InputError
        With the row, the column and the bytes.
    """
    for column, held in columns:
        cells = pa.array(held) if isinstance(held, pd.api.extensions.ExtensionArray) else held
        if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
            continue
        try:
            cells.validate(full=True)
        except pa.ArrowInvalid:
            texts = cells.cast(pa.large_binary()).to_pylist()
            row = next((row for row, text in enumerate(texts) if text is not None and not _fits(text, UTF8)), None)
            if row is None:
                raise
            msg = (
                f"{shown(name)} has texts that are not UTF-8, as its format asks: row {first + row}, column "
                f"{column!r}, holds {texts[row][:40]!r} (rows are counted from 0). Export it again in UTF-8."
            )
            raise InputError(msg) from None


def transcoded(file: Path, encoding: str, target: Path) -> Path:
    """Write a text file again in UTF-8, and return where."""
    with file.open("r", encoding=encoding, newline="") as source, target.open("w", encoding=UTF8, newline="") as out:
        while block := source.read(_BLOCK):
            out.write(block)
    return target


def _decodes(file: Path, encoding: str) -> bool:
    """Say whether all of a file is text in an encoding, in bounded memory."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _candidates(file: Path, language: int, report: list[str]) -> Iterator[tuple[str, str, bool]]:
    """Yield the encodings to try, why, and whether the file itself names them."""
    page = companion(file, ".cpg")
    if page is not None:
        text = page.read_bytes()[:64].decode("ascii", "replace").strip("\x00\ufeff \r\n\t")
        try:
            yield named(text), f"its .cpg says {text}", True
        except InputError:
            report.append(f"its .cpg says {text!r}, which is no encoding")
    if language in _SURE:
        yield _SURE[language], f"the language byte of its .dbf says {_SURE[language]}", True
    yield UTF8, "because all of them are valid UTF-8; nothing names an encoding", False
    yield (
        KOREAN,
        "because they are no UTF-8 and all of them are valid cp949; nothing that can be relied on says so",
        False,
    )
    if language in _DOUBTFUL:
        name = _DOUBTFUL[language]
        yield (
            name,
            f"as the language byte {language:#04x} of its .dbf says, because they are no UTF-8 and no cp949",
            False,
        )


def _half(cut: int) -> list[str]:
    """Return what is said of texts that end within a character."""
    if not cut:
        return []
    return [f"{cut} texts fill their column and end within a character: its half was left out"]


def _hint(name: str, texts: _Texts) -> list[str]:
    """Return what is said where a Western encoding was named for texts that would be Korean in cp949."""
    if name in (UTF8, KOREAN) or not texts.hangul():
        return []
    return [f'texts read as {name}; in cp949 they would be Korean: if names look garbled, pass encoding="cp949"']


def _refusal(misfit: _Misfit | None, name: str, what: str) -> str:
    """Return the refusal of texts that are in no known encoding."""
    where = "" if misfit is None else f": {misfit.where}, holds {misfit.data[:40]!r}"
    return f'{shown(name)} has texts that are not {what}{where}. Name their encoding: encoding="..." (--encoding ...).'


class _Texts(Table):
    """The text columns of the table of a shapefile."""

    def foreign(self) -> bool:
        """Say whether any text holds more than ASCII."""
        names = any(max(field.name, default=0) >= ASCII_END for field in self.fields)
        return names or any(bool((piece >= ASCII_END).any()) for _, _, piece in self.pieces())

    def misfit(self, encoding: str) -> tuple[_Misfit | None, int]:
        """Return the first cell that is no text in an encoding, and how many end within a character."""
        for number, field in enumerate(self.fields):
            name = field.name
            # GDAL has its own way to cut half a character from a name, but in UTF-8.
            whole = name[:-1] if encoding != UTF8 and len(name) == _LONGEST_NAME else name
            if not _fits(name, encoding) and not _fits(whole, encoding):
                return _Misfit(f"the name of column {number + 1}", name), 0
        cut = 0
        for field, row, error in self._faults(encoding):
            if error.reason not in _CUT or error.end < field.place.stop - field.place.start:
                data = self.cells[row, field.place].tobytes().rstrip(b" \0")
                return _Misfit(f"row {row}, column {field.name.decode(encoding, 'replace')}", data), cut
            cut += 1
        return None, cut

    def trim(self, encoding: str) -> None:
        """Overwrite with spaces what is left of a character at the end of a text."""
        for field, row, error in self._faults(encoding):
            self.cells[row, field.place.start + error.start : field.place.stop] = ord(" ")

    def _faults(self, encoding: str) -> Iterator[tuple[Field, int, UnicodeDecodeError]]:
        """Yield the column, the row and the fault of each cell that is no text."""
        for first, field, piece in self.pieces():
            joined = np.full((len(piece), piece.shape[1] + 1), ord("\n"), dtype=np.uint8)
            joined[:, :-1] = piece
            if _fits(joined.tobytes(), encoding):
                continue
            for row in np.flatnonzero((piece >= ASCII_END).any(axis=1)):
                try:
                    piece[row].tobytes().decode(encoding)
                except UnicodeDecodeError as error:
                    yield field, first + int(row), error

    def hangul(self, encoding: str = KOREAN) -> bool:
        """Say whether the first foreign text is Korean in an encoding."""
        for _, _, piece in self.pieces():
            for row in np.flatnonzero((piece >= ASCII_END).any(axis=1))[:1]:
                text = piece[row].tobytes().decode(encoding, "replace")
                foreign = [letter for letter in text if ord(letter) >= ASCII_END]
                return all("가" <= letter <= "힣" for letter in foreign)
        return False


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
