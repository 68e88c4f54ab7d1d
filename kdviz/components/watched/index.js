// A few validation images: the student's softmax at T beside the teacher's, now and, afterwards, at any moment of the training.

import { component } from "../kdviz.shared/component.js";
import { decodeBase64 } from "../kdviz.shared/bytes.js";
import { make, makeImage, setText, svgNode } from "../kdviz.shared/dom.js";
import { sharePercent, whole } from "../kdviz.shared/format.js";
import { buildPlayer, showShareOf } from "../kdviz.shared/player.js";
import { lastUpTo } from "../kdviz.shared/training_plot.js";
import { buildPairs, drawPairs } from "../kdviz.shared/pair_bars.js";
import { ranked, softmax, totalVariation } from "../kdviz.shared/softmax.js";

const CURVES = ".st-key-curves .stVegaLiteChart"; // which grow with it when it is played again
const SIZES = { width: 300, base: 84, tall: 74, most: 1.08 };

function buildDigit(parent, data, at) {
  const figure = make("figure", "", parent);
  makeImage(figure, decodeBase64(data.images[at]));
  const svg = svgNode("svg", figure, { viewBox: `0 0 ${SIZES.width} 98`, role: "img" });
  return { ...buildPairs(svg, data.names, SIZES), caption: make("figcaption", "cap", figure) };
}

function drawDigits(ui) {
  const { data } = ui;
  const last = data.history.length - 1;
  const moment = ui.at === null ? last : Math.min(ui.at, last);
  ui.digits.forEach((digit, at) => {
    const teacher = softmax(data.teacher[at], data.T);
    const student = last < 0 ? null : softmax(data.history[moment][at], data.T);
    const full = drawPairs(digit, teacher, student, data.labels[at]);
    const name = (p) => data.names[ranked(p)[0]];
    setText(digit.top, sharePercent(full));
    const gap = student ? totalVariation(teacher, student) : 1;
    const who = { teacher: name(teacher), student: student ? name(student) : "", gap: sharePercent(gap) };
    const says = ui.tell(student ? "teacher" : "not-begun", who);
    setText(digit.caption, ui.tell("image", { number: data.indices[at], label: data.names[data.labels[at]], says }));
    digit.svg.setAttribute("aria-label", says);
  });
  ui.range.max = String(Math.max(0, last));
  if (ui.at === null) ui.range.value = ui.range.max;
  setText(ui.text, last < 0 ? "" : ui.tell("update", { update: whole(data.steps[moment]) }));
  ui.range.setAttribute("aria-valuetext", ui.text.textContent);
}

/** The moment looked at, in the images and in the curves; null for the end of the training. */
function look(ui, at) {
  ui.at = at;
  ui.range.value = String(at ?? ui.range.max);
  const { steps } = ui.data;
  showShareOf(CURVES, at === null ? null : steps[at] / steps[steps.length - 1]);
  drawDigits(ui);
}

/** How long the student's training took, from its first report to its last. */
const secondsOf = ({ seconds }) => (seconds.length ? seconds[seconds.length - 1] - seconds[0] : 0);

function build(ui) {
  Object.assign(ui, { at: null, range: ui.q("input"), text: ui.q(".at"), holder: ui.q(".digits") });
  ui.range.addEventListener("input", () => {
    const value = Number(ui.range.value);
    const at = value >= ui.data.history.length - 1 ? null : value; // at its end the slider follows the training again
    ui.player.moveTo(at === null ? null : ui.data.seconds[at] - ui.data.seconds[0]);
    look(ui, at);
  });
  ui.player = buildPlayer(ui, ui.q(".player"), () => secondsOf(ui.data), (at) => {
    look(ui, at === null ? null : lastUpTo(ui.data.seconds, ui.data.seconds[0] + at));
  });
  ui.endings.push(() => showShareOf(CURVES, null));
}

function receive(ui, data) {
  ui.data = data;
  if (ui.changed("run", data.run)) {
    ui.at = null;
    ui.player.moveTo(null);
    ui.holder.replaceChildren();
    ui.digits = data.images.map((_, at) => buildDigit(ui.holder, data, at));
  }
  ui.player.name();
  if (ui.changed("replays", [data.run, data.replays]) && data.replays) ui.player.start();
  setText(ui.q(".scrub > label"), ui.tell("replay", { date: data.date }));
  ui.q(".scrub").hidden = data.history.length < 2;
  drawDigits(ui);
}

export default await component(import.meta.url, { root: ".kdw", shared: ["replay"], build, receive });
