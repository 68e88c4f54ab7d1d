// The race: this seat trains students in its own browser, each with its own T and alpha; the stage maps those of all.

import { emptied, make, setText } from "../kdviz.shared/dom.js";
import { percent, signed, whole } from "../kdviz.shared/format.js";

/** @typedef {import("../kdviz.shared/class_posts.js").TrainedPoint} TrainedPoint */

export const UPDATES = 300;
const MOST = 8; // students of a seat that are on the map
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

/** What came of a training. @param {import("../kdviz.shared/format.js").Tell} tell @param {TrainedPoint} point */
export function outcomeOf(tell, { accuracy, plain }) {
  const gain = 100 * (accuracy - plain);
  const key = Math.abs(gain) < 0.05 ? "race-same" : gain > 0 ? "race-better" : "race-worse";
  return tell(key, { accuracy: percent(accuracy, 1), plain: percent(plain, 1), points: signed(Math.abs(gain)) });
}

/** @param {any} ui @param {string} seat its id @param {(message: object) => void} send */
export function buildRace(ui, seat, send) {
  const [t, alpha, train, progress] = [ui.q("#seat-t"), ui.q("#seat-alpha"), ui.q(".train"), ui.q(".race progress")];
  const chosen = beginningOf(seat);
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
    setText(train, ui.tell(points.length ? "train-another" : "train"));
  };
  const list = () => {
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
    setText(ui.q(".race-says"), ui.tell("race-loading"));
    try {
      training ??= await opened(data);
      setText(ui.q(".race-says"), ui.tell("race-trains", { updates: whole(UPDATES) }));
      const settings = { ...chosen };
      const { taught, plain } = await training.run(settings, UPDATES, (/** @type {number} */ done) => { progress.value = done / UPDATES; });
      const point = { ...settings, accuracy: taught, plain, updates: UPDATES };
      points = [...points, point].slice(-MOST);
      setText(ui.q(".race-says"), outcomeOf(ui.tell, point));
      list();
      post();
    } catch (error) {
      training?.end();
      training = null;
      setText(ui.q(".race-says"), ui.tell("race-failed", { reason: error instanceof Error ? error.message : String(error) }));
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
  };
}

/** A worker with the images of a data set. @param {{ data: string }} data */
async function opened({ data }) {
  const { Training, fetchPack } = await import(new URL("../kdviz.playground/trained.js", import.meta.url).href);
  return new Training(await fetchPack(new URL(`class/pack/${data}.gz`, new URL(".", location.href))));
}
