// The matrix of mean soft targets: the teacher's map of which classes look alike, at the linked temperature.

import { component } from "../kdviz.shared/component.js";
import { decodeBase64, decodeHalf } from "../kdviz.shared/bytes.js";
import { ARROWS, announcedWithin, make, setText } from "../kdviz.shared/dom.js";
import { barPercent, listPercent, sharePercent, whole } from "../kdviz.shared/format.js";
import { temperatureOf } from "../kdviz.shared/signals.js";
import { lookAlikes, meanSoftTargets, mixShades, prepareMatrix, shadeCell } from "../kdviz.shared/matrix.js";
import { buildTemperature, showTemperature } from "../kdviz.shared/slider.js";
import { formatT } from "../kdviz.shared/temperature.js";

function cellSentence(ui, row, column) {
  const share = sharePercent(ui.matrix.mean[row * ui.names.length + column]);
  const images = ui.matrix.counts[row];
  const values = { true: ui.names[row], given: ui.names[column], images: whole(images), share };
  return ui.tell(!images ? "none" : row === column ? "own" : "other", values);
}

function pairsSentence(ui, cells) {
  const pairs = cells.slice(0, 3).map(({ row, column, p }) =>
    ui.tell("pair", { true: ui.names[row], given: ui.names[column], share: sharePercent(p) }));
  const parts = [ui.tell("pairs", { T: ui.T, pairs: new Intl.ListFormat("en-GB").format(pairs) })];
  const spread = cells[0].p / Math.max(cells[cells.length - 1].p, 1e-12);
  if (ui.T < 0.3) parts.push(ui.tell("cold"));
  else if (spread < 1.6) parts.push(ui.tell("hot"));
  return parts.join(" ");
}

/** Colour and number of every cell; only what changed is written. */
function drawCells(ui, most) {
  const { mean } = ui.matrix;
  const classes = ui.names.length;
  for (let i = 0; i < mean.length; i++) {
    const cell = ui.cells[i];
    const own = Math.floor(i / classes) === i % classes;
    setText(cell, mean[i] >= 0.001 ? barPercent(mean[i]) : "");
    if (!own) shadeCell(ui, cell, mean[i] / most);
  }
}

function drawMatrix(ui) {
  meanSoftTargets(ui.matrix, ui.T);
  const cells = lookAlikes(ui.matrix.mean, ui.names.length);
  const most = Math.max(cells[0].p, 1e-12);
  drawCells(ui, most);
  ui.controls.range.setAttribute("aria-valuetext", `T = ${formatT(ui.T)}`);
  setText(ui.most, ui.tell("most", { share: listPercent(cells[0].p) }));
  setText(ui.pairs, pairsSentence(ui, cells));
  if (ui.told) setText(ui.says, cellSentence(ui, ...ui.told));
}

function tellCell(ui, cell) {
  const at = ui.cells.indexOf(cell);
  if (at < 0) return;
  const classes = ui.names.length;
  ui.told = [Math.floor(at / classes), at % classes];
  ui.cells.forEach((node) => node.classList.toggle("told", node === cell));
  setText(ui.says, cellSentence(ui, ...ui.told));
}

/** One stop for the tab key; the arrows walk over the cells. */
function listenToCells(ui) {
  const body = ui.q("tbody");
  announcedWithin(body, ui.says);
  for (const type of ["pointerover", "focusin", "pointerdown"]) {
    body.addEventListener(type, (event) => tellCell(ui, event.target));
  }
  body.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    const at = ui.cells.indexOf(event.target);
    if (!step || at < 0) return;
    event.preventDefault();
    const classes = ui.names.length;
    const row = Math.floor(at / classes) + step[1];
    const column = (at % classes) + step[0];
    if (row < 0 || column < 0 || row >= classes || column >= classes) return;
    ui.cells.forEach((cell, i) => { cell.tabIndex = i === row * classes + column ? 0 : -1; });
    ui.cells[row * classes + column].focus();
  });
}

function headCell(parent, text, scope) {
  make("span", "", make("th", "", parent, { scope })).textContent = text;
}

function buildTable(ui) {
  const long = ui.names.some((name) => name.length > 2);
  ui.root.style.setProperty("--head", long ? "84px" : "42px");
  ui.q("table").classList.toggle("long", long);
  const head = make("tr", "");
  make("td", "corner", head).textContent = "true ↓\ngets →";
  ui.names.forEach((name) => headCell(head, name, "col"));
  ui.q("thead").replaceChildren(head);
  ui.cells = [];
  ui.q("tbody").replaceChildren(...ui.names.map((name, row) => {
    const line = document.createElement("tr");
    headCell(line, name, "row");
    ui.names.forEach((_, column) => {
      ui.cells.push(make("td", row === column ? "own" : "", line, { tabindex: ui.cells.length ? -1 : 0 }));
    });
    return line;
  }));
}

function build(ui) {
  Object.assign(ui, { draw: () => drawMatrix(ui), held: false, T: 1, most: ui.q(".most"), pairs: ui.q(".pairs"), says: ui.q(".cell-says"), told: null });
  listenToCells(ui);
  buildTemperature(ui);
}

function receive(ui, data) {
  ui.group = data.group;
  ui.T = temperatureOf(data.group) ?? ui.T;
  showTemperature(ui);
  if (ui.changed("digest", data.digest)) {
    Object.assign(ui, { names: data.names, told: null });
    const logits = decodeHalf(decodeBase64(data.logits));
    ui.matrix = prepareMatrix(logits, decodeBase64(data.labels), data.names.length);
    buildTable(ui);
    setText(ui.says, ui.tell("point"));
  }
  mixShades(ui, ui.cells);
  drawMatrix(ui);
}

export default await component(import.meta.url, { root: ".similarity", shared: ["picture"], build, receive });
