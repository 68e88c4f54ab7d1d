// The sentence under the picture. It is worked out from the numbers, so it holds for any image and any network.

import { sharePercent } from "../kdviz.shared/format.js";
import { ranked } from "../kdviz.shared/softmax.js";

/** @typedef {{ z: ArrayLike<number>, p: Float64Array, own: Float64Array, T: number, names: string[] }} Softmaxes */
/** @typedef {Softmaxes & { label: number | null, mode: string }} Shown */
/** @typedef {Omit<Shown, "z"> & { order: number[], top: number }} Facts */

/** @param {Facts} facts */
function opening({ own, p, T, names, top, mode }) {
  const drawn = mode === "edit";
  const who = drawn ? "the softmax" : "the teacher";
  const name = names[top];
  const now = sharePercent(p[top]);
  if (Math.abs(T - 1) < 0.005) {
    return `At T = 1 this is ${drawn ? "the plain softmax of your logits" : "the teacher’s own answer"}: ${name} with ${now}.`;
  }
  const before = sharePercent(own[top]);
  if (before === now) {
    const more = T < 1 ? "even surer than at T = 1" : "only a little less sure than at T = 1";
    return `At T = ${T} ${who} is ${more}: ${name} keeps ${now}.`;
  }
  return T < 1
    ? `Below T = 1 ${who} sounds surer than it is: ${name} rises from ${before} to ${now}.`
    : `At T = ${T} ${who} sounds less sure than at T = 1: ${name} falls from ${before} to ${now}.`;
}

/** @param {Facts} facts */
function whatIsWorth({ label, top, names, mode }) {
  if (label === null) return "A student would learn hardly more from this than from that one answer.";
  if (label === top) return "A student would learn hardly more from this than from the hard label.";
  const who = mode === "edit" ? "the largest logit" : "the teacher";
  return `The hard label says ${names[label]}: here ${who} is wrong, and sure of it.`;
}

/** @param {Facts} facts */
function runnersUp({ p, names, order, top, label, T }) {
  const [, second, third] = order;
  const last = order[order.length - 1];
  const mark = (/** @type {number} */ i) => (i === label && label !== top ? ", the hard label" : "");
  const tell = (/** @type {number} */ i) => `${names[i]} (${sharePercent(p[i])}${mark(i)})`;
  if (order.length === 2) return `The rest goes to ${tell(second)}.`;
  if (p[second] < 0.005) return `The other classes are too small to see: ${tell(second)} comes first among them.`;
  const first = order.length === 3 ? `Next comes ${tell(second)}` : `Next come ${tell(second)} and ${tell(third)}`;
  const closer = T > 1 ? " The shares move closer, the order never changes." : "";
  return `${first}; ${tell(last)} comes last.${closer}`;
}

/** What the picture shows: p at T, `own` at T = 1, class indices in `order` by logit. @param {Shown} shown */
export function describe({ z, p, own, T, names, label, mode }) {
  const order = ranked(z);
  const top = order[0];
  const facts = { p, own, T, names, label, mode, order, top };
  if (z[top] - z[order[order.length - 1]] < 1e-9) {
    return "All logits are equal, so every class gets the same share at every temperature.";
  }
  const rest = 1 - p[top];
  const parts = [opening(facts)];
  if (rest < 0.001) {
    parts.push(whatIsWorth(facts));
  } else if (p[top] < 1.1 / z.length) {
    parts.push(`Every class is now close to ${sharePercent(1 / z.length)}; the small differences that are left follow the logits.`);
  } else {
    parts.push(runnersUp(facts));
    const told = [...order.slice(0, p[order[1]] < 0.005 ? 2 : 3), order[order.length - 1]];
    if (label !== null && !told.includes(label)) parts.push(`The hard label, ${names[label]}, gets ${sharePercent(p[label])}.`);
  }
  return parts.join(" ");
}
