// The losses of distillation as functions of logits, in nats; the same as in kdviz/losses.py.
// z are the student's logits, v the teacher's, q = softmax(z / T), p = softmax(v / T).

import { klDivergence, logSoftmax } from "../kdviz.shared/softmax.js";

/** @param {number[]} values */
const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);

/** CE(p, q) = KL(p || q) + H(p). @param {number[]} z @param {number[]} v @param {number} T */
export function softCrossEntropy(z, v, T) {
  const [logQ, logP] = [logSoftmax(z, T), logSoftmax(v, T)];
  return -sumOf(logP.map((value, i) => Math.exp(value) * logQ[i]));
}

/** @param {number[]} v @param {number} T */
export const entropyNats = (v, T) => Math.max(0, -sumOf(logSoftmax(v, T).map((value) => Math.exp(value) * value)));

/** CE with the hard label at T = 1. @param {number[]} z @param {number} label */
export const hardCrossEntropy = (z, label) => -logSoftmax(z, 1)[label];

/**
 * α T² KL(p || q) + (1 − α) CE(y, softmax(z)) with its two parts.
 * @param {number[]} z @param {number[]} v @param {number} label @param {number} T @param {number} alpha
 */
export function distillationLoss(z, v, label, T, alpha) {
  const soft = alpha * T * T * klDivergence(z, v, T);
  const hard = (1 - alpha) * hardCrossEntropy(z, label);
  return { soft, hard, whole: soft + hard };
}

/**
 * The logit of class i that gives it the share `p` at T while all other logits stay.
 * @param {number[]} z @param {number} i @param {number} p @param {number} T
 */
export function logitForShare(z, i, p, T) {
  const others = z.filter((_, j) => j !== i).map((value) => value / T);
  const top = Math.max(...others);
  const together = top + Math.log(sumOf(others.map((value) => Math.exp(value - top))));
  return T * (together + Math.log(p / (1 - p)));
}

const NICE = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000, 200000, 1000000];
const APART = 20; // so many times as large, and the smaller bars would be lost on the scale of the larger

/** The round number of nats at which a bar is full. @param {number} most */
export const niceEnd = (most) => NICE.find((end) => end >= most) ?? most;

/**
 * Where the bars of the soft term and that of the whole loss end: on one scale, unless that would hide the smaller.
 * @param {number} soft @param {number} whole
 */
export function barEnds(soft, whole) {
  if (Math.max(soft, whole) > APART * Math.min(soft, whole)) return { soft: niceEnd(soft), whole: niceEnd(whole) };
  const end = niceEnd(Math.max(soft, whole));
  return { soft: end, whole: end };
}
