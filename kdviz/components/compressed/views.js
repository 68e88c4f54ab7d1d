// The pictures of what is left: accuracy over sparsity, the histogram of the weights, the first layer unit by unit.

import { clearDrawing, emptied, make, makeRadio, setAttribute, svgNode } from "../kdviz.shared/dom.js";
import { lineThrough } from "../kdviz.shared/lines.js";
import { wilson } from "../kdviz.shared/intervals.js";

export const LARGEST = 0.99; // sparsity at the right end of the slider
export const ROLES = /** @type {const} */ (["distilled", "plain"]);
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 14, 8, 20]; // pixels around the curve
const [SIDE, ACROSS, GAP] = [28, 8, 2]; // pixels of a unit's picture, units in a row, pixels between them
const SPREAD = { width: 260, height: 132, base: 114, left: 40 };
const MOST_DECADES = 4.4; // of the logarithmic axis of counts

/** The axes, and what the lines and dots are drawn with. @param {any} ui */
export function buildCurve(ui) {
  const svg = ui.q(".curve");
  const [width, high] = [svg.clientWidth, svg.clientHeight];
  if (!width || !high) return;
  clearDrawing(svg, width, high);
  const [wide, tall] = [width - LEFT - RIGHT, high - TOP - BOTTOM];
  ui.place = (/** @type {number} */ sparsity, /** @type {number} */ share) => {
    return /** @type {[number, number]} */ ([LEFT + (wide * sparsity) / LARGEST, TOP + tall * (1 - share)]);
  };
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const [x, y] = ui.place(0, share);
    svgNode("line", svg, { class: share ? "grid" : "grid base", x1: x, x2: width - RIGHT, y1: y, y2: y });
    if (share % 0.5 === 0) svgNode("text", svg, { class: "y", x: LEFT - 6, y: y + 4 }).textContent = `${100 * share}\u00a0%`;
  }
  for (const sparsity of [0, 0.25, 0.5, 0.75, LARGEST]) {
    const [x] = ui.place(sparsity, 0);
    svgNode("text", svg, { class: "x", x, y: high - 4 }).textContent = `${Math.round(100 * sparsity)}\u00a0%`;
  }
  ui.marks = ROLES.map((role) => ({
    role,
    line: svgNode("path", svg, { class: `line of-${role}`, d: "" }),
    reach: svgNode("line", svg, { class: `reach of-${role}` }),
    dot: role === "distilled" ? svgNode("circle", svg, { class: `dot of-${role}`, r: 5.5 }) : svgNode("path", svg, { class: `dot of-${role}`, d: "M-5.5,0L0,-5.5L5.5,0L0,5.5Z" }),
  }));
  // The distilled student is drawn over the other.
  for (const { line, reach, dot } of [...ui.marks].reverse()) svg.append(line, reach, dot);
}

/** The lines as far as they are known. @param {any} ui @param {Record<string, [number, number][]>} known sparsity and share */
export function drawLines(ui, known) {
  for (const { role, line } of ui.marks ?? []) {
    setAttribute(line, "d", lineThrough((known[role] ?? []).map(([sparsity, share]) => ui.place(sparsity, share))));
  }
}

/** The dots of the moment, each with its 95 % interval. @param {any} ui @param {Record<string, number>} right @param {number} n */
export function drawDots(ui, right, n) {
  for (const { role, dot, reach } of ui.marks ?? []) {
    const [x, y] = ui.place(ui.sparsity, right[role] / n);
    setAttribute(dot, "transform", `translate(${x.toFixed(1)},${y.toFixed(1)})`);
    const ends = wilson(right[role], n).map((share) => ui.place(ui.sparsity, share)[1]);
    for (const [name, value] of Object.entries({ x1: x, x2: x, y1: ends[0], y2: ends[1] })) setAttribute(reach, name, value.toFixed(1));
  }
}

/** @param {any} ui @param {number} bins */
export function buildSpread(ui, bins) {
  const svg = emptied(ui.q(".spread"));
  const { width, height, base, left } = SPREAD;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  for (const decade of [0, 2, 4]) {
    const y = base - heightOf(10 ** decade - 1);
    svgNode("line", svg, { class: decade ? "grid" : "grid base", x1: left, x2: width, y1: y, y2: y });
    svgNode("text", svg, { class: "y", x: left - 5, y: y + 4 }).textContent = ["0", "", "100", "", "10,000"][decade];
  }
  const wide = (width - left) / bins;
  ui.bins = Array.from({ length: bins }, (_, n) => svgNode("rect", svg, { class: "bin", x: (left + n * wide).toFixed(2), width: Math.max(0.8, wide - 0.6).toFixed(2) }));
  ui.outline = svgNode("path", svg, { class: "outline", d: "" });
  ui.ends = [left, (left + width) / 2, width].map((x, n) => svgNode("text", svg, { class: ["first-end", "x", "y"][n], x, y: height - 4 }));
}

/** @param {number} count */
const heightOf = (count) => (SPREAD.base - 6) * Math.min(1, Math.log10(1 + count) / MOST_DECADES);

/** The histogram of the whole network, as a line that stays. @param {any} ui @param {Uint32Array} counts @param {number} most */
export function drawOutline(ui, counts, most) {
  const wide = (SPREAD.width - SPREAD.left) / counts.length;
  let d = "";
  counts.forEach((count, n) => {
    const y = (SPREAD.base - heightOf(count)).toFixed(1);
    d += `${n ? "L" : "M"}${(SPREAD.left + n * wide).toFixed(1)},${y}H${(SPREAD.left + (n + 1) * wide).toFixed(1)}`;
  });
  ui.outline.setAttribute("d", d);
  [`−${most.toFixed(1)}`, "0", most.toFixed(1)].forEach((text, n) => { ui.ends[n].textContent = text; });
}

/** @param {any} ui @param {Uint32Array} counts */
export function drawSpread(ui, counts) {
  counts.forEach((count, n) => {
    const height = heightOf(count);
    setAttribute(ui.bins[n], "y", (SPREAD.base - height).toFixed(1));
    setAttribute(ui.bins[n], "height", height.toFixed(1));
  });
}

/**
 * The weights of each hidden unit from each pixel: the student's colour where ink excites a unit, the teacher's where it
 * quiets it, as strong as the weight beside the largest that the whole unit has.
 * @param {HTMLCanvasElement} canvas @param {import("./compressing.js").Layer} layer @param {Float32Array} most of each unit
 * @param {number[][]} colours red, green and blue of both
 */
export function drawFirst(canvas, { inputs, outputs, weight }, most, colours) {
  const step = SIDE + GAP;
  const [wide, high] = [ACROSS * step - GAP, Math.ceil(outputs / ACROSS) * step - GAP];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(wide, high);
  for (let i = 0; i < inputs; i++) {
    const row = Math.floor(i / SIDE) * wide + (i % SIDE);
    for (let unit = 0; unit < outputs; unit++) {
      const w = weight[i * outputs + unit];
      if (w === 0) continue;
      const at = 4 * (row + Math.floor(unit / ACROSS) * step * wide + (unit % ACROSS) * step);
      const colour = colours[w > 0 ? 0 : 1];
      image.data[at] = colour[0];
      image.data[at + 1] = colour[1];
      image.data[at + 2] = colour[2];
      image.data[at + 3] = 255 * Math.min(1, Math.abs(w) / most[unit]);
    }
  }
  context.putImageData(image, 0, 0);
}

/** The largest magnitude among each unit's incoming weights. @param {import("./compressing.js").Layer} layer */
export function mostOf({ inputs, outputs, weight }) {
  const most = new Float32Array(outputs).fill(1e-6);
  for (let i = 0; i < inputs; i++) for (let j = 0; j < outputs; j++) most[j] = Math.max(most[j], Math.abs(weight[i * outputs + j]));
  return most;
}

/**
 * A radio button for each value; gives what checks the one of a value.
 * @template {string | number} Value
 * @param {Element} place @param {string} name @param {readonly Value[]} values @param {(value: Value) => string} text
 * @param {(value: Value) => void} choose
 */
export function buildSwitch(place, name, values, text, choose) {
  const inputs = values.map((value) => {
    const { label, input } = makeRadio(place, name, false, () => choose(value));
    make("span", "", label).textContent = text(value);
    return input;
  });
  return (/** @type {Value} */ value) => {
    inputs[values.indexOf(value)].checked = true;
  };
}
