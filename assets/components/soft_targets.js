// The picture of the soft targets: puts image, bars, readings, slider and sentence together.
// Streamlit calls the default export on mount and again whenever data or theme change; it may be called any
// number of times.

const mounted = new WeakMap();

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
  setText(ui.say, ui.network && !kdviz.networks[ui.network] ? NOT_YET.waiting : NOT_YET.empty);
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
  const ready = pixels && kdviz.networks[ui.network];
  changeLogits(ui, ready ? kdviz.forward(ui.network, pixels) : null);
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

/** The labels over the bars move in pixels, so they need the plot's height, which follows the width. */
function watchSize(ui) {
  const columns = ui.q(".columns");
  const observer = new ResizeObserver(() => {
    ui.plotHeight = columns.clientHeight;
    drawBars(ui);
  });
  observer.observe(columns);
  ui.endings.push(() => observer.disconnect());
}

function buildModes(ui) {
  ui.pad = buildPad(ui.q, (pixels) => lookAtDrawing(ui, pixels));
  const onNetwork = ({ detail }) => {
    if (ui.mode === "draw" && detail.name === ui.network) lookAtDrawing(ui, ui.pixels);
  };
  document.addEventListener("kdviz:network", onNetwork);
  ui.endings.push(() => document.removeEventListener("kdviz:network", onNetwork));
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

function build(parentElement) {
  const root = parentElement.querySelector(".soft-targets");
  const found = {};
  const q = (selector) => (found[selector] ??= root.querySelector(selector));
  const ui = { root, q, shadow: root.getRootNode(), endings: [], held: false, columns: [], names: [], p: [], plotHeight: 0 };
  Object.assign(ui, { say: q(".say"), bits: q(".bits"), worth: q(".worth"), T: 1, logits: null, pixels: null });
  ui.echoT = makeEcho();
  ui.echoLogits = makeEcho();
  buildTemperature(ui, () => {
    ui.echoT.sent(ui.T);
    ui.send("T", ui.T);
  });
  buildScale(ui);
  buildModes(ui);
  return ui;
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

export default function ({ data, parentElement, setStateValue }) {
  let ui = mounted.get(parentElement);
  if (!ui?.root.isConnected) {
    ui?.endings.forEach((end) => end());
    ui = build(parentElement);
    mounted.set(parentElement, ui);
    watchSize(ui);
  }
  ui.send = setStateValue;
  applyPalette(ui.root.parentElement);
  receive(ui, data);
  return () => {
    ui.endings.forEach((end) => end());
    mounted.delete(parentElement);
  };
}
