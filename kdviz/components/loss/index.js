// Two distributions that a visitor moves, and every loss between them.

import { drawAxis } from "../kdviz.shared/bars.js";
import { component, watchSize } from "../kdviz.shared/component.js";
import { emptied, make, makeRadio, setText } from "../kdviz.shared/dom.js";
import { barPercent, sharePercent, signed } from "../kdviz.shared/format.js";
import { makeReport, publishTemperature } from "../kdviz.shared/signals.js";
import { followPointer } from "../kdviz.shared/pointer.js";
import { buildTemperature, onNumber, onRelease, showTemperature } from "../kdviz.shared/slider.js";
import { klDivergence, klParts, softmax } from "../kdviz.shared/softmax.js";
import { formatT, roundT } from "../kdviz.shared/temperature.js";
import { barEnds, distillationLoss, entropyNats, hardCrossEntropy, logitForShare, niceEnd, softCrossEntropy } from "./formulas.js";

const LIMIT = 30; // of a logit
const LEAST_SHARE = 0.0005;
const EXACTLY_0 = 1e-9; // nats, up to rounding
const DIGITS = 3; // of a logit in the link

/** A small one keeps digits that differ from 0: T² times it may be large. */
const nat = (value) => {
  if (value > EXACTLY_0 && value < 0.00005) return "<0.0001";
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : value > EXACTLY_0 && value < 0.00995 ? 5 : 3;
  return value.toFixed(digits);
};

const roundLogit = (z) => Number(Math.min(LIMIT, Math.max(-LIMIT, z)).toFixed(DIGITS));

/** Everything the picture shows, from the logits. */
function readingsOf({ teacher, student, label, T, alpha }) {
  const parts = klParts(student, teacher, T);
  return {
    p: softmax(teacher, T),
    q: softmax(student, T),
    parts,
    forward: klDivergence(student, teacher, T),
    reverse: klDivergence(teacher, student, T),
    entropy: entropyNats(teacher, T),
    ce: softCrossEntropy(student, teacher, T),
    hard: hardCrossEntropy(student, label),
    loss: distillationLoss(student, teacher, label, T, alpha),
  };
}

/** The class that adds most to a divergence of the distribution `from`, and how much of it is its own. */
const dearest = (parts) => parts.reduce((best, value, i) => (value > parts[best] ? i : best), 0);

function lossSentence({ tell, names, teacher, student, T }, now) {
  if (now.forward < 5e-7) return tell("same", { entropy: nat(now.entropy) });
  const [ahead, back] = [dearest(now.parts), dearest(klParts(teacher, student, T))];
  const [ahead_p, ahead_q, back_p, back_q] = [now.p[ahead], now.q[ahead], now.p[back], now.q[back]].map(sharePercent);
  const larger = Math.max(now.forward / now.reverse, now.reverse / now.forward);
  const times = larger < 10 ? larger.toFixed(1) : larger.toFixed(0);
  const verdict = tell(larger < 1.15 ? "equal" : now.forward > now.reverse ? "forward" : "reverse", { times });
  return tell("differ", { ahead: names[ahead], back: names[back], ahead_p, ahead_q, back_p, back_q, verdict });
}

/** Scales grow while a finger holds something, and fit again when it lets go: no bar jumps back under it. */
function scaleFor(ui, name, wanted) {
  ui.scales[name] = ui.held ? Math.max(ui.scales[name] ?? 0, wanted) : wanted;
  return ui.scales[name];
}

function drawSum(ui, name, widths, text, end) {
  const { bars, value } = ui.sums[name];
  bars.forEach((bar, i) => { bar.style.width = `${Math.min(100, (100 * widths[i]) / end).toFixed(3)}%`; });
  setText(value, text);
}

function drawSums(ui, now) {
  const { soft, hard, whole } = now.loss;
  const ends = barEnds(Math.max(now.ce, now.forward, now.reverse), whole);
  const [end, ofWhole] = [scaleFor(ui, "soft", ends.soft), scaleFor(ui, "whole", ends.whole)];
  drawSum(ui, "ce", [now.entropy, now.forward], nat(now.ce), end);
  drawSum(ui, "forward", [now.forward], nat(now.forward), end);
  drawSum(ui, "reverse", [now.reverse], nat(now.reverse), end);
  setText(ui.q(".identity"), `= H(p) ${nat(now.entropy)} + KL(p‖q) ${nat(now.forward)}`);
  drawSum(ui, "whole", [soft, hard], nat(whole), ofWhole);
  setText(ui.q(".soft-end"), ui.tell("bar", { nats: end }));
  setText(ui.q(".whole-end"), ui.tell(ofWhole === end ? "bar" : "bar-other", { nats: ofWhole }));
  setText(ui.q(".soft-value"), nat(soft));
  setText(ui.q(".hard-value"), nat(hard));
}

function drawParts(ui, now) {
  const most = scaleFor(ui, "parts", niceEnd(Math.max(...now.parts.map(Math.abs))));
  setText(ui.q(".parts-end"), ui.tell("bar", { nats: most }));
  now.parts.forEach((value, i) => {
    const { bar, text } = ui.partNodes[i];
    const height = value / most;
    bar.style.transform = `scaleY(${(-height).toFixed(4)})`;
    bar.classList.toggle("negative", value < 0);
    text.style.transform = `translateY(${(value < 0 ? 28 * -height + 9 : 28 * -height - 9).toFixed(1)}px)`;
    setText(text, `${value > 0.0005 ? "+" : ""}${signed(value, Math.abs(value) < 9.995 ? 3 : 1)}`);
  });
}

function drawHandles(ui, who, shares) {
  ui.handles[who].forEach(({ node, fill, grip, text }, i) => {
    const p = shares[i];
    fill.style.transform = `scaleY(${p.toFixed(5)})`;
    grip.style.transform = text.style.transform = `translateY(${(-p * ui.plotHeight).toFixed(1)}px)`;
    setText(text, barPercent(p));
    node.setAttribute("aria-valuenow", (100 * p).toFixed(1));
    node.setAttribute("aria-valuetext", ui.tell("logit", { share: sharePercent(p), logit: signed(ui[who][i], 2) }));
  });
}

/** Everything, as often as anything moves. */
function drawPicture(ui) {
  if (!ui.teacher) return;
  const now = readingsOf(ui);
  drawHandles(ui, "teacher", now.p);
  drawHandles(ui, "student", now.q);
  drawParts(ui, now);
  drawSums(ui, now);
  setText(ui.q(".say"), lossSentence(ui, now));
  const nats = nat(now.loss.whole);
  ui.controls.range.setAttribute("aria-valuetext", ui.tell("value", { name: "T", value: formatT(ui.T), nats }));
  showAlpha(ui, nats);
}

function showAlpha(ui, nats) {
  const { range, number } = ui.alphaControls;
  range.value = ui.alpha;
  range.style.setProperty("--filled", `${(100 * ui.alpha).toFixed(1)}%`);
  range.setAttribute("aria-valuetext", ui.tell("value", { name: "α", value: ui.alpha.toFixed(2), nats }));
  if (ui.shadow.activeElement !== number) number.value = ui.alpha.toFixed(2);
}

function setShare(ui, who, i, share) {
  const p = Math.min(1 - LEAST_SHARE, Math.max(LEAST_SHARE, share));
  ui[who][i] = roundLogit(logitForShare(ui[who], i, p, ui.T));
  drawPicture(ui);
}

function listenToHandle(ui, who, i, node) {
  const report = makeReport(ui, () => commit(ui));
  followPointer(ui, node, (event) => {
    const box = node.getBoundingClientRect();
    setShare(ui, who, i, (box.bottom - event.clientY) / box.height);
  }, () => {
    drawPicture(ui);
    commit(ui);
  }, () => node.focus({ preventScroll: true }));
  const steps = { ArrowUp: 0.1, ArrowRight: 0.1, ArrowDown: -0.1, ArrowLeft: -0.1, PageUp: 1, PageDown: -1 };
  node.addEventListener("keydown", (event) => {
    if (event.key === "Home" || event.key === "End") setShare(ui, who, i, event.key === "Home" ? 0 : 1);
    else if (steps[event.key]) ui[who][i] = roundLogit(ui[who][i] + steps[event.key]);
    else return;
    event.preventDefault();
    drawPicture(ui);
    report.wait();
  });
}

function buildHandle(ui, who, i, parent) {
  const node = make("div", `handle ${who}`, parent, {
    role: "slider", "aria-orientation": "vertical", "aria-valuemin": 0, "aria-valuemax": 100, tabindex: 0,
    "aria-label": ui.tell(who, { name: ui.names[i] }),
  });
  listenToHandle(ui, who, i, node);
  return { node, fill: make("div", "fill", node), grip: make("div", "grip", node), text: make("span", "share", node) };
}

function buildNames(ui) {
  const row = emptied(ui.q(".pair-names"));
  ui.labels = ui.names.map((name, i) => {
    const { label, input } = makeRadio(row, "hard-label", false, () => {
      ui.label = i;
      drawPicture(ui);
      commit(ui);
    });
    input.setAttribute("aria-label", ui.tell("hard-label", { name }));
    make("span", "", label).textContent = name;
    return input;
  });
}

function buildClasses(ui, names) {
  ui.names = names;
  ui.root.style.setProperty("--n", names.length);
  ui.root.classList.toggle("many", names.length > 6);
  const columns = emptied(ui.q(".pair-columns"));
  columns.classList.toggle("many", names.length > 6);
  ui.handles = { teacher: [], student: [] };
  names.forEach((_, i) => {
    const pair = make("div", "pair", columns);
    for (const who of ["teacher", "student"]) ui.handles[who].push(buildHandle(ui, who, i, pair));
  });
  buildNames(ui);
  const parts = emptied(ui.q(".parts"));
  ui.partNodes = names.map(() => {
    const cell = make("div", "part-cell", parts);
    return { bar: make("i", "", cell), text: make("span", "", cell) };
  });
}

function buildAlpha(ui) {
  const [range, number] = [ui.q(".alpha-range"), ui.q(".alpha-number")];
  ui.alphaControls = { range, number };
  const set = (value) => {
    ui.alpha = Math.round(100 * Math.min(1, Math.max(0, value))) / 100;
    drawPicture(ui);
  };
  onRelease(ui, range, () => set(Number(range.value)), () => commit(ui));
  onNumber(number, (value) => value >= 0 && value <= 1, set, () => {
    number.value = ui.alpha.toFixed(2);
    commit(ui);
  });
}

/** All that the picture shows, for the link. */
function commit({ teacher, student, label, T, alpha, commit: give }) {
  give("state", [teacher, student, label, T, alpha]);
}

function build(ui) {
  const start = { names: [], T: 1, alpha: 0.7, label: 0, teacher: null, student: null };
  Object.assign(ui, { ...start, draw: () => drawPicture(ui), held: false, plotHeight: 176, scales: {}, sums: {} });
  ui.root.querySelectorAll(".sum").forEach((node) => {
    ui.sums[node.dataset.sum] = { bars: [...node.querySelectorAll("i")], value: node.querySelector(".sum-value") };
  });
  buildTemperature(ui, () => commit(ui));
  buildAlpha(ui);
  drawAxis(ui);
  watchSize(ui, ui.q(".pair-columns"), () => {
    ui.plotHeight = ui.q(".pair-columns").clientHeight;
    drawPicture(ui);
  });
}

function receive(ui, data) {
  ui.group = data.group;
  const state = [data.teacher, data.student, data.label, Number(data.T), Number(data.alpha)];
  const other = ui.changed("names", data.names);
  if (other) buildClasses(ui, data.names);
  if ((ui.overrides("state", state) && !ui.held) || other) {
    Object.assign(ui, { teacher: data.teacher.map(Number), student: data.student.map(Number), label: data.label });
    Object.assign(ui, { T: roundT(Number(data.T)), alpha: Number(data.alpha) });
    publishTemperature(ui.T, ui.group, ui);
  }
  ui.labels[ui.label].checked = true;
  showTemperature(ui);
  drawPicture(ui);
}

export default await component(import.meta.url, { root: ".loss-lesson", shared: ["picture"], build, receive });
