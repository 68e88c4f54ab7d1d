// Where the cells of the map stand, and which is next to which.

import { ARROWS } from "../kdviz.shared/dom.js";
import { short } from "../kdviz.shared/format.js";
import { stageRoom } from "../kdviz.shared/on_stage.js";

export const GAP = 1; // around every cell
export const AXIS_LEFT = 44;
const AXIS_BOTTOM = 38;
const BELOW = 122; // the row without a teacher, the axis and the scale of colours
const REPLAY = 74; // the row below them to look back

/** Places in pixels: {at: {index: {x, y, width, height}}, width, height}. The control lies under all columns. */
export function layOut(ui, shown) {
  const { data, width } = ui;
  const { cells, temperatures } = data;
  const alphas = data.alphas.filter((alpha) => alpha > 0);
  const plains = shown.filter((i) => cells.alpha[i] === 0);
  const wide = Math.max(60, width - AXIS_LEFT);
  const points = data.shape === "points";
  const rows = points ? 5 : alphas.length;
  const columns = points ? 5 : temperatures.length;
  const column = wide / columns;
  const room = Math.min(430, stageRoom() - BELOW - (data.frames.length ? REPLAY : 0));
  const row = Math.max(18, Math.min(column * 0.8, 84, room / Math.max(1, rows)));
  const tall = rows * row;
  const bar = Math.max(22, Math.min(row, 32));
  const at = {};
  const place = { at, plains: plains.length, left: AXIS_LEFT, wide, tall, row, column, bar, bottom: tall + bar, height: tall + bar + AXIS_BOTTOM };
  plains.forEach((i, n) => {
    at[i] = { x: AXIS_LEFT + (n * wide) / plains.length, y: tall, width: wide / plains.length, height: bar };
  });
  const across = points ? spread(temperatures, wide, Math.log) : (T) => (temperatures.indexOf(T) + 0.5) * column;
  const up = points ? spread(data.alphas, tall, Number) : (alpha) => (alphas.indexOf(alpha) + 0.5) * row;
  place.xOf = (T) => AXIS_LEFT + across(T);
  place.yOf = (alpha) => tall - up(alpha);
  const side = points ? Math.max(9, Math.min(17, width / 30)) : 0;
  for (const i of shown) {
    if (cells.alpha[i] === 0) continue;
    const [x, y] = [place.xOf(cells.temperature[i]), place.yOf(cells.alpha[i])];
    const [w, h] = points ? [2 * side, 2 * side] : [column, row];
    at[i] = { x: x - w / 2, y: y - h / 2, width: w, height: h };
  }
  return place;
}

const EDGE = 22; // between the border and the outermost points

/** From a value to pixels along an axis of points. */
function spread(values, room, scale) {
  const [low, high] = [scale(values[0]), scale(values[values.length - 1])];
  return (value) => EDGE + (room - 2 * EDGE) * (high > low ? (scale(value) - low) / (high - low) : 0.5);
}

/** Round values between two ends, for the axes of points. */
export function ticksOf(values, logarithmicAxis) {
  const [low, high] = [values[0], values[values.length - 1]];
  if (!logarithmicAxis) return [0, 0.25, 0.5, 0.75, 1].filter((a) => a >= low - 1e-9 && a <= high + 1e-9);
  const ticks = [1, 2, 5].flatMap((step) => [-2, -1, 0, 1, 2, 3].map((power) => step * 10 ** power));
  return ticks.filter((T) => T >= low * 0.999 && T <= high * 1.001).sort((a, b) => a - b);
}

/** Every so many labels of an axis, so that they do not touch. */
export function thinned(values, room, least) {
  const stride = Math.ceil(least / room);
  return values.map((value, i) => (i % stride ? "" : String(short(value))));
}

/** Which value of each list a map has. @param {{ values: unknown[] }[]} choosers @param {number} facet */
export function choicesOf(choosers, facet) {
  let rest = facet;
  return choosers.reduceRight((/** @type {number[]} */ places, { values }) => {
    const place = rest % values.length;
    rest = Math.floor(rest / values.length);
    return [place, ...places];
  }, []);
}

/** The nearest cell in a direction, by the middles of the cells. */
export function neighbour(ui, from, key) {
  const [dx, dy] = ARROWS[key];
  const middle = ({ x, y, width, height }) => [x + width / 2, y + height / 2];
  const [x, y] = middle(ui.nodes[from].box);
  let best = null;
  let least = Infinity;
  for (const [i, node] of Object.entries(ui.nodes)) {
    const [a, b] = middle(node.box);
    const along = (a - x) * dx + (b - y) * dy;
    const across = Math.abs((a - x) * dy) + Math.abs((b - y) * dx);
    const far = along + 3 * across;
    if (along > 0.5 && far < least) { least = far; best = Number(i); }
  }
  return best;
}

/** The first or the last cell of the row; of points, of all. */
export function endOfRow(ui, from, key) {
  const middle = ({ y, height }) => y + height / 2;
  const row = Object.entries(ui.nodes).filter(([, node]) =>
    ui.data.shape === "points" || Math.abs(middle(node.box) - middle(ui.nodes[from].box)) < 1);
  const found = row.sort(([, a], [, b]) => a.box.x - b.box.x).at(key === "Home" ? 0 : -1);
  return found ? Number(found[0]) : null;
}
