"""What PyTorch wrote is held against what the browser's modules make of it, in Node."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import missing

HERE = Path(__file__).parent


@pytest.fixture
def holds(tmp_path: Path) -> Callable[[str], None]:
    """Runs a test of Node's that reads what lies in `tmp_path`, and passes if it does."""
    node = shutil.which("node")
    if node is None:
        missing("no Node to test the components with: install Node 20 or newer, then run again.")

    def holds(test: str) -> None:
        checked = subprocess.run(
            [str(node), "--test", str(HERE / test)],
            env={**os.environ, "KDVIZ_PYTORCH_RUN": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "# pass 1\n" in checked.stdout

    return holds
