// The sentence under the picture. It is worked out from the numbers, so it holds for any image and any network.

import { sharePercent } from "../kdviz.shared/format.js";
import { ranked } from "../kdviz.shared/softmax.js";

/** @typedef {{ z: ArrayLike<number>, p: Float64Array, own: Float64Array, T: number, names: string[] }} Softmaxes */
/** @typedef {Softmaxes & { tell: import("../kdviz.shared/format.js").Tell, label: number | null, mode: string }} Shown */

/** Who says what at T, compared with T = 1. @param {Shown} shown @param {number} top */
function opening({ tell, p, own, T, names, mode }, top) {
  const [now, before] = [sharePercent(p[top]), sharePercent(own[top])];
  const edited = mode === "edit";
  const key = Math.abs(T - 1) < 0.005
    ? (edited ? "own-edit" : "own")
    : `${before === now ? "keeps" : "moves"}-${T < 1 ? "cold" : "warm"}`;
  return tell(key, { T, who: tell(edited ? "softmax" : "teacher"), name: names[top], now, before });
}

/** All but the first. @param {Shown} shown @param {number[]} order */
function others({ tell, p, T, names, label }, order) {
  const [top, second, third] = order;
  const last = order[order.length - 1];
  const small = p[second] < 0.005;
  const share = (/** @type {number} */ i) =>
    tell(i === label && label !== top ? "share-label" : "share", { name: names[i], share: sharePercent(p[i]) });
  const key = order.length === 2 ? "rest" : small ? "too-small" : order.length === 3 ? "next" : "next-two";
  const parts = [tell(key, { second: share(second), third: third === undefined ? "" : share(third), last: share(last) })];
  if (T > 1 && key.startsWith("next")) parts.push(tell("closer"));
  const told = [...order.slice(0, small ? 2 : 3), last];
  if (label !== null && !told.includes(label)) parts.push(tell("label", { name: names[label], share: sharePercent(p[label]) }));
  return parts;
}

/** What the picture shows: p at T, `own` at T = 1. @param {Shown} shown */
export function describe(shown) {
  const { tell, z, p, names, label, mode } = shown;
  const order = ranked(z);
  const top = order[0];
  if (z[top] - z[order[order.length - 1]] < 1e-9) return tell("all-equal");
  const parts = [opening(shown, top)];
  if (1 - p[top] < 0.001) {
    const key = label === null ? "sure" : label === top ? "sure-right" : "sure-wrong";
    parts.push(tell(key, { label: names[label ?? top], who: tell(mode === "edit" ? "largest" : "teacher") }));
  } else if (p[top] < 1.1 / z.length) {
    parts.push(tell("even", { share: sharePercent(1 / z.length) }));
  } else {
    parts.push(...others(shown, order));
  }
  return parts.join(" ");
}
