// Noise in the gradient. Left: the gradients of many batches as directions, each at its true angle from the mean
// gradient, hard labels above the mean and soft targets below it. Right: the noise over the training.

import { component, watchSize } from "../kdviz.shared/component.js";
import { clearDrawing, make, setText, svgNode } from "../kdviz.shared/dom.js";
import { buildOverT, drawOverT, markT } from "../kdviz.shared/over_t.js";
import { onRelease } from "../kdviz.shared/slider.js";

const DEGREES = 180 / Math.PI;

function here(ui) {
  const soft = ui.data.soft[ui.t];
  const hard = ui.data.hard;
  return { hard, soft, T: soft.T, ratios: [hard.mean[ui.m], soft.mean[ui.m]] };
}

const anglesOf = (arrows) => arrows.map(([along, across]) => Math.atan2(across, along));

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

const ratioText = (v) => (v >= 9.95 ? v.toFixed(0) : v.toPrecision(2));

/** One half of the butterfly: `up` is 1 for the upper half, -1 for the lower. */
function drawFan(svg, { angles, role, up, origin, radius }) {
  const at = (angle, r) => [origin.x + r * Math.cos(angle), origin.y - up * r * Math.sin(angle)];
  for (const angle of angles) {
    const [x, y] = at(angle, radius);
    svgNode("line", svg, { class: `batch ${role}`, x1: origin.x, y1: origin.y, x2: x.toFixed(1), y2: y.toFixed(1) });
    svgNode("circle", svg, { class: `tip ${role}`, cx: x.toFixed(1), cy: y.toFixed(1), r: 2.2 });
  }
  const typical = median(angles);
  const arc = radius * 0.5;
  const [x, y] = at(typical, arc);
  svgNode("path", svg, { class: `typical ${role}`, d: `M${origin.x + arc},${origin.y}A${arc},${arc} 0 0 ${up > 0 ? 0 : 1} ${x.toFixed(1)},${y.toFixed(1)}` });
  const [tx, ty] = at(typical / 2, arc + 8);
  const text = svgNode("text", svg, { class: "angle", x: tx.toFixed(1), y: (ty + 5).toFixed(1) });
  text.textContent = `${(typical * DEGREES).toFixed(0)}°`;
  return typical;
}

function drawFans(ui) {
  const svg = ui.q(".fan");
  const width = svg.clientWidth;
  if (!width || !ui.data) return;
  ui.fanWidth = width;
  const radius = Math.min(160, width * 0.58);
  const origin = { x: Math.max(12, Math.min(width * 0.3, width - radius - 30)), y: radius + 8 };
  clearDrawing(svg, width, 2 * radius + 16);
  const most = Math.PI - Math.acos(Math.min(1, origin.x / radius)); // as far around as there is room
  const [rx, ry] = [origin.x + radius * Math.cos(most), radius * Math.sin(most)];
  const ring = `M${rx},${origin.y - ry}A${radius},${radius} 0 1 1 ${rx},${origin.y + ry}`;
  svgNode("path", svg, { class: "ring", d: ring });
  const { hard, soft, T, ratios } = here(ui);
  const { words } = ui.data;
  const typical = [
    drawFan(svg, { angles: anglesOf(hard.arrows[ui.m]), role: "hard", up: 1, origin, radius }),
    drawFan(svg, { angles: anglesOf(soft.arrows[ui.m]), role: "soft", up: -1, origin, radius }),
  ];
  const tip = origin.x + radius + 8;
  svgNode("line", svg, { class: "mean", x1: origin.x, x2: tip - 8, y1: origin.y, y2: origin.y });
  svgNode("path", svg, { class: "head", d: `M${tip + 3},${origin.y}l-13,-6v12z` });
  const mean = svgNode("text", svg, { x: tip + 8, y: origin.y + 4 });
  if (width - tip > 95) mean.textContent = words.mean;
  setText(ui.q(".hard-name"), words.hard);
  setText(ui.q(".hard-text"), words.times.replace("#", ratioText(ratios[0])));
  setText(ui.q(".soft-name"), words.soft.replace("#", T));
  setText(ui.q(".soft-text"), words.times.replace("#", ratioText(ratios[1])));
  const told = words.fan.replace("#", (typical[0] * DEGREES).toFixed(0)).replace("#", T).replace("#", (typical[1] * DEGREES).toFixed(0));
  svg.setAttribute("aria-label", told);
}

/** A logarithmic axis no longer than what is shown, with ticks at 1 and 3 of each decade as [value, text]. */
function noiseAxis(least, most) {
  const [low, high] = [Math.log10(least) - 0.06, Math.log10(most) + 0.06];
  const ticks = /** @type {[number, string][]} */ ([]);
  for (let decade = Math.floor(low); decade <= high; decade++) {
    for (const v of [10 ** decade, 3 * 10 ** decade]) {
      if (Math.log10(v) >= low && Math.log10(v) <= high) ticks.push([v, String(Number(v.toPrecision(1)))]);
    }
  }
  return { ticks, y: (value) => (Math.log10(value) - low) / (high - low) };
}

/** The epochs of the training, with up to five numbers below them. @returns {import("../kdviz.shared/over_t.js").Across} */
function acrossOf(epochs) {
  const last = epochs[epochs.length - 1];
  const step = last <= 5 ? 1 : Math.ceil(last / 25) * 5;
  const ticks = /** @type {[number, string][]} */ ([]);
  for (let epoch = 0; epoch <= last + 1e-6; epoch += step) ticks.push([epoch, String(epoch)]);
  return { place: (epoch) => epoch / (last || 1), value: (place) => place * last, ticks };
}

function drawChart(ui) {
  const { words, epochs, least, most } = ui.data;
  const { hard, soft, T, ratios } = here(ui);
  const lines = [[hard, "hard dashed"], [soft, "soft"]].map(([{ mean: y, low, high }, className]) => ({ y, low, high, className }));
  const under = (svg, place, { left, right, floor }) => {
    const even = place.y(1);
    if (least <= 1 && most >= 1) svgNode("line", svg, { class: "even", x1: left, x2: right, y1: even, y2: even });
    svgNode("text", svg, { class: "tick foot", x: (left + right) / 2, y: floor + 32 }).textContent = words.epochs;
  };
  ui.chart.across = acrossOf(epochs);
  drawOverT(ui.chart, { at: epochs, lines, under, ...noiseAxis(least, most) });
  markT(ui.chart, epochs[ui.m]);
  const told = `${words.hard} ${ratioText(ratios[0])}, ${words.soft.replace("#", T)} ${ratioText(ratios[1])}`;
  ui.chart.svg.setAttribute("aria-label", `${words.chart}: ${told}`);
}

function showSetting(range, stops, at, texts) {
  const most = texts.length - 1;
  range.max = most;
  if (Number(range.value) !== at) range.value = at;
  range.style.setProperty("--filled", `${most ? (100 * at) / most : 0}%`);
  range.setAttribute("aria-valuetext", texts[at]);
  [...stops.children].forEach((node, i) => node.classList.toggle("on", i === at));
}

function buildStops(stops, texts) {
  stops.replaceChildren();
  texts.forEach((text, i) => {
    const node = make("span", "", stops);
    node.textContent = text;
    node.style.left = `${texts.length > 1 ? (100 * i) / (texts.length - 1) : 0}%`;
  });
}

function draw(ui) {
  const { words, epochs, soft } = ui.data;
  showSetting(ui.pickT, ui.q(".stops-t"), ui.t, soft.map(({ T }) => String(T)));
  showSetting(ui.pickM, ui.q(".stops-m"), ui.m, epochs.map((epoch) => epoch.toFixed(1)));
  drawFans(ui);
  drawChart(ui);
  const { ratios } = here(ui);
  const images = (ui.data.batch * ratios[0]) / ratios[1];
  setText(ui.q(".now"), words.now.replace("#", ui.data.batch).replace("#", images < 9.95 ? images.toPrecision(2) : images.toFixed(0)));
}

function buildChart(ui) {
  const pick = (epoch) => {
    const away = ui.data.epochs.map((other) => Math.abs(other - epoch));
    const closest = away.indexOf(Math.min(...away));
    if (closest === ui.m) return;
    ui.m = closest;
    draw(ui);
  };
  ui.chart = buildOverT(ui, ui.q(".chart"), { height: 216, feet: 29, label: "", pick, release: () => commit(ui) });
}

const commit = (ui) => ui.commit("chosen", { T: here(ui).T, moment: ui.m });

function build(ui) {
  Object.assign(ui, { held: false, t: 0, m: 0 });
  [ui.pickT, ui.pickM] = [ui.q(".pick-t"), ui.q(".pick-m")];
  for (const [range, name] of [[ui.pickT, "t"], [ui.pickM, "m"]]) {
    onRelease(ui, range, () => {
      ui[name] = Number(range.value);
      draw(ui);
    }, () => commit(ui));
  }
  buildChart(ui);
  const drawAnew = () => {
    if (ui.data && (ui.q(".fan").clientWidth !== ui.fanWidth || ui.chart.svg.clientWidth !== ui.chart.width)) draw(ui);
  };
  watchSize(ui, ui.root, drawAnew);
  watchSize(ui, ui.q(".fan"), drawAnew); // on the stage its width follows the height that is left, the root's does not
}

function receive(ui, data) {
  ui.data = data;
  buildStops(ui.q(".stops-t"), data.soft.map(({ T }) => String(T)));
  buildStops(ui.q(".stops-m"), data.epochs.map((epoch) => epoch.toFixed(1)));
  const chosen = { T: Number(data.T), moment: Number(data.moment) };
  if (ui.overrides("chosen", chosen) && !ui.held) {
    ui.t = Math.max(0, data.soft.findIndex(({ T }) => Number(T) === chosen.T));
    ui.m = chosen.moment;
  }
  ui.t = Math.min(ui.t, data.soft.length - 1);
  ui.m = Math.min(ui.m, data.epochs.length - 1);
  draw(ui);
}

export default await component(import.meta.url, { root: ".noise", shared: ["over_t"], build, receive });
