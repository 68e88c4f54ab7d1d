// One image's softmax at every temperature: its classes sorted by logit, the share of each over T, the entropy over T.

import { component } from "../kdviz.shared/component.js";
import {
  barHeight, buildColumns, buildLogits, buildScale, drawAxis, drawBars, drawHardLabel, drawLogits, showImage,
  watchPlot,
} from "../kdviz.shared/bars.js";
import { setText } from "../kdviz.shared/dom.js";
import { PERCENT, namedShares, sharePercent, whole } from "../kdviz.shared/format.js";
import { buildOverT, drawOverT, markT, temperatureGrid, watchWidth } from "../kdviz.shared/over_t.js";
import { buildTemperature, pickingTemperature, receiveTemperature } from "../kdviz.shared/slider.js";
import { entropyBits, ranked, softmax } from "../kdviz.shared/softmax.js";
import { formatT } from "../kdviz.shared/temperature.js";

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
  drawPicture(ui);
}

const timesText = (ratio) => (ratio < 100 ? ratio.toFixed(1) : whole(ratio));

/** What the picture shows at this T, from the numbers. */
function temperatureSentence({ tell, logits, p, own, T, names }) {
  const classes = names.length;
  const [first, second, last] = [names[0], names[1], names[classes - 1]];
  const [share, second_share, last_share] = [p[0], p[1], p[classes - 1]].map(sharePercent);
  const values = { T, classes, first, second, last, share, second_share, last_share, even: sharePercent(1 / classes) };
  if (logits[0] - logits[classes - 1] < 1e-9) return tell("all-equal");
  if (p[0] > 0.995) return tell("cold", values);
  if (p[0] < 1.1 / classes) return tell("hot", values);
  const rest = tell("times", { ...values, times: timesText(p[0] / p[1]) });
  const trained = Math.abs(T - 1) < 0.005;
  return tell(trained ? "trained" : "between", { ...values, rest, before: timesText(own[0] / own[1]) });
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
  const [T, shares] = [formatT(ui.T), namedShares(ui.names, ui.p)];
  ui.q(".plot").setAttribute("aria-label", ui.tell("plot", { T, shares: shares.join(", ") }));
  const value = ui.tell("value", { T, first: shares[0], second: shares[1], bits: bits.toFixed(2) });
  ui.controls.range.setAttribute("aria-valuetext", value);
}

function build(ui) {
  const nothing = { columns: [], names: [], p: [], logits: null };
  Object.assign(ui, { ...nothing, draw: () => drawPicture(ui), held: false, plotHeight: 0, T: 1 });
  const picking = pickingTemperature(ui);
  ui.shares = buildOverT(ui, ui.q(".shares"), { height: 168, label: ui.tell("shares"), ...picking });
  ui.entropies = buildOverT(ui, ui.q(".entropies"), { height: 74, label: ui.tell("entropies"), ...picking });
  buildTemperature(ui);
  buildScale(ui, () => drawCurves(ui));
  watchWidth(ui, ui.q(".shares"), () => [ui.shares, ui.entropies]);
  watchPlot(ui);
}

/** The classes in the order of their logits, which is theirs at every temperature. */
function receive(ui, data) {
  const order = ranked(data.logits);
  const names = order.map((i) => data.names[i]);
  if (ui.changed("names", names)) {
    ui.names = names;
    buildColumns(ui);
    buildLogits(ui);
    drawAxis(ui);
  }
  ui.label = data.label === null ? null : order.indexOf(data.label);
  ui.logits = Float64Array.from(order, (i) => data.logits[i]);
  ui.own = softmax(ui.logits, 1);
  ui.p = new Float64Array(names.length);
  ui.plotHeight = ui.q(".columns").clientHeight;
  setText(ui.q(".bits-most"), Math.log2(names.length).toFixed(2));
  setText(ui.q(".equal"), sharePercent(1 / names.length));
  showImage(ui, data);
  receiveTemperature(ui, data);
  drawHardLabel(ui);
  drawLogits(ui);
  drawCurves(ui);
}

export default await component(import.meta.url, {
  root: ".temperature-lesson", shared: ["picture", "over_t"], build, receive,
});
