// After distillation: trained students are pruned and quantised in the browser, and all that is shown of them follows the
// finger. Images, teacher and students are fetched; the playground's forward pass reads the images.

import { decodeBase64, encodeBase64 } from "../kdviz.shared/bytes.js";
import { component, watchSize } from "../kdviz.shared/component.js";
import { medianMilliseconds, shortMilliseconds } from "../kdviz.shared/device_time.js";
import { rgb, setAttribute, setText, showGrey } from "../kdviz.shared/dom.js";
import { buildPad, setFrame } from "../kdviz.shared/drawing.js";
import { percent, sharePercent, whole } from "../kdviz.shared/format.js";
import { applyLayer, forwardLayers, unpackLayers } from "../kdviz.shared/network.js";
import { buildPairs, drawPairs } from "../kdviz.shared/pair_bars.js";
import { buildTemperature, onRelease, receiveTemperature } from "../kdviz.shared/slider.js";
import { ranked, softmax } from "../kdviz.shared/softmax.js";
import { formatT } from "../kdviz.shared/temperature.js";
import { BITS, compress, costOf, dense, forwardSparse, histogram, largest, ordered, prunedBy, sparseOf } from "./compressing.js";
import { unpackStudents } from "./pack.js";
import { describe, interval, shortBytes, times } from "./sentence.js";
import { LARGEST, ROLES, buildCurve, buildSpread, buildSwitch, drawDots, drawFirst, drawLines, drawOutline, drawSpread, mostOf } from "./views.js";

const WAYS = /** @type {const} */ (["weights", "units"]);
const WHOLE = /** @type {import("./compressing.js").Setting} */ ({ sparsity: 0, bits: 32, way: "weights" });
const BINS = 61; // an odd number: zero has one of its own
const SAMPLED = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.74, 0.78, 0.82, 0.85, 0.88, 0.9, 0.92, 0.94, 0.96, 0.98, LARGEST];
const SLICE = 9; // milliseconds of a picture's time that the curve may take
const REST = 350; // milliseconds of rest before the device is timed
const [TIMED, ROUNDS] = [12, 6]; // milliseconds for each program in a round; rounds, of which the first is not counted
const PAIRS = { width: 240, base: 100, tall: 84, most: 1 };

const addressOf = (/** @type {string} */ address) => new URL(`../../../${address}`, import.meta.url);
/** @returns {import("./compressing.js").Setting} */
const settingOf = ({ sparsity, bits, way }) => ({ sparsity, bits, way });

async function fetched(address) {
  const answer = await fetch(addressOf(address), { cache: "force-cache" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.arrayBuffer();
}

const playground = (/** @type {string} */ name) => import(new URL(`../kdviz.playground/${name}.js`, import.meta.url).href);

/** A student with what it needs to be compressed again and again, and read. */
function studentOf(layers, { Network, Reading, Rereading, copyLayers }, heldOut, labels) {
  const [now, sampled] = [copyLayers(layers), copyLayers(layers)];
  return {
    network: ordered(layers), now, sampled, one: new Network(now, 1),
    shown: new Rereading(now, heldOut), tried: new Rereading(sampled, heldOut),
    reading: new Reading(labels), trial: new Reading(labels), whole: /** @type {Uint8Array | null} */ (null),
  };
}

async function load(ui, data) {
  Object.assign(ui, { lab: null, curves: new Map() });
  ui.root.dataset.state = "loading";
  const [content, weights, students, pack, network, reading, rereading, sparse] = await Promise.all([
    fetched(data.pack), fetched(data.weights), fetched(data.students),
    ...["pack", "network", "reading", "rereading", "sparse"].map(playground),
  ]);
  const images = await pack.unpack(content);
  const labels = images.labels.subarray(images.training);
  const grey = images.images.subarray(images.training * pack.PIXELS);
  const heldOut = new sparse.Batch(new sparse.Images(grey, pack.PIXELS), labels.length);
  for (let i = 0; i < labels.length; i++) heldOut.add(i);
  const parts = { ...network, ...reading, ...rereading };
  const layers = await unpackStudents(students);
  const made = Object.fromEntries(ROLES.map((role) => [role, studentOf(layers[role], parts, heldOut, labels)]));
  const lab = {
    students: made, labels, grey, pixels: pack.PIXELS, sparse, teacher: await unpackLayers(weights),
    counts: new Uint32Array(BINS), most: largest(layers.distilled), mosts: mostOf(layers.distilled[0]),
    before: costOf(layers.distilled, WHOLE),
  };
  for (const student of Object.values(made)) {
    student.trial.take(student.tried.read());
    student.whole = student.trial.best.slice();
  }
  const taught = { teacher: images.teachers.trained.subarray(images.training * 10) };
  ui.lab = lab;
  ui.example = exampleOf(lab, taught.teacher);
  drawOutline(ui, histogram(layers.distilled, lab.most, lab.counts), lab.most);
  ui.root.dataset.state = "ready";
  lookAt(ui, null);
  settled(ui);
}

/** The held-out image that all read right and the teacher is least sure of. */
function exampleOf({ labels, students }, logits) {
  let [best, doubt] = [0, Infinity];
  for (let i = 0; i < labels.length; i++) {
    const z = logits.subarray(10 * i, 10 * i + 10);
    const [first, second] = ranked(z);
    if (first !== labels[i] || ROLES.some((role) => students[role].whole?.[i] !== labels[i])) continue;
    if (z[first] - z[second] < doubt) [best, doubt] = [i, z[first] - z[second]];
  }
  return best;
}

/** Prune and quantise both students as it is set, and read the held-out images. */
function apply(ui) {
  for (const role of ROLES) {
    const student = ui.lab.students[role];
    compress(student.network, settingOf(ui), student.now);
    student.reading.take(student.shown.read());
  }
}

function momentOf(ui) {
  const { students: { distilled }, labels, before } = ui.lab;
  let [lost, gained] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    const [was, is] = [distilled.whole[i] === labels[i], distilled.reading.best[i] === labels[i]];
    if (was && !is) lost++;
    else if (!was && is) gained++;
  }
  const { layers } = distilled.network;
  return {
    n: labels.length, right: distilled.reading.right, lost, gained, before, pruned: prunedBy(layers, settingOf(ui)),
    units: layers[0].outputs, now: costOf(distilled.now, settingOf(ui)),
  };
}

function number(ui, name, text, more) {
  setText(ui.q(`.of-${name} .large`), text);
  setText(ui.q(`.of-${name} .more`), more);
}

function drawNumbers(ui, moment) {
  const { n, right, before, now } = moment;
  const plain = ui.lab.students.plain.reading.right;
  number(ui, "right", percent(right / n, 1), ui.tell("right-more", { interval: interval(right, n), plain: percent(plain / n, 1) }));
  const less = now.bytes < before.bytes ? "bytes-less" : "bytes-all";
  number(ui, "bytes", shortBytes(now.bytes), ui.tell(less, { before: shortBytes(before.bytes), times: times(before.bytes, now.bytes) }));
  number(ui, "weights", whole(now.nonZero), ui.tell("weights-more", { weights: whole(now.weights) }));
  const work = now.multiplyAdds < before.multiplyAdds ? "work-less" : now.nonZero < now.weights ? "work-zeros" : "work-all";
  number(ui, "work", whole(now.multiplyAdds), ui.tell(work, { before: whole(before.multiplyAdds), zeros: whole(now.weights - now.nonZero) }));
}

function drawAnswer(ui) {
  const { lab, looked } = ui;
  const z = lab.students.distilled.one.forward(looked.batch.rows).subarray(0, 10);
  const [p, q] = [softmax(looked.teacher, ui.T), softmax(z, ui.T)];
  drawPairs(ui.pairs, p, q, looked.label ?? -1);
  const says = (key, logits, shares) => {
    const top = ranked(logits)[0];
    return ui.tell(key, { name: ui.names[top], share: sharePercent(shares[top]) });
  };
  const [teacher, student] = [says("teacher", looked.teacher, p), says("student", z, q)];
  setText(ui.q(".of-teacher"), teacher);
  setText(ui.q(".of-student"), student);
  const shown = ui.tell(looked.label === null ? "pairs-drawn" : "pairs-image", { T: formatT(ui.T), teacher, student, label: looked.label === null ? "" : ui.names[looked.label] });
  setAttribute(ui.q(".pairs"), "aria-label", shown);
  ui.controls.range.setAttribute("aria-valuetext", `T = ${formatT(ui.T)}`);
}

/** Everything that follows the finger. */
function draw(ui) {
  ui.asked = 0;
  if (!ui.lab) return;
  ui.colours ??= ["--kd-student", "--kd-teacher"].map((name) => rgb(ui.root, name));
  apply(ui);
  const { distilled, plain } = ui.lab.students;
  const moment = momentOf(ui);
  drawDots(ui, { distilled: distilled.reading.right, plain: plain.reading.right }, moment.n);
  drawNumbers(ui, moment);
  drawSpread(ui, histogram(distilled.now, ui.lab.most, ui.lab.counts));
  drawFirst(ui.q(".first"), distilled.now[0], ui.lab.mosts, ui.colours);
  drawAnswer(ui);
  const zeros = moment.now.weights - moment.now.nonZero;
  const counted = ui.tell("zeros", { zeros: whole(zeros), weights: whole(moment.now.weights) });
  setText(ui.q(".zeros"), counted);
  setAttribute(ui.q(".spread"), "aria-label", `${ui.tell("spread")}. ${counted}`);
  const said = describe(ui.tell, settingOf(ui), moment);
  setText(ui.q(".say"), said);
  ui.q(".curve").setAttribute("aria-label", ui.tell("curve", { said }));
  ui.range.setAttribute("aria-valuetext", ui.tell("value", { share: percent(ui.sparsity), right: percent(moment.right / moment.n, 1) }));
}

/** Draw before the next picture, once however often it is asked for. */
function ask(ui) {
  showControls(ui);
  if (!ui.asked) ui.asked = requestAnimationFrame(() => draw(ui));
}

function showControls(ui) {
  const { layers } = ui.lab?.students.distilled.network ?? {};
  if (ui.shadow.activeElement !== ui.range) ui.range.value = 100 * ui.sparsity;
  ui.range.style.setProperty("--filled", `${((100 * ui.sparsity) / LARGEST).toFixed(2)}%`);
  ui.checkWay(ui.way);
  ui.checkBits(ui.bits);
  ui.range.setAttribute("aria-label", ui.tell(`pruned-${ui.way}-label`));
  const units = layers ? { count: prunedBy(layers, settingOf(ui)), units: layers[0].outputs } : { count: "", units: "" };
  setText(ui.q(".pruned-now"), ui.tell(`pruned-${ui.way}`, { share: percent(ui.sparsity), ...units }));
}

/** Whatever takes more than a picture's time begins once the hand rests: a whole pass, the curve's lines, the times. */
function settled(ui) {
  for (const role of ROLES) ui.lab?.students[role].shown.forget();
  ask(ui);
  traceCurve(ui);
  clearTimeout(ui.timer);
  ui.q(".again").disabled = true;
  for (const name of ["whole", "usual", "skipping"]) setText(ui.q(`.of-${name} b`), ui.tell("measuring"));
  ui.timer = setTimeout(() => timeHere(ui), REST);
}

const keyOf = ({ bits, way }) => `${bits} ${way}`;

/** The accuracy at every sparsity with these bits, a few points in each picture's time. */
function traceCurve(ui) {
  if (!ui.lab) return;
  const key = keyOf(ui);
  const units = ui.lab.students.distilled.network.layers[0].outputs;
  const places = ui.way === "units" ? Array.from({ length: units }, (_, count) => Math.min(LARGEST, count / units)) : SAMPLED;
  const known = ui.curves.get(key) ?? Object.fromEntries(ROLES.map((role) => [role, []]));
  ui.curves.set(key, known);
  const { bits, way, lab } = ui;
  cancelAnimationFrame(ui.tracing);
  const step = () => {
    const until = performance.now() + SLICE;
    while (known.plain.length < places.length && performance.now() < until) {
      const sparsity = places[known.plain.length];
      for (const role of ROLES) {
        const student = lab.students[role];
        compress(student.network, { sparsity, bits, way }, student.sampled);
        student.trial.take(student.tried.read());
        known[role].push([sparsity, student.trial.right / lab.labels.length]);
      }
    }
    if (lab !== ui.lab || key !== keyOf(ui)) return;
    drawLines(ui, known);
    if (known.plain.length < places.length && ui.root.isConnected) ui.tracing = requestAnimationFrame(step);
    else ui.root.dataset.curve = key;
  };
  step();
}

/** One image through the whole student, through this one as any program does it, and with zeros skipped. */
function timeHere(ui) {
  if (!ui.lab || !ui.root.isConnected) return;
  const { distilled } = ui.lab.students;
  const pixels = Float32Array.from(ui.looked.pixels, (level) => level / 255);
  const through = (layers) => () => layers.reduce((x, layer, n) => applyLayer(layer, x, n < layers.length - 1), pixels);
  const skipping = distilled.now.map(sparseOf);
  const programs = {
    whole: through(dense(distilled.network.layers, WHOLE, distilled.network.units)),
    usual: through(dense(distilled.now, settingOf(ui), distilled.network.units)),
    skipping: () => forwardSparse(skipping, pixels),
  };
  const taken = /** @type {Record<string, number[]>} */ ({ whole: [], usual: [], skipping: [] });
  const names = Object.keys(programs);
  let turn = 0; // the programs take turns, so that what else the device does meets all of them alike
  const next = () => {
    if (!ui.root.isConnected) return;
    const name = names[turn % names.length];
    const milliseconds = medianMilliseconds(programs[name], TIMED);
    if (turn >= names.length) taken[name].push(milliseconds); // the first round only warms up
    turn++;
    if (turn < ROUNDS * names.length) {
      ui.timer = setTimeout(next, 0);
      return;
    }
    for (const each of names) setText(ui.q(`.of-${each} b`), shortMilliseconds(taken[each].sort((x, y) => x - y)[taken[each].length >> 1]));
    ui.q(".again").disabled = false;
  };
  next();
}

/** A drawing, or without one the example. @param {any} ui @param {Uint8Array | null} drawn */
function lookAt(ui, drawn) {
  ui.drawn = drawn;
  if (!ui.lab) return;
  const { grey, pixels: size, labels, sparse, teacher } = ui.lab;
  const pixels = drawn ?? grey.slice(ui.example * size, (ui.example + 1) * size);
  const batch = new sparse.Batch(new sparse.Images(pixels, size), 1);
  batch.add(0);
  ui.looked = { pixels, batch, label: drawn ? null : labels[ui.example], teacher: forwardLayers(teacher, pixels) };
  if (!drawn) {
    showGrey(ui.q(".seen"), pixels);
    ui.q(".pad").style.backgroundImage = `url(${ui.q(".seen").toDataURL()})`;
  } else if (ui.pad.strokes.length) {
    ui.q(".pad").style.backgroundImage = "";
  }
  ask(ui);
}

function commit(ui) {
  ui.commit("setting", [ui.sparsity, ui.bits, ui.way]);
  settled(ui);
}

function build(ui) {
  Object.assign(ui, { held: false, names: [], sparsity: 0, bits: 32, way: "weights", T: 1, lab: null, curves: new Map(), colours: null, asked: 0, tracing: 0, timer: 0, draw: () => ask(ui) });
  ui.range = ui.q(".sparsity");
  ui.checkWay = buildSwitch(ui.q(".of-way"), "way", WAYS, (way) => ui.tell(`way-${way}`), (way) => {
    ui.way = way;
    commit(ui);
  });
  ui.checkBits = buildSwitch(ui.q(".of-bits"), "bits", BITS, String, (bits) => {
    ui.bits = bits;
    commit(ui);
  });
  onRelease(ui, ui.range, () => {
    ui.sparsity = Number(ui.range.value) / 100;
    ask(ui);
  }, () => commit(ui));
  buildTemperature(ui);
  ui.pad = buildPad(ui, (pixels) => lookAt(ui, pixels));
  ui.pairs = buildPairs(ui.q(".pairs"), [..."0123456789"], PAIRS);
  buildSpread(ui, BINS);
  ui.q(".again").addEventListener("click", () => settled(ui));
  watchSize(ui, ui.q(".curve"), () => {
    buildCurve(ui);
    drawLines(ui, ui.curves.get(keyOf(ui)) ?? {});
    ask(ui);
  });
  ui.endings.push(() => {
    clearTimeout(ui.timer);
    cancelAnimationFrame(ui.tracing);
  });
}

function fail(ui) {
  ui.root.dataset.state = "failed";
  setText(ui.q(".say"), ui.tell("failed"));
}

function receive(ui, data) {
  ui.colours = null; // asked for once for each theme: a style that is looked up in between is computed anew
  ui.names = data.names;
  setFrame(ui.pad, data.frame);
  ui.q(".of-way").setAttribute("aria-label", ui.tell("way"));
  ui.q(".of-bits").setAttribute("aria-label", ui.tell("bits"));
  ui.controls.range.setAttribute("aria-label", ui.tell("temperature"));
  ui.q(".first").setAttribute("aria-label", ui.tell("first"));
  ui.q(".spread").setAttribute("aria-label", ui.tell("spread"));
  ui.q(".pairs").setAttribute("aria-label", ui.tell("invite"));
  ui.q(".curve").setAttribute("aria-label", ui.tell("curve", { said: "" }));
  const setting = [data.sparsity, data.bits, data.way];
  if (ui.overrides("setting", setting) && !ui.held) {
    Object.assign(ui, { sparsity: data.sparsity, bits: data.bits, way: data.way });
    if (ui.lab) settled(ui);
  }
  receiveTemperature(ui, data);
  showControls(ui);
  if (ui.changed("data", [data.pack, data.weights, data.students])) load(ui, data).catch(() => fail(ui));
  else ask(ui);
}

/** The drawing. */
const state = ({ drawn }) => ({ pixels: drawn && encodeBase64(drawn) });

function follow(ui, { pixels }) {
  const drawn = pixels && decodeBase64(pixels);
  ui.q(".invite").hidden = drawn !== null;
  showGrey(ui.q(".seen"), drawn);
  if (drawn) ui.q(".pad").style.backgroundImage = `url(${ui.q(".seen").toDataURL()})`;
  lookAt(ui, drawn);
}

export default await component(import.meta.url, { root: ".compressed", shared: ["picture"], build, receive, state, follow });
