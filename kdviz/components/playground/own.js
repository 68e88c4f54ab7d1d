// "You are the teacher": a visitor's soft labels for twenty digits, and the race of the student that learns from them.

import { emptied, make, makeImage, setAttribute, setText, showGrey } from "../kdviz.shared/dom.js";
import { percent, whole } from "../kdviz.shared/format.js";
import { followPointer } from "../kdviz.shared/pointer.js";
import { drawRace } from "./curves.js";
import { FIRST, STARTS, chooseTwenty, decode, encode, startFrom, swapped, withShare } from "./opinions.js";
import { CLASSES, PIXELS } from "./pack.js";
import { UPDATES } from "./race.js";
import { withInterval } from "./sentence.js";

/** @typedef {import("./opinions.js").Opinion} Opinion */
/** @typedef {import("./race.js").RacePoint} RacePoint */
/** @typedef {import("./race.js").Trace} Trace */
/**
 * What the visitor says (`opinions`, of the images `twenty`) and said `before`, what the trained teacher says of them at
 * T = 4, which of them is chosen, how the race stands and how the `past` one went. `kept` says that the opinions are the
 * visitor's and belong into the link, `looking` that the teacher's are seen beside them.
 * @typedef {{ open: boolean, kept: boolean, twenty: number[], opinions: Opinion[], before: Opinion[][],
 *   teacher: Opinion[], chosen: number, pen: number, looking: boolean, raced: boolean, points: RacePoint[], past: RacePoint[] }} Own
 */
/** @typedef {import("./controls.js").PlaygroundUi & { own: Own, pack: import("./pack.js").Pack, name: string,
 *   thumbs: ReturnType<typeof makeThumb>[], ownBars: ReturnType<typeof makeBar>[] }} OwnUi */
/** What the page does for this part of it. @typedef {{ send: (message: object) => void, moved: () => void }} Page */

export const OWN_QUERY = ["own", "opinions"];
const RACE_AFTER = 350; // milliseconds after the last change
const KEPT_BEFORE = 100; // changes that can be taken back
const KEYS = /** @type {Record<string, number>} */ ({ ArrowUp: 0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowLeft: -0.02, PageUp: 0.1, PageDown: -0.1, Home: -1, End: 1 });

/** @param {OwnUi} ui */
const storeName = (ui) => `kdviz.opinions.${ui.pack.data}`;

/** What this browser has kept; null where it keeps nothing. @param {string} name */
function readKept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} text */
function keep(name, text) {
  try {
    localStorage.setItem(name, text);
  } catch {
    // The link keeps them.
  }
}

/** @param {OwnUi} ui @param {number} index */
const pixelsOf = (ui, index) => ui.pack.images.subarray(PIXELS * index, PIXELS * (index + 1));
/** @param {OwnUi} ui @param {number} i of the twenty */
const labelOf = (ui, i) => ui.pack.labels[ui.own.twenty[i]];

/** The part of the link that is about this. @param {OwnUi} ui @returns {Record<string, string>} */
export function ownQuery({ own, pack }) {
  if (!own?.open) return {};
  return { own: "1", ...(own.kept ? { opinions: encode(own.opinions, pack, own.twenty) } : {}) };
}

/** A row of ten thin bars. @param {Element} parent @param {string} className */
function makeBars(parent, className) {
  const room = make("span", className, parent, { "aria-hidden": "true" });
  return Array.from({ length: CLASSES }, () => make("i", "", room));
}

/** @param {HTMLElement[]} bars @param {Opinion} shares */
const setBars = (bars, shares) => bars.forEach((bar, c) => { bar.style.height = `${(100 * shares[c]).toFixed(1)}%`; });

/** @param {OwnUi} ui @param {number} i */
function makeThumb(ui, i) {
  const button = make("button", "", ui.q(".own-grid"), { type: "button" });
  makeImage(button, pixelsOf(ui, ui.own.twenty[i])).setAttribute("aria-hidden", "true");
  const bars = makeBars(button, "own-spark");
  button.addEventListener("click", () => choose(ui, i));
  return { button, bars };
}

/** @param {OwnUi} ui @param {number} i */
function choose(ui, i) {
  const all = ui.own.twenty.length;
  ui.own.chosen = (i + all) % all;
  showOwn(ui);
}

/** @param {OwnUi} ui @param {Page} page @param {number} c */
function makeBar(ui, page, c) {
  const column = make("div", "own-column", ui.q(".own-bars"));
  const bar = make("div", "own-bar", column, {
    role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "vertical",
  });
  const fill = make("i", "", bar);
  const mark = make("u", "", bar);
  const text = make("b", "", bar, { "aria-hidden": "true" });
  const stroke = make("button", "own-stroke", column, { type: "button" });
  let before = /** @type {Opinion} */ ([]);
  followPointer({}, bar, (event) => {
    const { bottom, height } = bar.getBoundingClientRect();
    setOpinion(ui, withShare(before, c, Math.round((100 * (bottom - event.clientY)) / height) / 100));
  }, () => settle(ui, page), () => {
    remember(ui);
    before = ui.own.opinions[ui.own.chosen];
    bar.focus({ preventScroll: true });
  });
  bar.addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const opinion = ui.own.opinions[ui.own.chosen];
    remember(ui);
    setOpinion(ui, withShare(opinion, c, Math.round(100 * (opinion[c] + step)) / 100));
    settle(ui, page);
  });
  stroke.addEventListener("click", () => draw(ui, page, c));
  return { column, bar, fill, mark, text, stroke };
}

/** Before a change: it can be taken back. @param {OwnUi} ui */
function remember({ own }) {
  own.before.push([...own.opinions]);
  own.before.splice(0, own.before.length - KEPT_BEFORE);
}

/** @param {OwnUi} ui @param {Page} page @param {Opinion[]} opinions of all twenty */
function setAll(ui, page, opinions) {
  remember(ui);
  ui.own.opinions = opinions;
  settle(ui, page);
}

/** A stroke of the pen: so sure that it is this class. @param {OwnUi} ui @param {Page} page @param {number} c */
function draw(ui, page, c) {
  remember(ui);
  setOpinion(ui, withShare(ui.own.opinions[ui.own.chosen], c, ui.own.pen));
  settle(ui, page);
}

/** @param {OwnUi} ui @param {Opinion} opinion of the chosen image */
function setOpinion(ui, opinion) {
  ui.own.opinions[ui.own.chosen] = opinion;
  showChosen(ui);
}

/**
 * A change is over: the opinions become what a link can hold, so that a race from the link is the same.
 * @param {OwnUi} ui @param {Page} page
 */
function settle(ui, page) {
  const { own, pack } = ui;
  const text = encode(own.opinions, pack, own.twenty);
  own.opinions = decode(text, pack, own.twenty) ?? own.opinions;
  own.kept = true;
  keep(storeName(ui), text);
  setText(ui.q(".own-note"), "");
  showOwn(ui);
  page.moved();
  if (own.raced) raceSoon(ui, page);
}

const timers = /** @type {WeakMap<OwnUi, ReturnType<typeof setTimeout>>} */ (new WeakMap());

/** @param {OwnUi} ui @param {Page} page */
function raceSoon(ui, page) {
  clearTimeout(timers.get(ui));
  timers.set(ui, setTimeout(() => { if (ui.own.open) race(ui, page); }, RACE_AFTER));
}

/** @param {OwnUi} ui @param {Page} page */
function race(ui, page) {
  const { own, settings: { T, seed } } = ui;
  own.raced = true;
  if (own.points.at(-1)?.update === UPDATES) own.past = own.points;
  own.points = [];
  ui.changed("race", { T, seed });
  page.send({ type: "race", course: { opinions: own.opinions, twenty: own.twenty, T, seed } });
  setText(ui.q(".own-race"), ui.tell("own-again"));
}

/** Bars, image and sentence of the chosen one. @param {OwnUi} ui */
function showChosen(ui) {
  const { own, pack } = ui;
  const [opinion, teacher, label] = [own.opinions[own.chosen], own.teacher[own.chosen], labelOf(ui, own.chosen)];
  ui.q(".own-bars").classList.toggle("looking", own.looking);
  ui.ownBars.forEach(({ column, bar, fill, mark, text, stroke }, c) => {
    const said = percent(opinion[c]);
    mark.style.bottom = `${(100 * teacher[c]).toFixed(2)}%`;
    fill.style.height = `${(100 * opinion[c]).toFixed(2)}%`;
    setText(text, said.replace(/\s/, ""));
    text.style.bottom = `${(100 * Math.min(0.9, opinion[c])).toFixed(2)}%`;
    text.classList.toggle("within", opinion[c] > 0.9);
    setAttribute(bar, "aria-label", ui.tell("own-bar", { name: pack.names[c] }));
    setAttribute(bar, "aria-valuenow", Math.round(100 * opinion[c]));
    setAttribute(bar, "aria-valuetext", own.looking ? ui.tell("own-of-both", { own: said, teacher: percent(teacher[c]) }) : said);
    setText(stroke, pack.names[c]);
    setAttribute(stroke, "aria-label", ui.tell("own-stroke", { name: pack.names[c], share: percent(own.pen) }));
    column.classList.toggle("of-the-label", c === label);
  });
  setBars(ui.thumbs[own.chosen].bars, opinion);
}

/** @param {OwnUi} ui */
function showOwn(ui) {
  const { own, pack } = ui;
  const label = labelOf(ui, own.chosen);
  showGrey(ui.q(".own-image"), pixelsOf(ui, own.twenty[own.chosen]));
  ui.q(".own-image").setAttribute("aria-label", ui.tell("image-of", { name: pack.names[label] }));
  setText(ui.q(".own-label"), ui.tell("own-label", { name: pack.names[label] }));
  setText(ui.q(".own-sure"), ui.tell(own.chosen % 2 ? "own-least-sure" : "own-surest", { name: pack.names[label] }));
  setText(ui.q(".own-place"), ui.tell("own-place", { i: own.chosen + 1, n: own.twenty.length }));
  own.opinions.forEach((opinion, i) => {
    const { button, bars } = ui.thumbs[i];
    const name = pack.names[labelOf(ui, i)];
    const best = opinion.indexOf(Math.max(...opinion));
    setBars(bars, opinion);
    setAttribute(button, "aria-pressed", String(i === own.chosen));
    setAttribute(button, "aria-label", ui.tell("own-thumb", { name, best: pack.names[best], share: percent(opinion[best]) }));
  });
  setText(ui.q(".own-pen-value"), percent(own.pen));
  ui.q(".own-undo").disabled = !own.before.length;
  showChosen(ui);
  if (!own.raced) showRace(ui);
}

/** Before the first point of a race there is nothing to be seen of it. @param {OwnUi} ui */
function showRace(ui) {
  const { own } = ui;
  const last = own.points.at(-1);
  for (const name of /** @type {const} */ (["yours", "teachers", "bare"])) setText(ui.q(`.own-${name}`), last ? percent(last[name]) : "–");
  setText(ui.q(".own-progress"), last ? ui.tell("own-progress", { updates: whole(last.update), all: whole(UPDATES) }) : "");
  drawRace(ui, own.points, own.past, UPDATES);
  if (last) return;
  setText(ui.q(".own-race"), ui.tell("own-race"));
  setText(ui.q(".own-say"), ui.tell("own-before"));
  ui.q(".own-answers").hidden = true;
}

/** @param {OwnUi} ui @param {import("./racing.js").RaceFrame} frame */
export function hearRace(ui, { from, points, right, traces }) {
  const { own, settings } = ui;
  own.points.splice(from, Infinity, ...points);
  showRace(ui);
  if (!traces) return;
  setText(ui.q(".own-say"), ui.tell("own-result", {
    updates: whole(UPDATES), n: whole(right.n), T: Number(settings.T.toPrecision(3)), seed: settings.seed, yours: withInterval(right.yours, right.n),
    teachers: withInterval(right.teachers, right.n), bare: withInterval(right.bare, right.n),
  }));
  showAnswers(ui, traces);
}

/** What an answer has of the visitor's opinions, in words. @param {OwnUi} ui @param {Trace} trace */
function sentenceOf({ tell, pack: { names } }, { label, other, source, looks, given, evenly, shares, bare }) {
  const seen = tell(shares[other] === Math.max(...shares) ? "own-much" : "own-bit", { other: names[other] });
  const values = {
    seen, label: names[label], other: names[other], source: names[source], share: percent(shares[other]), given: percent(given),
    bare: percent(bare), looks: percent(looks),
  };
  if (given <= 1.5 * evenly || shares[other] <= bare) return tell("own-no-trace", values);
  return tell(source === label ? "own-trace" : "own-trace-through", values);
}

/** @param {OwnUi} ui @param {Trace[]} traces */
function showAnswers(ui, traces) {
  const { names } = ui.pack;
  const list = emptied(ui.q(".own-list"));
  for (const trace of traces) {
    const row = make("li", "", list);
    makeImage(row, pixelsOf(ui, trace.image)).setAttribute("aria-hidden", "true");
    const figure = make("span", "own-answer", row, { "aria-hidden": "true" });
    setBars(makeBars(figure, "own-spark"), trace.shares);
    const under = make("span", "own-names", figure);
    names.forEach((name, c) => {
      make("i", c === trace.label ? "is-label" : c === trace.other ? "is-other" : "", under).textContent = name;
    });
    make("span", "own-why", row).textContent = sentenceOf(ui, trace);
  }
  ui.q(".own-answers").hidden = false;
}

/** @param {OwnUi} ui @param {Page} page */
function buildStarts(ui, page) {
  for (const start of Object.keys(STARTS)) {
    const button = make("button", "", ui.q(".own-starts"), { type: "button", "data-start": start });
    button.addEventListener("click", () => setAll(ui, page, startFrom(ui.pack, ui.own.twenty, start)));
  }
  const [one, other] = ["one", "other"].map((name) => /** @type {HTMLSelectElement} */ (ui.q(`.own-swap-${name}`)));
  ui.q(".own-swap").addEventListener("click", () => {
    setAll(ui, page, swapped(ui.own.opinions, Number(one.value), Number(other.value)));
  });
  ui.q(".own-undo").addEventListener("click", () => {
    ui.own.opinions = ui.own.before.pop() ?? ui.own.opinions;
    settle(ui, page);
  });
}

/** Once for each place on the page. @param {OwnUi} ui @param {Page} page */
export function buildOwn(ui, page) {
  ui.own = { open: false, kept: false, twenty: [], opinions: [], before: [], teacher: [], chosen: 0, pen: 0.8, looking: false, raced: false, points: [], past: [] };
  ui.ownBars = Array.from({ length: CLASSES }, (_, c) => makeBar(ui, page, c));
  buildStarts(ui, page);
  const pen = /** @type {HTMLInputElement} */ (ui.q(".own-pen"));
  pen.addEventListener("input", () => {
    ui.own.pen = Number(pen.value) / 100;
    showOwn(ui);
  });
  const look = /** @type {HTMLInputElement} */ (ui.q(".own-look"));
  look.addEventListener("change", () => {
    ui.own.looking = look.checked;
    showOwn(ui);
  });
  ui.q(".own-previous").addEventListener("click", () => choose(ui, ui.own.chosen - 1));
  ui.q(".own-next").addEventListener("click", () => choose(ui, ui.own.chosen + 1));
  ui.q(".own-race").addEventListener("click", () => race(ui, page));
  ui.q(".own-copy").addEventListener("click", async () => {
    page.moved();
    try {
      await navigator.clipboard.writeText(location.href);
      setText(ui.q(".own-note"), ui.tell("own-copied"));
    } catch {
      setText(ui.q(".own-note"), ui.tell("own-not-copied"));
    }
  });
  ui.root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const typing = /** @type {HTMLElement} */ (event.target).matches('select, input[type="text"]');
    if (ui.own.open && !typing && /^[0-9]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey) draw(ui, page, Number(event.key));
  });
}

/** Words, names and images of the data that has come. @param {OwnUi} ui @param {Record<string, string>} query of the link */
export function loadOwn(ui, query) {
  const { own, pack } = ui;
  own.twenty = chooseTwenty(pack);
  const linked = decode(query.opinions, pack, own.twenty);
  const found = linked ?? decode(readKept(storeName(ui)), pack, own.twenty);
  Object.assign(own, { opinions: found ?? startFrom(pack, own.twenty, FIRST), kept: found !== null, chosen: 1, raced: false, points: [], past: [], before: [] });
  own.teacher = startFrom(pack, own.twenty, "teacher");
  setText(ui.q(".own-note"), query.opinions !== undefined && !linked ? ui.tell("own-problem") : "");
  emptied(ui.q(".own-grid"));
  ui.thumbs = own.twenty.map((_, i) => makeThumb(ui, i));
  for (const button of ui.q(".own-starts").children) setText(button, ui.tell(`own-start-${button.dataset.start}`));
  for (const [name, first] of [["one", 4], ["other", 9]]) {
    const select = emptied(ui.q(`.own-swap-${name}`));
    pack.names.forEach((text, c) => { make("option", "", select, { value: c }).textContent = text; });
    select.value = String(first);
    select.setAttribute("aria-label", ui.tell(`own-swap-${name}`));
  }
  ui.q(".own-previous").setAttribute("aria-label", ui.tell("previous"));
  ui.q(".own-next").setAttribute("aria-label", ui.tell("next"));
  showOwn(ui);
}

/** @param {OwnUi} ui @param {boolean} open */
export function setOwn(ui, open) {
  ui.own.open = open;
  ui.root.dataset.mode = open ? "own" : "students";
}

/** T and seed are of the race too: when they are others, it is run again. @param {OwnUi} ui @param {Page} page */
export function followSettings(ui, page) {
  const { own, settings: { T, seed } } = ui;
  if (own.open && own.raced && ui.changed("race", { T, seed })) raceSoon(ui, page);
}
