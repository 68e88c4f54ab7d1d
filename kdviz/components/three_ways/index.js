// A small panel for each way of teaching: who teaches whom, the loss in its parts, accuracy and agreement. All panels
// have the same axes, and look at the same update.

import { component, watchSize } from "../kdviz.shared/component.js";
import { make, setAttribute, setText, svgNode } from "../kdviz.shared/dom.js";
import { percent, whole } from "../kdviz.shared/format.js";
import { areaBetween, lineThrough } from "../kdviz.shared/lines.js";
import { onStage } from "../kdviz.shared/on_stage.js";
import { buildPlayer } from "../kdviz.shared/player.js";
import { listen } from "../kdviz.shared/signals.js";
import { PLOT, buildAxis, buildPlot, lastUpTo, showAxis, showTicks, xOf, yOf } from "../kdviz.shared/training_plot.js";
import { answers, isAsked } from "../kdviz.shared/truth.js";
import { buildDiagram, drawDiagram, nats } from "./who_teaches.js";

const PLOTS = {
  loss: { top: 16, height: 50 },
  accuracy: { top: 88, height: 74 },
  agreement: { top: 184, height: 50 },
};
const AXIS = 249;
const LOOKS = 80;
const NARROW = 600; // pixels, for a stage that shows one of the plots

function series(stage, values, plot, low, high) {
  return values.map((value, i) =>
    value === null || value === undefined ? null : [xOf(stage.step[i], stage.steps), yOf(plot, value, low, high)]);
}

function buildCurves(tell, parent, number) {
  const svg = svgNode("svg", parent, { viewBox: `0 0 ${PLOT.width} ${AXIS + 4}`, role: "img", class: "curves" });
  const groups = Object.fromEntries(Object.keys(PLOTS).map((name) => [name, svgNode("g", svg, { class: `of-${name}` })]));
  const plots = Object.fromEntries(Object.entries(PLOTS).map(([name, plot]) =>
    [name, { ...buildPlot(groups[name], plot, tell(name)), layer: svgNode("g", groups[name], {}) }]));
  const cut = svgNode("text", groups.loss, { class: "cut end", x: PLOT.right, y: PLOTS.loss.top + 12 });
  const clip = svgNode("rect", svgNode("clipPath", svg, { id: `shown-${number}` }), { x: 0, y: 0, width: PLOT.width, height: AXIS });
  for (const { layer: of } of Object.values(plots)) of.setAttribute("clip-path", `url(#shown-${number})`);
  const axis = buildAxis(svg, AXIS);
  const bottom = PLOTS.agreement.top + PLOTS.agreement.height;
  const cursor = svgNode("line", svg, { class: "cursor", y1: PLOTS.loss.top, y2: bottom, visibility: "hidden" });
  return { svg, ...plots, axis, cursor, cut, clip };
}

function buildWay(ui, panel) {
  const node = make("section", "way", ui.ways);
  const head = make("h2", "", node);
  make("span", "", head).textContent = panel.title;
  make("span", "family", head).textContent = panel.family;
  make("p", "cap says", node).textContent = panel.says;
  const diagram = buildDiagram(node, panel.arrows);
  const state = make("p", "cap state", node);
  const curves = buildCurves(ui.tell, node, ui.ways.children.length);
  const cost = make("p", "cap cost", node);
  curves.svg.addEventListener("pointermove", (event) => {
    const box = curves.svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * PLOT.width;
    look(ui, Math.min(1, Math.max(0, (x - PLOT.left) / (PLOT.right - PLOT.left))));
  });
  curves.svg.addEventListener("pointerleave", () => look(ui, null));
  return { node, diagram, state, curves, cost };
}

/** All panels at one update, as a share of the training; null for the newest. */
function look(ui, share) {
  ui.pointed = share;
  drawMoments(ui);
}

function layer(plot, shapes) {
  plot.layer.replaceChildren();
  for (const [kind, d] of shapes) if (d) svgNode("path", plot.layer, { class: kind, d });
}

/** The two parts of the loss, one on the other; whether something is higher than the axis. */
function drawLoss(plot, stage, top) {
  const zero = stage.step.map(() => 0);
  const soft = stage.soft.map((value) => value ?? 0);
  const sum = stage.hard.map((value, i) => (value ?? 0) + soft[i]);
  const line = (values) => series(stage, values, PLOTS.loss, 0, top);
  layer(plot, [["soft", areaBetween(line(soft), line(zero))], ["hard", areaBetween(line(sum), line(soft))]]);
  return sum.some((value) => value > 1.02 * top); // a hair above it is not seen
}

function drawQuality(plot, name, panel, stage, plain, floor) {
  const own = panel.method === "plain";
  const line = (of, pick) => series(of, of[name].map(pick), PLOTS[name], floor, 1);
  const shapes = [];
  if (plain && !own) shapes.push(["line plain", lineThrough(line(plain, (seeds) => seeds[0]))]);
  for (const earlier of panel.stages.slice(0, -1)) shapes.push(["line earlier", lineThrough(line(earlier, (seeds) => seeds[0]))]);
  if (stage) {
    shapes.push([own ? "band self" : "band", areaBetween(line(stage, (seeds) => seeds[2]), line(stage, (seeds) => seeds[1]))]);
    if (name === "accuracy") {
      for (const voice of Object.values(stage.others)) shapes.push(["line other", lineThrough(series(stage, voice, PLOTS.accuracy, floor, 1))]);
    }
    const whose = !panel.stages.length ? "teacher" : own ? "self" : "student";
    shapes.push([`line ${whose}`, lineThrough(line(stage, (seeds) => seeds[0]))]);
  }
  layer(plot, shapes);
}

/** The curves that a panel shows: its student's, or the teacher's that its student waits for. */
function shownStage(ui, panel) {
  return panel.stages[panel.stages.length - 1] ?? (panel.teacher ? ui.data.teaching : null);
}

function drawWay(ui, way, panel) {
  const { data } = ui;
  const stage = shownStage(ui, panel);
  const { curves } = way;
  if (!stage) layer(curves.loss, []);
  const cut = stage ? drawLoss(curves.loss, stage, data.top) : false;
  setText(curves.cut, cut ? ui.tell("cut") : "");
  showTicks(curves.loss, "0", String(data.top));
  for (const name of ["accuracy", "agreement"]) {
    drawQuality(curves[name], name, panel, stage, ui.plain, data.floor);
    showTicks(curves[name], `${Math.round(100 * data.floor)}%`, "100%");
  }
  showAxis(curves.axis, stage?.steps ?? data.steps);
  setText(way.cost, costOf(ui.tell, panel, data.seeds));
}

/** A large number with three digits that matter and its prefix. */
function withPrefix(value, prefixes) {
  let at = 0;
  while (value >= 999.5 && at < prefixes.length - 1) { value /= 1000; at++; }
  return `${value >= 99.5 ? value.toFixed(0) : value >= 9.95 ? value.toFixed(1) : value.toFixed(2)}\u00a0${prefixes[at]}`;
}

function costOf(tell, { cost, done }, seeds) {
  if (!cost) return tell("no-cost");
  const seconds = cost.seconds === null ? "?" : cost.seconds.toFixed(1);
  const operations = withPrefix(cost.operations ?? 0, ["", "k", "M", "G", "T", "P"]);
  const memory = withPrefix(cost.memory, ["B", "kB", "MB", "GB"]);
  const parts = [seeds > 1 && tell("all-seeds", { seeds }), tell(done ? "in-all" : "so-far")].filter(Boolean);
  return [...parts, tell("cost", { seconds, images: whole(cost.images), operations, memory })].join(" ");
}

function stateOf(ui, panel, stage, at) {
  if (!stage) {
    if (panel.done) return ui.tell("done");
    if (!ui.data.live) return "";
    return ui.tell(panel.teacher && !ui.data.taught ? "waits-teacher" : "waits");
  }
  const update = ui.tell("update", { update: whole(stage.step[at]), updates: whole(stage.steps) });
  if (!panel.stages.length) return ui.tell("teacher-first", { update });
  return [
    panel.done && ui.share() === null && ui.tell("done"),
    stage.stages > 1 && ui.tell("stage", stage),
    update,
  ].filter(Boolean).join(" · ");
}

/** What changes with the update looked at: numbers, arrows, the cursor. */
function drawMoments(ui) {
  const share = ui.share();
  ui.data.panels.forEach((panel, i) => {
    const way = ui.built[i];
    const stage = shownStage(ui, panel);
    const at = stage ? lastUpTo(stage.step, share === null ? Infinity : share * stage.steps + 1e-9) : 0;
    const kl = {};
    for (const each of panel.stages) {
      const moment = each === stage ? at : each.step.length - 1;
      each.arrows.forEach(([source, target], j) => { kl[`${source}>${target}`] = each.kl[moment][j]; });
    }
    drawDiagram(ui.tell, way.diagram, kl, panel.title);
    setText(way.state, stateOf(ui, panel, stage, at));
    drawNumbers(ui.tell, way, panel, stage, at);
    const { cursor, clip } = way.curves;
    clip.setAttribute("width", ui.looked !== null && !ui.data.live ? xOf(ui.looked, 1) : PLOT.width);
    cursor.setAttribute("visibility", share !== null && stage ? "visible" : "hidden");
    if (share !== null) for (const end of ["x1", "x2"]) cursor.setAttribute(end, xOf(share, 1).toFixed(1));
  });
  const steps = ui.data.steps;
  setText(ui.at, ui.tell(share === null || !steps ? "newest" : "at", { update: whole(share * steps) }));
  ui.range.setAttribute("aria-valuetext", ui.at.textContent);
}

function drawNumbers(tell, way, panel, stage, at) {
  const { curves } = way;
  const quality = (seeds) => (seeds?.length ? percent(seeds[0], 1) : "");
  const accuracy = stage ? quality(stage.accuracy[at]) : "";
  const agreement = stage ? quality(stage.agreement[at]) : "";
  const terms = stage ? tell(panel.stages.length ? "terms" : "teachers-term", { soft: nats(stage.soft[at] ?? 0), hard: nats(stage.hard[at] ?? 0) }) : "";
  const voices = stage
    ? Object.entries(stage.others).filter(([, values]) => values[at] !== null).map(([name, values]) => `${name} ${percent(values[at], 1)}`)
    : [];
  setText(curves.loss.value, terms);
  setText(curves.accuracy.value, [...(onStage() ? [] : voices.slice(0, 2)), accuracy].filter(Boolean).join(" · "));
  setText(curves.agreement.value, agreement);
  const state = way.state.textContent;
  const told = !stage ? state || tell("not-begun") : tell("told", {
    state, terms, accuracy: [accuracy, ...voices].filter(Boolean).join(", "), agreement: agreement || tell("unknown"),
    cost: way.cost.textContent,
  });
  curves.svg.setAttribute("aria-label", `${panel.title}. ${told}`);
}

/** How long one seed of the way that takes longest has trained. */
const secondsOf = ({ panels, seeds }) => Math.max(1, ...panels.map(({ cost }) => (cost?.seconds ?? 0) / seeds));

/** While a class is asked who teaches best, the replay stands at its beginning; then at its end. */
function keepSecret(ui) {
  const asked = isAsked("best-teacher") && !ui.data?.live;
  if (asked === ui.secret) return;
  ui.secret = asked;
  ui.player.stop();
  ui.looked = asked ? 0 : null;
  ui.player.moveTo(asked ? 0 : null);
  ui.range.value = String(asked ? 0 : LOOKS);
  if (ui.data) drawMoments(ui);
}

function build(ui) {
  answers(ui, "best-teacher", () => ui.data.truth ?? null);
  listen(ui, "asked", () => keepSecret(ui));
  Object.assign(ui, { ways: ui.q(".ways"), range: ui.q("input"), at: ui.q(".at"), pointed: null, looked: null, built: [], secret: false });
  setText(ui.q(".measure"), ui.tell("accuracy"));
  listen(ui, "stage", () => showPlots(ui));
  watchSize(ui, ui.ways, () => showPlots(ui));
  ui.share = () => ui.pointed ?? ui.looked;
  ui.range.addEventListener("input", () => {
    const value = Number(ui.range.value);
    ui.looked = value >= LOOKS ? null : value / LOOKS; // at its end the slider follows the training again
    ui.player.moveTo(ui.looked === null ? null : ui.looked * secondsOf(ui.data));
    drawMoments(ui);
  });
  ui.player = buildPlayer(ui, ui.q(".player"), () => secondsOf(ui.data), (at) => {
    ui.looked = at === null ? null : at / secondsOf(ui.data);
    ui.range.value = String(Math.round((ui.looked ?? 1) * LOOKS));
    drawMoments(ui);
  });
}

/** On the stage without the loss, where there is little room the accuracy alone. */
function showPlots(ui) {
  const { accuracy, agreement } = PLOTS;
  const narrow = ui.ways.clientWidth <= NARROW;
  ui.root.toggleAttribute("data-narrow", narrow);
  const [top, last] = [accuracy.top - 22, narrow ? accuracy : agreement];
  const box = onStage() ? `-14 ${top} ${PLOT.width + 16} ${last.top + last.height + 3 - top}` : `0 0 ${PLOT.width} ${AXIS + 4}`;
  for (const { curves } of ui.built) setAttribute(curves.svg, "viewBox", box);
}

function receive(ui, data) {
  ui.data = data;
  if (ui.changed("panels", [data.run, data.panels.map((panel) => [panel.method, panel.arrows])])) {
    ui.pointed = ui.looked = null;
    ui.secret = false;
    ui.player.moveTo(null);
    ui.range.value = String(LOOKS);
    ui.ways.replaceChildren();
    ui.built = data.panels.map((panel) => buildWay(ui, panel));
  }
  const plain = data.panels.find((panel) => panel.method === "plain");
  ui.plain = plain?.stages[plain.stages.length - 1];
  showPlots(ui);
  ui.player.name();
  if (ui.changed("replays", [data.run, data.replays]) && data.replays) ui.player.start();
  ui.q(".player").hidden = !data.date;
  setText(ui.q(".scrub > label"), ui.tell(data.date ? "replay" : "look-back", { date: data.date }));
  ui.range.disabled = !data.panels.some((panel) => panel.stages.length) && !data.teaching;
  ui.q(".seeds").hidden = data.seeds < 2;
  data.panels.forEach((panel, i) => drawWay(ui, ui.built[i], panel));
  drawMoments(ui);
  keepSecret(ui);
}

export default await component(import.meta.url, { root: ".kdt", shared: ["replay"], build, receive });
