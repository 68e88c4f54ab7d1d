// The race of a class: each student that a seat has trained is a dot on the map of T and alpha, coloured by how many of the
// held-out images it reads right. Without a class whoever looks at it trains them, with two sliders or by a click there.

import { sayAloud } from "../kdviz.shared/announcer.js";
import { postsNow } from "../kdviz.shared/class_posts.js";
import { component, watchSize } from "../kdviz.shared/component.js";
import { clearDrawing, setAttribute, svgNode } from "../kdviz.shared/dom.js";
import { percent } from "../kdviz.shared/format.js";
import { luminance, resolveColour } from "../kdviz.shared/matrix.js";
import { stageRoom } from "../kdviz.shared/on_stage.js";
import { buildRace } from "../kdviz.shared/own_student.js";
import { shadeBetween, shadesFor } from "../kdviz.shared/shades.js";
import { listen } from "../kdviz.shared/signals.js";
import { alphaAt, placeOfAlpha, placeOfT, pointsOf, tAt } from "./points.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [40, 12, 10, 40];
const [USUAL, SENTENCE] = [380, 76]; // pixels high: the map, and the room below it
const TEMPERATURES = [0.5, 1, 2, 5, 10, 20, 50];
const ALPHAS = [0, 0.25, 0.5, 0.75, 1];
const [DOT, SMALL] = [13, 10.5]; // radii; the smaller one where the map is narrow
const NARROW = 500;
const FIRST = { T: 4, alpha: 0.9 }; // the playground's
const MOST = 60; // students of one's own on the map

function drawAxes(ui, x, y, floor) {
  const { map, width } = ui;
  for (const T of TEMPERATURES) {
    svgNode("line", map, { class: "grid", x1: x(T), x2: x(T), y1: TOP, y2: floor });
    svgNode("text", map, { class: "middle", x: x(T), y: floor + 16 }).textContent = String(T);
  }
  for (const alpha of ALPHAS) {
    svgNode("line", map, { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(alpha), y2: y(alpha) });
    svgNode("text", map, { class: "end", x: LEFT - 8, y: y(alpha) + 4 }).textContent = String(alpha);
  }
  svgNode("text", map, { class: "middle name", x: (LEFT + width - RIGHT) / 2, y: floor + 33 }).textContent = ui.tell("axis");
  svgNode("text", map, { class: "name", x: 4, y: TOP + 12 }).textContent = "α";
}

function drawDot(ui, point, x, y, [worst, best]) {
  const { colour, text } = shadeBetween(ui.shades, point.accuracy, worst, best);
  const group = svgNode("g", ui.map, { class: point.accuracy === best ? "dot best" : "dot" });
  svgNode("circle", group, { cx: x(point.T), cy: y(point.alpha), r: ui.width < NARROW ? SMALL : DOT, style: `fill: ${colour}` });
  svgNode("text", group, { class: "count", x: x(point.T), y: y(point.alpha) + 4, style: `fill: ${text}` }).textContent = (100 * point.accuracy).toFixed(0);
}

function draw(ui) {
  const { map, width } = ui;
  if (!width) return;
  const points = pointsOf(ui.seats);
  const height = Math.max(160, Math.min(USUAL, stageRoom() - SENTENCE));
  ui.height = height;
  const floor = height - BOTTOM;
  const x = (T) => LEFT + (width - LEFT - RIGHT) * placeOfT(T);
  const y = (alpha) => floor - (floor - TOP) * placeOfAlpha(alpha);
  clearDrawing(map, width, height);
  drawAxes(ui, x, y, floor);
  const shares = points.map(({ accuracy }) => accuracy);
  const ends = /** @type {[number, number]} */ ([Math.min(...shares), Math.max(...shares)]);
  for (const point of points) drawDot(ui, point, x, y, ends);
  const best = points.at(-1);
  const facts = best && {
    students: points.length, T: best.T, alpha: best.alpha.toFixed(2), best: percent(best.accuracy, 1), worst: percent(ends[0], 1),
    plain: percent(best.plain, 1),
  };
  const says = facts ? ui.tell(points.length > 1 ? "says" : "says-one", facts) : ui.tell(ui.alone ? "empty-alone" : "empty");
  ui.q(".own").hidden = !ui.alone;
  sayAloud(ui.q(".say"), says);
  setAttribute(map, "aria-label", `${ui.tell("axis")}. ${says}`);
}

/** Without a class: students of whoever looks at the map. */
function buildOwn(ui) {
  ui.points = [];
  const packOf = ({ pack }) => new URL(`../../../${pack}`, import.meta.url);
  const send = ({ point: { points } }) => {
    ui.points = points;
    if (ui.alone) take(ui, postsNow());
  };
  ui.race = buildRace(ui, { first: FIRST, most: MOST, packOf, send });
  ui.map.addEventListener("click", (/** @type {MouseEvent} */ { clientX, clientY }) => {
    if (!ui.alone) return;
    const box = ui.map.getBoundingClientRect();
    const [x, y] = [((clientX - box.left) * ui.width) / box.width, ((clientY - box.top) * ui.height) / box.height];
    const floor = ui.height - BOTTOM;
    if (x < LEFT || x > ui.width - RIGHT || y < TOP || y > floor) return;
    ui.race.trainAt({ T: tAt((x - LEFT) / (ui.width - LEFT - RIGHT)), alpha: alphaAt((floor - y) / (floor - TOP)) });
  });
}

function take(ui, { opened, points }) {
  ui.alone = !opened;
  ui.seats = opened ? points : [{ seat: "", points: ui.points }];
  ui.root.toggleAttribute("data-alone", ui.alone);
  draw(ui);
}

function build(ui) {
  Object.assign(ui, { map: ui.q(".map"), width: 0 });
  buildOwn(ui);
  take(ui, postsNow());
  listen(ui, "class", (posts) => take(ui, posts));
  for (const name of /** @type {const} */ (["stage", "room"])) listen(ui, name, () => draw(ui));
  watchSize(ui, ui.q(".plane"), (width) => {
    ui.width = width;
    draw(ui);
  });
}

function receive(ui, data) {
  ui.shades = shadesFor(luminance(resolveColour(ui.root, "var(--kd-bg)")) < 0.4);
  if (ui.changed("data", data.data)) ui.points = [];
  ui.race.show(data);
  take(ui, postsNow());
}

export default await component(import.meta.url, { root: ".class-map", shared: ["picture"], build, receive });
