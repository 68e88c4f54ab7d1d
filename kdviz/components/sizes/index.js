// Teacher and student beside each other, to one scale: every layer's weights as a rectangle, as high as its inputs and
// as wide as its outputs, so that areas are numbers of weights. Below or beside it, what they cost.

import { component, watchSize } from "../kdviz.shared/component.js";
import { clearDrawing, emptied, make, setText, svgNode } from "../kdviz.shared/dom.js";
import { millisecondsHere, shortMilliseconds } from "../kdviz.shared/device_time.js";

const GAP = 5;
const UNIT = 100; // the square of the legend has this many inputs and outputs
const CAPTION = 40; // pixels above the rectangles for the names

/** Fine lines every hundred inputs and outputs. */
function mesh(svg, x, y, wide, high, unit) {
  for (let at = unit; at < wide; at += unit) svgNode("line", svg, { class: "mesh", x1: x + at, x2: x + at, y1: y, y2: y + high });
  for (let at = unit; at < high; at += unit) svgNode("line", svg, { class: "mesh", x1: x, x2: x + wide, y1: y + high - at, y2: y + high - at });
}

function drawNetwork(svg, layers, role, left, floor, scale) {
  let x = left;
  for (const [kind, inputs, outputs] of layers) {
    const [w, h] = [outputs, (kind === "conv" ? 9 : 1) * inputs].map((size) => Math.max(1, size * scale));
    svgNode("rect", svg, { class: `layer of-${role}`, x, y: floor - h, width: w, height: h });
    mesh(svg, x, floor - h, w, h, UNIT * scale);
    x += w + GAP;
  }
}

function name(svg, text, quiet, x) {
  svgNode("text", svg, { x, y: 13 }).textContent = text;
  svgNode("text", svg, { x, y: 29, class: "quiet" }).textContent = quiet;
}

function drawPictures(ui) {
  const svg = ui.q(".to-scale");
  const width = svg.clientWidth;
  if (!width || !ui.data) return;
  ui.width = width;
  const { teacher, student, largest, words } = ui.data;
  const right = Math.min(140, Math.max(112, 0.3 * width)); // where the student stands
  const scale = (width - right - 36) / largest.wide;
  const floor = CAPTION + largest.high * scale;
  const legend = floor + 16;
  clearDrawing(svg, width, legend + UNIT * scale + 4);
  svg.setAttribute("aria-label", words.picture);
  name(svg, words.teacher, teacher.weights, 0);
  name(svg, words.student, student.weights, width - right);
  drawNetwork(svg, teacher.layers, "teacher", 0, floor, scale);
  drawNetwork(svg, student.layers, "student", width - right, floor, scale);
  svgNode("rect", svg, { class: "unit", x: 0.6, y: legend, width: UNIT * scale, height: UNIT * scale });
  const note = svgNode("text", svg, { class: "quiet", x: UNIT * scale + 8, y: legend + (UNIT * scale) / 2 + 4 });
  note.textContent = words.unit;
}

function drawRows(ui) {
  const place = emptied(ui.q(".rows"));
  for (const row of ui.data.rows) {
    const node = make("div", "cost", place, { role: "row" });
    make("span", "what", node, { role: "rowheader" }).textContent = row.what;
    for (const role of ["teacher", "student"]) {
      const cell = make("span", `value of-${role}`, node, { role: "cell" });
      const { share, text, more } = row[role];
      if (share !== null) make("u", "", cell).style.width = `${(100 * share).toFixed(2)}%`;
      make("b", "", cell).textContent = text;
      if (more) make("small", "", cell).textContent = more;
    }
    make("span", "less", node, { role: "cell" }).textContent = row.ratio;
  }
}

/** Time both, a moment after the page has been painted: it takes a quarter of a second in all. */
function timeHere(ui) {
  const { teacher, student, words } = ui.data;
  clearTimeout(ui.timer);
  ui.q(".again").disabled = true;
  setText(ui.q(".here-teacher"), words.measuring);
  setText(ui.q(".here-student"), words.measuring);
  setText(ui.q(".here-less"), "");
  ui.timer = setTimeout(() => {
    const both = [millisecondsHere(teacher.layers), millisecondsHere(student.layers)];
    const most = Math.max(...both);
    ["teacher", "student"].forEach((role, i) => {
      setText(ui.q(`.here-${role}`), shortMilliseconds(both[i]));
      ui.q(`.here .of-${role} u`).style.width = `${((100 * both[i]) / most).toFixed(2)}%`;
    });
    const ratio = both[0] / both[1];
    setText(ui.q(".here-less"), ratio < 1 ? "" : `${ratio < 9.95 ? ratio.toPrecision(2) : ratio.toFixed(0)}\u00a0×`);
    ui.q(".again").disabled = false;
  }, 150);
}

function build(ui) {
  ui.timer = 0;
  ui.q(".again").addEventListener("click", () => timeHere(ui));
  watchSize(ui, ui.root, () => {
    if (ui.q(".to-scale").clientWidth !== ui.width) drawPictures(ui);
  });
  ui.endings.push(() => clearTimeout(ui.timer));
}

function receive(ui, data) {
  ui.data = data;
  setText(ui.q(".teacher-name"), data.teacher.name);
  setText(ui.q(".student-name"), data.student.name);
  ui.q(".costs").setAttribute("aria-label", data.words.table);
  drawPictures(ui);
  drawRows(ui);
  if (ui.changed("pair", [data.teacher.layers, data.student.layers])) timeHere(ui);
}

export default await component(import.meta.url, { root: ".sizes", build, receive });
