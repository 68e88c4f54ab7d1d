// What the three pictures say, worked out from their numbers. Pure functions: no page, no colours.

import { PERCENT } from "../kdviz.shared/format.js";
import { ranked, softmax } from "../kdviz.shared/softmax.js";

/** @typedef {{ cka: (number | null)[][], logits: number[][], relations: number[][], singular: number[] }} Look */
/** @typedef {Omit<Look, "cka"> & { layers: string[], studentLayers: string[] }} Teacher */
/**
 * @typedef {object} Facts
 * @property {number} T
 * @property {string} method
 * @property {Teacher} teacher
 * @property {Look} before
 * @property {Look} taught
 * @property {Look | null} plain the student without a teacher
 * @property {boolean} begun
 */

// How a sentence names what a method adds to the labels.
const WITH = {
  offline: "with the teacher’s soft targets",
  hints: "with hints",
  attention: "with attention transfer",
  fsp: "with the teacher’s flow",
  rkd: "with distances and angles",
  similarity: "with similarities",
};
const with_ = (method) => WITH[method] ?? "with the teacher";
export const known = (value) => typeof value === "number" && Number.isFinite(value);
export const figure = (value, digits = 2) => (known(value) ? value.toFixed(digits) : "–");

/** A divergence or a gap, with more decimals where it is small. */
export const fine = (value) => figure(value, value < 0.0995 ? 3 : 2);

/** CKA: what is not quite 1 is not rounded to it. */
export const ckaText = (value) => figure(known(value) && value < 1 ? Math.min(value, 0.99) : value);

/**
 * Index of the last of a method's looks that is not later than `step`.
 * @param {{ steps: number[] }} history @param {number} step
 */
export function lookAt(history, step) {
  let at = 0;
  history.steps.forEach((s, i) => { if (s <= step) at = i; });
  return at;
}

/** Every update at which any method was looked at, in order. @param {Record<string, { steps: number[] }>} methods */
export function allSteps(methods) {
  return [...new Set(Object.values(methods).flatMap(({ steps }) => steps))].sort((a, b) => a - b);
}

/**
 * KL(teacher || student) in nats of one image's logits at T; null where they are no numbers.
 * @param {number[]} teacher @param {number[]} student @param {number} T
 */
export function klAt(teacher, student, T) {
  if (![...teacher, ...student].every(known)) return null;
  const p = softmax(teacher, T);
  const top = Math.max(...student);
  const logSum = Math.log(student.reduce((sum, z) => sum + Math.exp((z - top) / T), 0));
  return p.reduce((sum, share, i) => sum + (share > 0 ? share * (Math.log(share) - (student[i] - top) / T + logSum) : 0), 0);
}

const mean = (values) => values.reduce((sum, v) => sum + (v ?? NaN), 0) / values.length;
const meanKl = (teacher, student, T) => mean(teacher.map((z, i) => klAt(z, student[i], T)));
const agreeing = (teacher, student) => teacher.filter((z, i) => ranked(z)[0] === ranked(student[i])[0]).length;

/**
 * Mean gap between two matrices of distances, over all pairs of images.
 * @param {number[][]} teacher @param {(number | null)[][]} student
 */
export function relationGap(teacher, student) {
  const gaps = [];
  for (let i = 0; i < teacher.length; i++) {
    for (let j = 0; j < i; j++) gaps.push(Math.abs((teacher[i][j] ?? NaN) - (student[i][j] ?? NaN)));
  }
  return mean(gaps);
}

/** The other image that lies nearest to image `i`. @param {number[][]} relations @param {number} i */
export function nearest(relations, i) {
  const others = relations[i].map((_, j) => j).filter((j) => j !== i);
  return others.sort((a, b) => relations[i][a] - relations[i][b])[0];
}

/**
 * The share of the whole that would have to move from one list of shares to the other; what is missing is zero.
 * @param {number[]} teacher @param {(number | null)[]} student
 */
export function singularGap(teacher, student) {
  const at = (values, i) => (i < values.length ? values[i] ?? NaN : 0);
  const all = Array.from({ length: Math.max(teacher.length, student.length) }, (_, i) => i);
  return all.reduce((sum, i) => sum + Math.abs(at(teacher, i) - at(student, i)), 0) / 2;
}

/**
 * "rose from 0.41 to 0.93", judged by what is written: 0.934 and 0.931 are the same.
 * @param {any} before @param {any} now
 */
export function moved(before, now, text = figure) {
  const [from, to] = [text(before), text(now)];
  if (!known(before) || !known(now)) return `went from ${from} to ${to}`;
  if (from === to) return `stayed at ${to}`;
  return `${now > before ? "rose" : "fell"} from ${from} to ${to}`;
}

/** `before`, `taught` and `plain` (or null) are looks: {cka, logits, relations, singular}. @param {Facts} facts */
export function responseSays({ T, method, teacher, before, taught, plain, begun }) {
  const kl = (look) => meanKl(teacher.logits, look.logits, T);
  const all = teacher.logits.length;
  const what = `The mean KL from the teacher’s softmax at T\u00a0=\u00a0${T} to the student’s`;
  if (!begun) return `${what} is ${fine(kl(before))} nats before the training, over these ${all} images.`;
  const count = (look) => agreeing(teacher.logits, look.logits);
  const both = plain ? ` (without a teacher ${count(plain)})` : "";
  return `${what} ${moved(kl(before), kl(taught), fine)} nats ${with_(method)}${beside(plain, kl, fine)}.${closerAlone(plain, taught, kl, fine)} ` +
    `The class in front is the teacher’s on ${count(taught)} of ${all} images${both}.`;
}

/** Where the student without a teacher is; the verb before it need not hold for it. */
const beside = (plain, value, text) => (plain ? `; without a teacher it is at ${text(value(plain))}` : "");

/** Said of a gap to the teacher: only where it can be read that the student without a teacher has the smaller one. */
function closerAlone(plain, taught, value, text) {
  const [ofPlain, ofTaught] = [plain && value(plain), value(taught)];
  if (!known(ofPlain) || !known(ofTaught) || ofPlain >= ofTaught || text(ofPlain) === text(ofTaught)) return "";
  return " The student without a teacher is closer.";
}

/** What did it, the hints or learning the digits at all? Judged by what is written, as the visitor does. */
function credit(method, ...values) {
  if (!values.every(known)) return "";
  const [before, taught, plain] = values.map((value) => Number(ckaText(value)));
  const [more, gain] = [taught - plain, taught - before];
  const it = { hints: "the hints", attention: "attention transfer" }[method] ?? "the teacher";
  if (more < 0) return ` The student without a teacher ${plain > before ? "came even" : "stayed"} closer: ${it} did not raise it.`;
  if (more >= 0.0195 || more > 0.2 * Math.abs(gain)) return ` That is ${figure(more)} above what training does by itself.`;
  return gain >= 0.0195 ? " So nearly all of that comes with learning the task at all." : "";
}

/** @param {Facts} facts */
export function featureSays({ method, teacher, before, taught, plain, begun }) {
  const row = Math.max(0, teacher.studentLayers.length - 2);
  const column = Math.max(0, teacher.layers.length - 2);
  const last = (look) => look.cka[row][column];
  const first = (look) => look.cka[0][0];
  const what = "CKA of the last hidden layers";
  if (!begun) return `${what} is ${ckaText(last(before))} before the training: even untrained layers are alike, because they see the same images.`;
  const went = (value) => moved(value(before), value(taught), ckaText);
  const why = plain ? credit(method, last(before), last(taught), last(plain)) : "";
  const firsts = row > 0 && column > 0 ? ` CKA of the first layers ${went(first)}${beside(plain, first, ckaText)}.` : "";
  return `${what} ${went(last)} ${with_(method)}${beside(plain, last, ckaText)}.${why}${firsts}`;
}

/** @param {Facts} facts */
function distancesSay({ method, teacher, before, taught, plain, begun }) {
  const gap = (look) => relationGap(teacher.relations, look.relations);
  const all = teacher.relations.length;
  const maps = method === "similarity" ? " What is alike lies close: so the maps show distances here too." : "";
  const what = `The distances among these ${all} images are off from the teacher’s by`;
  if (!begun) return `${what} ${fine(gap(before))} on average before the training, where 1 is the mean distance.${maps}`;
  const alone = plain ? `, ${fine(gap(plain))} with labels alone` : "";
  const same = (look) => teacher.relations.filter((_, i) => nearest(teacher.relations, i) === nearest(look.relations, i)).length;
  const both = plain ? `, without a teacher for ${same(plain)}` : "";
  return `${what} ${fine(gap(taught))} ${with_(method)}${alone}; before it was ${fine(gap(before))}.${closerAlone(plain, taught, gap, fine)} ` +
    `The nearest neighbour is the teacher’s for ${same(taught)} of ${all}${both}.${maps}`;
}

/** @param {Facts} facts */
function flowSays({ method, teacher, before, taught, plain, begun }) {
  const text = (share) => (known(share) ? `${(100 * share).toFixed(0)}${PERCENT}` : "–");
  const gap = (look) => singularGap(teacher.singular, look.singular);
  const what = "The student’s singular values";
  if (!begun) return `${what} differ from the teacher’s by ${text(gap(before))} of their sum before the training.`;
  const alone = plain ? `, ${text(gap(plain))} with labels alone` : "";
  return `${what} differed from the teacher’s by ${text(gap(before))} of their sum before, ` +
    `now by ${text(gap(taught))} ${with_(method)}${alone}.${closerAlone(plain, taught, gap, text)}`;
}

export const relationSays = (facts) => (facts.method === "fsp" ? flowSays(facts) : distancesSay(facts));
