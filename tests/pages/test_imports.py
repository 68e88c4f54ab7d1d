"""What import-linter cannot see, since `pages/` is no package: what pages import, and who must not import them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))]
# What a page may import: the tower that serves pages, and these libraries.
SERVED = {"widgets", "charts", "exports", "jobs", "reports", "store", "records", "recipes", "texts"}
SERVED |= {"errors", "settings"}
LIBRARIES = {"streamlit", "plotly", "pandas", "numpy"}


def imports(path: Path) -> list[str]:
    """Full names of what a file imports, inside functions too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import; write it in full"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_imports_the_tower_that_serves_pages_and_no_other(page):
    for name in imports(page):
        top, *rest = name.split(".")
        known = top in LIBRARIES | sys.stdlib_module_names or (top == "kdviz" and rest[0] in SERVED)
        assert known, f"{page.name} must not import {name}"


def test_nothing_imports_pages():
    for path in sorted((ROOT / "kdviz").rglob("*.py")):
        wrong = [name for name in imports(path) if name.split(".")[0] in ("pages", "app", "tests")]
        assert not wrong, f"{path.relative_to(ROOT)} must not import {wrong}"


def test_serving_pages_loads_no_torch_in_fact():
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for name in SERVED
        for path in [*(ROOT / "kdviz" / name).rglob("*.py"), ROOT / f"kdviz/{name}.py"]
        if path.exists()
    }
    code = (
        f"import importlib, sys\nfor name in {sorted(modules)!r}: importlib.import_module(name)\n"
        "heavy = {'torch', 'torchvision', 'sklearn', 'scipy', 'distributed'} & set(sys.modules)\n"
        "sys.exit(f'{heavy} imported' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
