"""The mutation script on a made-up module: what it changes, what a test notices, and what it says of the rest."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"

MODULE = '''"""Prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def price(age: int) -> int:
    """Return the price of a ticket.

    >>> price(70)
    3
    """
    if age < 0:
        msg = f"age is {age + 0}; expected 0 or more"
        raise ValueError(msg)
    cost = 5
    if age >= 65:
        cost -= 2
    return cost


def untested(ages: Sequence[int]) -> int:
    return len(ages[1:])


def endless(number: int) -> int:
    while number > 0:
        number -= 1
    return number
'''
TESTS = """
import pytest
from fares import endless, price

def test_prices():
    assert [price(age) for age in (0, 64, 65)] == [5, 5, 3]

def test_no_age_is_negative():
    with pytest.raises(ValueError, match="age is -1"):
        price(-1)

def test_it_ends():
    assert endless(3) == 0
"""
SETTINGS = '[tool.pytest.ini_options]\naddopts = "--doctest-modules"\n'
WRITTEN = {"fares.py": MODULE, "test_fares.py": TESTS, "pyproject.toml": SETTINGS}
UNTESTED = {"fares.py:27:21:drop-end", "fares.py:27:21:number"}


@pytest.fixture(scope="module")
def mutants() -> Any:
    spec = importlib.util.spec_from_file_location("mutants", SCRIPTS / "mutants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines(mutants: Any, source: str) -> list[str]:
    found = mutants.mutants_of("m.py", source.encode())
    return [mutant.changed(source.encode()).decode().splitlines()[-1].strip() for mutant in found]


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("x = a < b <= c", ["x = a <= b <= c", "x = a < b < c"]),
        ("x = a is b", ["x = a is not b"]),
        ("x = (a) + (b * c)", ["x = (a) - (b * c)", "x = (a) + (b / c)"]),
        ("x = a and b", ["x = a or b"]),
        ("x = not (a | b)", ["x = (a | b)", "x = not (a & b)"]),
        ("x = -a", ["x = a"]),
        ("x = 0", ["x = 1"]),
        ("x = 2.5", ["x = 3.5"]),
        ("x = a == '가'", ["x = a != '가'", "x = a == '가X'"]),
        ("x = a[:-1]", ["x = a[:]", "x = a[:1]", "x = a[:-2]"]),
        ("x = a[b, 3]", ["x = a[b, 2]"]),
        ("x = np.minimum(min(a), b)", ["x = np.maximum(min(a), b)", "x = np.minimum(max(a), b)"]),
        ("x = f(a, keep=True)", ["x = f(a, keep=False)"]),
        ("x = a if b else c", ["x = a if (not b) else c"]),
        ("f(a)", ["pass"]),
    ],
)
def test_the_changes_of_a_line(line: str, changed: list[str], mutants: Any) -> None:
    assert sorted(lines(mutants, line)) == sorted(changed)


@pytest.mark.parametrize(
    "line",
    [
        "x: tuple[0, 1] = y",
        "msg = f'{a + 1}' + b",
        "x = given(a, 2)",
        "x = 'text'",
        "x = {'a': y}",
        "if TYPE_CHECKING: f(1)",
    ],
)
def test_texts_and_types_stay(line: str, mutants: Any) -> None:
    assert lines(mutants, line) == []


def test_only_a_statement_that_can_be_missed_is_removed(mutants: Any) -> None:
    body = "def f(a):\n    b = g\n    a = b\n    b, c = a, a\n    a[b] = c\n    b, a = a, b\n"
    found = mutants.mutants_of("m.py", body.encode())
    assert [mutant.name for mutant in found] == ["m.py:3:5:remove", "m.py:5:5:remove", "m.py:6:5:remove"]


def test_every_mutant_of_a_file_has_its_own_id_and_is_another_program(mutants: Any) -> None:
    source = (SCRIPTS / "mutants.py").read_bytes()
    found = mutants.mutants_of("mutants.py", source)
    assert len({mutant.name for mutant in found}) == len(found) > 50
    programs = {ast.dump(ast.parse(mutant.changed(source))) for mutant in found}
    assert ast.dump(ast.parse(source)) not in programs


def run(checkout: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "mutate.py"), "--root", str(checkout), "--modules", "fares.py"]
    command += ["--tests", "test_fares.py", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if sys.platform == "win32":
        pytest.skip("the script needs fork")
    folder = tmp_path_factory.mktemp("checkout")
    for name, text in WRITTEN.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_what_a_test_notices_is_killed_and_what_none_notices_is_reported(checkout: Path, mutants: Any) -> None:
    number = len(mutants.mutants_of("fares.py", MODULE.encode()))
    report = checkout / "report.md"
    done = run(checkout, "--report", str(report), "--least", "0.95", "--jobs", "2")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"Killed: {number - 2} of {number} mutants tried" in done.stdout
    assert "timed out: fares.py:32:9:remove" in done.stdout
    text = report.read_text(encoding="utf-8")
    assert set(re.findall("`(.*)` survived", text)) == UNTESTED
    assert "-    return len(ages[1:])\n+    return len(ages[:])" in text
    assert {path.name for path in checkout.iterdir()} == {*WRITTEN, "report.md", ".mutation"}

    # the results are used again, and the survivors that were judged are told apart
    scripts = checkout / "scripts"
    scripts.mkdir()
    (scripts / "mutants_judged.toml").write_text(
        '[[equivalent]]\nid = "fares.py:27:21:drop-end"\nreason = "a"\n\n[[equivalent]]\nfile = "fares.py"\n'
        'was = "return len(ages[1:])"\nbecomes = "return len(ages[2:])"\nreason = "b"\n',
        encoding="utf-8",
    )
    again = run(checkout, "--least", "1")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Without the 2 judged equivalent: 100.0%." in again.stdout
    assert " s for " not in again.stdout

    # a line of which every change is judged alike
    (scripts / "mutants_judged.toml").write_text(
        '[[equivalent]]\nfile = "fares.py"\nwas = "return len(ages[1:])"\nreason = "c"\n', encoding="utf-8"
    )
    assert "Without the 2 judged equivalent: 100.0%." in run(checkout, "--least", "1").stdout


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("fares.py:27:21:number", 1, "+    return len(ages[2:])\nsurvived"),
        ("fares.py:19:9:remove", 0, "killed test_fares.py::test_no_age_is_negative"),
        ("fares.py:1:1:remove", 2, "0 mutants"),
    ],
)
def test_one_mutant_is_run_by_its_id(name: str, code: int, says: str, checkout: Path) -> None:
    done = run(checkout, "--run", name)
    assert says in done.stdout
    assert done.returncode == code


def test_a_test_that_fails_without_any_change_is_said(checkout: Path) -> None:
    (checkout / "test_broken.py").write_text("def test_it(): assert False\n", encoding="utf-8")
    done = run(checkout, "--tests", "test_broken.py")
    assert done.returncode == 2
    assert "Without any change this fails: test_broken.py::test_it" in done.stderr
