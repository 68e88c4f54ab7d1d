"""The files of `.deploy`, as far as the programs that read them can say; what they start is tested elsewhere."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kdviz.cli.main import main
from tests.conftest import missing

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / ".deploy"


def program(name, package):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        missing(f"no {name} here (Debian: apt-get install {package})")
    return found


@pytest.mark.parametrize("number_signs", [True, False])
@pytest.mark.parametrize("unit", sorted(path.name for path in DEPLOY.glob("*.service")))
def test_systemd_understands_each_unit(unit, number_signs, tmp_path):
    text = (DEPLOY / unit).read_text()
    if not number_signs:  # what a unit offers besides
        text = re.sub(r"(?m)^#(?=[A-Z])", "", text)
    python = tmp_path / "bin" / "python"  # verify wants the program to be there
    python.parent.mkdir()
    shutil.copy(shutil.which("true"), python)
    (tmp_path / unit).write_text(text.replace("/opt/kdviz/.venv/bin/python", str(python)))
    command = [program("systemd-analyze", "systemd"), "verify", "--man=no", str(tmp_path / unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    own = [line for line in done.stderr.splitlines() if unit in line]
    assert not own
    assert done.returncode == 0, done.stderr


def test_the_app_s_unit_leaves_little_to_attack():
    command = [program("systemd-analyze", "systemd"), "security", "--offline=yes", "--threshold=25"]
    done = subprocess.run([*command, str(DEPLOY / "kdviz.service")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:]


def test_what_the_files_start_is_there():
    for path in (*DEPLOY.glob("*.service"), DEPLOY / "Containerfile"):
        for options in re.findall(r"-m\",? \"?kdviz\",? (.*)|-m kdviz (.*)", path.read_text()):
            names = re.findall(r"--[a-z-]+|\bapp\b", " ".join(options))
            assert names.pop(0) == "app"
            assert set(names) <= {name for option in main.commands["app"].params for name in option.opts}


def test_every_file_is_in_the_page_about_them():
    page = (DEPLOY / "README.md").read_text()
    for path in DEPLOY.iterdir():
        assert path.name == "README.md" or f"({path.name})" in page
    assert "(.deploy/README.md)" in (ROOT / "README.md").read_text()
