// The colours of the map and its figures: one scale from the worst to the best, by the measure that is shown.

import { clearDrawing, svgNode } from "../kdviz.shared/dom.js";
import { PERCENT } from "../kdviz.shared/format.js";
import { readableOn } from "../kdviz.shared/matrix.js";
import { AXIS_LEFT } from "./places.js";

export const MEASURES = {
  validation_accuracy: { better: 1, share: true },
  agreement: { better: 1, share: true },
  nll: { better: -1, share: false },
  ece: { better: -1, share: false },
};
const SHADES = 65;

/** OKLCH to sRGB (Ottosson 2020), cut off where a screen has no such colour. */
function fromOklch(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((v) => {
    const light = v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, light)));
  });
}

/** From worst to best: even steps of lightness, away from the page's colour, so that it needs no eye for hues. */
export function shadesFor(dark) {
  const [low, high] = dark ? [0.25, 0.93] : [0.965, 0.33];
  return Array.from({ length: SHADES }, (_, i) => {
    const t = i / (SHADES - 1);
    const lightness = low + t * (high - low);
    const chroma = 0.17 * Math.min(1, 3.2 * (1 - lightness), 2.6 * lightness - 0.3);
    const colour = fromOklch(lightness, Math.max(0.01, chroma), dark ? 285 + 50 * t : 335 - 45 * t);
    return { colour: `rgb(${colour})`, text: readableOn(colour) };
  });
}

/** Where a value stands on the scale of the map that is shown, from 0 (worst) to 1. */
function placeOf(ui, value) {
  const [worst, best] = ui.scale;
  return Math.min(1, Math.max(0, (value - worst) / (best - worst || 1)));
}

export const shadeOf = (ui, value) => ui.shades[Math.round(placeOf(ui, value) * (SHADES - 1))];

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
