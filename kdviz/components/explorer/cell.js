// One cell of the map: its figures against labels only, its curves, and its soft targets beside the teacher's.

import { decodeBase64 } from "../kdviz.shared/bytes.js";
import { make, makeImage, makeRadio, setAttribute, setText, svgNode } from "../kdviz.shared/dom.js";
import { PERCENT, percent, sharePercent, short } from "../kdviz.shared/format.js";
import { areaBetween, lineThrough } from "../kdviz.shared/lines.js";
import { buildPairs, drawPairs } from "../kdviz.shared/pair_bars.js";
import { ranked, softmax, totalVariation } from "../kdviz.shared/softmax.js";
import { PLOT, buildAxis, buildPlot, showAxis, showTicks, xOf, yOf } from "../kdviz.shared/training_plot.js";
import { choicesOf } from "./places.js";
import { MEASURES, difference, figure } from "./scale.js";

const LOSS = { top: 16, height: 52 };
const RIGHT = { top: 90, height: 76 };
const TARGETS = { width: 320, base: 86, tall: 74, most: 1.06 };

function titleOf(ui, i) {
  const { cells, choosers } = ui.data;
  const [T, alpha] = [short(cells.temperature[i]), short(cells.alpha[i])];
  const own = ui.tell(alpha === 0 ? "labels-only" : "cell", { T, alpha });
  const many = choosers.filter(({ values }) => values.length > 1);
  return many.length && ui.facet !== cells.facet[i] ? `${own} · ${facetWords(ui, cells.facet[i])}` : own;
}

/** What a map holds fixed, in words: only what the sweep varies. */
export function facetWords(ui, facet) {
  const places = choicesOf(ui.data.choosers, facet);
  return ui.data.choosers.flatMap(({ name, values }, n) => {
    const rate = values[places[n]];
    return values.length < 2 ? [] : name === "Learning rate" ? ui.tell("rate", { rate }) : rate;
  }).join(", ");
}

function stateOf({ tell, data }, i) {
  const { cells, students, rungs, epochs, run } = data;
  const [done, running, diverged] = [cells.done[i], cells.running[i], cells.diverged[i]];
  const who = tell(data.folds ? "students" : "seeds"); // a student for each seed and fold
  const values = { done, running, diverged, students, who };
  const parts = [];
  if (diverged && diverged === done + running) return tell("broken");
  if (!done && !running) parts.push(tell(run ? "waits" : "untrained"));
  else if (done === students) parts.push(tell(students === 1 ? "done-one" : "done", values));
  else if (done) parts.push(tell(running ? "some-running" : "some", values));
  else {
    const share = percent((cells.progress[i] * students) / running);
    parts.push(tell(running === 1 ? "learning-first" : "learning", { ...values, percent: share }));
  }
  if (rungs.length > 1 && cells.epochs[i]) parts.push(tell("epochs", { done: cells.epochs[i], epochs }));
  if (cells.dropped[i]) parts.push(tell("left-behind"));
  if (diverged) parts.push(tell("left-out", values));
  return parts.join(" · ");
}

function tagOf(ui, i) {
  const { cells } = ui.data;
  const tags = [];
  if (cells.chosen?.[i]) tags.push(ui.tell("choice"));
  else if (cells.tied?.[i]) tags.push(ui.tell("tied"));
  else if (!cells.chosen && ui.best() === i) tags.push(ui.tell("best"));
  const word = cells.word?.[i];
  if (word && word !== "no verdict") tags.push(ui.tell(word === "no difference shown" ? "same" : "verdict", { word }));
  return tags.join(" · ");
}

/** A cell in a sentence, for those who hear it. */
export function describeCell(ui, i) {
  const { cells } = ui.data;
  const { share } = MEASURES[ui.measure];
  const value = cells[ui.measure][i];
  const gain = cells.gains[ui.measure][i];
  const parts = [titleOf(ui, i)];
  const unit = share ? PERCENT : "";
  if (value !== null) parts.push(ui.tell("figure", { measure: ui.tell(ui.measure), value: `${figure(ui, value)}${unit}` }));
  if (gain !== null) parts.push(ui.tell(share ? "gain-points" : "gain", { gain: difference(ui, gain) }));
  return [...parts, stateOf(ui, i), tagOf(ui, i)].filter(Boolean).join("; ");
}

export function buildOne(ui) {
  const body = ui.q(".one tbody");
  ui.rows = Object.entries(MEASURES).map(([name, { share }]) => {
    const row = make("tr", "", body);
    make("th", "", row, { scope: "row" }).textContent = ui.tell(`row-${name}`);
    const cells = [make("td", "", row), make("td", "", row), make("td", "", row)];
    return { name, share, row, cells };
  });
  ui.curves = buildCurves(ui.tell, ui.q(".curves svg"));
  ui.image = 0;
  ui.own = true; // the softmax at the cell's T, not at T = 1
  ui.pixels = {};
}

export function drawOne(ui) {
  const { cells } = ui.data;
  const i = ui.shownCell();
  ui.q(".one").hidden = i === null;
  if (i === null) return;
  setText(ui.q(".one .name"), titleOf(ui, i));
  setText(ui.q(".one .tag"), tagOf(ui, i));
  setText(ui.q(".one .state"), stateOf(ui, i));
  ui.q(".one table").classList.toggle("control", cells.alpha[i] === 0);
  for (const { name, share, row, cells: [own, plain, gap] } of ui.rows) {
    const value = cells[name][i];
    const gain = cells.gains[name][i];
    const write = (v) => (v === null ? "–" : share ? percent(v, 2) : v.toFixed(4));
    setText(own, write(value));
    setText(plain, cells.alpha[i] === 0 ? "" : write(value === null || gain === null ? null : value - gain));
    setText(gap, gain === null ? "" : gapOf(gain, share) + (name === "validation_accuracy" ? intervalOf(ui, cells.interval?.[i]) : ""));
    row.classList.toggle("on", name === ui.measure);
  }
  const detail = ui.data.details.cells[cells.key[i]];
  const { live } = ui.data;
  const teaching = detail?.step.length ? null : ui.data.teaching; // the teacher that its students wait for
  for (const [name, there] of [["curves", detail?.step.length || teaching], ["targets", detail?.logits]]) {
    ui.q(`.${name}`).hidden = !there && !live && !ui.anyDetail; // else the place is kept: nothing jumps
    ui.q(`.${name}`).classList.toggle("empty", !there);
  }
  ui.q(".curves").classList.toggle("teaching", Boolean(teaching));
  if (teaching) drawTeaching(ui, teaching);
  else if (detail?.step.length) drawCurves(ui, detail, cells.alpha[i]);
  drawTargets(ui, i, detail);
}

function gapOf(gain, share) {
  const text = share ? (100 * Math.abs(gain)).toFixed(2) : Math.abs(gain).toFixed(4);
  return `${Number(text) === 0 ? "" : gain < 0 ? "−" : "+"}${text}`;
}

function intervalOf(ui, interval) {
  return interval ? ` ${ui.tell("interval", { from: gapOf(interval[0], true), to: gapOf(interval[1], true) })}` : "";
}

function buildCurves(tell, svg) {
  const [loss, right] = [buildPlot(svg, LOSS, tell("plot-loss")), buildPlot(svg, RIGHT, tell("plot-accuracy"))];
  const path = (kind) => svgNode("path", svg, { class: kind });
  const paths = { soft: path("soft"), hard: path("hard"), plain: path("line plain"), own: path("line student") };
  const cut = svgNode("text", svg, { class: "cut end", x: PLOT.right, y: LOSS.top + 12 });
  return { svg, loss, right, paths, axis: buildAxis(svg, 182), cut };
}

function drawCurves(ui, detail, alpha) {
  const { paths, axis, loss, right, svg, cut } = ui.curves;
  const soft = detail.soft.map((value) => value ?? 0);
  const sum = detail.hard.map((value, n) => (value ?? 0) + soft[n]);
  const top = niceAbove(sum[Math.min(1, sum.length - 1)]);
  const line = (values, plot, low, high) => values.map((value, n) => (value === null ? null : [xOf(detail.step[n], detail.steps), yOf(plot, value, low, high)]));
  const zero = line(sum.map(() => 0), LOSS, 0, top);
  setAttribute(paths.soft, "d", areaBetween(line(soft, LOSS, 0, top), zero));
  setAttribute(paths.hard, "d", areaBetween(line(sum, LOSS, 0, top), line(soft, LOSS, 0, top)));
  setText(cut, Math.max(...sum) > 1.02 * top ? ui.tell("cut") : "");
  const control = detail.plain.some((value) => value !== null) ? detail.plain : detail.accuracy;
  const floor = floorOf(control.filter((value) => value !== null)); // so that cells have the same axis
  setAttribute(paths.own, "d", lineThrough(line(detail.accuracy, RIGHT, floor, 1)));
  setAttribute(paths.plain, "d", alpha === 0 ? "" : lineThrough(line(detail.plain, RIGHT, floor, 1)));
  showTicks(loss, "0", String(top));
  showTicks(right, `${Math.round(100 * floor)}%`, "100%");
  const last = detail.step.length - 1;
  const terms = ui.tell(detail.teaching ? "teachers-term" : "terms", { soft: soft[last].toFixed(3), hard: (detail.hard[last] ?? 0).toFixed(3) });
  setText(loss.value, terms);
  const end = detail.accuracy[last];
  setText(right.value, end === null ? "" : percent(end, 1));
  showAxis(axis, detail.steps);
  const { students, steps: updates } = detail;
  const values = { update: detail.step[last], updates, terms, accuracy: right.value.textContent, students };
  const says = detail.teaching ? "curves-teacher" : students > 1 ? "curves-means" : "curves";
  setAttribute(svg, "aria-label", ui.tell(says, values));
}

/** The loss and the accuracy of a teacher, in the same plots. */
function drawTeaching(ui, stage) {
  const accuracy = stage.accuracy.map((seeds) => seeds[0] ?? null);
  drawCurves(ui, { ...stage, accuracy, plain: [], students: 1, teaching: true }, 0);
}

function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-6)));
  const step = [1, 1.5, 2, 3, 5, 7].find((size) => size * power >= value * 0.999) ?? 10;
  return Number((step * power).toPrecision(3));
}

/** Where the axis of accuracy begins: so that the second half of a training fills it. */
function floorOf(known) {
  const half = known[Math.floor(known.length / 2)] ?? 0;
  return [0.95, 0.9, 0.8, 0.7, 0.5].find((floor) => half > floor + 0.01) ?? 0;
}

function buildImages(ui, watched) {
  const holder = ui.q(".images");
  if (!ui.changed("images", [ui.data.run, watched.indices])) return;
  ui.image = Math.min(ui.image, watched.labels.length - 1);
  holder.replaceChildren();
  watched.images.forEach((image, n) => {
    const { label, input } = makeRadio(holder, "image", n === ui.image, () => { ui.image = n; drawOne(ui); });
    const values = { number: watched.indices[n], label: ui.data.details.names[watched.labels[n]] };
    input.setAttribute("aria-label", ui.tell("image", values));
    makeImage(label, decodeBase64(image));
  });
}

function drawTemperatures(ui, T) {
  const holder = ui.q(".ats");
  holder.hidden = T === 1;
  if (ui.atT === T) return;
  ui.atT = T;
  holder.replaceChildren();
  for (const own of [true, false]) {
    const { label } = makeRadio(holder, "at", ui.own === own, () => { ui.own = own; drawOne(ui); });
    make("span", "", label).textContent = `T = ${own ? short(T) : 1}`;
  }
}

function drawTargets(ui, i, detail) {
  const { cells, details } = ui.data;
  const watched = detail?.logits ? details.watched[detail.watched] : null;
  const wait = ui.q(".wait");
  wait.hidden = !ui.data.run || (Boolean(watched) && !ui.data.live); // while it lives the line is kept: nothing jumps
  if (watched) setText(wait, "");
  if (!watched) {
    setText(ui.q(".targets .says"), "");
    const known = cells[ui.measure][i] !== null;
    setText(wait, ui.tell(cells.diverged[i] && !known ? "nothing" : known && !detail ? "select" : "not-done"));
    return;
  }
  ui.bars ??= buildPairs(ui.q(".targets svg"), details.names, TARGETS);
  buildImages(ui, watched);
  drawTemperatures(ui, cells.alpha[i] === 0 ? 1 : cells.temperature[i]);
  const T = ui.own ? ui.atT : 1;
  const n = ui.image;
  const teacher = softmax(watched.teacher[n], T);
  const broken = detail.logits[n].includes(null);
  const student = broken ? null : softmax(detail.logits[n], T);
  const whole = drawPairs(ui.bars, teacher, student, watched.labels[n]);
  setText(ui.bars.top, sharePercent(whole));
  setText(ui.q(".targets .title"), ui.tell("softmax", { T: short(T), student: detail.watched }));
  const name = (p) => details.names[ranked(p)[0]];
  const gap = student ? totalVariation(teacher, student) : 1;
  const who = { label: details.names[watched.labels[n]], teacher: name(teacher), student: student ? name(student) : "" };
  const says = ui.tell(student ? "says" : "says-diverged", { ...who, gap: sharePercent(gap) });
  setText(ui.q(".targets .says"), says);
  setAttribute(ui.bars.svg, "aria-label", says);
}
