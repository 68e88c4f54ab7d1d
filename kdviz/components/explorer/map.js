// The map of T and alpha: cells that fill as their students train, the level of labels only as a contour.

import { clearDrawing, setAttribute, setText, svgNode } from "../kdviz.shared/dom.js";
import { PERCENT, percent, short } from "../kdviz.shared/format.js";
import { describeCell, facetWords } from "./cell.js";
import { GAP, layOut, thinned, ticksOf } from "./places.js";
import { MEASURES, difference, figure, shadeOf } from "./scale.js";

const LOW = 26; // pixels, of a cell whose number needs all of it

/** Cells of the map that is chosen; all of them where all maps are shown in one. */
export function shownCells(ui) {
  const { cells } = ui.data;
  return cells.key.map((_, i) => i).filter((i) => ui.facet === null || cells.facet[i] === ui.facet);
}

/** The number of the map that is shown, among scales and best cells. */
export const mapOf = (ui) => ui.facet ?? ui.data.scales.length - 1;

function buildMap(ui, place, shown) {
  const { data, map } = ui;
  clearDrawing(map, ui.width, place.height);
  map.classList.toggle("points", data.shape === "points");
  const hatch = svgNode("pattern", svgNode("defs", map, {}), {
    id: "kdx-hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
  });
  svgNode("rect", hatch, { class: "stripe", width: 1.6, height: 7 });
  drawAxes(ui, place);
  ui.nodes = {};
  for (const i of shown) ui.nodes[i] = buildCell(ui, i, place.at[i]);
  ui.contours = ["contour under", "contour"].map((kind) => svgNode("path", map, { class: kind }));
  ui.rings = Object.fromEntries(["chosen", "pointed", "selected"].map((kind) => [kind, {
    under: svgNode("rect", map, { class: "ring under", rx: 3, visibility: "hidden" }),
    over: svgNode("rect", map, { class: `ring ${kind}`, rx: 3, visibility: "hidden" }),
  }]));
}

function drawAxes(ui, place) {
  const { data, map } = ui;
  const points = data.shape === "points";
  const alphas = points ? ticksOf(data.alphas, false) : data.alphas.filter((alpha) => alpha > 0);
  const temperatures = points ? ticksOf(data.temperatures, true) : data.temperatures;
  if (points) svgNode("rect", map, { class: "slot grid", fill: "none", x: place.left, y: 0, width: place.wide, height: place.tall });
  thinned(alphas, place.row, 15).forEach((text, i) => {
    const y = place.yOf(alphas[i]);
    svgNode("text", map, { class: "end", x: place.left - 8, y: y + 4 }).textContent = text;
    if (points) svgNode("line", map, { class: "grid", x1: place.left, x2: place.left + place.wide, y1: y, y2: y });
  });
  const least = 8 + 6.5 * Math.max(...temperatures.map((T) => String(short(T)).length));
  thinned(temperatures, place.column, least).forEach((text, i) => {
    const x = place.xOf(temperatures[i]);
    svgNode("text", map, { class: "middle", x, y: place.bottom + 15 }).textContent = text;
    if (points) svgNode("line", map, { class: "grid", x1: x, x2: x, y1: 0, y2: place.tall });
  });
  const zero = points ? "" : "0"; // the axis of points may have one of its own
  svgNode("text", map, { class: "end", x: place.left - 8, y: place.tall + place.bar / 2 + 4 }).textContent = zero;
  const middle = place.tall ? place.tall / 2 : 0;
  if (middle) svgNode("text", map, { class: "middle name", x: 9, y: middle + 4 }).textContent = "α";
  svgNode("text", map, { class: "middle name", x: place.left + place.wide / 2, y: place.bottom + 32 }).textContent = ui.tell("axis");
}

function buildCell(ui, i, box) {
  const group = svgNode("g", ui.map, { class: "cell", role: "button", tabindex: -1, "data-cell": i });
  const round = ui.data.shape === "points" && ui.data.cells.alpha[i] > 0;
  const [cx, cy] = [box.x + box.width / 2, box.y + box.height / 2];
  const shape = (kind) => round
    ? svgNode("circle", group, { class: kind, cx, cy, r: box.width / 2 - GAP })
    : svgNode("rect", group, { class: kind, x: box.x + GAP, y: box.y + GAP, width: box.width - 2 * GAP, height: box.height - 2 * GAP, rx: 2 });
  const node = { group, box, round, slot: shape("slot"), fill: shape("fill") };
  const two = box.height >= 40;
  node.above = round ? svgNode("circle", group, { class: "above", cx, cy, r: box.width / 2 + 1, visibility: "hidden" }) : null;
  node.cross = svgNode("path", group, { class: "cross" });
  node.value = svgNode("text", group, { class: "value", x: cx, y: two ? cy - 6 : cy });
  node.gain = svgNode("text", group, { class: "gain", x: cx, y: cy + 10 });
  node.star = svgNode("path", group, { class: "star", visibility: "hidden" });
  node.same = svgNode("text", group, { class: "same", x: box.x + box.width - 11, y: box.y + 11 });
  return node;
}

function starAt(x, y, radius) {
  const corner = (n) => {
    const angle = (n * Math.PI) / 5 - Math.PI / 2;
    const far = n % 2 ? 0.42 * radius : radius;
    return `${(x + far * Math.cos(angle)).toFixed(1)},${(y + far * Math.sin(angle)).toFixed(1)}`;
  };
  return `M${Array.from({ length: 10 }, (_, n) => corner(n)).join("L")}Z`;
}

function grow(node, progress) {
  node.fill.style.transform = node.round ? `scale(${Math.sqrt(progress).toFixed(3)})` : `scaleY(${progress.toFixed(3)})`;
}

/** Colour and growth of a cell, stripes where no colour is fair yet; gives back the colour of what is written on it, "" where it is not full enough. */
function drawFill(ui, i, node, known) {
  const { cells } = ui.data;
  const young = known && cells.young[i] > 0;
  node.group.classList.toggle("young", young);
  if (young) {
    node.fill.style.fill = "";
    node.slot.style.fill = "url(#kdx-hatch)";
    grow(node, cells.progress[i]);
    return "";
  }
  const shade = known ? shadeOf(ui, cells[ui.measure][i]) : { colour: "transparent", text: "" };
  const faded = cells.dropped[i] > 0;
  node.group.classList.toggle("dropped", faded);
  node.fill.style.fill = shade.colour;
  node.slot.style.fill = known && !faded ? `color-mix(in srgb, ${shade.colour} 38%, var(--kd-bg))` : "";
  grow(node, known ? cells.progress[i] : 0);
  return cells.progress[i] > (node.round ? 0.999 : 0.64) && !faded ? shade.text : "";
}

/** The figure, and its difference from labels only, as far as there is room. */
function drawWords(ui, i, node, known) {
  const { cells } = ui.data;
  const { box } = node;
  const plain = cells.alpha[i] === 0;
  const roomy = box.width >= 38;
  const unit = plain && MEASURES[ui.measure].share ? PERCENT : "";
  const young = known && cells.young[i] > 0; // its figure would be compared with those of students that are done
  const written = !known || node.round || !(roomy || plain) ? ""
    : young ? (box.width >= 50 ? ui.tell("map-at", { percent: percent(cells.share[i]) }) : "")
    : `${figure(ui, cells[ui.measure][i], box.width >= 46)}${unit}`;
  const several = ui.place.plains > 1 ? facetWords(ui, cells.facet[i]) : ui.tell("map-plain");
  const name = plain && box.width > 70 + 6.5 * several.length ? several : "";
  const end = plain && !known && cells.diverged[i] ? ui.tell("map-diverged") : written;
  setText(node.value, [name, end].filter(Boolean).join(": "));
  const gain = cells.gains[ui.measure][i];
  const few = box.width >= 64 ? ui.tell("map-epochs", { epochs: cells.epochs[i] }) : "";
  const note = cells.dropped[i] ? few : gain === null ? "" : difference(ui, gain);
  const cramped = cells.word && box.width < 60; // by the marks of the end
  setText(node.gain, written && !plain && roomy && !cramped && box.height >= 40 ? note : "");
  const crowded = cells.word && box.width < 75 && box.height >= 40 && !plain && !cells.dropped[i]; // by the marks above
  for (const text of [node.value, node.gain]) setAttribute(text, "transform", crowded ? `translate(0,${cramped ? 10 : 4})` : "");
}

/** A large cross where all students diverged, a small one where some did. */
function drawCross(ui, i, { cross, box }, known, ink) {
  const { cells } = ui.data;
  const [x, y, w, h] = [box.x + 5, box.y + 5, box.width - 10, box.height - 10];
  const large = `M${x},${y}l${w},${h}m${-w},0l${w},${-h}`;
  const small = `M${x},${y + h - 6}l6,6m-6,0l6,-6`;
  const broken = cells.diverged[i] > 0 && cells.alpha[i] > 0; // labels only says it in words
  setAttribute(cross, "d", !broken ? "" : known ? small : large);
  cross.style.stroke = ink;
}

function drawCell(ui, i) {
  const { cells } = ui.data;
  const node = ui.nodes[i];
  const known = Boolean(ui.scale) && cells[ui.measure][i] !== null;
  const ink = drawFill(ui, i, node, known);
  drawWords(ui, i, node, known);
  for (const text of [node.value, node.gain, node.same]) {
    text.style.fill = ink;
    text.classList.toggle("halo", !ink);
  }
  drawCross(ui, i, node, known, ink);
  drawVerdict(ui, i, node, ink);
  if (node.above) setAttribute(node.above, "visibility", known && isAbove(ui, i) ? "visible" : "hidden");
  setAttribute(node.group, "aria-label", describeCell(ui, i));
  setAttribute(node.group, "aria-pressed", String(ui.selected === cells.key[i]));
}

/** What the end says of a cell: not shown to differ, chosen, tied. The verdicts are about accuracy. */
function drawVerdict(ui, i, node, ink) {
  const { cells } = ui.data;
  const { box } = node;
  const same = isSame(ui, i);
  setText(node.same, same ? (box.width >= 30 && !node.round ? "≈" : "·") : "");
  const star = cells.chosen?.[i] || cells.tied?.[i];
  setAttribute(node.star, "visibility", star ? "visible" : "hidden");
  if (!star) return;
  const chosen = cells.chosen[i] > 0 && !node.round;
  const radius = Math.min(chosen && box.height > 60 ? 6.5 : 5, box.width / 6, box.height / 5);
  const inside = radius + (chosen && box.width > 40 ? 8 : 4); // inside the ring of the choice
  if (chosen && box.height >= LOW) setAttribute(node.same, "transform", "translate(-4,3)");
  setAttribute(node.star, "d", node.round ? starAt(box.x + box.width / 2, box.y + box.height / 2, radius + 2) : starAt(box.x + inside, box.y + inside, radius));
  node.star.style.stroke = ink || "var(--kd-ink)";
  node.star.style.fill = cells.chosen[i] ? ink || "var(--kd-ink)" : "none";
}

/** Whether the cell is not shown to differ from labels only; cells that the search has left behind do not count. */
export function isSame(ui, i) {
  const { cells } = ui.data;
  return cells.word?.[i] === "no difference shown" && ui.measure === "validation_accuracy" && !cells.dropped[i];
}

/** Better than labels only, by the measure that is shown; null where that is not known, or of a cell without a colour. */
export function isAbove(ui, i) {
  const { cells } = ui.data;
  if (cells.alpha[i] === 0) return false;
  if (cells.young[i] || cells.dropped[i]) return null;
  const gain = cells.gains[ui.measure][i];
  return gain === null ? null : gain * MEASURES[ui.measure].better > 0;
}

/** The borders between cells above and below the level of labels only, as one path. */
function contour(ui, place, shown) {
  const { cells, temperatures } = ui.data;
  const alphas = ui.data.alphas.filter((alpha) => alpha > 0);
  const above = {};
  for (const i of shown) {
    if (cells.alpha[i] > 0) above[`${temperatures.indexOf(cells.temperature[i])} ${alphas.indexOf(cells.alpha[i])}`] = isAbove(ui, i);
  }
  const at = (column, row) => (row < 0 ? false : above[`${column} ${row}`] ?? null);
  const edge = (a, b) => a !== null && b !== null && a !== b;
  let path = "";
  for (let column = 0; column < temperatures.length; column++) {
    for (let row = 0; row < alphas.length; row++) {
      const [x, y] = [place.left + column * place.column, place.tall - row * place.row];
      if (edge(at(column, row), at(column, row - 1))) path += `M${x},${y}h${place.column}`;
      if (column && edge(at(column, row), at(column - 1, row))) path += `M${x},${y}v${-place.row}`;
    }
  }
  return path;
}

/** `inset` is from the border of its cell; a low one has it all for its number. */
function drawRing(ui, kind, i, inset) {
  const { under, over } = ui.rings[kind];
  const node = i === null ? null : ui.nodes[i];
  for (const rect of [under, over]) {
    setAttribute(rect, "visibility", node ? "visible" : "hidden");
    if (!node) continue;
    const { x, y, width, height } = node.box;
    const by = height < LOW ? 0 : inset;
    const box = { x: x + by, y: y + by, width: width - 2 * by, height: height - 2 * by, rx: node.round ? width : 3 };
    for (const [name, value] of Object.entries(box)) setAttribute(rect, name, value);
  }
  if (kind === "pointed") setAttribute(under, "visibility", "hidden");
}

export function drawRings(ui) {
  const { cells } = ui.data;
  const inMap = (i) => (i !== null && i >= 0 && ui.nodes[i] ? i : null);
  drawRing(ui, "chosen", inMap(cells.chosen ? cells.chosen.indexOf(1) : null), 4);
  drawRing(ui, "pointed", inMap(ui.pointed), 0);
  drawRing(ui, "selected", inMap(cells.key.indexOf(ui.selected)), 0.5);
}

/** All of the map; its nodes are made anew only where places change. */
export function drawMap(ui) {
  const shown = shownCells(ui);
  const { data } = ui;
  if (ui.changed("map", [data.run, ui.width, ui.facet, data.shape, data.temperatures, data.alphas, shown.length])) {
    const focused = ui.map.getRootNode().activeElement?.dataset?.cell;
    ui.place = layOut(ui, shown);
    buildMap(ui, ui.place, shown);
    if (focused !== undefined) ui.nodes[focused]?.group.focus();
  }
  ui.scale = data.scales[mapOf(ui)][ui.measure];
  for (const i of shown) drawCell(ui, i);
  const d = data.shape === "grid" ? contour(ui, ui.place, shown) : "";
  for (const node of ui.contours) setAttribute(node, "d", d);
  drawRings(ui);
  drawTabStop(ui);
  setAttribute(ui.map, "aria-label", ui.tell("map", { cells: shown.length }));
}

/** The one cell that Tab comes to: where the visitor was last, or what the page speaks of. */
export function drawTabStop(ui) {
  const focused = ui.map.getRootNode().activeElement?.dataset?.cell;
  const selected = ui.data.cells.key.indexOf(ui.selected);
  const wanted = [focused, ui.stop, selected, ui.best(), Object.keys(ui.nodes)[0]];
  const stop = String(wanted.find((i) => ui.nodes[i]));
  for (const [i, { group }] of Object.entries(ui.nodes)) setAttribute(group, "tabindex", i === stop ? 0 : -1);
}
