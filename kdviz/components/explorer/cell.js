// One cell of the map: its figures against labels only, its curves, and its soft targets beside the teacher's.

import { decodeBase64 } from "../kdviz.shared/bytes.js";
import { make, setAttribute, setText, showGrey, svgNode } from "../kdviz.shared/dom.js";
import { PERCENT, sharePercent, short } from "../kdviz.shared/format.js";
import { ranked, softmax, totalVariation } from "../kdviz.shared/softmax.js";
import {
  PLOT, areaBetween, buildAxis, buildPlot, lineThrough, showAxis, showTicks, xOf, yOf,
} from "../kdviz.shared/training_plot.js";
import { MEASURES, difference, figure } from "./scale.js";

const LOSS = { top: 16, height: 52, title: "loss, nats" };
const RIGHT = { top: 90, height: 76, title: "accuracy, images held out" };
const TARGETS = { width: 320, base: 86, tall: 72, top: 12 };

function titleOf(ui, i) {
  const { cells, choosers } = ui.data;
  const own = cells.alpha[i] === 0 ? "Labels only" : `T = ${short(cells.temperature[i])}, α = ${short(cells.alpha[i])}`;
  const many = choosers.filter(({ values }) => values.length > 1);
  return many.length && ui.facet !== cells.facet[i] ? `${own} · ${facetWords(ui, cells.facet[i])}` : own;
}

/** What a map holds fixed, in words: only what the sweep varies. */
export function facetWords(ui, facet) {
  const words = [];
  let rest = facet;
  for (const { name, values } of [...ui.data.choosers].reverse()) {
    const at = rest % values.length;
    rest = Math.floor(rest / values.length);
    if (values.length > 1) words.unshift(name === "Learning rate" ? `learning rate ${values[at]}` : values[at]);
  }
  return words.join(", ");
}

function stateOf(ui, i) {
  const { cells, students, rungs, epochs } = ui.data;
  const [done, running, diverged] = [cells.done[i], cells.running[i], cells.diverged[i]];
  const who = ui.data.folds ? "students" : "seeds"; // a student for each seed and fold
  const parts = [];
  if (diverged && diverged === done + running) return "diverged: its weights are no numbers any more";
  if (!done && !running) parts.push(ui.data.run ? "waits for its turn" : "not trained yet");
  else if (done === students) parts.push(students === 1 ? "done, one seed" : `all ${students} ${who} done`);
  else if (done) parts.push(`means of ${done} of ${students} ${who}${running ? ", another is learning" : ""}`);
  else parts.push(`learning: ${Math.round((100 * cells.progress[i] * students) / running)}${PERCENT} of ${running === 1 ? `the first of ${students}` : `${running} students`}`);
  if (rungs.length > 1 && cells.epochs[i]) parts.push(`${cells.epochs[i]} of ${epochs} epochs`);
  if (cells.dropped[i]) parts.push("left behind");
  if (diverged) parts.push(`${diverged} diverged and left out`);
  return parts.join(" · ");
}

function tagOf(ui, i) {
  const { cells } = ui.data;
  const tags = [];
  if (cells.chosen?.[i]) tags.push("★ the choice");
  else if (cells.tied?.[i]) tags.push("☆ tied with the choice");
  else if (!cells.chosen && ui.best() === i) tags.push("best accuracy so far");
  const word = cells.word?.[i];
  if (word && word !== "no verdict") tags.push(word === "no difference shown" ? "≈ not shown to differ from labels only" : `${word} than labels only`);
  return tags.join(" · ");
}

/** A cell in a sentence, for those who hear it. */
export function tell(ui, i) {
  const { cells } = ui.data;
  const measure = MEASURES[ui.measure];
  const value = cells[ui.measure][i];
  const gain = cells.gains[ui.measure][i];
  const parts = [titleOf(ui, i)];
  if (value !== null) parts.push(`${measure.title} ${figure(ui, value)}${measure.share ? PERCENT : ""}`);
  if (gain !== null) parts.push(`${difference(ui, gain)}${measure.share ? " points" : ""} against labels only`);
  return [...parts, stateOf(ui, i), tagOf(ui, i)].filter(Boolean).join("; ");
}

export function buildOne(ui) {
  const body = ui.q(".one tbody");
  ui.rows = Object.entries(MEASURES).map(([name, { title, share }]) => {
    const row = make("tr", "", body);
    const head = make("th", "", row);
    head.scope = "row";
    head.textContent = { nll: "NLL, nats", ece: "ECE" }[name] ?? `${title[0].toUpperCase()}${title.slice(1)}`;
    const cells = [make("td", "", row), make("td", "", row), make("td", "", row)];
    return { name, share, row, cells };
  });
  ui.curves = buildCurves(ui.q(".curves svg"));
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
    const write = (v) => (v === null ? "–" : share ? `${(100 * v).toFixed(2)}${PERCENT}` : v.toFixed(4));
    setText(own, write(value));
    setText(plain, cells.alpha[i] === 0 ? "" : write(value === null || gain === null ? null : value - gain));
    setText(gap, gain === null ? "" : gapOf(gain, share) + (name === "validation_accuracy" ? intervalOf(cells.interval?.[i]) : ""));
    row.classList.toggle("on", name === ui.measure);
  }
  const detail = ui.data.details.cells[cells.key[i]];
  const { live } = ui.data;
  for (const [name, there] of [["curves", detail?.step.length], ["targets", detail?.logits]]) {
    ui.q(`.${name}`).hidden = !there && !live && !ui.anyDetail; // else the place is kept: nothing jumps
    ui.q(`.${name}`).classList.toggle("empty", !there);
  }
  if (detail?.step.length) drawCurves(ui, detail, cells.alpha[i]);
  drawTargets(ui, i, detail);
}

function gapOf(gain, share) {
  const text = share ? (100 * Math.abs(gain)).toFixed(2) : Math.abs(gain).toFixed(4);
  return `${Number(text) === 0 ? "" : gain < 0 ? "−" : "+"}${text}`;
}

function intervalOf(interval) {
  return interval ? ` (${interval.map((end) => gapOf(end, true)).join(" to ")})` : "";
}

function buildCurves(svg) {
  const [loss, right] = [buildPlot(svg, LOSS), buildPlot(svg, RIGHT)];
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
  setText(cut, Math.max(...sum) > 1.02 * top ? "higher values are cut off" : "");
  const control = detail.plain.some((value) => value !== null) ? detail.plain : detail.accuracy;
  const floor = floorOf(control.filter((value) => value !== null)); // so that cells have the same axis
  setAttribute(paths.own, "d", lineThrough(line(detail.accuracy, RIGHT, floor, 1)));
  setAttribute(paths.plain, "d", alpha === 0 ? "" : lineThrough(line(detail.plain, RIGHT, floor, 1)));
  showTicks(loss, "0", String(top));
  showTicks(right, `${Math.round(100 * floor)}%`, "100%");
  const last = detail.step.length - 1;
  const terms = `soft ${(detail.soft[last] ?? 0).toFixed(3)} · hard ${(detail.hard[last] ?? 0).toFixed(3)}`;
  setText(loss.value, terms);
  const end = detail.accuracy[last];
  setText(right.value, end === null ? "" : `${(100 * end).toFixed(1)}${PERCENT}`);
  showAxis(axis, detail.steps);
  const mean = detail.students > 1 ? `, means of ${detail.students} students` : "";
  setAttribute(svg, "aria-label", `After update ${detail.step[last]} of ${detail.steps}: loss ${terms}, accuracy ${right.value.textContent}${mean}.`);
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

function radio(parent, name, checked, change) {
  const label = make("label", "", parent);
  const input = make("input", "", label);
  Object.assign(input, { type: "radio", name, checked });
  input.addEventListener("change", change);
  return { label, input };
}

function buildImages(ui, watched) {
  const holder = ui.q(".images");
  const digest = JSON.stringify([ui.data.run, watched.indices]);
  if (ui.imagesDigest === digest) return;
  ui.imagesDigest = digest;
  ui.image = Math.min(ui.image, watched.labels.length - 1);
  holder.replaceChildren();
  watched.images.forEach((image, n) => {
    const { label, input } = radio(holder, "image", n === ui.image, () => { ui.image = n; drawOne(ui); });
    input.setAttribute("aria-label", `image ${watched.indices[n]}, label ${ui.data.details.names[watched.labels[n]]}`);
    const canvas = make("canvas", "", label);
    canvas.width = canvas.height = 28;
    showGrey(canvas, decodeBase64(image));
  });
}

function buildBars(ui) {
  const svg = ui.q(".targets svg");
  const { names } = ui.data.details;
  svgNode("line", svg, { class: "grid", x1: 0, x2: TARGETS.width, y1: TARGETS.base, y2: TARGETS.base });
  svgNode("line", svg, { class: "grid", "stroke-dasharray": "2 3", x1: 0, x2: TARGETS.width, y1: TARGETS.top, y2: TARGETS.top });
  const top = svgNode("text", svg, { class: "end", x: TARGETS.width, y: TARGETS.top - 3 });
  const slot = TARGETS.width / names.length;
  const bars = names.map((name, n) => {
    const teacher = svgNode("rect", svg, { class: "teacher", x: n * slot + 2, width: slot / 2 - 2 });
    const student = svgNode("rect", svg, { class: "student", x: (n + 0.5) * slot, width: slot / 2 - 2 });
    const text = svgNode("text", svg, { class: "middle", x: (n + 0.5) * slot, y: 98 });
    text.textContent = name.length > 1 ? name.slice(0, 3) : name;
    return { teacher, student, text };
  });
  return { svg, top, bars };
}

function drawTemperatures(ui, T) {
  const holder = ui.q(".ats");
  holder.hidden = T === 1;
  if (ui.atT === T) return;
  ui.atT = T;
  holder.replaceChildren();
  for (const own of [true, false]) {
    const { label } = radio(holder, "at", ui.own === own, () => { ui.own = own; drawOne(ui); });
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
    let text = "Its soft targets can be seen when a student of it is done.";
    if (cells.diverged[i] && !known) text = "There is nothing to show of it.";
    else if (known && !detail) text = "Select this cell to see its curves and soft targets.";
    setText(wait, text);
    return;
  }
  ui.bars ??= buildBars(ui);
  buildImages(ui, watched);
  drawTemperatures(ui, cells.alpha[i] === 0 ? 1 : cells.temperature[i]);
  const T = ui.own ? ui.atT : 1;
  const n = ui.image;
  const teacher = softmax(watched.teacher[n], T);
  const broken = detail.logits[n].includes(null);
  const student = broken ? null : softmax(detail.logits[n], T);
  const whole = Math.min(1, 1.4 * Math.max(...teacher)); // of the teacher alone: the same in all cells
  const tall = TARGETS.base - TARGETS.top;
  ui.bars.bars.forEach((bar, c) => {
    for (const [rect, p] of [[bar.teacher, teacher[c]], [bar.student, student ? student[c] : 0]]) {
      const height = tall * Math.min(1.06, p / whole);
      setAttribute(rect, "y", (TARGETS.base - height).toFixed(1));
      setAttribute(rect, "height", height.toFixed(1));
    }
    bar.text.classList.toggle("truth", c === watched.labels[n]);
  });
  setText(ui.bars.top, sharePercent(whole));
  setText(ui.q(".targets .title"), `softmax at T = ${short(T)}, ${detail.watched}`);
  const name = (p) => details.names[ranked(p)[0]];
  const gap = student ? totalVariation(teacher, student) : 1;
  const says = student
    ? `Label ${details.names[watched.labels[n]]}. Teacher: ${name(teacher)}. Student: ${name(student)}. ${sharePercent(gap)} of the probability would have to move.`
    : `Label ${details.names[watched.labels[n]]}. Teacher: ${name(teacher)}. The student diverged and says nothing.`;
  setText(ui.q(".targets .says"), says);
  setAttribute(ui.bars.svg, "aria-label", says);
}
