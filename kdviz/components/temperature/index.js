// One image's softmax at every temperature: its classes sorted by logit, the share of each over T, the entropy over T.

import { component } from "../kdviz.shared/component.js";
import {
  barHeight, buildColumns, buildLogits, drawAxis, drawBars, drawHardLabel, drawLogits, watchPlot,
} from "../kdviz.shared/bars.js";
import { decodeBase64 } from "../kdviz.shared/bytes.js";
import { setText, showGrey } from "../kdviz.shared/dom.js";
import { makeEcho } from "../kdviz.shared/echo.js";
import { PERCENT, sharePercent } from "../kdviz.shared/format.js";
import { publishTemperature } from "../kdviz.shared/group.js";
import { buildOverT, drawOverT, markT, temperatureGrid, watchWidth } from "../kdviz.shared/over_t.js";
import { buildTemperature, moveTemperature, showTemperature } from "../kdviz.shared/slider.js";
import { entropyBits, ranked, softmax } from "../kdviz.shared/softmax.js";
import { catchDecade, formatT, roundT } from "../kdviz.shared/temperature.js";

const GRID = temperatureGrid(151);
const NAMED = 3; // lines that carry their name

/** Where a line stands well apart from the one above and the one below: there its name has room. */
function roomiest(curves, r) {
  const room = (i) => {
    const above = (curves[r - 1]?.[i] ?? 1) - curves[r][i];
    const below = curves[r][i] - curves[r + 1][i];
    return Math.min(above, 0.15) + Math.min(below, 0.1);
  };
  let best = 7;
  for (let i = 7; i < GRID.length - 7; i++) if (room(i) > room(best) + 1e-9) best = i;
  return GRID[best];
}

function shareSpec(ui) {
  const soft = GRID.map((T) => softmax(ui.logits, T));
  const curves = ui.names.map((_, r) => soft.map((p) => p[r]));
  const lines = curves.map((y, r) => ({
    y,
    name: ui.names[r],
    nameAt: r < Math.min(NAMED, curves.length - 1) ? roomiest(curves, r) : undefined,
    className: r < NAMED ? `rank-${r}` : "rank-rest",
  }));
  const log = ui.scale === "log";
  /** @type {[number, string][]} */
  const ticks = log
    ? [[1e-6, "0.0001"], [1e-4, "0.01"], [1e-2, "1"], [1, `100${PERCENT}`]]
    : [[0, "0"], [0.25, ""], [0.5, "50"], [0.75, ""], [1, `100${PERCENT}`]];
  return { at: GRID, lines: lines.reverse(), ticks, y: (p) => barHeight(p, ui.scale) };
}

function entropySpec(ui) {
  const most = Math.log2(ui.names.length);
  const y = GRID.map((T) => entropyBits(softmax(ui.logits, T)));
  const ticks = /** @type {[number, string][]} */ ([[0, "0"], [most / 2, ""], [most, most.toFixed(2)]]);
  return { at: GRID, lines: [{ y, className: "teacher" }], ticks, y: (bits) => bits / most };
}

function drawCurves(ui) {
  if (!ui.logits) return;
  drawOverT(ui.shares, shareSpec(ui));
  drawOverT(ui.entropies, entropySpec(ui));
}

/** What the picture shows at this T, from the numbers. */
function temperatureSentence({ logits, p, own, T, names }) {
  const last = names.length - 1;
  const [top, second] = [sharePercent(p[0]), sharePercent(p[1])];
  if (logits[0] - logits[last] < 1e-9) return "All logits are equal: every class gets the same at every temperature.";
  if (p[0] > 0.995) return `T = ${T} is as good as T → 0: ${names[0]} has the largest logit and takes ${top}. That is what argmax says.`;
  if (p[0] < 1.1 / names.length) {
    return `T = ${T} is close to T → ∞: every class is near ${sharePercent(1 / names.length)}. ${names[0]} is still first with ${top} and ${names[last]} still last with ${sharePercent(p[last])}.`;
  }
  const ratio = p[0] / p[1];
  const times = ratio < 100 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString("en");
  const rest = `${names[0]} gets ${top}, ${times} times as much as ${names[1]} with ${second}.`;
  if (Math.abs(T - 1) < 0.005) return `At T = 1, as the network was trained: ${rest}`;
  const was = own[0] / own[1];
  const before = was < 100 ? was.toFixed(1) : Math.round(was).toLocaleString("en");
  return `At T = ${T}: ${rest} At T = 1 it is ${before} times as much. The order of all ${names.length} classes is the same.`;
}

/** Everything that depends on T. */
function drawPicture(ui) {
  if (!ui.logits) return;
  softmax(ui.logits, ui.T, ui.p);
  drawBars(ui);
  markT(ui.shares, ui.T);
  markT(ui.entropies, ui.T);
  const bits = entropyBits(ui.p);
  setText(ui.q(".bits"), bits.toFixed(2));
  setText(ui.q(".say"), temperatureSentence(ui));
  const parts = Array.from(ui.p, (p, i) => `${ui.names[i]} ${sharePercent(p)}`);
  ui.q(".plot").setAttribute("aria-label", `Softmax at T = ${formatT(ui.T)}, largest first: ${parts.join(", ")}.`);
  const value = `T = ${formatT(ui.T)}, ${parts[0]}, ${parts[1]}, entropy ${bits.toFixed(2)} bits`;
  ui.controls.range.setAttribute("aria-valuetext", value);
}

function build(ui) {
  ui.draw = () => drawPicture(ui);
  Object.assign(ui, { held: false, columns: [], names: [], p: [], T: 1 });
  Object.assign(ui, { plotHeight: 0, scale: "linear", logits: null, echoT: makeEcho() });
  const commit = () => {
    ui.echoT.sent(ui.T);
    ui.send("T", ui.T);
  };
  const pick = (T) => {
    ui.held = true;
    moveTemperature(ui, 10 ** catchDecade(Math.log10(T)));
  };
  const release = () => {
    ui.held = false;
    commit();
  };
  ui.shares = buildOverT(ui.q(".shares"), { height: 168, label: "Share of each class over the temperature", pick, release });
  ui.entropies = buildOverT(ui.q(".entropies"), { height: 74, label: "Entropy over the temperature", pick, release });
  buildTemperature(ui, commit);
  ui.root.querySelectorAll(".scale input").forEach((input) => input.addEventListener("change", () => {
    ui.scale = input.value;
    drawAxis(ui);
    drawCurves(ui);
    drawPicture(ui);
  }));
  watchWidth(ui, ui.q(".shares"), () => [ui.shares, ui.entropies]);
  watchPlot(ui);
}

/** The classes in the order of their logits, which is theirs at every temperature. */
function receive(ui, data) {
  const order = ranked(data.logits);
  const names = order.map((i) => data.names[i]);
  if (JSON.stringify(names) !== JSON.stringify(ui.names)) {
    ui.names = names;
    buildColumns(ui);
    buildLogits(ui);
    drawAxis(ui);
  }
  ui.label = data.label === null ? null : order.indexOf(data.label);
  ui.group = data.group;
  ui.logits = Float64Array.from(order, (i) => data.logits[i]);
  ui.own = softmax(ui.logits, 1);
  ui.p = new Float64Array(names.length);
  ui.plotHeight = ui.q(".columns").clientHeight;
  setText(ui.q(".source-cap"), data.caption);
  setText(ui.q(".bits-most"), Math.log2(names.length).toFixed(2));
  setText(ui.q(".equal"), sharePercent(1 / names.length));
  if (data.pixels) showGrey(ui.q(".image"), decodeBase64(data.pixels));
  ui.q(".image").setAttribute("aria-label", data.caption);
  if (ui.echoT.overrides(Number(data.T)) && !ui.held) {
    ui.T = roundT(Number(data.T));
    publishTemperature(ui.T, ui.group, ui);
  }
  showTemperature(ui);
  drawHardLabel(ui);
  drawLogits(ui);
  drawCurves(ui);
  drawPicture(ui);
}

export default await component(import.meta.url, {
  root: ".temperature-lesson",
  styles: ["../kdviz.shared/picture.css", "../kdviz.shared/over_t.css", "style.css"],
  build,
  receive,
});
