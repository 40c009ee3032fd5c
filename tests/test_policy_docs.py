"""The pages of rules, facts and contradictions are those that the data makes, and the page on own rules is true."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

import clustergeo as cg
from clustergeo import datasets
from clustergeo.policy import conditions

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "scripts" / "build_rules.py"


def script() -> Any:
    if not SCRIPT.is_file():
        pytest.skip("the scripts are only in a checkout")
    spec = importlib.util.spec_from_file_location("build_rules", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_those_that_the_data_makes() -> None:
    made = script().pages()
    assert len(made) == 6
    stale = [name for name, text in made.items() if (ROOT / "docs" / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run python scripts/build_rules.py"


def test_every_rule_and_every_fact_stands_on_its_page_in_both_languages() -> None:
    made = script().pages()
    for rule in cg.load_rules():
        assert f"`{rule.id}` {rule.title_en}" in made["rules.md"]
        assert f"`{rule.id}` {rule.title_ko}" in made["rules.ko.md"]
    facts = datasets.load_facts()
    for ending in ("", ".ko"):
        rows = re.findall(r"^\| [0-9]{4}", made[f"facts{ending}.md"], flags=re.MULTILINE)
        assert len(rows) == len(facts)
    assert "2.9" in made["contradictions.md"]
    assert "기획재정부" in made["contradictions.ko.md"]


def test_the_example_of_the_page_on_own_rules_is_accepted(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "own-rules.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "own.toml").write_text(block, encoding="utf-8")
    (rule,) = cg.load_rules(tmp_path / "own.toml", own_only=True)
    assert rule.id == "my-county-grant"


def test_the_page_on_own_rules_names_every_word_and_choice() -> None:
    page = (ROOT / "docs" / "own-rules.md").read_text(encoding="utf-8")
    for name, word in conditions.WORDS.items():
        assert f"`{name}`" in page
        if word.choices != conditions.SECTORS:
            assert all(f"`{choice}`" in page for choice in word.choices)
