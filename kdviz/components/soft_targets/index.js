// The picture of the soft targets: puts image, bars, readings, slider and sentence together.

import { component } from "../kdviz.shared/component.js";
import {
  buildColumns, buildLogits, buildRanking, buildScale, drawAxis, drawBars, drawHardLabel, drawLogits, drawRanking,
  rankOthers, showImage, watchPlot,
} from "../kdviz.shared/bars.js";
import { decodeBase64, encodeBase64 } from "../kdviz.shared/bytes.js";
import { setText, showGrey } from "../kdviz.shared/dom.js";
import { buildEditors, showEditors } from "../kdviz.shared/editing.js";
import { namedShares, sharePercent } from "../kdviz.shared/format.js";
import { listen, publishLogits } from "../kdviz.shared/signals.js";
import { forward, isHere } from "../kdviz.shared/network.js";
import { buildTemperature, moveTemperature, receiveTemperature } from "../kdviz.shared/slider.js";
import { entropyBits, ranked, softmax } from "../kdviz.shared/softmax.js";
import { formatT } from "../kdviz.shared/temperature.js";
import { answers, isAsked } from "../kdviz.shared/truth.js";
import { buildPad, setFrame } from "../kdviz.shared/drawing.js";
import { describe } from "./sentence.js";

const SWEEP = 4500; // milliseconds

function describePicture(ui, bits) {
  const [T, shares] = [formatT(ui.T), namedShares(ui.names, ui.p)];
  ui.q(".plot").setAttribute("aria-label", ui.tell("plot", { T, shares: shares.join(", ") }));
  ui.controls.range.setAttribute("aria-valuetext", ui.tell("value", { T, top: shares[ui.top], bits: bits.toFixed(2) }));
}

function drawEmpty(ui) {
  setText(ui.q(".bits"), "–");
  setText(ui.q(".worth"), "");
  setText(ui.q(".say"), ui.tell(ui.network && !isHere(ui.network) ? "waiting" : "empty"));
  ui.q(".plot").setAttribute("aria-label", ui.tell("plot-empty"));
  ui.controls.range.setAttribute("aria-valuetext", `T = ${formatT(ui.T)}`);
}

/** Everything that depends on T; what depends on the logits alone is drawn by `changeLogits`. */
function drawPicture(ui) {
  if (ui.logits) softmax(ui.logits, ui.T, ui.p);
  drawBars(ui);
  drawRanking(ui);
  if (!ui.logits) {
    drawEmpty(ui);
    return;
  }
  const bits = entropyBits(ui.p);
  setText(ui.q(".bits"), bits.toFixed(2));
  const classes = 2 ** bits;
  setText(ui.q(".worth"), ui.tell(classes < 1.05 ? "worth-one" : "worth", { classes: classes.toFixed(1) }));
  setText(ui.q(".say"), describe({ z: ui.logits, ...ui }));
  describePicture(ui, bits);
}

function changeLogits(ui, logits) {
  ui.logits = logits;
  if (logits) {
    ui.own = softmax(logits, 1);
    ui.p = new Float64Array(logits.length);
    ui.top = ranked(logits)[0];
  }
  rankOthers(ui);
  if (ui.mode !== "edit") drawLogits(ui);
  drawPicture(ui);
  publishLogits(ui.logits, ui.group);
}

function lookAtDrawing(ui, pixels) {
  ui.pixels = pixels;
  const ready = isHere(ui.network);
  ui.root.dataset.network = ready ? "ready" : "waiting";
  changeLogits(ui, ready && pixels ? forward(ui.network, pixels) : null);
}

function buildModes(ui) {
  ui.pad = buildPad(ui, (pixels) => {
    ui.q(".pad").style.backgroundImage = ""; // a drawing of the stage makes room for one's own
    lookAtDrawing(ui, pixels);
  });
  listen(ui, "network", ({ name }) => {
    if (ui.mode === "draw" && name === ui.network) lookAtDrawing(ui, ui.pixels);
  });
  ui.logitsChanged = () => changeLogits(ui, ui.logits);
  ui.commitLogits = () => ui.commit("logits", Array.from(ui.logits));
  ui.q(".reset").addEventListener("click", () => {
    changeLogits(ui, Float64Array.from(ui.start));
    showEditors(ui);
    ui.commitLogits();
  });
}

/** How far T has moved at a part of the sweep, from 0 to 1: up to its end and back. @param {number} part */
const sweepAt = (part) => Math.sin(Math.PI * part) ** 2;

/** T goes up to 10 and back once, by itself, then waits for a hand; a hand that comes sooner takes it at once. */
function invite(ui) {
  ui.invited = true;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const [from, hands] = [Math.log10(ui.T), new AbortController()];
  ui.endings.push(() => hands.abort());
  for (const type of ["pointerdown", "keydown", "touchstart"]) {
    ui.root.addEventListener(type, () => hands.abort(), { signal: hands.signal, passive: true });
  }
  let begun = 0;
  const step = (/** @type {number} */ now) => {
    begun ||= now + 900; // time to see the picture as it is
    if (hands.signal.aborted) return;
    const part = Math.min(1, Math.max(0, now - begun) / SWEEP);
    if (part > 0) moveTemperature(ui, 10 ** (from + (1 - from) * sweepAt(part)));
    if (part < 1) requestAnimationFrame(step);
    else hands.abort();
    ui.root.dataset.invites = part < 1 ? "moving" : "waiting";
  };
  requestAnimationFrame(step);
}

/** Which class comes second, for a class that was asked; null where nothing is drawn. */
function secondDigit(ui) {
  if (!ui.logits) return null;
  const second = ranked(ui.logits)[1];
  const says = ui.tell("truth", { T: formatT(ui.T), name: ui.names[second], share: sharePercent(ui.p[second]) });
  return { key: String(second), says };
}

function build(ui) {
  answers(ui, "second-digit", () => secondDigit(ui));
  const keepSecret = () => ui.root.toggleAttribute("data-asked", isAsked("second-digit"));
  listen(ui, "asked", keepSecret);
  keepSecret();
  const nothing = { columns: [], names: [], p: [], logits: null, pixels: null };
  Object.assign(ui, { ...nothing, draw: () => drawPicture(ui), held: false, plotHeight: 0, T: 1 });
  buildTemperature(ui);
  buildScale(ui, () => drawBars(ui));
  buildModes(ui);
  watchPlot(ui);
}

function layOut(ui, data) {
  if (!ui.changed("shape", [data.names, data.mode])) return;
  ui.mode = data.mode;
  ui.names = data.names;
  ui.root.dataset.mode = data.mode;
  ui.q(".image").hidden = data.mode !== "image";
  ui.q(".drawing").hidden = data.mode !== "draw";
  ui.q(".editing").hidden = data.mode !== "edit";
  setText(ui.q(".who"), ui.tell(data.mode === "edit" ? "who-edit" : "who"));
  setText(ui.q(".bits-most"), Math.log2(data.names.length).toFixed(2));
  buildColumns(ui);
  buildRanking(ui);
  drawAxis(ui);
  if (data.mode === "edit") buildEditors(ui, ui.commitLogits);
  else buildLogits(ui);
  ui.plotHeight = ui.q(".columns").clientHeight;
}

/** Take over what Python sent; values that only echo what was sent from here change nothing. */
function receive(ui, data) {
  Object.assign(ui, { label: data.label ?? null, network: data.network, start: data.start });
  layOut(ui, data);
  showImage(ui, data);
  drawHardLabel(ui);
  receiveTemperature(ui, data);
  if (data.mode === "draw") {
    setFrame(ui.pad, data.frame);
    lookAtDrawing(ui, ui.pixels);
  } else if (data.mode === "image" || !ui.logits || ui.overrides("logits", data.logits)) {
    changeLogits(ui, Float64Array.from(data.logits));
    if (data.mode === "edit") showEditors(ui);
  } else {
    drawPicture(ui);
  }
  if (data.invites && !ui.invited) invite(ui);
}

/** The drawing. */
const state = ({ mode, pixels }) => (mode === "draw" ? { pixels: pixels && encodeBase64(pixels) } : undefined);

function follow(ui, { pixels }) {
  const drawn = pixels && decodeBase64(pixels);
  ui.q(".invite").hidden = drawn !== null;
  showGrey(ui.q(".seen"), drawn);
  ui.q(".pad").style.backgroundImage = drawn ? `url(${ui.q(".seen").toDataURL()})` : "";
  lookAtDrawing(ui, drawn);
}

export default await component(import.meta.url, { root: ".soft-targets", shared: ["picture"], build, receive, state, follow });
