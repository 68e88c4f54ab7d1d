// What was measured over the temperature: small charts with one slider, and every line's value at the present T.

import { component } from "../kdviz.shared/component.js";
import { emptied, make, setText, svgNode } from "../kdviz.shared/dom.js";
import { PERCENT, percent } from "../kdviz.shared/format.js";
import { temperatureOf } from "../kdviz.shared/signals.js";
import { buildOverT, drawOverT, linearAxis, logAxis, markT, valueAt, watchWidth } from "../kdviz.shared/over_t.js";
import { buildTemperature, pickingTemperature, showTemperature } from "../kdviz.shared/slider.js";
import { formatT, roundT } from "../kdviz.shared/temperature.js";

const FORMATS = {
  share: (v) => percent(v, v >= 0.9995 || v === 0 ? 0 : 1),
  exact: (v) => percent(v, 2),
  number: (v) => (v === 0 ? "0" : Math.abs(v) >= 100 ? v.toFixed(0) : Math.abs(v) < 0.001 ? v.toExponential(1).replace("-", "−") : v.toPrecision(3).replace("-", "−")),
};

const AXIS_FORMATS = {
  share: (v) => `${Number((100 * v).toPrecision(3))}${PERCENT}`,
  exact: (v) => `${Number((100 * v).toPrecision(4))}${PERCENT}`,
  number: (v) => (v !== 0 && Math.abs(v) < 0.001 ? v.toExponential(0).replace("-", "−") : String(Number(v.toPrecision(3)))),
};

/** @returns {import("../kdviz.shared/over_t.js").Axis} */
function axisOf(panel) {
  const values = panel.lines.flatMap((line) => [line.y, line.high ?? []].flat()).filter((v) => v !== null && Number.isFinite(v));
  const positive = values.filter((v) => v > 0);
  const format = AXIS_FORMATS[panel.format];
  if (panel.axis === "log" && positive.length) return logAxis(Math.max(Math.min(...positive), panel.least ?? 0), Math.max(...positive), format);
  if (panel.axis === "share") {
    return { y: (v) => v, ticks: [[0, format(0)], [0.25, ""], [0.5, format(0.5)], [0.75, ""], [1, format(1)]] };
  }
  return linearAxis(Math.max(...values, 1e-9), format);
}

/** Everything that depends on T. */
function drawPicture(ui) {
  for (const { panel, chart, nodes } of ui.panels) {
    markT(chart, ui.T);
    const told = panel.lines.map((line, i) => {
      const value = valueAt(ui.at, line.y, ui.T);
      const text = value === null ? "–" : FORMATS[panel.format](value);
      setText(nodes[i], text);
      return `${line.name} ${text}`;
    });
    chart.svg.setAttribute("aria-label", `${panel.title} at T = ${formatT(ui.T)}: ${told.join(", ")}`);
  }
  ui.controls.range.setAttribute("aria-valuetext", `T = ${formatT(ui.T)}`);
}

function buildLegend(ui, panels) {
  const legend = emptied(ui.q(".legend"));
  const told = new Set();
  for (const line of panels.filter(({ lines }) => lines.length > 1).flatMap(({ lines }) => lines)) {
    if (told.has(line.name)) continue;
    told.add(line.name);
    const key = make("span", `key ${line.className}`, legend);
    const swatch = svgNode("svg", key, { viewBox: "0 0 26 10", "aria-hidden": "true" });
    svgNode("line", swatch, { x1: 0, x2: 26, y1: 5, y2: 5, class: line.className });
    key.append(line.name);
  }
}

function buildPanels(ui, data) {
  const place = emptied(ui.q(".panels"));
  place.style.setProperty("--across", data.panels.length === 3 ? 3 : Math.min(2, data.panels.length));
  ui.panels = data.panels.map((panel) => {
    const node = make("div", "panel", place);
    const title = make("h3", "", node);
    title.textContent = panel.title;
    if (panel.unit) make("span", "", title).textContent = ` · ${panel.unit}`;
    const now = make("div", "now", node, { "aria-hidden": "true" }); // the chart’s label says it
    const nodes = panel.lines.map((line) => {
      const value = make("span", line.className, now);
      value.title = line.name;
      return value;
    });
    const chart = buildOverT(ui, node, { height: 166, feet: 16, label: panel.title, ...pickingTemperature(ui) });
    return { panel, chart, nodes };
  });
  buildLegend(ui, data.panels);
}

function build(ui) {
  Object.assign(ui, { draw: () => drawPicture(ui), held: false, T: 1, panels: [], at: [] });
  buildTemperature(ui);
  watchWidth(ui, ui.q(".panels"), () => ui.panels.map(({ chart }) => chart));
}

function receive(ui, data) {
  ui.group = data.group;
  ui.at = data.at;
  if (ui.changed("panels", data.panels)) buildPanels(ui, data);
  if (ui.overrides("T", Number(data.T)) && !ui.held) ui.T = temperatureOf(data.group) ?? roundT(Number(data.T));
  showTemperature(ui);
  for (const { panel, chart } of ui.panels) drawOverT(chart, { at: ui.at, lines: panel.lines, ...axisOf(panel) });
  drawPicture(ui);
}

export default await component(import.meta.url, { root: ".measured", shared: ["picture", "over_t"], build, receive });
