"""The README says what is true."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def test_the_python_of_the_readme_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    test = doctest.DocTestParser().get_doctest(block, {}, "README.md", str(README), 0)
    result = doctest.DocTestRunner().run(test)
    assert result.attempted >= 8
    assert result.failed == 0


def test_the_first_screen_has_a_sentence_a_picture_and_two_commands() -> None:
    first = README.read_text(encoding="utf-8").split("\n## ")[0]
    assert first.count("```\n") == 4
    assert re.search(r"!\[[^\]]+\]\((docs/images/map\.png)\)", first)
    assert "clustergeo report out" in first
    assert "python -m pytest" in first


def test_every_file_that_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_the_python_of_the_page_on_spreadsheets_prints_what_it_says() -> None:
    page = ROOT / "docs" / "spreadsheets.md"
    result = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert result.attempted >= 7
    assert result.failed == 0
