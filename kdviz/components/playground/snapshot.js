// What there is to be seen of an experiment at a moment, as plain objects that can be sent.

import { klDivergence } from "../kdviz.shared/softmax.js";
import { CLASSES, PIXELS } from "./pack.js";
import { Batch, Images } from "./sparse.js";

/** @typedef {import("./experiment.js").Experiment} Experiment */
/** @typedef {import("./network.js").Network} Network */
/** @typedef {import("./reading.js").Reading} Reading */
/** @typedef {ReturnType<typeof countsOf>} Counts */
/** @typedef {ReturnType<typeof shownOf>} Shown */

/** What is chosen to be seen: an image of the data, counted from the first training image, or grey levels. @typedef {{ image?: number, pixels?: ArrayLike<number> | null }} Choice */

/** @param {Reading} one @param {Reading} other */
function agreed(one, other) {
  let same = 0;
  for (let i = 0; i < one.best.length; i++) if (one.best[i] === other.best[i]) same++;
  return same;
}

/**
 * How many of the held-out images each network gets right, in all and by digit. A student that has stopped keeps its last
 * counts.
 * @param {Experiment} experiment
 */
export function countsOf({ heldOut, taught, plain, peer, teacher, teacherReading }) {
  const of = /** @type {number[]} */ (new Array(CLASSES).fill(0));
  for (const label of heldOut) of[label]++;
  return {
    n: heldOut.length,
    taught: taught.reading.right,
    plain: plain.reading.right,
    peer: peer && peer.reading.right,
    teacher: teacher && teacherReading.right,
    agreement: teacher && agreed(taught.reading, teacherReading),
    byDigit: {
      of, taught: [...taught.reading.byDigit], plain: [...plain.reading.byDigit], teacher: teacher && [...teacherReading.byDigit],
    },
  };
}

/** @param {Experiment} experiment @param {Choice} choice */
function batchOf({ images, settings }, { image = settings.image, pixels }) {
  const batch = new Batch(pixels ? new Images(Uint8Array.from(pixels), PIXELS) : images, 1);
  batch.add(pixels ? 0 : image);
  return batch;
}

/** @param {Network} network @param {Batch} batch */
const logitsOf = (network, batch) => Array.from(network.forward(batch.rows).subarray(0, CLASSES));

/**
 * The logits of one image. Teachers that are a table know nothing about a drawing.
 * @param {Experiment} experiment @param {Choice} choice
 */
export function shownOf(experiment, choice) {
  const { pack, taught, plain, peer, teacher, bias } = experiment;
  const batch = batchOf(experiment, choice);
  const image = batch.chosen[0];
  const drawn = Boolean(choice.pixels);
  const table = teacher && "table" in teacher && !drawn ? Array.from(teacher.table.subarray(CLASSES * image, CLASSES * (image + 1))) : null;
  return {
    label: drawn ? null : pack.labels[image],
    teacher: teacher && "network" in teacher ? logitsOf(teacher.network, batch) : table,
    taught: logitsOf(taught.network, batch).map((z, digit) => z + bias[digit]),
    plain: logitsOf(plain.network, batch),
    peer: peer && logitsOf(peer.network, batch),
  };
}

/** The weights of each hidden unit from each pixel, unit by unit. @param {Network} network */
export function unitsOf({ layers: [{ inputs, outputs, weight }] }) {
  const units = new Float32Array(weight.length);
  for (let i = 0; i < inputs; i++) for (let j = 0; j < outputs; j++) units[j * inputs + i] = weight[i * outputs + j];
  return units;
}

/**
 * Held-out images, counted from the first training image, with both students' answers: first those that the students
 * read differently, then those on which the taught one is least like its teacher (KL at T).
 * @param {Experiment} experiment @param {number} count
 */
export function disagreementsOf({ heldOut, taught, plain, teacher, teacherReading, settings, pack }, count) {
  const all = Array.from(heldOut, (_, i) => i);
  const differ = all.filter((i) => taught.reading.best[i] !== plain.reading.best[i]).slice(0, count);
  const shown = (/** @type {number} */ i) => ({ image: pack.training + i, taught: taught.reading.best[i], plain: plain.reading.best[i] });
  if (!teacher || differ.length === count) return differ.map(shown);
  const known = new Set(differ);
  const at = (/** @type {Reading} */ { logits }, /** @type {number} */ i) => logits.subarray(CLASSES * i, CLASSES * (i + 1));
  const apart = all.map((i) => klDivergence(at(taught.reading, i), at(teacherReading, i), settings.T));
  const others = all.filter((i) => !known.has(i)).sort((a, b) => apart[b] - apart[a]);
  return [...differ, ...others.slice(0, count - differ.length)].map(shown);
}
