// Two networks read what a visitor types, in the browser: what comes next, how sure they are of it, and what they write.

import { component, watchSize } from "../kdviz.shared/component.js";
import { emptied, make, setAttribute, setText } from "../kdviz.shared/dom.js";
import { sharePercent } from "../kdviz.shared/format.js";
import { buildTemperature, onRelease, receiveTemperature } from "../kdviz.shared/slider.js";
import { entropyBits, ranked, softmax } from "../kdviz.shared/softmax.js";
import { formatT } from "../kdviz.shared/temperature.js";
import { MOST, encode, shownLetter } from "./letters.js";
import { Reader, unpackLetters } from "./transformer.js";

const ROLES = /** @type {const} */ (["teacher", "student"]);
const ROWS = 8; // letters that the picture names
const SLICE = 12; // milliseconds of reading between two pictures
const WRITTEN = 120; // letters
const SURE = 4; // bits of entropy that are the end of the ramp
const REST = 500; // milliseconds without a key until the link has the text

const addressOf = (/** @type {string} */ address) => new URL(`../../../${address}`, import.meta.url);

async function fetched(address) {
  const answer = await fetch(addressOf(address), { cache: "force-cache" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return unpackLetters(await answer.arrayBuffer());
}

async function load(ui, data) {
  ui.root.dataset.state = "loading";
  const networks = await Promise.all(ROLES.map((role) => fetched(data[role])));
  ui.alphabet = networks[0].facts.alphabet;
  ui.readers = Object.fromEntries(ROLES.map((role, n) => [role, new Reader(networks[n])]));
  take(ui);
}

/** Read what stands in the field. */
function take(ui) {
  if (!ui.readers) return;
  const { numbers, unknown, over } = encode(ui.field.value, ui.alphabet);
  const notes = [];
  if (!numbers.length) notes.push(ui.tell("nothing"));
  if (unknown.length) notes.push(ui.tell("unknown", { letters: unknown.slice(0, 8).join(" ") }));
  if (over) notes.push(ui.tell("long", { most: String(MOST) }));
  setText(ui.q(".note"), notes.join(" "));
  ui.text = numbers;
  for (const role of ROLES) ui.readers[role].keep(numbers);
  ui.doubts = numbers.map((_, i) => (ui.readers.teacher.knows(i) ? ui.doubts[i] : undefined));
  ui.at = ui.wanted && ui.wanted <= numbers.length ? ui.wanted : numbers.length;
  buildLetters(ui);
  stopWriting(ui);
  read(ui);
}

const wait = () => new Promise((over) => { requestAnimationFrame(over); });

/** Read on, a slice of time after the other: the chosen place first, then the text from its beginning. */
async function read(ui) {
  const turn = (ui.turn = (ui.turn ?? 0) + 1);
  ui.root.dataset.state = "reading";
  if (ui.text.length) for (const role of ROLES) ui.readers[role].after(ui.text, ui.at - 1);
  drawAll(ui);
  for (let i = 0, begun = performance.now(); i < ui.text.length; i++) {
    const logits = ui.readers.teacher.after(ui.text, i);
    ui.doubts[i] = entropyBits(softmax(logits, 1));
    showDoubt(ui, i);
    if (performance.now() - begun > SLICE) {
      await wait();
      if (turn !== ui.turn || !ui.root.isConnected) return;
      begun = performance.now();
    }
  }
  ui.root.dataset.state = "ready";
  if (ui.root.dataset.writing === undefined) write(ui); // the page opens with something that was written
}

/** A span for each letter; its line says how unsure the teacher was of it. */
function buildLetters(ui) {
  const box = emptied(ui.q(".doubt"));
  ui.spans = ui.text.map((number, i) => {
    const span = make("span", "", box);
    const letter = ui.alphabet[number];
    span.textContent = letter === "\n" ? "↵\n" : letter;
    span.dataset.at = String(i);
    return span;
  });
  const [place, count] = [ui.q(".place"), Math.max(1, ui.text.length)];
  place.max = String(count);
  place.disabled = ui.text.length < 2;
  place.value = String(Math.max(1, ui.at));
  ui.doubts.forEach((_, i) => showDoubt(ui, i));
}

/** The doubt before a letter: of the distribution after the one before it. */
function showDoubt(ui, i) {
  const bits = ui.doubts[i];
  if (bits !== undefined && ui.spans[i + 1]) ui.spans[i + 1].style.setProperty("--doubt", Math.min(1, bits / SURE).toFixed(3));
}

function drawAll(ui) {
  ui.spans.forEach((span, i) => span.classList.toggle("chosen", i === ui.at - 1));
  showChosen(ui);
  draw(ui);
}

/** Its field may show a part of the text only. */
function showChosen(ui) {
  ui.spans?.[ui.at - 1]?.scrollIntoView?.({ block: "nearest" });
}

/** A sentence where no shares can be shown. @param {string} sentence */
function tell(ui, sentence) {
  setText(ui.q(".say"), sentence);
  setAttribute(ui.q(".rows"), "aria-label", sentence);
}

/** What comes after the chosen letter, at this T. */
function draw(ui) {
  if (!ui.readers || !ui.spans) return;
  const some = ui.text.length > 0;
  ui.root.classList.toggle("empty", !some);
  ui.nodes.forEach(({ row }) => { row.hidden = !some; });
  if (!some) {
    tell(ui, ui.tell("nothing"));
    setText(ui.q(".following"), ui.tell("open"));
    return;
  }
  const [v, z] = ROLES.map((role) => ui.readers[role].after(ui.text, ui.at - 1));
  const [p, q] = [softmax(v, ui.T), softmax(z, ui.T)];
  const label = ui.text[ui.at];
  const order = ranked(v).slice(0, ROWS);
  if (label !== undefined && !order.includes(label)) order[ROWS - 1] = label;
  const name = (i) => shownLetter(ui.alphabet[i], ui.tell);
  order.forEach((i, r) => {
    const node = ui.nodes[r];
    setText(node.name, name(i));
    node.teacher.style.transform = `scaleX(${p[i].toFixed(4)})`;
    node.student.style.transform = `scaleX(${q[i].toFixed(4)})`;
    setText(node.p, sharePercent(p[i]));
    setText(node.q, sharePercent(q[i]));
    node.row.classList.toggle("follows", i === label);
  });
  setText(ui.q(".following"), label === undefined ? ui.tell("open") : ui.tell("follows", { letter: name(label) }));
  const [first, second] = ranked(v);
  const own = softmax(v, 1);
  const values = {
    T: formatT(ui.T), first: name(first), second: name(second), share: sharePercent(p[first]), second_share: sharePercent(p[second]),
    own: sharePercent(own[first]), bits: entropyBits(p).toFixed(2), student: name(ranked(z)[0]), student_share: sharePercent(q[ranked(z)[0]]),
    ...(label !== undefined && { label: name(label), label_share: sharePercent(p[label]) }),
  };
  const parts = [ui.tell(Math.abs(ui.T - 1) < 0.005 ? "said" : "said-warm", values), ui.tell("student-said", values)];
  if (label !== undefined) parts.splice(1, 0, ui.tell("label-said", values));
  setText(ui.q(".say"), parts.join(" "));
  setAttribute(ui.q(".rows"), "aria-label", ui.tell("rows", values));
  setAttribute(ui.q(".t-range"), "aria-valuetext", ui.tell("value", values));
  const before = ui.text.slice(Math.max(0, ui.at - 12), ui.at).map((i) => ui.alphabet[i]).join("");
  setAttribute(ui.q(".place"), "aria-valuetext", ui.tell("after", { before }));
}

function stopWriting(ui) {
  ui.writing = (ui.writing ?? 0) + 1;
}

/** Both go on from the chosen place, letter by letter, each drawn from softmax(z / T) at the T of sampling as it is then. */
async function write(ui) {
  if (!ui.readers || !ui.text.length) return;
  stopWriting(ui);
  const [turn, begun] = [ui.writing, ui.text.slice(0, ui.at)];
  ui.root.dataset.writing = "on";
  const pens = ROLES.map((role) => {
    const place = emptied(ui.q(`.of-${role} p`));
    make("u", "", place).textContent = `…${begun.slice(-12).map((i) => ui.alphabet[i]).join("")}`;
    const rest = document.createTextNode("");
    place.append(rest);
    const text = begun.slice(-32);
    return { reader: new Reader(ui.readers[role].network), text, begun: text.length, rest };
  });
  const still = matchMedia("(prefers-reduced-motion: reduce)"); // then the text comes at once, when it is whole
  for (let n = 0; n < WRITTEN; n++) {
    for (const { reader, text, rest } of pens) {
      const i = drawn(softmax(reader.after(text, text.length - 1), ui.sampling));
      text.push(i);
      if (!still.matches) rest.data += ui.alphabet[i];
    }
    await wait();
    if (turn !== ui.writing || !ui.root.isConnected) return;
  }
  for (const { text, begun: before, rest } of pens) rest.data = text.slice(before).map((i) => ui.alphabet[i]).join("");
  ui.root.dataset.writing = "done";
}

/** A letter, each as often as it is likely. @param {Float64Array} p */
function drawn(p) {
  let rest = Math.random();
  for (let i = 0; i < p.length; i++) if ((rest -= p[i]) <= 0) return i;
  return p.length - 1;
}

function showSampling(ui) {
  const range = ui.q(".sampling");
  range.value = String(ui.sampling);
  setText(ui.q(".sampling-now"), ui.sampling.toFixed(2));
  setAttribute(range, "aria-valuetext", ui.tell("sampling-value", { T: ui.sampling.toFixed(2) }));
}

function choose(ui, at) {
  ui.at = ui.wanted = Math.min(ui.text.length, Math.max(1, at));
  ui.q(".place").value = String(ui.at);
  drawAll(ui);
}

const commit = (ui) => ui.commit("setting", [ui.field.value.slice(-MOST), ui.wanted ?? 0, ui.sampling]);

function build(ui) {
  Object.assign(ui, { readers: null, text: [], doubts: [], spans: null, at: 0, T: 1, sampling: 1, draw: () => draw(ui), held: false });
  ui.field = ui.q(".own-text");
  ui.nodes = Array.from({ length: ROWS }, () => {
    const row = make("div", "guess-row", ui.q(".rows"));
    const name = make("b", "", row);
    const pair = make("div", "pair", row);
    const both = make("div", "both", row);
    return { row, name, teacher: make("i", "share teacher", pair), student: make("i", "share student", pair), p: make("span", "", both), q: make("span", "", both) };
  });
  let later = 0;
  ui.field.addEventListener("input", () => {
    ui.wanted = 0;
    ui.held = true;
    take(ui);
    clearTimeout(later);
    later = setTimeout(() => {
      ui.held = false;
      commit(ui);
    }, REST);
  });
  ui.endings.push(() => clearTimeout(later));
  const place = ui.q(".place");
  onRelease(ui, place, () => choose(ui, Number(place.value)), () => commit(ui));
  watchSize(ui, ui.q(".doubt"), () => showChosen(ui));
  ui.q(".doubt").addEventListener("click", (event) => {
    const at = /** @type {HTMLElement} */ (event.target).dataset.at;
    if (at === undefined) return;
    choose(ui, Number(at) + 1);
    commit(ui);
  });
  buildTemperature(ui);
  const sampling = ui.q(".sampling");
  onRelease(ui, sampling, () => {
    ui.sampling = Number(sampling.value);
    showSampling(ui);
    if (ui.root.dataset.writing !== "on") write(ui); // what is being written goes on at the new T
  }, () => commit(ui));
  ui.q(".write").addEventListener("click", () => write(ui));
  setText(ui.q(".ramp-most"), ui.tell("ramp", { bits: String(SURE) }));
  tell(ui, ui.tell("loading"));
}

function receive(ui, data) {
  const loads = ui.changed("networks", ROLES.map((role) => data[role]));
  if (ui.overrides("setting", [data.text, data.at, data.sampling]) && !ui.held) {
    ui.field.value = data.text;
    Object.assign(ui, { wanted: data.at, sampling: data.sampling });
    take(ui);
  }
  showSampling(ui);
  setAttribute(ui.q(".t-range"), "aria-label", ui.tell("T-label"));
  setAttribute(ui.q(".t-number"), "title", "0.1–100");
  receiveTemperature(ui, data);
  draw(ui);
  if (loads) {
    load(ui, data).catch(() => {
      ui.root.dataset.state = "failed";
      setText(ui.q(".say"), ui.tell("failed"));
    });
  }
}

export default await component(import.meta.url, { root: ".next-letter", build, receive });
