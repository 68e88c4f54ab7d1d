// The picture's middle: bars of the softmax over a linear or a logarithmic axis, and the logits beneath them.

import { decodeBase64 } from "./bytes.js";
import { watchSize } from "./component.js";
import { emptied, make, setText, showGrey } from "./dom.js";
import { barPercent, listPercent, signed, tinyPercent } from "./format.js";
import { ranked } from "./softmax.js";

const LOG_DECADES = 6; // the logarithmic axis runs from 10^-6 to 1

/** @param {number} p @param {string} scale */
export function barHeight(p, scale) {
  if (scale !== "log") return p;
  return p > 0 ? Math.max(0, 1 + Math.log10(p) / LOG_DECADES) : 0;
}

/** Grid lines and their texts, per cent like the values on the bars, for the axis that `ui.scale` names. */
export function drawAxis(ui) {
  const axis = emptied(ui.q(".axis"));
  const texts = ui.scale === "log" ? ["0.0001", "", "0.01", "", "1", "", "100 %"] : ["0", "", "50", "", "100\u00a0%"];
  texts.forEach((text, i) => {
    const line = make("div", i ? "" : "base", axis);
    line.style.bottom = `${(100 * i) / (texts.length - 1)}%`;
    if (text) make("span", "", line).textContent = text;
  });
  if (ui.scale === "log") make("em", "", axis).textContent = "log axis";
}

/** The image that the softmax is of, where there is one, and its name. */
export function showImage(ui, { caption, pixels }) {
  setText(ui.q(".source-cap"), caption);
  ui.q(".image").setAttribute("aria-label", caption);
  if (pixels) showGrey(ui.q(".image"), decodeBase64(pixels));
}

/** Linear or logarithmic: the switch calls `draw`. */
export function buildScale(ui, draw) {
  ui.scale = "linear";
  ui.root.querySelectorAll(".scale input").forEach((input) => input.addEventListener("change", () => {
    ui.scale = input.value;
    drawAxis(ui);
    draw();
  }));
}

/** One column per class. Built anew only when the classes change. */
export function buildColumns(ui) {
  const { names } = ui;
  ui.root.style.setProperty("--n", names.length);
  const [columns, labels] = [emptied(ui.q(".columns")), emptied(ui.q(".names"))];
  labels.classList.toggle("long", names.some((name) => name.length > 3) && names.length > 4);
  ui.columns = names.map((name) => {
    const column = make("div", "column", columns);
    const text = make("span", "", labels);
    text.textContent = name;
    return { column, text, bar: make("div", "bar", column), value: make("span", "value", column) };
  });
}

/** The plain strip of logits; in edit mode `buildEditors` puts controls in its place. */
export function buildLogits(ui) {
  const strip = ui.q(".logits");
  strip.querySelectorAll(".logit").forEach((node) => node.remove());
  ui.logitNodes = ui.names.map(() => {
    const cell = make("div", "logit", strip);
    return { text: make("span", "", cell), bar: make("i", "", make("div", "track", cell)) };
  });
}

export function drawLogits(ui) {
  const z = ui.logits;
  const most = z ? Math.max(1, ...Array.from(z, Math.abs)) : 1;
  ui.logitNodes.forEach(({ text, bar }, i) => {
    setText(text, z ? signed(z[i]) : "–");
    bar.style.transform = `scaleY(${z ? (-z[i] / most).toFixed(4) : 0})`;
  });
}

export function drawBars(ui) {
  const plot = ui.plotHeight;
  const text = ui.scale === "log" ? tinyPercent : barPercent;
  ui.columns.forEach(({ bar, value }, i) => {
    const height = ui.logits ? barHeight(ui.p[i], ui.scale) : 0;
    bar.style.transform = `scaleY(${height.toFixed(5)})`;
    value.style.transform = `translateY(${(-height * plot).toFixed(1)}px)`;
    setText(value, ui.logits ? text(ui.p[i]) : "");
  });
}

/** The hard label: its outline over the bars, and its name in the same colour beneath them. */
export function drawHardLabel(ui) {
  ui.columns.forEach(({ column, text }, i) => {
    column.classList.toggle("label", i === ui.label);
    text.classList.toggle("label", i === ui.label);
  });
  ui.q(".label-key").style.visibility = ui.label === null ? "hidden" : "visible";
  setText(ui.q(".label-name"), ui.label === null ? "" : `: ${ui.names[ui.label]}`);
}

/** Ranks of the classes that the picture does not name already: the label, or without one the likeliest. */
export function buildRanking(ui) {
  const list = emptied(ui.q(".ranking ol"));
  ui.rankNodes = Array.from({ length: Math.min(5, ui.names.length - 1) }, () => {
    const item = make("li", "", list);
    return { name: make("b", "", item), share: make("span", "", item) };
  });
}

export function rankOthers(ui) {
  const order = ui.logits ? ranked(ui.logits) : [];
  const named = ui.label ?? order[0];
  ui.others = order.filter((i) => i !== named);
}

export function drawRanking(ui) {
  ui.rankNodes.forEach(({ name, share }, r) => {
    const i = ui.others[r];
    setText(name, i === undefined ? "–" : ui.names[i]);
    setText(share, i === undefined ? "" : listPercent(ui.p[i]));
  });
}

/** The labels over the bars move in pixels, so they need the plot's height, which follows the width. */
export function watchPlot(ui) {
  const columns = ui.q(".columns");
  watchSize(ui, columns, () => {
    ui.plotHeight = columns.clientHeight;
    drawBars(ui);
  });
}
