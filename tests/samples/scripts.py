"""Runs exported scripts, each in a process and a folder of its own, all with one import of PyTorch.

`python -m tests.samples.scripts SCRIPT...`: each process is a copy of this one, made before anything was trained.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Printed(NamedTuple):
    """What a script left when it had ended."""

    code: int
    output: str
    errors: str


def alone(script: str, folder: Path) -> Printed:
    """Run one as a person does: by itself, in a folder where nothing has been trained before."""
    path = _written(script, folder)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KDVIZ_STATE_DIR": str(folder / "state")}
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    return Printed(done.returncode, done.stdout, done.stderr)


def together(scripts: Mapping[str, str], folder: Path) -> dict[str, Printed]:
    """Run several, one after the other; by their names."""
    folders = {name: folder / name for name in scripts}
    paths = [str(_written(script, folders[name])) for name, script in scripts.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.samples.scripts", *paths],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=170,
        check=True,
    )
    codes = map(int, done.stdout.split())
    return {
        name: Printed(code, (own / "output").read_text(), (own / "errors").read_text())
        for (name, own), code in zip(folders.items(), codes, strict=True)
    }


def _written(script: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "repeat.py"
    path.write_text(script, encoding="utf-8")
    return path


def main(paths: Sequence[str]) -> None:
    """Print the exit code of each script; what it prints itself is in files beside it."""
    import kdviz.runners.comparison
    import kdviz.runners.study
    import kdviz.runners.sweep  # noqa: F401

    for path in map(Path, paths):
        copy = os.fork()
        if copy == 0:
            os.chdir(path.parent)
            os.environ["KDVIZ_STATE_DIR"] = str(path.parent / "state")
            for name, stream in (("output", 1), ("errors", 2)):
                os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), stream)
            runpy.run_path(str(path), run_name="__main__")
            return
        print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
