"""What no sentence of the program asks of a person."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = [*(ROOT / "kdviz").rglob("*.py"), *(ROOT / "kdviz").rglob("*.js"), *(ROOT / "assets").rglob("*.md")]
DELETING = re.compile(r"\b(delete|erase) (it|them|the (file|folder|store))\b|\bmove (it|them) away\b", re.IGNORECASE)
OF_A_RUN = "stop it first, then delete it"  # by a button or a command that has a way back


def test_nobody_is_told_to_delete_their_own_files():
    told = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in WRITTEN
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if DELETING.search(line) and OF_A_RUN not in line
    ]
    assert told == []
