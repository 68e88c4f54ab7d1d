// What the label leaves out: the entropy of the picture's soft target over T, and two images of one class. Both follow
// the temperature of the page, and the curve follows the logits of the picture above, however they are moved.

import { component } from "../kdviz.shared/component.js";
import { decodeBase64 } from "../kdviz.shared/bytes.js";
import { make, makeImage, setText } from "../kdviz.shared/dom.js";
import { namedShares, sharePercent } from "../kdviz.shared/format.js";
import { listen, logitsOf, temperatureOf } from "../kdviz.shared/signals.js";
import { buildOverT, drawOverT, markT, temperatureGrid, valueAt, watchWidth } from "../kdviz.shared/over_t.js";
import { followTemperature } from "../kdviz.shared/slider.js";
import { entropyBits, klDivergence, ranked, softmax } from "../kdviz.shared/softmax.js";
import { formatT } from "../kdviz.shared/temperature.js";

const GRID = temperatureGrid(121);
const CURVE_HEIGHT = 190;

/** Whether the curve is flat enough below T = 1 for its name to lie on it; it always is at its hot end. */
const flatTo = (soft, most) => (valueAt(GRID, soft, 1) ?? 0) - soft[0] < 0.12 * most;

/** The curve of the soft target, and the hard label's, which stays at 0. */
function entropySpec(ui) {
  const most = Math.log2(ui.logits.length);
  const soft = GRID.map((T) => entropyBits(softmax(ui.logits, T)));
  const ticks = /** @type {[number, string][]} */ ([[0, "0 bits"], [most / 2, ""], [most, most.toFixed(2)]]);
  const lines = [
    { y: GRID.map(() => 0), className: "label-line dashed", name: ui.tell("hard-label"), nameAt: 30 },
    { y: soft, className: "teacher", name: ui.tell("soft-target"), nameAt: flatTo(soft, most) ? 0.32 : 30 },
  ];
  return { at: GRID, lines, ticks, y: (bits) => bits / most };
}

function drawCurve(ui) {
  if (ui.logits) drawOverT(ui.chart, entropySpec(ui));
  markCurve(ui);
}

/** What of the curve depends on T. */
function markCurve(ui) {
  const known = Boolean(ui.logits);
  ui.chart.svg.style.visibility = known ? "visible" : "hidden";
  setText(ui.q(".bits"), known ? `${entropyBits(softmax(ui.logits, ui.T)).toFixed(2)} bits` : "");
  if (!known) {
    setText(ui.q(".curve-says"), ui.tell("waiting"));
    return;
  }
  markT(ui.chart, ui.T);
  const bits = entropyBits(softmax(ui.logits, ui.T));
  const told = ui.tell("curve", {
    temperature: ui.T,
    entropy: bits.toFixed(2),
    most: Math.log2(ui.logits.length).toFixed(2),
    classes: (2 ** bits).toFixed(1),
  });
  setText(ui.q(".curve-says"), told);
  ui.chart.svg.setAttribute("aria-label", told);
}

function buildImage(ui, image) {
  const box = make("div", "one", ui.q(".images"));
  makeImage(box, image.pixels ? decodeBase64(image.pixels) : null, image.caption).title = image.caption;
  const bars = make("div", "mini", box, { role: "img" });
  const next = make("div", "next", box);
  const names = make("div", "mini-names", box, { "aria-hidden": "true" });
  box.style.setProperty("--n", image.names.length);
  const nodes = image.names.map((name, i) => {
    const own = i === image.label ? "own" : "";
    make("span", own, names).textContent = name;
    return make("i", "", make("div", own, bars));
  });
  const order = ranked(image.logits).filter((i) => i !== image.label);
  return { ...image, bars, nodes, second: make("b", "", next), entropy: make("span", "", next), other: order[0] };
}

function drawImage(ui, image) {
  const p = softmax(image.logits, ui.T);
  image.nodes.forEach((node, i) => { node.style.transform = `scaleY(${p[i].toFixed(4)})`; });
  setText(image.second, `${image.names[image.other]}: ${sharePercent(p[image.other])}`);
  setText(image.entropy, `${entropyBits(p).toFixed(2)} bits`);
  const shares = namedShares(image.names, p).join(", ");
  image.bars.setAttribute("aria-label", `${image.caption}, T = ${formatT(ui.T)}: ${shares}`);
  return p;
}

function drawPair(ui) {
  if (!ui.images.length) return;
  const [p, q] = ui.images.map((image) => drawImage(ui, image));
  const [one, other] = ui.images;
  setText(ui.q(".pair-says"), ui.tell("pair", {
    temperature: ui.T,
    label: one.names[one.label],
    kl: (klDivergence(other.logits, one.logits, ui.T) / Math.LN2).toFixed(2),
    second: one.names[one.other],
    share: sharePercent(p[one.other]),
    same_class_share: sharePercent(q[one.other]),
    other: other.names[other.other],
  }));
}

function build(ui) {
  Object.assign(ui, { images: [], logits: null, T: 1 });
  ui.chart = buildOverT(ui, ui.q(".curve-room"), { height: CURVE_HEIGHT, label: "" });
  followTemperature(ui, () => {
    markCurve(ui);
    drawPair(ui);
  });
  listen(ui, "logits", ({ logits, group }) => {
    if (group !== ui.group) return;
    ui.logits = logits;
    drawCurve(ui);
  });
  watchWidth(ui, ui.root, () => [ui.chart]);
}

function receive(ui, data) {
  ui.group = data.group;
  ui.T = temperatureOf(data.group) ?? Number(data.T);
  const begun = data.logits ? Float64Array.from(data.logits) : null;
  if (ui.changed("logits", [data.logits, data.names])) ui.logits = begun ?? logitsOf(data.group);
  ui.q(".pair").hidden = !data.pair;
  if (ui.changed("pair", data.pair)) {
    ui.q(".images").replaceChildren();
    ui.images = (data.pair ?? []).map((image) => buildImage(ui, image));
  }
  drawCurve(ui);
  drawPair(ui);
}

export default await component(import.meta.url, { root: ".beyond", shared: ["over_t"], build, receive });
