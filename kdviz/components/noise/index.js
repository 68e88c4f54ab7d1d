// Noise in the gradient. Left: the gradients of many batches as directions, each at its true angle from the mean
// gradient, hard labels above the mean and soft targets below it. Right: the noise over the training.

import { component, watchSize } from "../kdviz.shared/component.js";
import { make, setText, svgNode } from "../kdviz.shared/dom.js";
import { areaBetween, lineThrough } from "../kdviz.shared/lines.js";
import { followPointer } from "../kdviz.shared/pointer.js";
import { onRelease } from "../kdviz.shared/slider.js";

const CHART = { left: 44, right: 12, top: 10, bottom: 34 };
const DEGREES = 180 / Math.PI;

function here(ui) {
  const soft = ui.data.soft[ui.t];
  const hard = ui.data.hard;
  return { hard, soft, T: soft.T, ratios: [hard.mean[ui.m], soft.mean[ui.m]] };
}

function anglesOf(arrows) {
  return arrows.map(([along, across]) => Math.atan2(across, along));
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

function ratioText(v) {
  return v >= 9.95 ? v.toFixed(0) : v.toPrecision(2);
}

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
  const height = 2 * radius + 16;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", height);
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

function scales(ui, width) {
  const { left, right, top, bottom } = CHART;
  const axis = noiseAxis(ui.data.least, ui.data.most);
  const last = ui.data.epochs[ui.data.epochs.length - 1] || 1;
  const high = 216 - top - bottom;
  return {
    axis,
    x: (epoch) => left + ((width - left - right) * epoch) / last,
    y: (value) => top + high * (1 - axis.y(value)),
  };
}

function drawLine(svg, place, epochs, line, role) {
  const points = (values) => values.map((v, i) => [place.x(epochs[i]), place.y(v)]);
  svgNode("path", svg, { class: `band ${role}`, d: areaBetween(points(line.low), points(line.high)) });
  svgNode("path", svg, { class: `line ${role}${role === "hard" ? " dashed" : ""}`, d: lineThrough(points(line.mean)) });
}

function drawChart(ui) {
  const svg = ui.q(".chart");
  const width = svg.clientWidth;
  if (!width || !ui.data) return;
  ui.width = width;
  const { words, epochs } = ui.data;
  const { hard, soft, T, ratios } = here(ui);
  const place = scales(ui, width);
  ui.place = place;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} 216`);
  for (const [value, text] of place.axis.ticks) {
    const y = place.y(value);
    svgNode("line", svg, { class: Math.abs(value - 1) < 1e-9 ? "even" : "grid", x1: CHART.left, x2: width - CHART.right, y1: y, y2: y });
    svgNode("text", svg, { x: CHART.left - 6, y: y + 4, "text-anchor": "end" }).textContent = text;
  }
  const floor = 216 - CHART.bottom;
  const last = epochs[epochs.length - 1];
  const step = last <= 5 ? 1 : Math.ceil(last / 5 / 5) * 5;
  for (let epoch = 0; epoch <= last + 1e-6; epoch += step) {
    svgNode("text", svg, { x: place.x(epoch), y: floor + 15, "text-anchor": "middle" }).textContent = String(epoch);
  }
  svgNode("text", svg, { x: (CHART.left + width - CHART.right) / 2, y: floor + 30, "text-anchor": "middle" }).textContent = words.epochs;
  drawLine(svg, place, epochs, hard, "hard");
  drawLine(svg, place, epochs, soft, "soft");
  const x = place.x(epochs[ui.m]);
  svgNode("line", svg, { class: "marker", x1: x, x2: x, y1: CHART.top - 4, y2: floor });
  svgNode("circle", svg, { class: "dot hard", cx: x, cy: place.y(ratios[0]), r: 4.5 });
  svgNode("circle", svg, { class: "dot soft", cx: x, cy: place.y(ratios[1]), r: 4.5 });
  svg.setAttribute("aria-label", `${words.chart}: ${words.hard} ${ratioText(ratios[0])}, ${words.soft.replace("#", T)} ${ratioText(ratios[1])}`);
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

function letPickMoment(ui) {
  const svg = ui.q(".chart");
  followPointer(svg, (event) => {
    ui.held = true;
    const x = event.clientX - svg.getBoundingClientRect().left;
    const away = ui.data.epochs.map((epoch) => Math.abs(ui.place.x(epoch) - x));
    const closest = away.indexOf(Math.min(...away));
    if (closest === ui.m) return;
    ui.m = closest;
    draw(ui);
  }, () => {
    ui.held = false;
    commit(ui);
  });
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
  letPickMoment(ui);
  watchSize(ui, ui.root, () => {
    if (ui.data && (ui.q(".fan").clientWidth !== ui.fanWidth || ui.q(".chart").clientWidth !== ui.width)) draw(ui);
  });
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

export default await component(import.meta.url, { root: ".noise", build, receive });
