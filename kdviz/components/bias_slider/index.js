// What moving the bias of one class or several does to a student: curves that follow a slider.

import { announce } from "../kdviz.shared/announcer.js";
import { component } from "../kdviz.shared/component.js";
import { make, setText, svgNode } from "../kdviz.shared/dom.js";
import { PERCENT, filled, percent, signed, whole } from "../kdviz.shared/format.js";
import { buildOverT, drawOverT, linearAxis, markT, watchWidth } from "../kdviz.shared/over_t.js";
import { onNumber, onRelease } from "../kdviz.shared/slider.js";

const APART = 0.2; // of the slider, between two names below it

/** The nearest bias that was measured: what is shown is never guessed between two. */
function nearestBias(ui, bias) {
  const number = Math.round((bias - ui.least) / ui.step);
  return ui.at[Math.min(ui.at.length - 1, Math.max(0, number))];
}

/** Where a bias lies between the ends, from 0 to 1. */
const partOf = (ui, bias) => (bias - ui.least) / (ui.most - ui.least);

/** A bias with its sign; where none is negative, without. */
function biasText(ui, bias) {
  const text = signed(bias, ui.digits);
  return ui.least < 0 && Number(bias.toFixed(ui.digits)) > 0 ? `+${text}` : text;
}

const shareTick = (v) => `${Number((100 * v).toPrecision(3))}${PERCENT}`;
const FORMATS = { count: [whole, whole], share: [(v) => percent(v, 1), shareTick] };

/** @returns {import("../kdviz.shared/over_t.js").Across} */
function axisOf(ui) {
  const every = ui.most - ui.least > 16 ? 5 : 2;
  const ticks = /** @type {[number, string][]} */ ([]);
  for (let bias = every * Math.ceil(ui.least / every); bias <= ui.most; bias += every) ticks.push([bias, signed(bias, 0)]);
  return { place: (bias) => partOf(ui, bias), value: (place) => ui.least + (ui.most - ui.least) * place, ticks };
}

/** Where the rule puts the bias, and what a student that knows the class gets. */
function drawRule({ low, mean, high }, known, svg, place, { left, right, top, floor }) {
  const wide = place.x(high) - place.x(low);
  if (high > low) svgNode("rect", svg, { class: "rule-band", x: place.x(low), width: wide, y: top, height: floor - top });
  svgNode("line", svg, { class: "rule", x1: place.x(mean), x2: place.x(mean), y1: top, y2: floor });
  if (known === null) return;
  svgNode("line", svg, { class: "known", x1: left, x2: right, y1: place.y(known), y2: place.y(known) });
}

function showSlider(ui) {
  const { range, number } = ui.controls;
  if (!ui.dragging) range.value = ui.bias;
  const ends = [partOf(ui, Math.max(ui.least, Math.min(0, ui.most))), partOf(ui, ui.bias)].sort((a, b) => a - b);
  ["--from", "--to"].forEach((name, i) => range.style.setProperty(name, ends[i].toFixed(4)));
  const text = biasText(ui, ui.bias);
  if (ui.root.getRootNode().activeElement !== number) number.value = text;
  range.setAttribute("aria-valuetext", `${ui.label} ${text}`);
}

/** Everything that depends on the bias. */
function show(ui) {
  showSlider(ui);
  const [now, before] = [ui.at.indexOf(ui.bias), ui.at.indexOf(nearestBias(ui, 0))];
  const values = { bias: biasText(ui, ui.bias), rule: biasText(ui, ui.rule.mean), ...ui.counts };
  for (const { panel, chart, format, now: nodes } of ui.charts) {
    markT(chart, ui.bias);
    const told = panel.lines.map((line, i) => {
      const text = format(line.y[now]);
      values[line.key] = text;
      values[`${line.key}_before`] = format(line.y[before]);
      setText(nodes[i], text);
      return `${line.name} ${text}`;
    });
    if (panel.known !== null) values.known = format(panel.known);
    chart.svg.setAttribute("aria-label", `${panel.title}, ${ui.label} ${values.bias}: ${told.join(", ")}`);
  }
  setText(ui.q(".say"), filled(Math.abs(ui.bias) < ui.step / 2 ? ui.says.none : ui.says.moved, values));
}

function move(ui, bias) {
  ui.bias = nearestBias(ui, bias);
  show(ui);
  announce(ui, ui.q(".say").textContent);
}

/** The name of a line with its swatch. */
function nameLine(parent, className, style, text) {
  const key = make("span", className, parent);
  const swatch = svgNode("svg", key, { viewBox: "0 0 24 10", "aria-hidden": "true" });
  svgNode("line", swatch, { x1: 0, x2: 24, y1: 5, y2: 5, class: `line ${style}` });
  key.append(text);
  return make("b", "", key);
}

function buildPanel(ui, panel) {
  const node = make("div", "panel", ui.q(".panels"));
  const title = make("h3", "", node);
  title.textContent = panel.title;
  if (panel.where) make("span", "", title).textContent = ` · ${panel.where}`;
  const names = make("div", "now", node);
  const now = panel.lines.map((line) => nameLine(names, "", line.style, line.name));
  const [format, formatTick] = FORMATS[panel.kind];
  if (panel.known !== null) {
    nameLine(names, "label-line", "dashed label-line", panel.known_name).textContent = format(panel.known);
  }
  const most = Math.max(...panel.lines.flatMap((line) => line.high ?? line.y), panel.known ?? 0);
  const [pick, release] = [(bias) => move(ui, bias), () => ui.commit("bias", ui.bias)];
  const chart = buildOverT(ui, node, { height: 190, feet: 15, label: panel.title, across: axisOf(ui), pick, release });
  const lines = panel.lines.map((line) => ({ y: line.y, low: line.low, high: line.high, className: line.style }));
  const under = (svg, place, frame) => drawRule(ui.rule, panel.known, svg, place, frame);
  return { panel, chart, format, now, spec: { at: ui.at, lines, under, ...linearAxis(most, formatTick) } };
}

function buildPlace(ui, className, bias, text) {
  const part = partOf(ui, bias);
  const end = part < 0.06 ? "first" : part > 0.94 ? "last" : ""; // inside the window
  const tick = make("button", `${className} ${end}`, ui.q(".b-ticks"), { type: "button" });
  tick.textContent = text;
  tick.style.left = `${100 * part}%`;
  tick.addEventListener("click", () => {
    move(ui, bias);
    ui.commit("bias", ui.bias);
  });
}

/** Below the slider: where the rule puts the bias, and where nothing is added if that is not an end. */
function buildPlaces(ui) {
  ui.q(".b-ticks").replaceChildren();
  const { mean } = ui.rule;
  if (ui.least < 0 && ui.most > 0 && Math.abs(partOf(ui, mean) - partOf(ui, 0)) > APART) buildPlace(ui, "none", 0, "0");
  buildPlace(ui, "rule", mean, filled(ui.says.rule, { rule: biasText(ui, mean) }));
}

function listen(ui) {
  const { range, number } = ui.controls;
  onRelease(ui, range, () => {
    ui.dragging = true;
    move(ui, Number(range.value));
    ui.dragging = false;
  }, () => ui.commit("bias", ui.bias));
  onNumber(number, (bias) => bias >= ui.least && bias <= ui.most, (bias) => move(ui, bias), () => {
    number.value = biasText(ui, ui.bias);
    ui.commit("bias", ui.bias);
  });
}

function build(ui) {
  Object.assign(ui, { held: false, bias: 0, charts: [] });
  ui.controls = { range: ui.q(".b-range"), number: ui.q(".b-number") };
  listen(ui);
  watchWidth(ui, ui.q(".panels"), () => ui.charts.map(({ chart }) => chart));
}

function buildPicture(ui, picture) {
  const { at, digits, rule, counts, label, says } = picture;
  const [least, most] = [at[0], at[at.length - 1]];
  Object.assign(ui, { at, least, most, step: (most - least) / (at.length - 1), digits, rule, counts, label, says });
  ui.bias = nearestBias(ui, ui.bias);
  ui.q(".b-label label").textContent = label;
  const { range, number } = ui.controls;
  number.inputMode = least < 0 ? "text" : "decimal"; // the decimal keys of some phones have no minus
  Object.assign(range, { min: least, max: most, step: ui.step });
  range.setAttribute("aria-label", picture.slider);
  ui.q(".panels").replaceChildren();
  ui.charts = picture.panels.map((panel) => buildPanel(ui, panel));
  buildPlaces(ui);
  ui.charts.forEach(({ chart, spec }) => drawOverT(chart, spec));
}

function receive(ui, data) {
  const { bias, ...picture } = data;
  if (ui.changed("picture", picture)) buildPicture(ui, picture);
  if (ui.overrides("bias", bias) && !ui.held) ui.bias = nearestBias(ui, bias);
  show(ui);
}

export default await component(import.meta.url, { root: ".bias", shared: ["over_t"], build, receive });
