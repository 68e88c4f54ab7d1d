"""What axe-core objects to on a page, in its shadow roots too."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.conftest import missing

AXE = Path(__file__).parents[1] / "javascript" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
BESIDES = ("heading-order",)  # of less weight to axe, but a heading is how a screen reader finds its way
# A label that does not begin with what is seen is not found by whoever speaks to the computer; axe tries it out as yet.
_RUN = """async () => (await axe.run(document, {
    resultTypes: ["violations"], rules: { "label-content-name-mismatch": { enabled: true } },
})).violations"""


def objections(page: Page) -> list[str]:
    """Everything grave that axe-core finds, a line each: the rule, where, and why."""
    if not AXE.exists():
        missing("no axe-core; run `npm ci --prefix tests/javascript`, then run again.")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return [
        f"{violation['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in page.evaluate(_RUN)
        if violation["impact"] in GRAVE or violation["id"] in BESIDES
        for node in violation["nodes"]
    ]
