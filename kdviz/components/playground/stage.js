// The chosen image between teacher and students: softmax bars, and the two pulls on the taught student.

import { make, setAttribute, setText, showGrey, svgNode } from "../kdviz.shared/dom.js";
import { barPercent, percent } from "../kdviz.shared/format.js";
import { softmax } from "../kdviz.shared/softmax.js";
import { formatT } from "../kdviz.shared/temperature.js";

/** @typedef {import("./controls.js").PlaygroundUi & { columns: ReturnType<typeof buildBars>, arrows: ReturnType<typeof buildPulls>, still: boolean }} StageUi */
/** @typedef {{ label: number | null, teacher: number[] | null, taught: number[], plain: number[], peer: number[] | null }} Shown */

const [WIDTH, BASE, TALL] = [46, 146, 132]; // of a column, the base line, and a share of one

/** Ten columns, each a mark of the teacher and a bar of either student. @param {Element} svg */
export function buildBars(svg) {
  svgNode("line", svg, { class: "base", x1: 0, x2: 460, y1: BASE, y2: BASE, stroke: "var(--kd-line)" });
  return Array.from({ length: 10 }, (_, digit) => {
    const x = digit * WIDTH + 3;
    const bar = (/** @type {string} */ colour, /** @type {number} */ left, /** @type {number} */ width) =>
      svgNode("rect", svg, { x: x + left, width, y: BASE, height: 0, fill: `var(--kd-${colour})`, rx: 2 });
    const label = svgNode("rect", svg, {
      x: x - 2, y: BASE - TALL - 4, width: 44, height: TALL + 4, fill: "none", stroke: "var(--kd-label)",
      "stroke-width": 1.8, "stroke-dasharray": "5 4", rx: 4, visibility: "hidden",
    });
    const column = {
      label, taught: bar("student", 3, 18), plain: bar("plain", 22, 13),
      teacher: svgNode("line", svg, { x1: x - 1, x2: x + 41, y1: BASE, y2: BASE, stroke: "var(--kd-teacher)", "stroke-width": 3.5 }),
    };
    svgNode("text", svg, { class: "digit", x: x + 20, y: BASE + 19, "text-anchor": "middle" }).textContent = String(digit);
    return column;
  });
}

/** @param {Element} bar @param {number} share */
function raise(bar, share) {
  const height = Number.isFinite(share) ? TALL * share : 0;
  bar.setAttribute("y", (BASE - height).toFixed(1));
  bar.setAttribute("height", height.toFixed(1));
}

/** Numbers in place of moving bars, in per cent. @param {StageUi} ui @param {Record<string, Float64Array | null>} shares @param {number | null} label */
function writeNumbers(ui, shares, label) {
  const names = Object.keys(shares);
  const [head, body] = [ui.q(".numbers thead tr"), ui.q(".numbers tbody")];
  if (!body.children.length) {
    for (let digit = 0; digit < 10; digit++) make("th", "", head).textContent = String(digit);
    for (const name of names) {
      const row = make("tr", "", body);
      make("th", `of-${name}`, row);
      for (let digit = 0; digit < 10; digit++) make("td", "", row);
    }
  }
  names.forEach((name, i) => {
    const [first, ...cells] = body.children[i].children;
    setText(first, ui.tell(name === "teacher" ? `pull-${ui.settings.teacher}` : name));
    cells.forEach((/** @type {Element} */ cell, /** @type {number} */ digit) => {
      setText(cell, barPercent(shares[name]?.[digit] ?? 0));
      cell.classList.toggle("label", digit === label);
    });
  });
}

/** @param {StageUi} ui @param {Shown} shown */
export function drawBars(ui, { label, teacher, taught, plain }) {
  const { T } = ui.settings;
  const shares = { teacher: teacher && softmax(teacher, T), taught: softmax(taught, T), plain: softmax(plain, T) };
  ui.columns.forEach((column, digit) => {
    raise(column.taught, shares.taught[digit]);
    raise(column.plain, shares.plain[digit]);
    const y = (BASE - TALL * (shares.teacher?.[digit] ?? 0)).toFixed(1);
    column.teacher.setAttribute("y1", y);
    column.teacher.setAttribute("y2", y);
    setAttribute(column.teacher, "visibility", shares.teacher ? "visible" : "hidden");
    setAttribute(column.label, "visibility", digit === label ? "visible" : "hidden");
  });
  if (ui.still) writeNumbers(ui, shares, label);
  setText(ui.q(".key-teacher"), ui.tell("teacher-at", { T: formatT(T) }));
  const best = (/** @type {Float64Array} */ p) => {
    const top = p.indexOf(Math.max(...p));
    return `${top} ${barPercent(p[top])}`;
  };
  ui.q(".bars").setAttribute("aria-label", ui.tell("bars", {
    T: formatT(T), teacher: shares.teacher ? best(shares.teacher) : "–", taught: best(shares.taught), plain: best(shares.plain),
  }));
}

/** The teacher on the left and the labels on the right pull at the taught student between. @param {Element} svg */
export function buildPulls(svg) {
  const box = (/** @type {number} */ x, /** @type {number} */ width, /** @type {string} */ colour) => {
    svgNode("rect", svg, { x, y: 22, width, height: 38, rx: 19, fill: "none", stroke: `var(--kd-${colour})`, "stroke-width": 2 });
    return svgNode("text", svg, { class: "name", x: x + width / 2, y: 46, "text-anchor": "middle" });
  };
  const names = { teacher: box(0, 118, "teacher"), taught: box(262, 76, "student"), labels: box(504, 96, "label") };
  const arrow = (/** @type {string} */ colour, /** @type {number} */ at) => ({
    path: svgNode("path", svg, { fill: `var(--kd-${colour})`, opacity: 0.88 }),
    text: svgNode("text", svg, { class: "share", x: at, y: 14, "text-anchor": "middle" }),
  });
  return { names, soft: arrow("teacher", 190), hard: arrow("label", 420) };
}

/** @param {number} from @param {number} to @param {number} share */
function arrowPath(from, to, share) {
  const half = 1 + 12 * share;
  const [way, head] = [Math.sign(to - from), half + 5];
  const neck = to - way * 18;
  return `M${from} ${41 - half}H${neck}V${41 - head}L${to} 41L${neck} ${41 + head}V${41 + half}H${from}Z`;
}

/** Widths are shares of the gradient at the taught student's logits. @param {StageUi} ui @param {{ soft: number, hard: number }} pulls */
export function drawPulls(ui, { soft, hard }) {
  const { names, ...arrows } = ui.arrows;
  const all = soft + hard;
  const share = all > 0 ? soft / all : ui.settings.alpha;
  setText(names.teacher, ui.tell(`pull-${ui.settings.teacher}`));
  setText(names.taught, ui.tell("taught-short"));
  setText(names.labels, ui.tell("labels-short"));
  arrows.soft.path.setAttribute("d", arrowPath(126, 256, share));
  arrows.hard.path.setAttribute("d", arrowPath(496, 344, 1 - share));
  const texts = all > 0 ? [share, 1 - share].map((part) => percent(part)) : ["–", "–"];
  setText(arrows.soft.text, all > 0 ? ui.tell("of-the-pull", { share: texts[0] }) : "");
  setText(arrows.hard.text, all > 0 ? texts[1] : "");
  ui.q(".pulls").setAttribute("aria-label", ui.tell("pulls", { soft: texts[0], hard: texts[1] }));
}

/** @param {StageUi} ui @param {ArrayLike<number> | null} pixels @param {string} says */
export function showImage(ui, pixels, says) {
  showGrey(ui.q(".image"), pixels);
  ui.q(".image").setAttribute("aria-label", says);
}
