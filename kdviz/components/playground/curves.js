// Accuracy over the updates, accuracy by digit, and both contributions to the loss, stacked.

import { emptied, setText, svgNode } from "../kdviz.shared/dom.js";
import { percent, whole } from "../kdviz.shared/format.js";

/** @typedef {{ update: number, soft: number, hard: number, taught: number, plain: number, agreement: number }} Point */
/** @typedef {import("./controls.js").PlaygroundUi} PlaygroundUi */
/** @typedef {{ of: number[], taught: number[], plain: number[], teacher: number[] | null }} ByDigit */

const [LEFT, RIGHT] = [34, 276]; // of the plots; names of lines stand right of them
const AT_MOST = 240; // places on a curve

/** So many updates span the axis: it grows in few steps, so that curves do not creep. @param {number} updates */
export function span(updates) {
  let most = 200;
  for (const factor of Array.from({ length: 20 }, (_, i) => [2.5, 2, 2][i % 3])) {
    if (most >= updates) break;
    most *= factor;
  }
  return most;
}

/** Every so-many-th point and the last. @template Item @param {Item[]} items */
export function thinned(items) {
  const every = Math.ceil(items.length / AT_MOST);
  return items.filter((_, i) => i % every === 0 || i === items.length - 1);
}

/**
 * Where an accuracy stands, 0 at the bottom, 1 at the top: as the error falls by half it rises by the same, so that
 * 97 and 98 % can be told apart. @param {number} share
 */
export const height = (share) => Math.log(1.01 / (1.01 - Math.min(1, Math.max(0, share)))) / Math.log(101);

const TICKS = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 1];

/** @param {[number, number][]} places */
const line = (places) => (places.length ? `M${places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}` : "");

/** @param {Element} svg @param {number} y @param {string} text */
function gridLine(svg, y, text, base = false) {
  svgNode("line", svg, { class: base ? "base" : "grid", x1: LEFT, x2: RIGHT, y1: y, y2: y });
  svgNode("text", svg, { x: LEFT - 5, y: y + 4, "text-anchor": "end" }).textContent = text;
}

/**
 * Texts kept apart: pushed down where one would stand on another.
 * @template {{ y: number }} Text @param {Text[]} texts @param {number} apart
 */
export function keepApart(texts, apart) {
  const sorted = [...texts].sort((a, b) => a.y - b.y);
  sorted.forEach((text, i) => { if (i) text.y = Math.max(text.y, sorted[i - 1].y + apart); });
  return texts;
}

/** @param {Element} svg @param {{ update: number }[]} marks @param {(update: number) => number} x @param {number} top @param {number} bottom */
function drawMarks(svg, marks, x, top, bottom) {
  for (const { update } of thinned(marks)) {
    svgNode("line", svg, { class: "mark", x1: x(update), x2: x(update), y1: top, y2: bottom });
  }
}

/** @typedef {{ y: number, colour: string, text: string }} Name of a line, where it ends */

/** Names stand right of where their lines end. @param {Element} svg @param {Name[]} names */
function drawNames(svg, names) {
  for (const { y, colour, text } of keepApart(names, 12)) {
    const fill = `fill: var(--kd-${colour === "plain" ? "plain-text" : colour})`;
    svgNode("text", svg, { class: "name", x: RIGHT + 5, y: y + 4, style: fill }).textContent = text;
  }
}

/** @typedef {{ name: string, colour: string, dash: string, text: string }} Line */

/**
 * Curves of points over the updates, each with its name. Gives the names, for others to stand beside them.
 * @template {{ update: number }} P
 * @param {Element} svg @param {P[]} points @param {(Line & { name: Extract<keyof P, string> })[]} lines
 * @param {(update: number) => number} x @param {(share: number) => number} y @returns {Name[]}
 */
function drawLines(svg, points, lines, x, y) {
  const drawn = thinned(points);
  const last = points.at(-1);
  return lines.flatMap(({ name, colour, dash, text }) => {
    const at = (/** @type {P} */ point) => y(Number(point[name]));
    const places = drawn.map((point) => /** @type {[number, number]} */ ([x(point.update), at(point)]));
    svgNode("path", svg, { d: line(places), stroke: `var(--kd-${colour})`, "stroke-dasharray": dash });
    return last ? [{ y: at(last), colour, text }] : [];
  });
}

/** Places of updates from 0 to `most` along the axis, which says how many those are. @param {PlaygroundUi} ui @param {Element} svg @param {number} most @param {number} bottom */
function drawUpdates(ui, svg, most, bottom) {
  const text = svgNode("text", svg, { x: RIGHT, y: bottom + 15, "text-anchor": "end" });
  text.textContent = ui.tell("updates-axis", { n: whole(most) });
  return (/** @type {number} */ update) => LEFT + ((RIGHT - LEFT) * update) / most;
}

/**
 * @param {PlaygroundUi} ui @param {Point[]} points @param {{ update: number }[]} marks @param {number | null} teacher accuracy
 * @param {number} updates
 */
export function drawAccuracy(ui, points, marks, teacher, updates) {
  const svg = emptied(ui.q(".accuracy"));
  const [top, bottom] = [6, 158];
  const x = drawUpdates(ui, svg, span(updates), bottom);
  const y = (/** @type {number} */ share) => bottom - (bottom - top) * height(share);
  for (const share of TICKS) gridLine(svg, y(share), percent(share), share === 0);
  drawMarks(svg, marks, x, top, bottom);
  const names = /** @type {Name[]} */ ([]);
  if (teacher !== null) {
    svgNode("line", svg, { x1: LEFT, x2: RIGHT, y1: y(teacher), y2: y(teacher), stroke: "var(--kd-teacher)", "stroke-width": 2 });
    names.push({ y: y(teacher), colour: "teacher", text: ui.tell(`pull-${ui.settings.teacher}`) });
  }
  names.push(...drawLines(svg, points, [
    { name: "plain", colour: "plain", dash: "5 3", text: ui.tell("plain-short") },
    { name: "taught", colour: "student", dash: "", text: ui.tell("taught-short") },
  ], x, y));
  drawNames(svg, names);
  const last = points.at(-1);
  ui.q(".accuracy").setAttribute("aria-label", last ? ui.tell("accuracy", {
    updates: whole(last.update), taught: percent(last.taught), plain: percent(last.plain), agreement: percent(last.agreement),
  }) : ui.tell("press-play"));
}

/** @typedef {import("./race.js").RacePoint} RacePoint */

/**
 * The three of a race, on a plain scale: with twenty digits no student comes near 100 %. `past` is of the race before.
 * @param {PlaygroundUi} ui @param {RacePoint[]} points @param {RacePoint[]} past @param {number} most updates
 */
export function drawRace(ui, points, past, most) {
  const svg = emptied(ui.q(".own-curves"));
  const [top, bottom] = [6, 118];
  const x = drawUpdates(ui, svg, most, bottom);
  const y = (/** @type {number} */ share) => bottom - (bottom - top) * share;
  for (const share of [0, 0.25, 0.5, 0.75, 1]) gridLine(svg, y(share), percent(share), share === 0);
  const before = drawLines(svg, past, [{ name: "yours", colour: "student", dash: "1 3", text: ui.tell("own-past-short") }], x, y);
  const now = drawLines(svg, points, [
    { name: "bare", colour: "plain", dash: "5 3", text: ui.tell("own-bare-short") },
    { name: "teachers", colour: "teacher", dash: "", text: ui.tell("own-teachers-short") },
    { name: "yours", colour: "student", dash: "", text: ui.tell("own-yours-short") },
  ], x, y);
  drawNames(svg, [...before, ...now]);
  const last = points.at(-1);
  svg.setAttribute("aria-label", last ? ui.tell("own-curves", {
    updates: whole(last.update), yours: percent(last.yours), teachers: percent(last.teachers), bare: percent(last.bare),
  }) : ui.tell("own-before"));
}

/** @param {PlaygroundUi} ui @param {ByDigit} byDigit */
export function drawByDigit(ui, { of, taught, plain, teacher }) {
  const svg = emptied(ui.q(".by-digit"));
  const [base, tall, wide] = [64, 58, 30.5];
  gridLine(svg, base - tall, "100%");
  gridLine(svg, base, "0%", true);
  svg.querySelectorAll("line").forEach((/** @type {Element} */ grid) => grid.setAttribute("x2", "340"));
  of.forEach((n, digit) => {
    const x = LEFT + 2 + digit * wide;
    const kept = ui.settings.digits.includes(String(digit));
    const bar = (/** @type {number} */ right, /** @type {number} */ left, /** @type {number} */ width, /** @type {string} */ colour) => {
      const high = n ? (tall * right) / n : 0;
      svgNode("rect", svg, { x: x + left, y: base - high, width, height: high, fill: `var(--kd-${colour})`, rx: 1 });
    };
    bar(taught[digit], 2, 12, "student");
    bar(plain[digit], 15, 9, "plain");
    if (teacher && n) {
      const y = base - (tall * teacher[digit]) / n;
      svgNode("line", svg, { x1: x, x2: x + 26, y1: y, y2: y, stroke: "var(--kd-teacher)", "stroke-width": 2 });
    }
    const name = svgNode("text", svg, { x: x + 13, y: base + 14, "text-anchor": "middle", ...(kept ? {} : { "text-decoration": "line-through" }) });
    name.textContent = String(digit);
  });
  const shares = of.map((n, digit) => `${digit} ${n ? percent(taught[digit] / n) : "–"}`);
  ui.q(".by-digit").setAttribute("aria-label", ui.tell("by-digit-says", { shares: shares.join(", ") }));
}

/** @param {PlaygroundUi} ui @param {Point[]} points @param {{ update: number }[]} marks @param {number} updates */
export function drawLoss(ui, points, marks, updates) {
  const svg = emptied(ui.q(".loss"));
  const [top, bottom] = [6, 96];
  const drawn = thinned(points.filter(({ soft, hard }) => Number.isFinite(soft + hard)));
  const sums = drawn.map(({ soft, hard }) => soft + hard).sort((a, b) => a - b);
  const largest = sums.at(Math.min(sums.length - 1, Math.ceil(0.97 * sums.length))) ?? 1;
  const most = Math.max(1e-3, [1, 1.5, 2, 3, 5, 7.5, 10].map((step) => step * 10 ** Math.floor(Math.log10(largest || 1))).find((step) => step >= largest) ?? largest);
  const x = (/** @type {number} */ update) => LEFT + ((RIGHT - LEFT) * update) / span(updates);
  const y = (/** @type {number} */ value) => bottom - (bottom - top) * Math.min(1, value / most);
  for (const share of [0, 0.5, 1]) gridLine(svg, y(share * most), String(Number((share * most).toPrecision(2))), share === 0);
  const soft = drawn.map((point) => /** @type {[number, number]} */ ([x(point.update), y(point.soft)]));
  const both = drawn.map((point) => /** @type {[number, number]} */ ([x(point.update), y(point.soft + point.hard)]));
  if (drawn.length > 1) {
    const floor = `L${soft[soft.length - 1][0]},${bottom}L${soft[0][0]},${bottom}Z`;
    svgNode("path", svg, { class: "area", d: line(both) + floor, style: "fill: var(--kd-label)" });
    svgNode("path", svg, { class: "area", d: line(soft) + floor, style: "fill: var(--kd-teacher)" });
  }
  drawMarks(svg, marks, x, top, bottom);
  const last = points.at(-1);
  ui.q(".loss").setAttribute("aria-label", ui.tell("loss", { soft: last?.soft.toPrecision(2) ?? "–", hard: last?.hard.toPrecision(2) ?? "–" }));
}

/** The three large numbers. @param {PlaygroundUi} ui @param {{ n: number, taught: number, plain: number, teacher: number | null }} counts */
export function showNumbers(ui, { n, taught, plain, teacher }) {
  const text = (/** @type {number} */ right) => percent(right / n, right < n && right / n > 0.985 ? 1 : 0);
  setText(ui.q(".acc-taught"), text(taught));
  setText(ui.q(".acc-plain"), text(plain));
  setText(ui.q(".acc-teacher"), teacher === null ? "–" : text(teacher));
}
