// What moving the bias of one class or several does to a student: curves that follow a slider.

import { component, watchSize } from "../kdviz.shared/component.js";
import { make, setText, svgNode } from "../kdviz.shared/dom.js";
import { makeEcho } from "../kdviz.shared/echo.js";
import { PERCENT, filled, signed } from "../kdviz.shared/format.js";
import { bandOf, linearAxis, pathOf } from "../kdviz.shared/over_t.js";
import { followPointer } from "../kdviz.shared/pointer.js";
import { onNumber, onRelease } from "../kdviz.shared/slider.js";

const ROOM = { left: 50, right: 9, top: 9, bottom: 20 }; // the right margin is half the slider's thumb
const HEIGHT = 190;
const APART = 0.2; // of the slider, between two names below it

/** The nearest bias that was measured: what is shown is never guessed between two. */
function nearestBias(ui, bias) {
  const number = Math.round((bias - ui.least) / ui.step);
  return ui.at[Math.min(ui.at.length - 1, Math.max(0, number))];
}

const isNone = (ui, bias) => Math.abs(bias) < ui.step / 2;

/** Where a bias lies between the ends, from 0 to 1. */
const partOf = (ui, bias) => (bias - ui.least) / (ui.most - ui.least);

/** A bias with its sign; where none is negative, without. */
function biasText(ui, bias) {
  const text = signed(bias, ui.digits);
  return ui.least < 0 && Number(bias.toFixed(ui.digits)) > 0 ? `+${text}` : text;
}

const whole = (v) => Math.round(v).toLocaleString("en-US");
const share = (v) => `${(100 * v).toFixed(1)}${PERCENT}`;
const shareTick = (v) => `${Number((100 * v).toPrecision(3))}${PERCENT}`;
const FORMATS = { count: [whole, whole], share: [share, shareTick] };

function placesOf(chart, ui) {
  const { left, right, top, bottom } = ROOM;
  const [wide, high] = [chart.width - left - right, HEIGHT - top - bottom];
  return {
    x: (bias) => left + wide * partOf(ui, bias),
    y: (value) => top + high * (1 - chart.axis.y(value)),
  };
}

function drawAxes(ui, chart, place) {
  const { svg } = chart;
  for (const [value, text] of chart.axis.ticks) {
    svgNode("line", svg, { class: "grid", x1: ROOM.left, x2: chart.width - ROOM.right, y1: place.y(value), y2: place.y(value) });
    svgNode("text", svg, { class: "tick", x: ROOM.left - 6, y: place.y(value) + 4 }).textContent = text;
  }
  const every = ui.most - ui.least > 16 ? 5 : 2;
  for (let bias = every * Math.ceil(ui.least / every); bias <= ui.most; bias += every) {
    const className = bias === 0 && ui.least < 0 ? "grid none" : "grid";
    svgNode("line", svg, { class: className, x1: place.x(bias), x2: place.x(bias), y1: ROOM.top, y2: HEIGHT - ROOM.bottom });
    svgNode("text", svg, { class: "tick below", x: place.x(bias), y: HEIGHT - 5 }).textContent = signed(bias, 0);
  }
}

function drawChart(ui, chart) {
  const { svg, lines } = chart;
  chart.width = svg.clientWidth;
  if (!chart.width) return;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${chart.width} ${HEIGHT}`);
  const place = placesOf(chart, ui);
  const [top, foot] = [ROOM.top, HEIGHT - ROOM.bottom];
  drawAxes(ui, chart, place);
  const { low, mean, high } = ui.rule;
  if (high > low) svgNode("rect", svg, { class: "rule-band", x: place.x(low), width: place.x(high) - place.x(low), y: top, height: foot - top });
  svgNode("line", svg, { class: "rule", x1: place.x(mean), x2: place.x(mean), y1: top, y2: foot });
  if (chart.known !== null) {
    svgNode("line", svg, { class: "known", x1: ROOM.left, x2: chart.width - ROOM.right, y1: place.y(chart.known), y2: place.y(chart.known) });
  }
  for (const line of lines) {
    if (line.low) svgNode("path", svg, { class: `band ${line.style}`, d: bandOf(place, ui.at, line.low, line.high) });
  }
  for (const line of lines) svgNode("path", svg, { class: `line ${line.style}`, d: pathOf(place, ui.at, line.y) });
  chart.marker = svgNode("line", svg, { class: "marker", y1: top - 4, y2: foot });
  chart.dots = lines.map(({ style }) => svgNode("circle", svg, { class: `dot ${style}`, r: 4 }));
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
  for (const chart of ui.charts) {
    const place = chart.width ? placesOf(chart, ui) : null;
    const told = chart.lines.map((line, i) => {
      const text = chart.format(line.y[now]);
      values[line.key] = text;
      values[`${line.key}_before`] = chart.format(line.y[before]);
      setText(chart.now[i], text);
      if (place) {
        chart.dots[i].setAttribute("cx", place.x(ui.bias).toFixed(1));
        chart.dots[i].setAttribute("cy", place.y(line.y[now]).toFixed(1));
      }
      return `${line.name} ${text}`;
    });
    if (place) for (const end of ["x1", "x2"]) chart.marker.setAttribute(end, place.x(ui.bias).toFixed(1));
    if (chart.known !== null) values.known = chart.format(chart.known);
    chart.svg.setAttribute("aria-label", `${chart.title}, ${ui.label} ${values.bias}: ${told.join(", ")}`);
  }
  setText(ui.q(".say"), filled(isNone(ui, ui.bias) ? ui.says.none : ui.says.moved, values));
}

function move(ui, bias) {
  ui.bias = nearestBias(ui, bias);
  show(ui);
}

/** A finger on a chart moves the bias as the slider does. */
function letPointAt(ui, chart) {
  followPointer(chart.svg, (event) => {
    ui.held = true;
    const box = chart.svg.getBoundingClientRect();
    const part = (event.clientX - box.left - ROOM.left) / (box.width - ROOM.left - ROOM.right);
    move(ui, ui.least + (ui.most - ui.least) * part);
  }, () => {
    ui.held = false;
    ui.commit();
  });
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
  const title = make("h4", "", node);
  title.textContent = panel.title;
  if (panel.where) make("span", "", title).textContent = ` · ${panel.where}`;
  const names = make("div", "now", node);
  const now = panel.lines.map((line) => nameLine(names, "", line.style, line.name));
  const [format, formatTick] = FORMATS[panel.kind];
  if (panel.known !== null) {
    nameLine(names, "label-line", "dashed label-line", panel.known_name).textContent = format(panel.known);
  }
  const most = Math.max(...panel.lines.flatMap((line) => line.high ?? line.y), panel.known ?? 0);
  const axis = linearAxis(most, formatTick);
  const svg = svgNode("svg", node, { class: "over-b", role: "img", height: HEIGHT });
  const chart = { svg, axis, format, now, title: panel.title, lines: panel.lines, known: panel.known, width: 0 };
  letPointAt(ui, chart);
  return chart;
}

function buildPlace(ui, className, bias, text) {
  const part = partOf(ui, bias);
  const end = part < 0.06 ? "first" : part > 0.94 ? "last" : ""; // inside the window
  const tick = make("button", `${className} ${end}`, ui.q(".b-ticks"));
  tick.type = "button";
  tick.textContent = text;
  tick.style.left = `${100 * part}%`;
  tick.addEventListener("click", () => {
    move(ui, bias);
    ui.commit();
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
  }, ui.commit);
  onNumber(number, (bias) => bias >= ui.least && bias <= ui.most, (bias) => move(ui, bias), () => {
    number.value = biasText(ui, ui.bias);
    ui.commit();
  });
}

function build(ui) {
  Object.assign(ui, { held: false, bias: 0, charts: [], echo: makeEcho() });
  ui.controls = { range: ui.q(".b-range"), number: ui.q(".b-number") };
  ui.commit = () => {
    ui.echo.sent(ui.bias);
    ui.send("bias", ui.bias);
  };
  listen(ui);
  watchSize(ui, ui.q(".panels"), () => {
    for (const chart of ui.charts) if (chart.svg.clientWidth !== chart.width) drawChart(ui, chart);
    show(ui);
  });
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
  ui.charts.forEach((chart) => drawChart(ui, chart));
}

function receive(ui, data) {
  const { bias, ...picture } = data;
  const shape = JSON.stringify(picture);
  if (ui.shape !== shape) {
    ui.shape = shape;
    buildPicture(ui, picture);
  }
  if (ui.echo.overrides(bias) && !ui.held) ui.bias = nearestBias(ui, bias);
  show(ui);
}

export default await component(import.meta.url, { root: ".bias", build, receive });
