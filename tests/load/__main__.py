"""The command line of the load."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.load.drive import Plan, run


def main() -> None:
    """Drive a load, and print what came of it."""
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--visitors", type=int, nargs="+", default=[usual.visitors], help="one load for each number")
    parser.add_argument("--within", type=float, default=usual.within, help="seconds in which all arrive")
    parser.add_argument("--reading", type=float, default=usual.reading, help="seconds of pages and controls")
    parser.add_argument("--watching", type=float, default=usual.watching, help="seconds of a run that is watched")
    parser.add_argument("--watchers", type=int, default=usual.watchers, help="who watch one run")
    parser.add_argument("--starters", type=int, default=usual.starters, help="who start a run of their own")
    parser.add_argument("--browsers", type=int, default=usual.browsers, help="Chromiums that open a page as well")
    parser.add_argument("--data", default=usual.data, help="the data set in the links, else the server's own")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    given = vars(parser.parse_args())
    as_json, numbers = given.pop("json"), given.pop("visitors")
    loads = []
    for visitors in numbers:
        with tempfile.TemporaryDirectory(prefix="kdviz-load-") as folder:
            loads.append(run(Plan(visitors=visitors, **given), Path(folder)))
        if not as_json:
            print(loads[-1].table(), end="\n\n", flush=True)
            print(*loads[-1].errors, sep="\n", file=sys.stderr)
    if as_json:
        print(json.dumps([load.json() for load in loads], indent=1))


if __name__ == "__main__":
    main()
