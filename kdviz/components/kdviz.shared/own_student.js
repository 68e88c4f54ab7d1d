// The race: whoever sits at this browser trains students in it, each with its own T and alpha, which come onto a map.

import { sayAloud } from "./announcer.js";
import { emptied, make, setText } from "./dom.js";
import { filled, percent, signed, whole } from "./format.js";
import { wordsOf } from "./words.js";

/** @typedef {import("./class_posts.js").TrainedPoint} TrainedPoint */
/** @typedef {Pick<TrainedPoint, "T" | "alpha">} Place of the map */

export const UPDATES = 300;
const RANGE = { T: [0.5, 50], alpha: [0.1, 1] };

/** A number from 0 to 1 that a text always gives (FNV-1a). @param {string} text */
function luckOf(text) {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
}

const round2 = (/** @type {number} */ value) => Number(value.toPrecision(2));

/** Where a seat begins: seats spread over the map, so that a class that only presses the button sweeps it. @param {string} seat its id */
export function beginningOf(seat) {
  const [low, high] = RANGE.T.map(Math.log);
  const [least, most] = RANGE.alpha;
  return {
    T: round2(Math.exp(low + (high - low) * luckOf(`${seat} T`))),
    alpha: Math.round(20 * (least + (most - least) * luckOf(`${seat} alpha`))) / 20,
  };
}

/** A place of the map as the sliders have it, within their ends. @param {Place} place @returns {Place} */
export function settable({ T, alpha }) {
  const [low, high] = RANGE.T;
  return { T: round2(Math.min(high, Math.max(low, T))), alpha: Math.round(20 * Math.min(1, Math.max(0, alpha))) / 20 };
}

/** What all say who train along. @param {string} key @param {Record<string, string | number>} [values] */
const word = (key, values = {}) => filled(wordsOf(import.meta.url)[key], values);

/** What came of a training. @param {import("./format.js").Tell} tell @param {TrainedPoint} point */
export function outcomeOf(tell, { accuracy, plain }) {
  const gain = 100 * (accuracy - plain);
  const key = Math.abs(gain) < 0.05 ? "race-same" : gain > 0 ? "race-better" : "race-worse";
  return tell(key, { accuracy: percent(accuracy, 1), plain: percent(plain, 1), points: signed(Math.abs(gain)) });
}

/**
 * Two sliders and a button.
 * @param {any} ui @param {object} parts
 * @param {Place} parts.first where the sliders begin
 * @param {number} parts.most students that are kept, the last ones
 * @param {(data: any) => URL} parts.packOf where the images of a map's data are
 * @param {(message: { point: { points: TrainedPoint[] } }) => void} parts.send
 */
export function buildRace(ui, { first, most, packOf, send }) {
  const [t, alpha, train, progress, says] = [".pick-temperature", ".alpha-range", ".train", ".race progress", ".race-says"].map((part) => ui.q(part));
  const chosen = { ...first };
  let points = /** @type {TrainedPoint[]} */ ([]);
  let data = /** @type {any} */ (null);
  let training = /** @type {any} */ (null);
  let busy = false;

  const allow = () => {
    t.disabled = alpha.disabled = busy;
    train.disabled = busy || !data; // what it trains with is still on its way
  };
  const post = () => send({ point: { points } });
  const show = () => {
    t.value = String(Math.log10(chosen.T));
    alpha.value = String(chosen.alpha);
    for (const range of [t, alpha]) {
      range.style.setProperty("--filled", `${((100 * (range.value - range.min)) / (range.max - range.min)).toFixed(1)}%`);
    }
    setText(ui.q(".t-value"), chosen.T.toFixed(chosen.T < 10 ? 1 : 0));
    setText(ui.q(".alpha-value"), chosen.alpha.toFixed(2));
    setText(train, word(points.length ? "train-another" : "train"));
  };
  const list = () => {
    if (!ui.q(".trained")) return; // the map itself shows them
    const holder = emptied(ui.q(".trained"));
    for (const point of [...points].reverse()) {
      const item = make("li", "", holder);
      make("span", "", item).textContent = `T ${point.T} · α ${point.alpha.toFixed(2)}`;
      make("b", "", item).textContent = percent(point.accuracy, 1);
    }
  };

  async function start() {
    busy = true;
    allow();
    progress.hidden = false;
    progress.value = 0;
    sayAloud(says, word("race-loading"));
    try {
      training ??= await opened(packOf(data));
      sayAloud(says, word("race-trains", { updates: whole(UPDATES) }));
      const settings = { ...chosen };
      const { taught, plain } = await training.run(settings, UPDATES, (/** @type {number} */ done) => { progress.value = done / UPDATES; });
      const point = { ...settings, accuracy: taught, plain, updates: UPDATES };
      points = [...points, point].slice(-most);
      sayAloud(says, outcomeOf(word, point));
      list();
      post();
    } catch (error) {
      training?.end();
      training = null;
      sayAloud(says, word("race-failed", { reason: error instanceof Error ? error.message : String(error) }));
    }
    busy = false;
    allow();
    progress.hidden = true;
    show();
  }

  t.addEventListener("input", () => {
    chosen.T = round2(10 ** Number(t.value));
    show();
  });
  alpha.addEventListener("input", () => {
    chosen.alpha = Number(alpha.value);
    show();
  });
  train.addEventListener("click", start);
  ui.endings.push(() => training?.end());
  allow();
  return {
    /** @param {any} given data of the map */
    show(given) {
      if (data?.data !== given.data) {
        training?.end();
        training = null;
        points = [];
        list();
      }
      data = given;
      allow();
      show();
    },
    again() {
      if (points.length) post();
    },
    /** Train there, unless a student is being trained. @param {Place} place */
    trainAt(place) {
      if (train.disabled) return;
      Object.assign(chosen, settable(place));
      show();
      start();
    },
  };
}

/** A worker with the images of a data set. @param {URL} pack */
async function opened(pack) {
  const { Training, fetchPack } = await import(new URL("../kdviz.playground/trained.js", import.meta.url).href);
  return new Training(await fetchPack(pack));
}
