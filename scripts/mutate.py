"""Mutation testing of the engine, the tags and the bounds: `python scripts/mutate.py --sample 300 --report out.md`.

A mutant is one small change of one module; `mutants.py` says which there are. The tests that `PLAN` lists for the
module run against each. One that they do not notice survives, and shows what they do not say.

The checkout is copied, so that it may be edited meanwhile. The libraries are imported once. Each mutant is a fork of
that process, which imports the package anew with the changed module and runs pytest. numba compiles nothing
(NUMBA_DISABLE_JIT), so that a changed kernel is what runs, and numpy's warnings about numbers are then off, because a
compiled kernel gives none. With `--compiled` the kernels are compiled, with their bounds checked, while a
module that has none is changed: that takes less time. A mutant that takes several times as long as the clean run counts
as killed.

`--list` shows the mutants with their ids, `--run ID` runs one and shows what pytest says. Results are kept as long as
the module and, for a survivor, its tests are the same: an interrupted run goes on. A sample is drawn from each module
in proportion; its 95 % interval is Wilson's for a finite population.

Survivors that change no answer are judged by hand in `scripts/mutants_judged.toml`, and reported apart:

    [[equivalent]]
    file = "clustergeo/overlap/cutting.py"
    was = "if x_step < side:"  # the changed line; or, instead of these three: id = "..."
    becomes = "if x_step <= side:"  # left out where no change of the line changes an answer
    reason = "A cover of no width counts nothing."
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import gc
import hashlib
import importlib.machinery
import importlib.util
import json
import math
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from mutants import Mutant, mutants_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Suite(NamedTuple):
    """A test file, which of its tests (pytest's -k), how many examples hypothesis may try, and whether numba is off."""

    path: str
    chosen: str = ""
    examples: int = 1000
    interpreted: bool = True


RINGS = Suite("tests/test_engine_rings.py")
CELLS = Suite("tests/test_engine_grid.py", "not explode and not hundred_thousand")
LIMITS = Suite("tests/test_engine_grid.py", "explode")
PLAIN = Suite("tests/test_overlap.py")
SHARES = Suite("tests/test_engine_shares.py", "not any_number_of_threads and not permuted_rows")
THREADS = Suite("tests/test_engine_shares.py", "any_number_of_threads or permuted_rows")
EXACT = Suite("tests/test_engine_exact.py", "not ten_thousand", examples=40)
DISTANCE = Suite("tests/test_engine_distance.py", examples=5)
BOUNDS, LAWS, TAGS, CAPITAL = (Suite(f"tests/test_{name}.py") for name in ("bounds", "laws", "tags", "capital_region"))
LARGE = Suite("tests/test_tags_large.py", "degrees or overlaps or abroad")
EXACTLY, SITES, RIGHTLY = (Suite(f"tests/test_exactly_{name}.py") for name in ("engine", "sites", "validity"))
BORDER = Suite("tests/test_engine_border.py", "not threads", examples=5)
ANY_BORDER = Suite("tests/test_engine_border.py", examples=5)
POINTS = Suite("tests/test_engine_points.py", "not threads and not rough", examples=10)
POLYGONS = Suite("tests/test_engine_polygons.py", examples=20)
VALID = Suite("tests/test_engine_validity.py", "not threads and not large_polygons", examples=10)
TANGLED = Suite("tests/test_engine_validity.py", "large_polygons", examples=10)
DISSOLVED = Suite("tests/test_engine_dissolving.py", examples=20)
PREPARED = Suite("tests/test_engine_prepared.py")
ENGINE = (EXACTLY, RINGS, CELLS, PLAIN, SHARES, EXACT, DISTANCE, PREPARED, LARGE)
OVERLAY = (SITES, BOUNDS, LAWS, TAGS, CAPITAL, LARGE)

# The first pattern that fits a module counts. The suites that are quickest to notice come first.
PLAN: dict[str, tuple[Suite, ...]] = {
    "clustergeo/overlap/__init__.py": (),
    "clustergeo/overlap/jit.py": (),  # says how kernels are compiled, and here none is
    "clustergeo/overlap/plain.py": (EXACTLY, PLAIN, POINTS, SHARES, DISTANCE, LAWS),
    "clustergeo/overlap/grid.py": (EXACTLY, CELLS, SHARES, EXACT, LIMITS),
    "clustergeo/overlap/cutting.py": (EXACTLY, CELLS, SHARES, EXACT),
    "clustergeo/overlap/pairs.py": (EXACTLY, SHARES, EXACT),
    "clustergeo/overlap/summing.py": (EXACTLY, SHARES, EXACT, THREADS, LARGE),
    "clustergeo/overlap/threads.py": (EXACTLY, RINGS, SHARES, THREADS),
    "clustergeo/overlap/wkb.py": (RINGS, EXACTLY, SHARES),
    "clustergeo/overlap/ragged.py": (RINGS, EXACTLY, POLYGONS, SHARES, LARGE),
    "clustergeo/overlap/rings.py": (RINGS, EXACTLY, POLYGONS, SHARES, LARGE),
    "clustergeo/overlap/measuring.py": (RINGS, SHARES),
    "clustergeo/overlap/nearest.py": (EXACTLY, BORDER, DISTANCE),
    "clustergeo/overlap/border.py": (EXACTLY, ANY_BORDER, DISTANCE, PLAIN),
    "clustergeo/overlap/holding.py": (EXACTLY, POINTS),
    "clustergeo/overlap/centring.py": (EXACTLY, POLYGONS),
    "clustergeo/overlap/choosing.py": (EXACTLY, LARGE),
    "clustergeo/overlap/crossing.py": (RIGHTLY, VALID, TANGLED),
    "clustergeo/overlap/curve.py": (EXACTLY, BORDER),
    "clustergeo/overlap/dissolving.py": (EXACTLY, DISSOLVED, SHARES, PLAIN, POINTS),
    "clustergeo/overlap/shapes.py": (EXACTLY, POLYGONS, POINTS, PLAIN),
    "clustergeo/overlap/tangling.py": (RIGHTLY, TANGLED, VALID),
    "clustergeo/overlap/validity.py": (RIGHTLY, VALID, TANGLED),
    "clustergeo/overlap/forms.py": (EXACTLY, POLYGONS, SHARES, PREPARED, PLAIN),
    "clustergeo/overlap/*.py": ENGINE,
    "clustergeo/footprints.py": OVERLAY,
    "clustergeo/tags.py": (SITES, LAWS, TAGS, BOUNDS, LARGE),
    "clustergeo/_zones.py": (SITES, LAWS, TAGS, BOUNDS, LARGE),
    "clustergeo/_regions.py": (SITES, TAGS, CAPITAL, BOUNDS, LAWS, LARGE),
    "clustergeo/_coded.py": OVERLAY,
}
PRELOADED = "pandas pyarrow.parquet pyogrio geopandas numba hypothesis.strategies hypothesis.extra.numpy pytest doctest"
KERNEL = b"@compiled("
LIMIT_S, LIMIT_TIMES, MEMORY_BYTES = 5.0, 3.0, 4 * 2**30
KILLED, TIMED_OUT, SURVIVED, EQUIVALENT = "killed", "timed out", "survived", "equivalent"


class Module(NamedTuple):
    """A module, what it tells apart from another state of it and its tests, its suites and its mutants."""

    source: bytes
    digest: str
    tests: str
    suites: tuple[Suite, ...]
    mutants: list[Mutant]


class Trial(NamedTuple):
    """A module, perhaps changed, the suites to run against it and how many seconds each may take."""

    file: str
    changed: bytes | None
    suites: tuple[Suite, ...]
    limits: tuple[float, ...]


Outcome = dict[str, Any]


def modules_of(
    root: Path, patterns: Sequence[str], tests: Sequence[str], *, compiled: bool = False
) -> dict[str, Module]:
    """Return the modules that have tests, with their own doctests as the first suite."""
    found, files = {}, {pattern: sorted(root.glob(pattern)) for pattern in patterns}
    if not all(files.values()):
        msg = f"There is no file {next(pattern for pattern in files if not files[pattern])} in {root}."
        raise FileNotFoundError(msg)
    for file in dict.fromkeys(path.relative_to(root).as_posix() for some in files.values() for path in some):
        source = (root / file).read_bytes()
        listed = next((suites for pattern, suites in PLAN.items() if fnmatch.fnmatch(file, pattern)), ())
        suites = (Suite(file),) * (b">>> " in source) + (tuple(map(Suite, tests)) or listed)
        if compiled and KERNEL not in source:
            suites = tuple(suite._replace(interpreted=False) for suite in suites)
        digest = _digest(repr(suite).encode() + (root / suite.path).read_bytes() for suite in suites)
        if suites:
            found[file] = Module(source, _digest([source]), digest, suites, mutants_of(file, source))
    return found


def _digest(texts: Any) -> str:
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


def preload(root: Path, shared: Path) -> Callable[[int], None]:
    """Import what every mutant needs and none changes; return what limits the examples that hypothesis tries."""
    variables = {"NUMBA_DISABLE_JIT": "1", "NUMBA_BOUNDSCHECK": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    os.environ.update(variables, TMPDIR=str(root.parent))
    if shared.is_dir():
        os.environ.setdefault("CLUSTERGEO_SHARED", str(shared))
    os.chdir(root)
    sys.path.insert(0, str(root))
    for name in PRELOADED.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    from hypothesis import HealthCheck, Phase, settings  # noqa: PLC0415 - after the variables are set

    options: dict[str, Any] = {"phases": (Phase.explicit, Phase.generate), "suppress_health_check": [*HealthCheck]}
    settings.register_profile("mutants", database=None, deadline=None, derandomize=True, **options)
    settings.load_profile("mutants")
    initialise = settings.__init__

    def limit(examples: int) -> None:
        # a test that states its number of examples overrides that of the profile
        def limited(self: Any, *parents: Any, **given: Any) -> None:
            initialise(self, *parents, **given | {"max_examples": min(given.get("max_examples", 100), examples)})

        setattr(settings, "__init__", limited)  # noqa: B010 - mypy

    gc.freeze()
    return limit


class Watch:
    """A plugin of pytest that notes the first test that fails."""

    first = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note a test that failed."""
        if report.failed:
            self.first = self.first or report.nodeid

    pytest_collectreport = pytest_runtest_logreport


def _import_changed(file: str, source: bytes) -> None:
    """Let a module be imported with another source."""
    name, path = file.removesuffix(".py").replace("/", "."), str(Path(file).resolve())

    class Loader(importlib.machinery.SourceFileLoader):
        def get_code(self, fullname: str) -> Any:
            return compile(source, self.get_filename(fullname), "exec", dont_inherit=True)

    class Finder(importlib.machinery.PathFinder):
        @classmethod
        def find_spec(cls, fullname: str, *_: Any) -> Any:
            given = fullname == name
            return importlib.util.spec_from_file_location(name, path, loader=Loader(name, path)) if given else None

    sys.meta_path.insert(0, Finder)


def _child(trial: Trial, limit: Callable[[int], None], answer: int, *, shown: bool) -> NoReturn:
    """Run the suites in a fork until one fails, and say which test failed and how long each suite took."""
    import numba  # noqa: PLC0415 - after the variables are set
    import numpy as np  # noqa: PLC0415
    import pytest  # noqa: PLC0415

    if not trial.suites[0].interpreted:
        os.environ["NUMBA_DISABLE_JIT"] = "0"
        numba.core.config.reload_config()  # type: ignore[no-untyped-call]
    else:
        np.seterr(all="ignore")
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    if not shown:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
    if trial.changed is not None:
        _import_changed(trial.file, trial.changed)
    said: Outcome = {"by": "", "seconds": []}
    options = [
        "-x",
        "-q",
        "--no-header",
        "--assert=plain",
        "-p",
        "no:cacheprovider",
        "--tb=short" if shown else "--tb=no",
    ]
    for suite, most in zip(trial.suites, trial.limits, strict=True):
        begin, watch = time.process_time(), Watch()
        signal.setitimer(signal.ITIMER_PROF, most)
        signal.setitimer(signal.ITIMER_REAL, 5 * most)  # for what waits and does not work
        limit(suite.examples)
        code = int(pytest.main([*options, "-k", suite.chosen, suite.path], plugins=[watch]))
        said["seconds"].append(round(time.process_time() - begin, 2))
        if code:
            said["by"] = watch.first or f"{suite.path}: exit code {code}"
            break
    os.write(answer, json.dumps(said).encode())
    os._exit(0)


def outcomes(
    trials: dict[str, Trial], limit: Callable[[int], None], jobs: int = 1, *, shown: bool = False
) -> Iterator[tuple[str, Outcome]]:
    """Yield name and outcome of each trial as it ends, some at the same time."""
    running: dict[int, tuple[str, int]] = {}
    waiting = list(trials)[::-1]
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                name = waiting.pop()
                readable, writable = os.pipe()
                pid = os.fork()
                if pid == 0:
                    try:
                        _child(trials[name], limit, writable, shown=shown)
                    except BaseException:  # noqa: BLE001 - nothing may return from a fork
                        sys.excepthook(*sys.exc_info())
                        os._exit(1)
                os.close(writable)
                running[pid] = name, readable
            pid, status = os.wait()
            name, readable = running.pop(pid)
            with os.fdopen(readable, "rb") as answer:
                said = json.loads(answer.read() or b"{}")
            if os.WIFSIGNALED(status):
                late = os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM)
                said = {"by": f"signal {os.WTERMSIG(status)}", "seconds": [], "outcome": TIMED_OUT if late else KILLED}
            elif not said:
                msg = f"{name} could not be run: try --run."
                raise RuntimeError(msg)
            yield name, {"outcome": KILLED if said["by"] else SURVIVED, **said}
    finally:
        for pid in running:
            os.kill(pid, signal.SIGKILL)


def drawn(modules: dict[str, Module], number: int, seed: int) -> list[Mutant]:
    """Return a random sample, from each module in proportion and at least one, or all mutants if no number is given."""
    total, found = sum(len(module.mutants) for module in modules.values()), []
    for file, module in modules.items():
        size = len(module.mutants)
        wanted = min(max(round(size * number / total), 1), size) if number else size
        chance = random.Random(f"{seed} {file}")  # noqa: S311 - no secret
        found += sorted(chance.sample(module.mutants, wanted), key=module.mutants.index)
    return found


def interval(successes: int, number: int, population: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a rate, for a sample without replacement from a finite population."""
    rate, z = successes / number, 1.959964
    if number == population:
        return rate, rate
    n = number * (population - 1) / (population - number)
    middle, half = rate + z * z / (2 * n), z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def reason_of(mutant: Mutant, source: bytes, judged: list[dict[str, str]]) -> str:
    """Return why a mutant was judged equivalent, or nothing."""
    lines = mutant.diff(source)
    changed = [next((line[1:].strip() for line in lines if line[0] == sign), "") for sign in "-+"]
    places = ([mutant.name, None, None, None], [None, mutant.file, *changed], [None, mutant.file, changed[0], None])
    return next((one["reason"] for one in judged if [*map(one.get, ("id", "file", "was", "becomes"))] in places), "")


def table(results: list[tuple[Mutant, Outcome]], modules: dict[str, Module]) -> tuple[list[str], float]:
    """Return the outcomes by module and what follows from them, and the rate without equivalent mutants."""
    lines = ["| module | mutants | tried | killed | timed out | equivalent | survived | rate |", "|---|" + "--:|" * 7]
    sizes = {file: len(module.mutants) for file, module in modules.items()}
    for file in [*modules, "all"]:
        count = Counter(result["outcome"] for mutant, result in results if file in (mutant.file, "all"))
        tried, dead, size = count.total(), count[KILLED] + count[TIMED_OUT], sizes.get(file, sum(sizes.values()))
        rate = dead / max(tried - count[EQUIVALENT], 1)
        cells = size, tried, *(count[name] for name in (KILLED, TIMED_OUT, EQUIVALENT, SURVIVED))
        lines.append(f"| {file} | {' | '.join(map(str, cells))} | {rate:.1%} |")
    low, high = interval(dead, tried, size)
    sampled = f" (of all {size} between {low:.1%} and {high:.1%}, 95 % interval)" if tried < size else ""
    lines += ["", f"Killed: {dead} of {tried} mutants tried, {dead / tried:.1%}{sampled}."]
    return [*lines, f"Without the {count[EQUIVALENT]} judged equivalent: {rate:.1%}."], rate


def report(results: list[tuple[Mutant, Outcome]], modules: dict[str, Module]) -> str:
    """Return the survivors, those judged equivalent last, with their differences."""
    text = ""
    for mutant, result in sorted(results, key=lambda one: str(one[1]["outcome"]), reverse=True):
        if result["outcome"] in (SURVIVED, EQUIVALENT):
            diff = "\n".join(mutant.diff(modules[mutant.file].source))
            text += f"\n`{mutant.name}` {result['outcome']} {result['reason']}\n\n```diff\n{diff}\n```\n"
    return text


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Mutation testing of the engine, the tags and the bounds.")
    parser.add_argument("--modules", nargs="+", default=[*PLAN], help="files or patterns")
    parser.add_argument("--tests", nargs="+", default=[], help="test files instead of those in PLAN")
    parser.add_argument("--sample", type=int, default=0, help="how many mutants to try; all by default")
    parser.add_argument("--seed", type=int, default=0, help="which sample")
    parser.add_argument("--jobs", type=int, default=1, help="how many at the same time")
    parser.add_argument("--compiled", action="store_true", help="compile the kernels that are not changed")
    parser.add_argument("--least", type=float, default=0.85, help="the rate below which the exit code is 1")
    parser.add_argument("--report", type=Path, help="where to write the table and the survivors, in Markdown")
    parser.add_argument("--state", type=Path, help="where results are kept; .mutation/results.jsonl by default")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="the checkout")
    parser.add_argument("--list", action="store_true", help="show the mutants and stop")
    parser.add_argument("--run", metavar="ID", help="run one mutant and show what pytest says")
    options = parser.parse_args(arguments)
    options.root = options.root.resolve()
    options.state = (options.state or options.root / ".mutation" / "results.jsonl").resolve()
    options.report = options.report and options.report.resolve()
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutants; return 1 where fewer are killed than is asked for, and 2 where they could not be run."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no fork and no copy is left
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        root = Path(folder) / "checkout"
        shutil.copytree(options.root, root, ignore=shutil.ignore_patterns(".*", "__pycache__", "out"))
        modules = modules_of(root, options.modules, options.tests, compiled=options.compiled)
        chosen = drawn(modules, options.sample, options.seed)
        if options.run:
            chosen = [mutant for module in modules.values() for mutant in module.mutants if mutant.name == options.run]
        if options.list or not chosen:
            for mutant in chosen:
                print(mutant.name, *mutant.diff(modules[mutant.file].source), sep="\n    ")
            print(f"{len(chosen)} mutants")
            return 0 if chosen else 2
        return (_run_one if options.run else _run)(options, root, modules, chosen)


def _trial(mutant: Mutant, module: Module, limits: dict[Suite, float]) -> Trial:
    most = tuple(LIMIT_S + LIMIT_TIMES * limits.get(suite, 60.0) for suite in module.suites)
    return Trial(mutant.file, mutant.changed(module.source), module.suites, most)


def _run_one(options: argparse.Namespace, root: Path, modules: dict[str, Module], chosen: list[Mutant]) -> int:
    mutant, module = chosen[0], modules[chosen[0].file]
    limit = preload(root, options.root.parent / "shared")
    _, said = next(outcomes({mutant.name: _trial(mutant, module, {})}, limit, shown=True))
    print(*mutant.diff(module.source), f"{said['outcome']} {said['by']}", sep="\n")
    return int(said["outcome"] == SURVIVED)


def _known(state: Path, modules: dict[str, Module]) -> dict[str, Outcome]:
    """Return the results that still stand: a kill until the module changes, a survivor until its tests change too."""
    known: dict[str, Outcome] = {}
    for one in map(json.loads, state.read_text(encoding="utf-8").splitlines() if state.is_file() else []):
        module = modules.get(one["name"].split(":")[0])
        if module and one["module"] == module.digest and (one["tests"] == module.tests or one["outcome"] != SURVIVED):
            known[one["name"]] = one
    return known


def _run(options: argparse.Namespace, root: Path, modules: dict[str, Module], chosen: list[Mutant]) -> int:
    done = _known(options.state, modules)
    todo = [mutant for mutant in chosen if mutant.name not in done]
    random.Random(options.seed).shuffle(todo)  # noqa: S311 - so that a run that is interrupted is a sample too
    limit, clean = preload(root, options.root.parent / "shared"), {}
    for suite in dict.fromkeys(suite for mutant in todo for suite in modules[mutant.file].suites):
        _, said = next(outcomes({"The clean run": Trial("", None, (suite,), (3600.0,))}, limit))
        if said["outcome"] != SURVIVED:
            print(f"Without any change this fails: {said['by']}", file=sys.stderr)
            return 2
        clean[suite] = said["seconds"][0]
        print(f"{clean[suite]:6.1f} s for {suite.path} {suite.chosen}", flush=True)
    options.state.parent.mkdir(exist_ok=True, parents=True)
    if options.state.parent.name == ".mutation":
        (options.state.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    trials = {mutant.name: _trial(mutant, modules[mutant.file], clean) for mutant in todo}
    with options.state.open("a", encoding="utf-8") as log:
        for number, (name, said) in enumerate(outcomes(trials, limit, options.jobs), 1):
            module = modules[trials[name].file]
            done[name] = {"name": name, "module": module.digest, "tests": module.tests, **said}
            print(json.dumps(done[name]), file=log, flush=True)
            if said["outcome"] != KILLED or number % 25 == 0:
                print(f"{number}/{len(trials)} {said['outcome']}: {name}", flush=True)
    file = root / "scripts" / "mutants_judged.toml"
    judged = tomllib.loads(file.read_text(encoding="utf-8"))["equivalent"] if file.is_file() else []
    results = [(mutant, done[mutant.name] | {"reason": ""}) for mutant in chosen]
    for mutant, result in results:
        if result["outcome"] == SURVIVED and (why := reason_of(mutant, modules[mutant.file].source, judged)):
            result.update(outcome=EQUIVALENT, reason=why)
    lines, rate = table(results, modules)
    print("", *lines, sep="\n")
    if options.report:
        text = "\n".join(["# Mutants", "", *lines, ""]) + report(results, modules)
        options.report.write_text(text, encoding="utf-8")
    return int(rate < options.least)


if __name__ == "__main__":
    sys.exit(main())
