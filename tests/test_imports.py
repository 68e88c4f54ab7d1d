"""DESIGN.md: imports point one way, and the process that serves pages never imports torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the bottom up. A module may import what stands above it in this list, and its own package; a module that is not
# named here belongs to its package.
LAYERS = [
    {"kdviz", "kdviz.errors", "kdviz.catalogue", "kdviz.settings", "kdviz.counts"},
    {"kdviz.lists", "kdviz.methods", "kdviz.teacher_files", "kdviz.lesson_blocks"},
    {"kdviz.recipe", "kdviz.lesson_text"},
    {"kdviz.study_facts", "kdviz.course"},
    {"kdviz.study_catalogue"},
    {"kdviz.comparison", "kdviz.sweep", "kdviz.study"},
    {"kdviz.records"},
    {"kdviz.sweep_records", "kdviz.study_records"},
    {"kdviz.recorded", "kdviz.study_fits"},
    {"kdviz.kinds", "kdviz.dropout"},
    {
        "kdviz.tables",
        "kdviz.sweep_plan",
        "kdviz.console",
        "kdviz.losses",
        "kdviz.knowledge",
        "kdviz.models",
        "kdviz.data",
        "kdviz.augmentation",
        "kdviz.optimizers",
        "kdviz.memory",
        "kdviz.gallery",
        "kdviz.annotations",
        "kdviz.weights",
    },
    {
        "kdviz.comparison_tables",
        "kdviz.sweep_tables",
        "kdviz.study_tables",
        "kdviz.evaluation",
        "kdviz.verdicts",
        "kdviz.teachers",
    },
    {"kdviz.sweep_verdicts", "kdviz.study_verdicts", "kdviz.students"},
    {"kdviz.onnx_files"},
    {"kdviz.batches"},
    {"kdviz.distillers"},
    {"kdviz.training"},
    {"kdviz.studies"},
    {"kdviz.bench", "kdviz.database", "kdviz.run_tables", "kdviz.cluster", "kdviz.work"},
    {"kdviz.keeping", "kdviz.adoption"},
    {"kdviz.bench_comparison", "kdviz.bench_sweep", "kdviz.runs", "kdviz.connection"},
    {"kdviz.cards", "kdviz.scripts"},
    {"kdviz.exports", "kdviz.bundle_checks"},
    {"kdviz.bundles"},
    {"kdviz.job"},
    {"kdviz.jobs"},
    {"kdviz.charts"},
    {"kdviz.widgets"},
    {"pages", "app", "kdviz.bench_server"},
    {"kdviz.cli_training"},
    {"kdviz.cli_sweep", "kdviz.cli_study"},
    {"kdviz.cli_runs"},
    {"kdviz.cli"},
    {"kdviz.__main__"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}

# Who may import what of these, at any place.
CLUSTER = {"kdviz.jobs", "kdviz.connection", "kdviz.cluster", "kdviz.work"}
ALLOWED = {
    "streamlit": {"kdviz.widgets", "pages", "app", "kdviz.bench_server"},  # bench_server speaks a browser's part
    "plotly": {"kdviz.charts", "kdviz.widgets", "pages"},
    "dask": CLUSTER,
    "distributed": CLUSTER,
}

SERVED = (
    "pages",
    "app",
    "kdviz.widgets",
    "kdviz.charts",
    "kdviz.jobs",
    "kdviz.runs",
    "kdviz.exports",
    "kdviz.bundles",
    "kdviz.gallery",
    "kdviz.recipe",
    "kdviz.catalogue",
    "kdviz.records",
)


def _name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    _name(path): ast.parse(path.read_text(encoding="utf-8"), str(path))
    for folder in ("kdviz", "pages")
    for path in sorted((ROOT / folder).rglob("*.py"))
} | {"app": ast.parse((ROOT / "app.py").read_text(encoding="utf-8"))}


def _home(module):
    """The entry of the layers that a module belongs to."""
    while module and module not in RANK:
        module = module.rpartition(".")[0]
    return module


def _within(module, names):
    return any(module == name or module.startswith(name + ".") for name in names)


def _type_checking(node):
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _statements(tree, *, at_import_time):
    """Import statements; with `at_import_time` only those that run when the module is imported."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif _type_checking(node):
            continue
        elif not (at_import_time and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)):
            yield from _statements(node, at_import_time=at_import_time)


def _imports(module, *, at_import_time=False):
    """Full names of what a module imports."""
    for node in _statements(MODULES[module], at_import_time=at_import_time):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            continue
        assert node.level == 0, f"{module} has a relative import; write it in full"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            yield whole if whole in MODULES else node.module


def _all_at_import_time(module, seen):
    """Everything of this program that importing `module` imports, and the names of everything else."""
    if module in seen:
        return
    seen.add(module)
    if module not in MODULES:
        return
    parent = module.rpartition(".")[0]
    for name in [*_imports(module, at_import_time=True), *([parent] if parent in MODULES else [])]:
        _all_at_import_time(name, seen)


def test_the_walk_sees_imports_inside_functions_and_leaves_out_those_for_types(monkeypatch):
    source = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n import torch\ndef f():\n import dask.array\nimport a"
    )
    monkeypatch.setitem(MODULES, "sample", ast.parse(source))
    assert list(_imports("sample")) == ["typing", "dask.array", "a"]
    assert list(_imports("sample", at_import_time=True)) == ["typing", "a"]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_module_has_a_place_in_the_layout(module):
    assert _home(module) not in ("", "kdviz") or module == "kdviz", f"say in LAYERS where {module} belongs"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_one_way(module):
    home = _home(module)
    for name in _imports(module):
        if name.split(".")[0] in ("kdviz", "pages", "app"):
            target = _home(name)
            assert target == home or RANK[target] < RANK[home], f"{module} must not import {name}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_screen_and_cluster_stay_where_they_belong(module):
    for name in _imports(module):
        allowed = ALLOWED.get(name.split(".")[0])
        assert allowed is None or _within(module, allowed), f"{module} must not import {name}"


@pytest.mark.parametrize("module", sorted(name for name in MODULES if _within(name, SERVED)))
def test_page_server_reaches_no_torch_by_any_chain_of_imports(module):
    seen = set()
    _all_at_import_time(module, seen)
    heavy = {name for name in seen if name.split(".")[0] in ("torch", "torchvision", "scipy")}
    assert not heavy, f"importing {module} imports {heavy}"


def test_page_server_imports_no_torch_in_fact():
    modules = sorted(name for name in MODULES if _within(name, SERVED) and name.startswith("kdviz"))
    of_pages = {
        name for page in MODULES if _within(page, ("pages", "app")) for name in _imports(page, at_import_time=True)
    }
    wanted = [*modules, *sorted(of_pages)]
    code = (
        f"import importlib, sys\nfor name in {wanted!r}: importlib.import_module(name)\n"
        "heavy = {'torch', 'torchvision', 'sklearn', 'scipy', 'distributed'} & set(sys.modules)\n"
        "sys.exit(f'{heavy} imported' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
