// What a visitor says about twenty digits: soft labels, made by hand.

import { entropyBits, softmax } from "../kdviz.shared/softmax.js";
import { CLASSES } from "./pack.js";

/** @typedef {import("./pack.js").Pack} Pack */
/** @typedef {number[]} Opinion a share for each class; they sum to one */

export const TEACHER_T = 4; // of the trained teacher's soft labels, where a visitor starts from them
const HINT = 0.8; // on the label
const TOLERANCE = 1e-9; // two shares closer than this are the same

/**
 * Two training images of each digit, in the digits' order: the one of which the trained teacher is surest (least entropy at
 * T = 4) and the one of which it is least sure, among those that it reads as their label.
 * @param {Pack} pack @returns {number[]} indices
 */
export function chooseTwenty({ training, labels, teachers }) {
  const sure = Array.from({ length: CLASSES }, () => ({ image: -1, bits: Infinity }));
  const doubtful = Array.from({ length: CLASSES }, () => ({ image: -1, bits: -1 }));
  for (let image = 0; image < training; image++) {
    const p = softmax(teachers.trained.subarray(CLASSES * image, CLASSES * (image + 1)), TEACHER_T);
    const label = labels[image];
    if (p.some((share) => share > p[label])) continue;
    const bits = entropyBits(p);
    if (bits < sure[label].bits) sure[label] = { image, bits };
    if (bits > doubtful[label].bits) doubtful[label] = { image, bits };
  }
  return sure.flatMap(({ image }, digit) => [image, doubtful[digit].image]).filter((image) => image >= 0);
}

/** @param {number} label @param {number} share on it; the others have the rest in equal parts @returns {Opinion} */
function onLabel(label, share) {
  return Array.from({ length: CLASSES }, (_, c) => (c === label ? share : (1 - share) / (CLASSES - 1)));
}

/**
 * What one may start from, for an image with this label and these logits of the trained teacher.
 * @type {Record<string, (label: number, logits: Float32Array) => Opinion>}
 */
export const STARTS = {
  certain: (label) => onLabel(label, 1),
  hint: (label) => onLabel(label, HINT),
  nothing: () => new Array(CLASSES).fill(1 / CLASSES),
  teacher: (_, logits) => Array.from(softmax(logits, TEACHER_T)),
};
export const FIRST = "hint";

/** @param {Pack} pack @param {number[]} twenty @param {string} start @returns {Opinion[]} */
export function startFrom({ labels, teachers }, twenty, start) {
  return twenty.map((image) => STARTS[start](labels[image], teachers.trained.subarray(CLASSES * image, CLASSES * (image + 1))));
}

/**
 * One class gets this share; the others keep their proportions, or have equal parts where they had nothing.
 * @param {Opinion} opinion @param {number} chosen @param {number} share is kept within 0 and 1 @returns {Opinion}
 */
export function withShare(opinion, chosen, share) {
  const own = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : opinion[chosen];
  const others = opinion.reduce((sum, part, c) => (c === chosen ? sum : sum + part), 0);
  return opinion.map((part, c) => {
    if (c === chosen) return own;
    return others > TOLERANCE ? (part / others) * (1 - own) : (1 - own) / (CLASSES - 1);
  });
}

/** Sabotage: what was said of one class is said of the other. @param {Opinion[]} opinions @param {number} one @param {number} other */
export function swapped(opinions, one, other) {
  return opinions.map((opinion) => opinion.map((_, c) => opinion[c === one ? other : c === other ? one : c]));
}

/** What was given to each class, on average over the images of each digit, (digits, classes). @param {Opinion[]} opinions @param {number[]} labels of the images */
export function meanOpinions(opinions, labels) {
  const sums = Array.from({ length: CLASSES }, () => new Array(CLASSES).fill(0));
  const counts = new Array(CLASSES).fill(0);
  opinions.forEach((opinion, i) => {
    counts[labels[i]]++;
    opinion.forEach((share, c) => { sums[labels[i]][c] += share; });
  });
  return sums.map((row, digit) => row.map((sum) => (counts[digit] ? sum / counts[digit] : 0)));
}

// In a link an opinion is one sign where it is one of those to start from, else ten: whole parts of 0 to 61, whose
// proportions are the shares. None of these signs is escaped in a URL.
const PARTS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const SIGNS = /** @type {Record<string, string>} */ ({ certain: "-", hint: ".", nothing: "_", teacher: "*" });

/** @param {Opinion} one @param {Opinion} other */
const same = (one, other) => one.every((share, c) => Math.abs(share - other[c]) < TOLERANCE);

/** @param {number} a @param {number} b @returns {number} */
const commonDivisor = (a, b) => (b ? commonDivisor(b, a % b) : a);

/**
 * The smallest whole parts, none above 61, whose proportions come nearest to the shares.
 * @param {Opinion} opinion
 */
function wholeParts(opinion) {
  const most = Math.floor((PARTS.length - 1) / Math.max(...opinion));
  let best = /** @type {number[]} */ ([]);
  let least = Infinity;
  for (let all = 1; all <= most; all++) {
    const parts = opinion.map((share) => Math.round(share * all));
    const sum = parts.reduce((total, part) => total + part, 0);
    const off = sum ? Math.max(...parts.map((part, c) => Math.abs(part / sum - opinion[c]))) : Infinity;
    if (off < least - TOLERANCE) [best, least] = [parts, off];
  }
  const divisor = best.reduce(commonDivisor);
  return best.map((part) => part / divisor);
}

/** As a link has them, at most 200 signs. @param {Opinion[]} opinions @param {Pack} pack @param {number[]} twenty */
export function encode(opinions, pack, twenty) {
  const starts = Object.entries(SIGNS).map(([name, sign]) => ({ sign, all: startFrom(pack, twenty, name) }));
  return opinions.map((opinion, i) => {
    const start = starts.find(({ all }) => same(all[i], opinion));
    return start ? start.sign : wholeParts(opinion).map((part) => PARTS[part]).join("");
  }).join("");
}

/**
 * What a link says: signs that mean nothing are passed over, an opinion without any part is none, and images that are not
 * reached are as at first. Null where there is no opinion in it at all.
 * @param {unknown} text @param {Pack} pack @param {number[]} twenty @returns {Opinion[] | null}
 */
export function decode(text, pack, twenty) {
  if (typeof text !== "string") return null;
  const found = [...text.slice(0, 400).matchAll(/[-._*]|[0-9a-zA-Z]{10}/g)].slice(0, twenty.length);
  if (!found.length) return null;
  const first = startFrom(pack, twenty, FIRST);
  const starts = Object.fromEntries(Object.entries(SIGNS).map(([name, sign]) => [sign, startFrom(pack, twenty, name)]));
  return first.map((usual, i) => {
    const sign = found[i]?.[0];
    if (!sign) return usual;
    if (sign in starts) return starts[sign][i];
    const parts = [...sign].map((one) => PARTS.indexOf(one));
    const sum = parts.reduce((total, part) => total + part, 0);
    return sum ? parts.map((part) => part / sum) : starts[SIGNS.nothing][i];
  });
}
