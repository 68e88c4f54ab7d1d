// What the three pictures say, worked out from their numbers. Pure functions: no page, no colours.

import { percent } from "../kdviz.shared/format.js";
import { klDivergence, ranked } from "../kdviz.shared/softmax.js";

/** @typedef {{ cka: (number | null)[][], logits: number[][], relations: number[][], singular: number[] }} Look */
/** @typedef {Omit<Look, "cka"> & { layers: string[], studentLayers: string[] }} Teacher */
/**
 * @typedef {object} Facts
 * @property {import("../kdviz.shared/format.js").Tell} tell
 * @property {number} T
 * @property {string} method
 * @property {Teacher} teacher
 * @property {Look} before
 * @property {Look} taught
 * @property {Look | null} plain the student without a teacher
 * @property {boolean} begun
 */

export const known = (value) => typeof value === "number" && Number.isFinite(value);
export const figure = (value, digits = 2) => (known(value) ? value.toFixed(digits) : "–");

/** A divergence or a gap, with more decimals where it is small. */
export const fine = (value) => figure(value, value < 0.0995 ? 3 : 2);

/** CKA: what is not quite 1 is not rounded to it. */
export const ckaText = (value) => figure(known(value) && value < 1 ? Math.min(value, 0.99) : value);

/** Every update at which any method was looked at, in order. @param {Record<string, { steps: number[] }>} methods */
export function allSteps(methods) {
  return [...new Set(Object.values(methods).flatMap(({ steps }) => steps))].sort((a, b) => a - b);
}

/**
 * KL(teacher || student) in nats of one image's logits at T; null where they are no numbers.
 * @param {number[]} teacher @param {number[]} student @param {number} T
 */
export const klAt = (teacher, student, T) => ([...teacher, ...student].every(known) ? klDivergence(student, teacher, T) : null);

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
 * @param {Facts["tell"]} tell @param {any} before @param {any} now
 */
export function moved(tell, before, now, text = figure) {
  const [from, to] = [text(before), text(now)];
  const key = !known(before) || !known(now) ? "went" : from === to ? "stayed" : now > before ? "rose" : "fell";
  return tell(key, { from, to });
}

const WITH = ["offline", "hints", "attention", "fsp", "rkd", "similarity"];

/** What a method adds to the labels. */
const with_ = ({ tell, method }) => tell(`with-${WITH.includes(method) ? method : "other"}`);

/** A piece of a sentence about the student without a teacher, where there is one. */
const ofPlain = (key, { tell, plain }, value, text) => (plain ? tell(key, { plain: text(value(plain)) }) : "");

const joined = (...parts) => parts.filter(Boolean).join(" ");

/** `before`, `taught` and `plain` (or null) are looks: {cka, logits, relations, singular}. @param {Facts} facts */
export function responseSays(facts) {
  const { tell, T, teacher, before, taught, plain, begun } = facts;
  const kl = (look) => meanKl(teacher.logits, look.logits, T);
  const images = teacher.logits.length;
  if (!begun) return tell("response-before", { T, images, before: fine(kl(before)) });
  const count = (look) => agreeing(teacher.logits, look.logits);
  const values = { T, moved: moved(tell, kl(before), kl(taught), fine), with: with_(facts) };
  return joined(
    tell("response", { ...values, beside: ofPlain("beside", facts, kl, fine) }),
    closerAlone(facts, kl, fine),
    tell(plain ? "response-front-plain" : "response-front", { taught: count(taught), images, plain: plain ? count(plain) : "" }),
  );
}

/** Said of a gap to the teacher: only where it can be read that the student without a teacher has the smaller one. */
function closerAlone({ tell, plain, taught }, value, text) {
  const [alone, ofTaught] = [plain && value(plain), value(taught)];
  if (!known(alone) || !known(ofTaught) || alone >= ofTaught || text(alone) === text(ofTaught)) return "";
  return tell("closer");
}

/** What did it, the hints or learning the digits at all? Judged by what is written, as the visitor does. */
function credit({ tell, method }, ...values) {
  if (!values.every(known)) return "";
  const [before, taught, plain] = values.map((value) => Number(ckaText(value)));
  const [more, gain] = [taught - plain, taught - before];
  const it = tell(["hints", "attention"].includes(method) ? method : "teacher");
  if (more < 0) return tell(plain > before ? "even-closer" : "stayed-closer", { it });
  if (more >= 0.0195 || more > 0.2 * Math.abs(gain)) return tell("above", { more: figure(more) });
  return gain >= 0.0195 ? tell("by-itself") : "";
}

/** @param {Facts} facts */
export function featureSays(facts) {
  const { tell, teacher, before, taught, plain, begun } = facts;
  const row = Math.max(0, teacher.studentLayers.length - 2);
  const column = Math.max(0, teacher.layers.length - 2);
  const last = (look) => look.cka[row][column];
  const first = (look) => look.cka[0][0];
  if (!begun) return tell("feature-before", { before: ckaText(last(before)) });
  const went = (value) => ({
    moved: moved(tell, value(before), value(taught), ckaText), beside: ofPlain("beside", facts, value, ckaText),
  });
  return joined(
    tell("feature", { ...went(last), with: with_(facts) }),
    plain && credit(facts, last(before), last(taught), last(plain)),
    row > 0 && column > 0 && tell("feature-first", went(first)),
  );
}

/** @param {Facts} facts */
function distancesSay(facts) {
  const { tell, method, teacher, before, taught, plain, begun } = facts;
  const gap = (look) => relationGap(teacher.relations, look.relations);
  const images = teacher.relations.length;
  const maps = method === "similarity" && tell("similar");
  const values = { images, before: fine(gap(before)) };
  if (!begun) return joined(tell("distances-before", values), maps);
  const same = (look) => teacher.relations.filter((_, i) => nearest(teacher.relations, i) === nearest(look.relations, i)).length;
  const told = { ...values, taught: fine(gap(taught)), with: with_(facts), alone: ofPlain("alone", facts, gap, fine) };
  const neighbours = { taught: same(taught), images, plain: plain ? same(plain) : "" };
  return joined(
    tell("distances", told), closerAlone(facts, gap, fine), tell(plain ? "neighbours-plain" : "neighbours", neighbours), maps,
  );
}

/** @param {Facts} facts */
function flowSays(facts) {
  const { tell, teacher, before, taught, begun } = facts;
  const text = (share) => (known(share) ? percent(share) : "–");
  const gap = (look) => singularGap(teacher.singular, look.singular);
  if (!begun) return tell("flow-before", { before: text(gap(before)) });
  const told = { before: text(gap(before)), taught: text(gap(taught)), with: with_(facts) };
  return joined(tell("flow", { ...told, alone: ofPlain("alone", facts, gap, text) }), closerAlone(facts, gap, text));
}

export const relationSays = (facts) => (facts.method === "fsp" ? flowSays(facts) : distancesSay(facts));
