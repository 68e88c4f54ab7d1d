// The colours of the map and its figures: one scale from the worst to the best, by the measure that is shown.

import { clearDrawing, svgNode } from "../kdviz.shared/dom.js";
import { PERCENT } from "../kdviz.shared/format.js";
import { SHADES, shadeBetween } from "../kdviz.shared/shades.js";
import { AXIS_LEFT } from "./places.js";

export const MEASURES = {
  validation_accuracy: { better: 1, share: true },
  agreement: { better: 1, share: true },
  nll: { better: -1, share: false },
  ece: { better: -1, share: false },
};
/** Where a value stands on the scale of the map that is shown, from 0 (worst) to 1. */
function placeOf(ui, value) {
  const [worst, best] = ui.scale;
  return Math.min(1, Math.max(0, (value - worst) / (best - worst || 1)));
}

export const shadeOf = (ui, value) => shadeBetween(ui.shades, value, ui.scale[0], ui.scale[1]);

/** A figure without its unit, with digits that tell the cells of this map apart. */
export function figure(ui, value, fine = true) {
  const measure = MEASURES[ui.measure];
  const span = ui.scale ? Math.abs(ui.scale[1] - ui.scale[0]) : 1;
  if (measure.share) return (100 * value).toFixed(fine && span < 0.01 ? 2 : 1);
  return value.toFixed(span < 0.02 ? 4 : 3);
}

export function difference(ui, value) {
  const text = figure(ui, Math.abs(value));
  return Number(text) === 0 ? "±0" : `${value < 0 ? "−" : "+"}${text}`;
}

/** The scale itself, with the level of labels only where it stands on it. */
export function drawScale(ui, plain) {
  const svg = ui.q(".scale");
  const width = Math.min(ui.width - AXIS_LEFT, 460);
  const [left, top, tall] = [AXIS_LEFT, 16, 10];
  clearDrawing(svg, ui.width, 44);
  svg.toggleAttribute("hidden", !ui.scale);
  if (!ui.scale) return;
  const [worst, best, cut] = ui.scale;
  const step = width / SHADES;
  ui.shades.forEach(({ colour }, i) => {
    svgNode("rect", svg, { x: left + i * step, y: top, width: step + 0.6, height: tall, fill: colour });
  });
  svgNode("rect", svg, { class: "bar", x: left, y: top, width, height: tall, fill: "none" });
  const unit = MEASURES[ui.measure].share ? PERCENT : "";
  const write = (value) => `${figure(ui, value)}${unit}`;
  const beyond = MEASURES[ui.measure].better > 0 ? "or-less" : "or-more";
  const begin = cut ? ui.tell(beyond, { value: write(worst) }) : write(worst);
  svgNode("text", svg, { x: left, y: top + 24 }).textContent = begin;
  svgNode("text", svg, { class: "end", x: left + width, y: top + 24 }).textContent = write(best);
  svgNode("text", svg, { class: "middle", x: left + width / 2, y: top + 24 }).textContent = ui.tell("better");
  let told = ui.tell("scale", { worst: begin, best: write(best) });
  if (plain !== null) {
    const x = left + width * placeOf(ui, plain);
    svgNode("path", svg, { class: "mark", d: `M${x},${top}l-4.5,-6h9z` });
    const text = ui.tell("level", { value: write(plain) });
    const side = x < left + 70 ? "" : x > left + width - 70 ? "end" : "middle";
    const shift = { "": -5, middle: 0, end: 5 }[side];
    svgNode("text", svg, { class: `${side} name`, x: x + shift, y: top - 9 }).textContent = text;
    told += ` ${text}.`;
  }
  svg.setAttribute("aria-label", told);
}
