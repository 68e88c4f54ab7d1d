"""Whatever a terminal's encoding is, a command ends in a text that can be read, not in a traceback."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kdviz.recipes.study import STUDIES
from kdviz.reports.kinds import report_of
from kdviz.reports.spelling import spelled_out, spelling
from kdviz.store.recorded import recorded

ROOT = Path(__file__).resolve().parents[2]
CODE_PAGES = (
    *("ascii", "latin-1", "iso8859-2", "iso8859-15", "cp437", "cp850", "cp852", "cp866"),
    *("cp932", "cp936", "cp949", "cp1250", "cp1251", "cp1252", "koi8-r", "mac-roman", "utf-8"),
)
EVERYTHING = "αΔμ∞√²±×·°≈‖−–…→↓“”’‹★Kärkkäinen Bucilă 3\u00a0s 日\n"


@pytest.fixture
def terminal(monkeypatch):
    """Standard output in an encoding; gives what reads it back."""

    def terminal(encoding):
        written = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding, errors="strict", newline="\n"))
        spelled_out()

        def read():
            sys.stdout.flush()
            return written.getvalue().decode(encoding)

        return read

    return terminal


@pytest.mark.parametrize("encoding", CODE_PAGES)
def test_every_character_can_be_printed_in_every_encoding(terminal, encoding):
    read = terminal(encoding)
    print(EVERYTHING, end="")
    shown = read()
    assert shown.endswith("\n")
    assert shown.count("?") <= 1, "only a character of another script is unknown"


def test_what_is_missing_is_spelled():
    assert spelling("T² with α ≈ 0.7 − “soft” … 3\u00a0s") == 'T^2 with alpha ~ 0.7 - "soft" ... 3 s'
    assert spelling("Bucilă Kärkkäinen κ 日") == "Bucila Karkkainen ? ?"


@pytest.mark.parametrize(("encoding", "shown"), [("cp437", 'T² α "soft"'), ("cp1252", "T² alpha “soft”")])
def test_what_the_encoding_has_stays(terminal, encoding, shown):
    read = terminal(encoding)
    print("T² α “soft”", end="")
    assert read() == shown


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp932", "cp1252", "koi8-r"])
def test_a_finished_study_can_be_printed(terminal, encoding):
    ending = recorded("t-squared")
    read, text = terminal(encoding), report_of(ending.recipe).text(ending)
    print(text, end="")
    assert len(read().splitlines()) == len(text.splitlines())


@pytest.mark.parametrize("encoding", ["cp932", "cp949"])
def test_every_command_prints_in_the_terminals_encoding(encoding):
    command = [sys.executable, "-m", "kdviz", "study", "--list"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    listed = done.stdout.decode(encoding)
    assert all(name in listed for name in STUDIES)
