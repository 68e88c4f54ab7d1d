// Curves over the updates of a training, in plots above one another with one axis below.
import { setText, svgNode } from "./dom.js";
import { whole } from "./format.js";

export const PLOT = { width: 320, left: 38, right: 316 };

/** @typedef {{ top: number, height: number }} Plot */

/** The place of the last of rising updates that is not later than `limit`; the first where none is. @param {number[]} steps @param {number} limit */
export const lastUpTo = (steps, limit) => Math.max(0, steps.filter((step) => step <= limit).length - 1);

/** Where an update stands. @param {number} step @param {number} steps of the whole training */
export const xOf = (step, steps) => PLOT.left + ((PLOT.right - PLOT.left) * step) / Math.max(1, steps);

/** Where a value stands, cut off at both ends. @param {Plot} plot @param {number} value @param {number} low @param {number} high */
export const yOf = (plot, value, low, high) =>
  plot.top + plot.height * (1 - (Math.min(high, Math.max(low, value)) - low) / (high - low || 1));

/** A title with a place for the present value, and two grid lines with their texts. @param {Element} svg @param {Plot} plot @param {string} title */
export function buildPlot(svg, plot, title) {
  svgNode("text", svg, { class: "title", x: PLOT.left, y: plot.top - 5 }).textContent = title;
  const value = svgNode("text", svg, { class: "end value", x: PLOT.right, y: plot.top - 5 });
  const ticks = [0, 1].map((end) => {
    const y = plot.top + plot.height * (1 - end);
    svgNode("line", svg, { class: "grid", x1: PLOT.left, x2: PLOT.right, y1: y, y2: y });
    return svgNode("text", svg, { class: "end", x: PLOT.left - 5, y: y + (end ? 7 : 1) });
  });
  return { value, ticks };
}

/** The texts of both grid lines. @param {{ ticks: Node[] }} plot @param {string} low @param {string} high */
export function showTicks({ ticks }, low, high) {
  setText(ticks[0], low);
  setText(ticks[1], high);
}

/** Three places for numbers of updates. @param {Element} svg @param {number} y */
export const buildAxis = (svg, y) => [0, 0.5, 1].map((share) => svgNode("text", svg, {
  class: ["", "middle", "end"][2 * share], x: PLOT.left + share * (PLOT.right - PLOT.left), y,
}));

/** None, half and all of the updates, once it is known how many. @param {Node[]} axis @param {number | null} steps */
export function showAxis(axis, steps) {
  axis.forEach((text, i) => {
    const updates = steps ? whole((steps * i) / 2) : "";
    setText(text, updates && i === 2 ? `${updates} updates` : updates);
  });
}
