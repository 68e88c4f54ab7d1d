// Everything a visitor can set, in one table: defaults, limits, the link and what starts a run anew follow from it.

import { parseNumber } from "../kdviz.shared/format.js";

/**
 * @typedef {object} Settings
 * @property {number} T temperature
 * @property {number} alpha weight of the soft term
 * @property {number} labels how many training images have a label
 * @property {number} wrong labels that are wrong, in per cent
 * @property {boolean} unlabelled whether the taught student also learns from images without a label
 * @property {string} digits those that images are learnt from, as "0123456789"
 * @property {number} bias added to the logits of the digits left out when the taught student is read
 * @property {number} units of a hidden layer
 * @property {number} layers hidden ones
 * @property {number} rate learning rate
 * @property {number} batch images of a batch
 * @property {"trained" | "early" | "smoothed" | "untrained" | "peer" | "self"} teacher
 * @property {number} seed
 * @property {"slow" | "medium" | "full"} speed
 * @property {number} image the chosen one, counted over training and held-out images together
 */

/**
 * What the limits depend on: the numbers of images, and the one that is chosen at first.
 * @typedef {{ training: number, heldOut: number, image?: number }} Facts
 */

/**
 * What a query gave that cannot be set, and what is set instead.
 * @typedef {{ name: string, given: string, used: string }} Problem
 */

export const CHOICES = {
  units: [4, 8, 16, 32, 64, 128, 256],
  layers: [1, 2],
  batch: [16, 32, 64, 128, 256],
  teacher: /** @type {const} */ (["trained", "early", "smoothed", "untrained", "peer", "self"]),
  speed: /** @type {const} */ (["slow", "medium", "full"]),
};

/** Least and most; of labels and images there may be fewer. @type {Record<string, [number, number]>} */
export const LIMITS = {
  T: [0.1, 100],
  alpha: [0, 1],
  labels: [10, Infinity],
  wrong: [0, 60],
  bias: [-10, 10],
  rate: [0.0001, 0.1],
  seed: [0, 9999],
  image: [0, Infinity],
};

/** Other students, or the same ones from other weights; everything else acts on the next update. */
export const STARTS_ANEW = /** @type {const} */ (["units", "layers", "seed"]);

const DIGITS = "0123456789";
const WHOLE = new Set(["labels", "wrong", "seed", "image"]);

/** @param {Facts} facts @returns {Settings} */
export function defaults({ training, image = training }) {
  return {
    T: 4, alpha: 0.9, labels: Math.min(100, training), wrong: 0, unlabelled: true, digits: DIGITS, bias: 0, units: 32,
    layers: 1, rate: 0.002, batch: 64, teacher: "trained", seed: 0, speed: "full", image,
  };
}

/** @param {string} name @param {Facts} facts @returns {[number, number]} */
function limits(name, { training, heldOut }) {
  const [least, most] = LIMITS[name];
  if (name === "labels") return [Math.min(least, training), training];
  return [least, name === "image" ? training + heldOut - 1 : most];
}

/** The nearest number of a list, on a scale of factors. @param {readonly number[]} list @param {number} value */
function nearestOf(list, value) {
  const away = (/** @type {number} */ one) => Math.abs(Math.log(Math.max(value, Number.MIN_VALUE) / one));
  return list.reduce((best, one) => (away(one) < away(best) ? one : best));
}

/** @typedef {string | number | boolean} Value */

/**
 * The nearest value that can be set to what a query says; the usual one where it says nothing that can be understood.
 * @param {string} name @param {string} text @param {Value} usual @param {Facts} facts @returns {Value}
 */
function nearest(name, text, usual, facts) {
  if (typeof usual === "boolean") return text === "1" || (text !== "0" && usual);
  if (name === "digits") return [...DIGITS].filter((digit) => text.includes(digit)).join("") || DIGITS;
  if (name === "labels" && text === "all") return facts.training;
  const choices = name in CHOICES ? CHOICES[/** @type {keyof typeof CHOICES} */ (name)] : null;
  if (typeof usual === "string") return choices?.find((choice) => choice === text) ?? usual;
  const value = text.trim() === "" ? NaN : parseNumber(text) ?? Number(text);
  if (Number.isNaN(value)) return usual;
  if (choices) return nearestOf(/** @type {number[]} */ (choices), value);
  const [least, most] = limits(name, facts);
  const inside = Math.min(most, Math.max(least, value));
  return WHOLE.has(name) ? Math.round(inside) : inside;
}

/** As it stands in a link. @param {string} name @param {Value} value @param {Facts} facts */
function written(name, value, { training }) {
  if (typeof value === "boolean") return value ? "1" : "0";
  return name === "labels" && value === training ? "all" : String(value);
}

/** Whether two ways to write a value mean the same. @param {string} given @param {string} used @param {Value} value */
const same = (given, used, value) => given === used || (typeof value === "number" && given.trim() !== "" && Number(given) === value);

/**
 * What a link's query sets, absurd values replaced by the nearest that can be.
 * @param {Record<string, string | undefined>} query @param {Facts} facts
 * @returns {{ settings: Settings, problems: Problem[] }}
 */
export function fromQuery(query, facts) {
  const settings = defaults(facts);
  const problems = /** @type {Problem[]} */ ([]);
  const usual = /** @type {Record<string, Value>} */ ({ ...settings });
  for (const [name, value] of Object.entries(usual)) {
    const given = query[name];
    if (given === undefined) continue;
    const set = nearest(name, given, value, facts);
    const used = written(name, set, facts);
    if (!same(given, used, set)) problems.push({ name, given, used });
    Object.assign(settings, { [name]: set });
  }
  return { settings, problems };
}

/** The query of a link: what is not as it is at first. @param {Settings} settings @param {Facts} facts */
export function toQuery(settings, facts) {
  const usual = /** @type {Record<string, Value>} */ ({ ...defaults(facts) });
  const moved = Object.entries(settings).filter(([name, value]) => value !== usual[name]);
  return Object.fromEntries(moved.map(([name, value]) => [name, written(name, value, facts)]));
}
