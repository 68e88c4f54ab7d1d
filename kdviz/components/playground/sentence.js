// What the numbers of the moment say, and never more than they know.

import { percent, whole } from "../kdviz.shared/format.js";
import { wilson } from "../kdviz.shared/intervals.js";

/** @typedef {import("../kdviz.shared/format.js").Tell} Tell */
/** @typedef {{ n: number, taught: number, plain: number, teacher: number | null }} Counts images that each gets right, of n */

export const SETTLED = 200; // updates before which two students are not compared

/** Whether one share is larger by more than chance over the images. @param {number} right @param {number} than @param {number} n */
export const surelyMore = (right, than, n) => wilson(right, n)[0] > wilson(than, n)[1];

/** "89 % (87 to 91)". @param {number} right @param {number} n */
export function withInterval(right, n) {
  const [low, high] = wilson(right, n).map((share) => (100 * share).toFixed(0));
  return `${percent(right / n)} (${low} to ${high})`;
}

/**
 * What is to be said of a state.
 * @param {Tell} tell @param {{ updates: number, labelled: number, counts: Counts, stopped: { taught: boolean, plain: boolean } }} frame
 * @param {{ wrong: number, digits: string, unlabelled: boolean, rate: number }} settings
 */
export function describe(tell, { updates, labelled, counts, stopped }, { wrong, digits, unlabelled, rate }) {
  if (stopped.taught || stopped.plain) {
    const who = tell(stopped.taught && stopped.plain ? "both-students" : stopped.taught ? "the-taught" : "the-plain");
    return tell("stopped", { who, rate });
  }
  if (!updates) return tell("press-play");
  const missing = [..."0123456789"].filter((digit) => !digits.includes(digit));
  const parts = [tell(labelled === 1 ? "result-one" : "result", {
    labels: whole(labelled), updates: whole(updates), n: whole(counts.n),
    taught: withInterval(counts.taught, counts.n), plain: withInterval(counts.plain, counts.n),
  })];
  if (wrong) parts.push(tell("of-them-wrong", { share: percent(wrong / 100) }));
  if (missing.length) parts.push(tell("never-seen", { digits: missing.join(", ") }));
  else if (!unlabelled) parts.push(tell("same-images"));
  return parts.join(" ");
}

/**
 * Whether the taught student is ahead on the held-out images, as far as these can tell; null before the two have learnt
 * for a while.
 * @param {{ updates: number, counts: Counts, stopped: { taught: boolean, plain: boolean } }} frame @returns {"yes" | "no" | "even" | null}
 */
export function taughtWins({ updates, counts: { n, taught, plain }, stopped }) {
  if (updates < SETTLED || stopped.taught || stopped.plain) return null;
  if (surelyMore(taught, plain, n)) return "yes";
  return surelyMore(plain, taught, n) ? "no" : "even";
}
