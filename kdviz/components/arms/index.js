// A study arm by arm: what is finished, a dot for each seed, and what learns just now; while it runs, and played again.

import { component } from "../kdviz.shared/component.js";
import { emptied, make, setText, svgNode } from "../kdviz.shared/dom.js";
import { percent } from "../kdviz.shared/format.js";
import { lineThrough } from "../kdviz.shared/lines.js";
import { buildPlayer } from "../kdviz.shared/player.js";
import { isDone, meanOf, trainingAt } from "./moments.js";
import { endsOf, finite, place } from "./scale.js";

const WIDE = 400; // of the curves, in their own pixels
const LEARNING = { left: 42, top: 8, bottom: 190, height: 206 };
const LOSS = { left: 42, top: 8, bottom: 100, height: 112 };
const TERMS = ["soft", "hard"]; // of the loss, in the order of a report's

/** A value as its axis says it. */
const said = (ui, value) => (ui.data.percent ? percent(value, 1) : String(Number(value.toPrecision(3))));

/** A row for each arm: its title, and a track on which its seeds stand. */
function buildRows(ui) {
  const holder = emptied(ui.q(".arms"));
  ui.rows = ui.data.arms.map((arm) => {
    const row = make("div", "arm", holder);
    make("div", "name", row).textContent = arm.title;
    return { track: make("div", "track", row), mean: make("output", "value", row) };
  });
  ui.axis = [make("span", "", make("div", "axis", holder)), make("span", "", holder.lastElementChild)];
}

function drawArms(ui) {
  const { arms } = ui.data;
  const known = arms.some(({ values }) => finite(values).length);
  ui.ends.forEach((end, at) => setText(ui.axis[at], known ? said(ui, end) : ""));
  const mark = (track, style, value) => {
    make("i", style, track).style.left = `${place(value, ui.ends, 0, 100)}%`;
  };
  arms.forEach((arm, at) => {
    const { track, mean: text } = ui.rows[at];
    track.replaceChildren();
    const done = isDone(arm, ui.at);
    const mean = meanOf(arm.values);
    setText(text, !done ? "" : mean === null ? ui.tell("diverged") : said(ui, mean));
    if (!done) return;
    for (const value of finite(arm.values)) mark(track, `seed ${arm.role}`, value);
    if (mean !== null) mark(track, `mean ${arm.role}`, mean);
  });
  const done = arms.filter((arm) => isDone(arm, ui.at)).length;
  setText(ui.q(".done"), ui.tell("finished", { done, arms: arms.length, measure: ui.data.measure }));
}

/**
 * Lines over the seconds of a training, each from a list of values by report, between the ends of an axis.
 * @param {SVGElement} svg @param {number[]} at @param {(number | null)[][]} lines
 * @param {[number, number]} ends @param {typeof LEARNING} box @param {(value: number) => string} written
 * @param {(line: number) => string} style
 */
function drawLines(svg, at, lines, ends, box, written, style) {
  svg.setAttribute("viewBox", `0 0 ${WIDE} ${box.height}`);
  const seconds = /** @type {[number, number]} */ ([at[0], Math.max(at[at.length - 1], at[0] + 1e-3)]);
  for (const [value, y] of [[ends[1], box.top], [ends[0], box.bottom]]) {
    svgNode("line", svg, { class: "grid", x1: box.left, x2: WIDE, y1: y, y2: y });
    svgNode("text", svg, { x: box.left - 4, y: y + 4 }).textContent = written(value);
  }
  lines.forEach((values, line) => {
    const points = values.map((value, moment) => value === null ? null : /** @type {[number, number]} */ ([
      place(at[moment], seconds, box.left, WIDE), place(value, ends, box.bottom, box.top),
    ]));
    svgNode("path", svg, { class: `line ${style(line)}`, d: lineThrough(points) });
    const last = points[points.length - 1];
    if (last) svgNode("circle", svg, { class: style(line), cx: last[0], cy: last[1], r: 2.5 });
  });
}

function drawLearning(ui) {
  const training = trainingAt(ui.data.learning, ui.at);
  const svg = emptied(ui.q(".learning"));
  const last = training[training.length - 1];
  setText(ui.q(".doing"), ui.tell(last ? "learns" : "nothing", last));
  svg.setAttribute("aria-label", ui.q(".doing").textContent);
  ui.q(".loss").hidden = !last?.terms.length;
  if (!last) return;
  const at = training.map((report) => report.at);
  const lines = last.accuracy.map((_, seed) => training.map(({ accuracy }) => accuracy[seed]));
  drawLines(svg, at, lines, endsOf(lines.flat()), LEARNING, percent, () => "student");
  if (last.terms.length) drawTerms(ui, at, training.map(({ terms }) => terms));
}

/** What the soft and the hard term add to the loss. */
function drawTerms(ui, at, terms) {
  const svg = emptied(ui.q(".terms"));
  const lines = TERMS.map((_, term) => terms.map((values) => values[term]));
  const last = terms[terms.length - 1].map((value) => value?.toFixed(3) ?? ui.tell("diverged"));
  setText(ui.q(".said"), ui.tell("loss", { soft: last[0], hard: last[1] }));
  svg.setAttribute("aria-label", ui.q(".said").textContent);
  drawLines(svg, at, lines, [0, Math.max(...finite(lines.flat()), 1e-3)], LOSS, (value) => value.toFixed(1), (term) => TERMS[term]);
}

/** The second looked at; null for the end. */
function look(ui, second) {
  ui.at = second;
  const at = second ?? ui.data.seconds;
  ui.range.value = String(at);
  setText(ui.q(".at"), ui.tell("second", { second: at < 10 ? at.toFixed(1) : at.toFixed(0) }));
  ui.range.setAttribute("aria-valuetext", ui.q(".at").textContent);
  drawArms(ui);
  drawLearning(ui);
}

function build(ui) {
  Object.assign(ui, { at: null, range: ui.q("input") });
  ui.range.addEventListener("input", () => {
    const value = Number(ui.range.value);
    const second = value >= ui.data.seconds ? null : value;
    ui.player.moveTo(second);
    look(ui, second);
  });
  ui.player = buildPlayer(ui, ui.q(".player"), () => ui.data.seconds, (second) => look(ui, second));
}

function receive(ui, data) {
  ui.data = data;
  if (ui.changed("run", data.run)) {
    ui.at = null;
    ui.player.moveTo(null);
  }
  if (ui.changed("titles", [data.run, data.arms.map((arm) => arm.title)])) buildRows(ui);
  ui.ends = endsOf(data.arms.flatMap((arm) => arm.values));
  ui.range.max = String(data.seconds);
  ui.player.name();
  setText(ui.q(".scrub > label"), ui.tell("replay", { date: data.date }));
  ui.q(".scrub").hidden = !data.replays;
  ui.q(".now").hidden = Boolean(data.replays) && !data.learning.length;
  look(ui, ui.at);
  if (ui.changed("replays", [data.run, data.replays]) && data.replays) ui.player.start();
}

export default await component(import.meta.url, { root: ".kds", shared: ["replay"], build, receive });
