// The picture of the soft targets: puts image, bars, readings, slider and sentence together.

import { component } from "../kdviz.shared/component.js";
import {
  buildColumns, buildLogits, buildRanking, drawAxis, drawBars, drawHardLabel, drawLogits, drawRanking, rankOthers,
  watchPlot,
} from "../kdviz.shared/bars.js";
import { decodeBase64 } from "../kdviz.shared/bytes.js";
import { setText, showGrey } from "../kdviz.shared/dom.js";
import { makeEcho } from "../kdviz.shared/echo.js";
import { buildEditors, showEditors } from "../kdviz.shared/editing.js";
import { sharePercent } from "../kdviz.shared/format.js";
import { publishLogits, publishTemperature } from "../kdviz.shared/group.js";
import { forward, isHere } from "../kdviz.shared/network.js";
import { listen } from "../kdviz.shared/signals.js";
import { buildTemperature, showTemperature } from "../kdviz.shared/slider.js";
import { entropyBits, ranked, softmax } from "../kdviz.shared/softmax.js";
import { formatT, roundT } from "../kdviz.shared/temperature.js";
import { buildPad, setFrame } from "./drawing.js";
import { describe } from "./sentence.js";


const WHO = { image: "Teacher’s softmax", draw: "Teacher’s softmax", edit: "Softmax" };
const NOT_YET = {
  waiting: "The teacher’s weights are on their way.",
  empty: "Draw a digit: with every stroke the teacher, running in this browser, says what it could be.",
};

function describePicture(ui, bits) {
  const parts = Array.from(ui.p, (p, i) => `${ui.names[i]} ${sharePercent(p)}`);
  ui.q(".plot").setAttribute("aria-label", `Softmax at T = ${formatT(ui.T)}: ${parts.join(", ")}.`);
  const top = ui.top;
  ui.controls.range.setAttribute(
    "aria-valuetext",
    `T = ${formatT(ui.T)}, ${ui.names[top]} ${sharePercent(ui.p[top])}, entropy ${bits.toFixed(2)} bits`,
  );
}

function drawEmpty(ui) {
  setText(ui.q(".bits"), "–");
  setText(ui.q(".worth"), "");
  setText(ui.say, ui.network && !isHere(ui.network) ? NOT_YET.waiting : NOT_YET.empty);
  ui.q(".plot").setAttribute("aria-label", "Softmax: nothing is drawn yet.");
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
  setText(ui.bits, bits.toFixed(2));
  const classes = 2 ** bits;
  const worth = classes < 1.05 ? "practically sure" : `as unsure as between ${classes.toFixed(1)} equally likely classes`;
  setText(ui.worth, worth);
  setText(ui.say, describe({ z: ui.logits, ...ui }));
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

function buildScale(ui) {
  ui.scale = "linear";
  ui.root.querySelectorAll(".scale input").forEach((input) => {
    input.addEventListener("change", () => {
      ui.scale = input.value;
      drawAxis(ui);
      drawBars(ui);
    });
  });
}

function buildModes(ui) {
  ui.pad = buildPad(ui.q, (pixels) => lookAtDrawing(ui, pixels));
  listen(ui, "network", ({ name }) => {
    if (ui.mode === "draw" && name === ui.network) lookAtDrawing(ui, ui.pixels);
  });
  ui.logitsChanged = () => changeLogits(ui, ui.logits);
  ui.commitLogits = () => {
    const logits = Array.from(ui.logits);
    ui.echoLogits.sent(logits);
    ui.send("logits", logits);
  };
  ui.q(".reset").addEventListener("click", () => {
    changeLogits(ui, Float64Array.from(ui.start));
    showEditors(ui);
    ui.commitLogits();
  });
}

function build(ui) {
  ui.draw = () => drawPicture(ui);
  Object.assign(ui, { held: false, columns: [], names: [], p: [], plotHeight: 0 });
  Object.assign(ui, { say: ui.q(".say"), bits: ui.q(".bits"), worth: ui.q(".worth"), T: 1, logits: null, pixels: null });
  ui.echoT = makeEcho();
  ui.echoLogits = makeEcho();
  buildTemperature(ui, () => {
    ui.echoT.sent(ui.T);
    ui.send("T", ui.T);
  });
  buildScale(ui);
  buildModes(ui);
  watchPlot(ui);
}

function layOut(ui, data) {
  const shape = JSON.stringify([data.names, data.mode]);
  if (ui.shape === shape) return;
  ui.shape = shape;
  ui.mode = data.mode;
  ui.names = data.names;
  ui.root.dataset.mode = data.mode;
  ui.q(".image").hidden = data.mode !== "image";
  ui.q(".drawing").hidden = data.mode !== "draw";
  ui.q(".editing").hidden = data.mode !== "edit";
  setText(ui.q(".who"), WHO[data.mode]);
  setText(ui.q(".bits-most"), Math.log2(data.names.length).toFixed(2));
  buildColumns(ui);
  buildRanking(ui);
  drawAxis(ui);
  if (data.mode === "edit") buildEditors(ui, ui.commitLogits);
  else buildLogits(ui);
  ui.plotHeight = ui.q(".columns").clientHeight;
}

function showImage(ui, data) {
  setText(ui.q(".source-cap"), data.caption);
  if (!data.pixels) return;
  showGrey(ui.q(".image"), decodeBase64(data.pixels));
  ui.q(".image").setAttribute("aria-label", data.caption);
}

/** Take over what Python sent; values that only echo what was sent from here change nothing. */
function receive(ui, data) {
  Object.assign(ui, { label: data.label ?? null, group: data.group, network: data.network, start: data.start });
  layOut(ui, data);
  showImage(ui, data);
  drawHardLabel(ui);
  if (ui.echoT.overrides(Number(data.T)) && !ui.held) {
    ui.T = roundT(Number(data.T));
    publishTemperature(ui.T, ui.group, ui);
  }
  showTemperature(ui);
  if (data.mode === "draw") {
    setFrame(ui.pad, data.frame);
    lookAtDrawing(ui, ui.pixels);
  } else if (data.mode === "image" || !ui.logits || ui.echoLogits.overrides(data.logits)) {
    changeLogits(ui, Float64Array.from(data.logits));
    if (data.mode === "edit") showEditors(ui);
  } else {
    drawPicture(ui);
  }
}

export default await component(import.meta.url, {
  root: ".soft-targets",
  styles: ["../kdviz.shared/picture.css", "style.css"],
  build,
  receive,
});
