// What the numbers of the moment say, and never more than they know.

import { percent, whole } from "../kdviz.shared/format.js";
import { wilson } from "../kdviz.shared/intervals.js";

/** @typedef {import("../kdviz.shared/format.js").Tell} Tell */
/** @typedef {import("./compressing.js").Setting} Setting */
/**
 * @typedef {object} Moment
 * @property {number} n held-out images
 * @property {number} right of them the student reads now
 * @property {number} lost which it read whole, and reads no more
 * @property {number} gained the other way round
 * @property {number} pruned weights, or units
 * @property {number} units that the whole student has
 * @property {ReturnType<typeof import("./compressing.js").costOf>} before
 * @property {ReturnType<typeof import("./compressing.js").costOf>} now
 */

/** "24 B", "13.4 kB". @param {number} bytes */
export const shortBytes = (bytes) => (bytes < 1000 ? `${bytes}\u00a0B` : `${(bytes / 1000).toPrecision(3)}\u00a0kB`);

/** How many times as much one is as the other: "7.6", "2", "24". @param {number} one @param {number} other */
export const times = (one, other) => String(Number((one / other).toFixed(one / other < 9.95 ? 1 : 0)));

/** "97.3 % (96.1 to 98.1)", 95 %. @param {number} right @param {number} n */
export function interval(right, n) {
  const [low, high] = wilson(right, n).map((share) => (100 * share).toFixed(1));
  return `${low} to ${high}`;
}

/** What a setting does to the weights, in words; "" where it does nothing. @param {Tell} tell @param {Setting} setting @param {Moment} moment */
export function called(tell, { sparsity, bits, way }, { pruned, units }) {
  const parts = [];
  if (pruned && way === "units") parts.push(tell("what-units", { pruned, units }));
  else if (pruned) parts.push(tell("what-weights", { share: percent(sparsity) }));
  if (bits < 32) parts.push(tell("what-bits", { bits }));
  return parts.join(` ${tell("and")} `);
}

/** @param {Tell} tell @param {Setting} setting @param {Moment} moment */
export function describe(tell, setting, moment) {
  const { n, right, lost, gained, before, now } = moment;
  const what = called(tell, setting, moment);
  const read = { right: whole(right), n: whole(n), interval: interval(right, n) };
  if (!what) return tell("whole", read);
  const parts = [tell("now", { what, ...read, lost, gained })];
  parts.push(tell("smaller", { times: times(before.bytes, now.bytes) }));
  const zeros = now.weights - now.nonZero;
  if (now.multiplyAdds < before.multiplyAdds) parts.push(tell("fewer", { times: times(before.multiplyAdds, now.multiplyAdds) }));
  else if (zeros) parts.push(tell("zeros-count", { zeros: whole(zeros) }));
  return parts.join(" ");
}
