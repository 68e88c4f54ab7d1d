// A line chart with the present value marked: over the temperature, on the slider's logarithmic axis from 0.1 to 100,
// unless it has another axis.

import { watchSize } from "./component.js";
import { clearDrawing, svgNode } from "./dom.js";
import { areaBetween, lineThrough } from "./lines.js";
import { followPointer } from "./pointer.js";

/** @typedef {readonly (number | null)[]} Values null where there is none */
/** @typedef {{ x: (T: number) => number, y: (value: number) => number }} Place from a value to pixels */
/**
 * @typedef {object} Line
 * @property {Values} y
 * @property {string} className
 * @property {Values} [low]
 * @property {Values} [high]
 * @property {string} [name]
 * @property {number} [nameAt] the temperature at which the name stands
 */
/**
 * @typedef {object} Across the axis that a slider follows
 * @property {(value: number) => number} place where a value lies, from 0 to 1
 * @property {(place: number) => number} value the other way round
 * @property {[number, string][]} ticks
 */
/** @typedef {{ left: number, right: number, top: number, floor: number }} Frame */
/**
 * @typedef {Axis & { at: number[], lines: Line[], under?: (svg: Element, place: Place, frame: Frame) => void }} Spec
 * `under` draws what lies below the lines.
 */
/** @typedef {{ y: (value: number) => number, ticks: [number, string][] }} Axis heights from 0 to 1 */
/** @typedef {ReturnType<typeof buildOverT>} Chart */

const OVER_T = { left: 50, right: 9, top: 9, bottom: 5 }; // the right margin is half the slider's thumb

/** @type {Across} */
const TEMPERATURES = {
  place: (T) => (Math.log10(T) + 1) / 3,
  value: (place) => 10 ** (-1 + 3 * place),
  ticks: [[0.1, "T = 0.1"], [1, "1"], [10, "10"], [100, "100"]],
};

/** Temperatures at equal distances on the axis, both ends included. @param {number} count */
export function temperatureGrid(count) {
  return Array.from({ length: count }, (_, i) => TEMPERATURES.value(i / (count - 1)));
}

/**
 * The value at T of a curve that is known at the rising temperatures `at`; straight between them on the axis.
 * @param {number[]} at @param {Values} y @param {number} T
 */
export function valueAt(at, y, T, { place } = TEMPERATURES) {
  if (T <= at[0]) return y[0];
  for (let i = 1; i < at.length; i++) {
    if (T > at[i]) continue;
    const [before, after] = [y[i - 1], y[i]];
    if (before === null || after === null) return null;
    const share = (place(T) - place(at[i - 1])) / (place(at[i]) - place(at[i - 1]));
    return before + share * (after - before);
  }
  return y[y.length - 1];
}

/**
 * `pick(T)` is called while a pointer moves over the chart with its button down, `release()` when it lets go. Where no
 * slider stands below, `feet` is the room for the numbers of the axis.
 * @typedef {{ height: number, feet?: number, label: string, across?: Across, pick?: (T: number) => void, release?: () => void }} Options
 * @param {{ held?: boolean }} ui @param {Element} parent @param {Options} options
 */
export function buildOverT(ui, parent, { height, feet = 0, label, across = TEMPERATURES, pick, release }) {
  const svg = svgNode("svg", parent, { class: "over-t", role: "img", "aria-label": label, height });
  const spec = /** @type {Spec} */ ({ at: [], lines: [], ticks: [], y: (value) => value });
  const marker = /** @type {SVGElement | null} */ (null);
  const chart = { svg, height, feet, across, width: 0, spec, T: 1, marker, dots: /** @type {SVGElement[]} */ ([]) };
  if (pick && release) {
    followPointer(ui, svg, (event) => {
      const box = svg.getBoundingClientRect();
      const place = (event.clientX - box.left - OVER_T.left) / (box.width - OVER_T.left - OVER_T.right);
      pick(across.value(Math.min(1, Math.max(0, place))));
    }, release);
  }
  return chart;
}

/** @param {Chart} chart */
function placeOf(chart) {
  const { left, right, top, bottom } = OVER_T;
  const [wide, high] = [chart.width - left - right, chart.height - chart.feet - top - bottom];
  return {
    x: (/** @type {number} */ T) => left + wide * chart.across.place(T),
    y: (/** @type {number} */ value) => top + high * (1 - Math.min(1.02, Math.max(-0.02, chart.spec.y(value)))),
  };
}

/** @param {Place} place @param {readonly number[]} at @param {Values} y @returns {import("./lines.js").Points} */
function pointsOf(place, at, y) {
  return at.map((T, i) => (y[i] === null || !Number.isFinite(y[i]) ? null : [place.x(T), place.y(y[i])]));
}

const APART = 14; // pixels between two names of lines

/**
 * Draw what does not depend on T. `spec` has `ticks` as [value, text], `y` from a value to a height 0..1, the
 * temperatures `at`, and `lines` with { y, className, low, high, name, nameAt }.
 * @param {Chart} chart @param {Spec} [spec]
 */
export function drawOverT(chart, spec) {
  chart.spec = spec ?? chart.spec;
  chart.width = chart.svg.clientWidth;
  if (!chart.width || !chart.spec.at.length) return;
  const { svg, width, height } = chart;
  const { left, right, top } = OVER_T;
  const floor = height - chart.feet - OVER_T.bottom;
  clearDrawing(svg, width, height);
  const place = placeOf(chart);
  for (const [value, text] of chart.spec.ticks) {
    const y = place.y(value);
    svgNode("line", svg, { class: "grid", x1: left, x2: width - right, y1: y, y2: y });
    svgNode("text", svg, { class: "tick", x: left - 6, y: y + 4 }).textContent = text;
  }
  for (const [T, text] of chart.across.ticks) {
    svgNode("line", svg, { class: T ? "grid down" : "grid down zero", x1: place.x(T), x2: place.x(T), y1: top, y2: floor });
    if (chart.feet) svgNode("text", svg, { class: "tick foot", x: place.x(T), y: floor + 18 }).textContent = text;
  }
  const { at, lines, under } = chart.spec;
  under?.(svg, place, { left, right: width - right, top, floor });
  for (const { low, high, className } of lines) {
    if (!low || !high) continue;
    svgNode("path", svg, { class: `band ${className}`, d: areaBetween(pointsOf(place, at, low), pointsOf(place, at, high)) });
  }
  for (const { y, className } of lines) {
    svgNode("path", svg, { class: `line ${className}`, d: lineThrough(pointsOf(place, at, y)) });
  }
  chart.marker = svgNode("line", svg, { class: "marker", y1: top - 4, y2: floor + 4 });
  chart.dots = lines.map(({ className }) => svgNode("circle", svg, { class: `dot ${className}`, r: 4 }));
  const named = /** @type {[number, number][]} */ ([]);
  for (const { name, nameAt, y, className } of lines) {
    if (nameAt === undefined || name === undefined) continue;
    const high = place.y(valueAt(at, y, nameAt, chart.across) ?? 0) - 5;
    let x = place.x(nameAt);
    while (named.some(([other, beside]) => Math.abs(x - other) < APART && Math.abs(high - beside) < APART)) x -= APART;
    named.push([x, high]);
    svgNode("text", svg, { class: `line-name ${className}`, x, y: high }).textContent = name;
  }
  markT(chart, chart.T);
}

/** Move the mark, and a dot on every line, to the present T. @param {Chart} chart @param {number} T */
export function markT(chart, T) {
  chart.T = T;
  if (!chart.marker) return;
  const place = placeOf(chart);
  const x = place.x(T).toFixed(1);
  for (const end of ["x1", "x2"]) chart.marker.setAttribute(end, x);
  chart.spec.lines.forEach(({ y }, i) => {
    const value = valueAt(chart.spec.at, y, T, chart.across);
    chart.dots[i].setAttribute("visibility", value === null ? "hidden" : "visible");
    chart.dots[i].setAttribute("cx", x);
    if (value !== null) chart.dots[i].setAttribute("cy", place.y(value).toFixed(1));
  });
}

/**
 * Charts follow the width of their place.
 * @param {import("./component.js").Ui} ui @param {Element} node @param {() => Chart[]} charts
 */
export function watchWidth(ui, node, charts) {
  watchSize(ui, node, () => charts().forEach((chart) => {
    if (chart.svg.clientWidth !== chart.width) drawOverT(chart);
  }));
}

/**
 * A linear axis that begins at 0: round steps, three to five of them.
 * @param {number} most @param {(value: number) => string} format @returns {Axis}
 */
export function linearAxis(most, format) {
  const rough = most / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5].map((m) => m * unit).find((size) => size >= rough * 0.999) ?? 10 * unit;
  const end = step * Math.ceil(most / step - 1e-9);
  const values = Array.from({ length: Math.round(end / step) + 1 }, (_, i) => i * step);
  return { y: (value) => value / end, ticks: values.map((value) => [value, format(value)]) };
}

/**
 * A logarithmic axis over whole decades.
 * @param {number} least @param {number} most @param {(value: number) => string} format @returns {Axis}
 */
export function logAxis(least, most, format) {
  const [low, high] = [Math.floor(Math.log10(least) + 1e-9), Math.ceil(Math.log10(most) - 1e-9)];
  const decades = Math.max(1, high - low);
  const every = Math.ceil(decades / 5);
  const values = Array.from({ length: decades + 1 }, (_, i) => 10 ** (low + i));
  return {
    y: (value) => (value > 0 ? (Math.log10(value) - low) / decades : -1),
    ticks: values.map((value, i) => [value, i % every ? "" : format(value)]),
  };
}
