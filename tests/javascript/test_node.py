"""The components' pure modules, tested by Node's own test runner."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.conftest import missing

HERE = Path(__file__).parent


def test_the_pure_modules_of_the_components() -> None:
    node = shutil.which("node")
    if node is None:
        missing("no Node to test the components' modules with: install Node 20 or newer, then run again.")
    files = [str(file) for file in sorted(HERE.glob("*.test.js"))]
    run = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
