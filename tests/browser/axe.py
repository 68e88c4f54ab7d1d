"""What axe-core objects to on a page, in its shadow roots too; and pale axes of charts, which it passes over."""

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

# Texts beside the axes of Vega-Lite, of Plotly and of the components, with the contrast to the page below 4.5 : 1.
_PALE = """() => {
    const parts = ["[class*=role-axis] text", "[class*=role-legend] text", ".xtick text", ".ytick text"];
    const axes = [...parts, "text.tick", "text.end", "text.middle"].join();
    const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const ground = getComputedStyle(document.querySelector(".stApp") ?? document.body).backgroundColor;
    const luminance = (colour) => {
        for (pen.fillStyle of [ground, colour]) pen.fillRect(0, 0, 1, 1); // an ink may let the ground through
        const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = luminance(ground);
    const pale = [];
    const visit = (root) => {
        for (const text of root.querySelectorAll(axes)) {
            if (!text.textContent.trim() || !text.checkVisibility()) continue;
            const ink = luminance(getComputedStyle(text).fill);
            const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
            if (contrast < 4.5) pale.push(`${text.textContent} has a contrast of ${contrast.toFixed(2)}`);
        }
        for (const node of root.querySelectorAll("*")) if (node.shadowRoot) visit(node.shadowRoot);
    };
    visit(document);
    return pale;
}"""


# Streamlit fades what it draws anew, and a text that is half faded in is pale.
_FADING = """() => document.getAnimations().some(({ effect, playState }) =>
    playState === "running" && effect.getComputedTiming().endTime < 5000)"""


def objections(page: Page) -> list[str]:
    """Everything grave that is found, a line each: the rule, where, and why."""
    page.wait_for_function(f"() => !({_FADING})()", polling=100)
    if not AXE.exists():
        missing("no axe-core; run `npm ci --prefix tests/javascript`, then run again.")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    pale: list[str] = page.evaluate(_PALE)
    return pale + [
        f"{violation['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in page.evaluate(_RUN)
        if violation["impact"] in GRAVE or violation["id"] in BESIDES
        for node in violation["nodes"]
    ]
