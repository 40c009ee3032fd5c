"""`python -m benchmarks overlap`, and `tag`, `scale`, `floor`, `read`, `map`, `rules`, `siting`; run at the top."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import checking, child, loads, machine, maps, ours, reading, rules, running, scale, siting, tables
from benchmarks.forms import Form
from benchmarks.loads import KINDS, Load
from benchmarks.tools import COPY, FLOOR, OURS, PEERS, TAG, TOOLS

_CACHE = Path(tempfile.gettempdir()) / "clustergeo-benchmarks"
_PEER_FORMS = [Form.GIVEN, Form.PIECES, Form.TUNED]


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns 1 if answers disagree."""
    options = _parser().parse_args(arguments)
    if options.command == "job":
        load = Load(options.folder, options.load, options.sites, options.seed)
        child.run(options.tool, load, options.answer, form=Form(options.form))
        return 0
    if options.command in {"map", "read", "rules", "siting"}:
        if options.command == "siting":
            given = {
                name: getattr(options, name) for name in ("sites", "vertices", "ranked", "draws", "seed", "atlite")
            }
            text = siting.table(options.cache, **given)
        elif options.command == "map":
            text = maps.table(options.sizes, repeat=options.repeat, seed=options.seed)
        else:
            work = reading if options.command == "read" else rules
            text = work.table(options.sites, repeat=options.repeat, seed=options.seed)
        sys.stdout.write(text)
        if options.out is not None:
            tables.append(options.out, text)
        return 0
    return _measure(options)


def _measure(options: argparse.Namespace) -> int:
    """Make the load, run the tools, check the answers, print the table."""
    load = loads.prepared(options.cache, options.load, options.sites, seed=options.seed)
    if options.command == "scale":
        sys.stdout.write(scale.table(load))
        return 0
    names = {"floor": [FLOOR], "tag": [COPY, TAG]}.get(options.command) or [FLOOR, OURS, *options.peers]
    forms = options.zones if options.command == "overlap" else [Form.GIVEN]
    if OURS in names:
        ours.prepare(load)
    busy = machine.busy()
    with tempfile.TemporaryDirectory(prefix="clustergeo-answers-") as folder:
        found = running.entries(names, Path(folder), forms=forms)
        running.measure(found, load, repeat=options.repeat, timeout=options.timeout, patience=options.patience)
        answered = [entry for entry in found if entry.tool not in {FLOOR, COPY, TAG} and entry.outcomes]
        verdicts, sampled = {}, 0
        if answered:
            known = checking.truth(load, most=options.sample, seconds=options.sample_seconds)
            tolerance, sampled = checking.allowed(load), len(known.rows)
            verdicts = {
                id(entry): (
                    checking.against_truth(entry, known, tolerance),
                    checking.against(entry, answered[0], tolerance),
                )
                for entry in answered
            }
    text = tables.document(load, found, verdicts, sampled=sampled, busy=busy)
    sys.stdout.write(text)
    if options.out is not None:
        tables.append(options.out, text)
    return 0 if all(one.agrees for pair in verdicts.values() for one in pair) else 1


def _parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--load", choices=KINDS, default="plain", help="what is measured (default: plain)")
    shared.add_argument("--sites", type=_count, default=100_000, metavar="N", help="how many sites (default: 100000)")
    shared.add_argument("--seed", type=int, default=1, help="of the load (default: 1)")

    measured = argparse.ArgumentParser(add_help=False, parents=[shared])
    measured.add_argument("--repeat", type=_count, default=5, help="runs of each tool (default: 5)")
    measured.add_argument("--timeout", type=float, default=900, metavar="S", help="of one process (default: 900)")
    measured.add_argument(
        "--patience", type=float, default=60, metavar="S", help="a tool that took longer is not repeated (default: 60)"
    )
    measured.add_argument("--out", type=Path, metavar="FILE", help="Markdown file to which the results are added")
    measured.add_argument(
        "--cache",
        type=Path,
        default=_CACHE,
        metavar="FOLDER",
        help="where loads are kept (default: in the system's temporary folder)",
    )

    overlap = commands.add_parser("overlap", parents=[measured], help="ours and the peers on one load")
    overlap.add_argument(
        "--peers",
        type=_peers,
        default=list(PEERS),
        help=f"some of {', '.join(PEERS)}, or none (default: all installed)",
    )
    overlap.add_argument(
        "--zones", type=_forms, default=_PEER_FORMS, help=f"how peers get the zones (default: {','.join(_PEER_FORMS)})"
    )
    overlap.add_argument("--sample", type=_count, default=2_000, help="sites that shapely checks (default: 2000)")
    overlap.add_argument(
        "--sample-seconds", type=float, default=60, metavar="S", help="shapely's time for them (default: 60)"
    )
    commands.add_parser("floor", parents=[measured], help="reading and writing alone")
    commands.add_parser("scale", parents=[measured], help="tag_file, and tag_files on one worker and on two")
    commands.add_parser("tag", parents=[measured], help="tag_file, every column, beside the same file copied alone")

    page = commands.add_parser("map", help="the page of explore beside that of geopandas")
    page.add_argument("--sizes", type=_counts, default=list(maps.SIZES), help="how many sites, separated by commas")
    page.add_argument("--seed", type=int, default=1, help="of the parcels (default: 1)")
    page.add_argument("--repeat", type=_count, default=3, help="runs of each (default: 3)")
    page.add_argument("--out", type=Path, metavar="FILE", help="Markdown file to which the results are added")

    for name, what in (
        ("read", "read_layer beside pyogrio's own reading by Arrow, and check"),
        ("rules", "rules_for on many sites, day by day"),
    ):
        one = commands.add_parser(name, help=what)
        one.add_argument("--sites", type=_count, default=1_000_000, metavar="N", help="how many (default: 1000000)")
        one.add_argument("--seed", type=int, default=1, help="of the parcels (default: 1)")
        one.add_argument("--repeat", type=_count, default=3, help="runs of each (default: 3)")
        one.add_argument("--out", type=Path, metavar="FILE", help="Markdown file to which the results are added")

    place = commands.add_parser("siting", help="exclusions over a file beside atlite, and stability of many sites")
    place.add_argument("--sites", type=_count, default=1_000_000, metavar="N", help="parcels (default: 1000000)")
    place.add_argument(
        "--vertices", type=_count, default=2_000_000, metavar="N", help="of each of two layers (default: 2000000)"
    )
    place.add_argument("--ranked", type=_count, default=100_000, metavar="N", help="sites ranked (default: 100000)")
    place.add_argument("--draws", type=_count, default=10_000, metavar="N", help="of weights (default: 10000)")
    place.add_argument("--seed", type=int, default=1, help="of the load (default: 1)")
    place.add_argument("--atlite", default=sys.executable, metavar="PYTHON", help="the Python that has atlite")
    place.add_argument("--cache", type=Path, default=_CACHE, metavar="FOLDER", help="where loads are kept")
    place.add_argument("--out", type=Path, metavar="FILE", help="Markdown file to which the results are added")

    job = commands.add_parser("job", parents=[shared], help="one tool in this process; used by the other commands")
    job.add_argument("tool", choices=TOOLS)
    job.add_argument("--folder", type=Path, required=True)
    job.add_argument("--answer", type=Path, required=True)
    job.add_argument("--form", choices=[*Form], default=Form.GIVEN)
    return parser


def _count(text: str) -> int:
    """Read a whole number of at least 1; `1_000_000` and `1e6` are understood."""
    number = float(text)
    if number < 1 or number != int(number):
        msg = f"{text!r} is not a whole number of at least 1"
        raise argparse.ArgumentTypeError(msg)
    return int(number)


def _counts(text: str) -> list[int]:
    """Read whole numbers separated by commas."""
    return [_count(one) for one in text.split(",")]


def _peers(text: str) -> list[str]:
    """Read names of peers separated by commas, or `none`."""
    return [] if text == "none" else _some(text, [*PEERS])


def _forms(text: str) -> list[Form]:
    """Read forms of zones separated by commas."""
    return [Form(name) for name in _some(text, [*_PEER_FORMS])]


def _some(text: str, known: list[str]) -> list[str]:
    """Read known names separated by commas."""
    names = text.split(",")
    unknown = sorted(set(names) - set(known))
    if unknown:
        msg = f"{', '.join(unknown)} is none of {', '.join(known)}"
        raise argparse.ArgumentTypeError(msg)
    return names


if __name__ == "__main__":
    raise SystemExit(main())
