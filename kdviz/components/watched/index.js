// A few validation images: the student's softmax at T beside the teacher's, now and, afterwards, at any moment of the training.

import { component } from "../kdviz.shared/component.js";
import { make, setText, showGrey, svgNode } from "../kdviz.shared/dom.js";
import { sharePercent } from "../kdviz.shared/format.js";
import { ranked, softmax, totalVariation } from "../kdviz.shared/softmax.js";

const WIDTH = 300;
const BASE = 84;
const TALL = 74;

function buildDigit(parent, data, at) {
  const figure = make("figure", "", parent);
  const canvas = make("canvas", "", figure);
  canvas.width = canvas.height = 28;
  showGrey(canvas, data.images[at]);
  const svg = svgNode("svg", figure, { viewBox: `0 0 ${WIDTH} 98`, role: "img" });
  svgNode("line", svg, { class: "axis", x1: 0, x2: WIDTH, y1: BASE, y2: BASE });
  svgNode("line", svg, { class: "top", x1: 0, x2: WIDTH, y1: BASE - TALL, y2: BASE - TALL });
  const top = svgNode("text", svg, { class: "scale", x: WIDTH, y: BASE - TALL - 2 });
  const slot = WIDTH / data.names.length;
  const bars = data.names.map((name, i) => {
    const teacher = svgNode("rect", svg, { class: "teacher", x: i * slot + 2, width: slot / 2 - 2 });
    const student = svgNode("rect", svg, { class: "student", x: (i + 0.5) * slot, width: slot / 2 - 2 });
    const text = svgNode("text", svg, { x: (i + 0.5) * slot, y: 95 });
    text.textContent = data.names.length && name.length > 1 ? name.slice(0, 3) : name;
    text.classList.toggle("truth", i === data.labels[at]);
    return { teacher, student };
  });
  return { svg, bars, top, caption: make("figcaption", "cap", figure) };
}

/** `whole` is the probability that fills the height; a student that goes beyond it is cut off there. */
function setBar(rect, p, whole) {
  const height = TALL * Math.min(1.08, p / whole);
  rect.setAttribute("y", (BASE - height).toFixed(2));
  rect.setAttribute("height", height.toFixed(2));
}

function drawDigits(ui) {
  const { data } = ui;
  const last = data.history.length - 1;
  const moment = ui.at === null ? last : Math.min(ui.at, last);
  ui.digits.forEach((digit, at) => {
    const teacher = softmax(data.teacher[at], data.T);
    const student = last < 0 ? null : softmax(data.history[moment][at], data.T);
    const whole = Math.min(1, 1.4 * Math.max(...teacher)); // of the teacher alone: the scale stays as the student moves
    digit.bars.forEach((bar, i) => {
      setBar(bar.teacher, teacher[i], whole);
      setBar(bar.student, student ? student[i] : 0, whole);
    });
    const name = (p) => data.names[ranked(p)[0]];
    setText(digit.top, sharePercent(whole));
    const gap = student ? totalVariation(teacher, student) : 1;
    const says = student
      ? `Teacher: ${name(teacher)}. Student: ${name(student)}. ${sharePercent(gap)} of the probability would have to move.`
      : `Teacher: ${name(teacher)}. The student has not begun.`;
    setText(digit.caption, `Validation image ${data.indices[at]}, label ${data.names[data.labels[at]]}. ${says}`);
    digit.svg.setAttribute("aria-label", says);
  });
  ui.range.max = String(Math.max(0, last));
  if (ui.at === null) ui.range.value = ui.range.max;
  setText(ui.text, last < 0 ? "" : `update ${data.steps[moment].toLocaleString("en")}`);
  ui.range.setAttribute("aria-valuetext", ui.text.textContent);
}

function build(ui) {
  Object.assign(ui, { at: null, range: ui.q("input"), text: ui.q(".at"), run: null });
  ui.holder = ui.q(".digits");
  ui.scrub = ui.q(".scrub");
  ui.range.addEventListener("input", () => {
    const value = Number(ui.range.value);
    ui.at = value >= ui.data.history.length - 1 ? null : value; // at its end the slider follows the training again
    drawDigits(ui);
  });
}

function receive(ui, data) {
  ui.data = data;
  if (ui.run !== data.run) {
    ui.run = data.run;
    ui.at = null;
    ui.holder.replaceChildren();
    ui.digits = data.images.map((_, at) => buildDigit(ui.holder, data, at));
  }
  ui.scrub.hidden = data.history.length < 2;
  drawDigits(ui);
}

export default await component(import.meta.url, { root: ".kdw", build, receive });
