// A student that was taken home: it answers what is drawn, in a file of its own, without a server.

import { buildColumns, drawAxis, drawBars, watchPlot } from "../kdviz.shared/bars.js";
import { decodeBase64 } from "../kdviz.shared/bytes.js";
import { applyPalette, setText } from "../kdviz.shared/dom.js";
import { buildPad, setFrame } from "../kdviz.shared/drawing.js";
import { filled, percent } from "../kdviz.shared/format.js";
import { forwardLayers, unpackLayers } from "../kdviz.shared/network.js";
import { ranked, softmax } from "../kdviz.shared/softmax.js";

/**
 * @typedef {object} Student
 * @property {string} weights as `unpackLayers` takes them, in base64
 * @property {string[]} names of the classes
 * @property {"mnist" | "8x8"} frame how a drawing is brought to 28 x 28
 * @property {Record<string, string>} words
 */

const root = document.body;
const student = /** @type {Student} */ (JSON.parse(/** @type {Node} */ (document.querySelector("#student")).textContent ?? ""));
const ui = /** @type {any} */ ({
  root, names: student.names, scale: "linear", logits: null, p: new Float64Array(student.names.length), plotHeight: 0,
  endings: [],
  q: (/** @type {string} */ selector) => root.querySelector(selector),
  tell: (/** @type {string} */ key, values = {}) => filled(student.words[key], values),
});

/** What the student says of the drawing, or what there is to do. */
function say() {
  if (!ui.logits) return setText(ui.q(".say"), ui.tell("nothing"));
  const [first, second] = ranked(ui.logits);
  const likely = { first: ui.names[first], share: percent(ui.p[first], 1), second: ui.names[second], other: percent(ui.p[second], 1) };
  setText(ui.q(".say"), ui.tell("answer", likely));
}

applyPalette(root);
buildColumns(ui);
drawAxis(ui);
watchPlot(ui);
const layers = await unpackLayers(decodeBase64(student.weights));
const pad = buildPad(ui, (pixels) => {
  ui.logits = pixels && forwardLayers(layers, pixels);
  if (ui.logits) softmax(ui.logits, 1, ui.p);
  drawBars(ui);
  say();
});
setFrame(pad, student.frame);
say();
root.dataset.ready = "yes";
