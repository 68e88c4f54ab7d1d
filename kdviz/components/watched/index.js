// A few validation images: the student's softmax at T beside the teacher's, now and, afterwards, at any moment of the training.

import { component } from "../kdviz.shared/component.js";
import { make, makeImage, setText, svgNode } from "../kdviz.shared/dom.js";
import { sharePercent, whole } from "../kdviz.shared/format.js";
import { buildPairs, drawPairs } from "../kdviz.shared/pair_bars.js";
import { ranked, softmax, totalVariation } from "../kdviz.shared/softmax.js";

const SIZES = { width: 300, base: 84, tall: 74, most: 1.08 };

function buildDigit(parent, data, at) {
  const figure = make("figure", "", parent);
  makeImage(figure, data.images[at]);
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

function build(ui) {
  Object.assign(ui, { at: null, range: ui.q("input"), text: ui.q(".at"), holder: ui.q(".digits") });
  ui.range.addEventListener("input", () => {
    const value = Number(ui.range.value);
    ui.at = value >= ui.data.history.length - 1 ? null : value; // at its end the slider follows the training again
    drawDigits(ui);
  });
}

function receive(ui, data) {
  ui.data = data;
  if (ui.changed("run", data.run)) {
    ui.at = null;
    ui.holder.replaceChildren();
    ui.digits = data.images.map((_, at) => buildDigit(ui.holder, data, at));
  }
  ui.q(".scrub").hidden = data.history.length < 2;
  drawDigits(ui);
}

export default await component(import.meta.url, { root: ".kdw", build, receive });
