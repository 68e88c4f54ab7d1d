// Two students without their names: which of them was taught is to be told from what they answer. Pure.

import { generator } from "./random.js";

/** @typedef {{ taught: boolean, plain: boolean }} Stopped */
/** @typedef {{ taught: number[], plain: number[] }} Shares */

/** Whether the taught student of a seed is called A. @param {number} seed */
export const taughtIsA = (seed) => generator(seed, "blind")() < 0.5;

/**
 * The same with the students in each other's place.
 * @template One @template {{ taught: One, plain: One }} Both @param {Both} both @returns {Both}
 */
const exchanged = (both) => ({ ...both, taught: both.plain, plain: both.taught });

/**
 * A frame as it is drawn without names: A stands where the taught student does otherwise, B in the other place.
 * @template {{ counts: { taught: number, plain: number, byDigit: Shares }, shown: Shares, stopped: Stopped }} Frame
 * @param {Frame} frame @param {number} seed @returns {Frame}
 */
export function unnamed(frame, seed) {
  if (taughtIsA(seed)) return frame;
  const { counts, shown, stopped } = frame;
  return {
    ...frame, counts: { ...exchanged(counts), byDigit: exchanged(counts.byDigit) }, shown: exchanged(shown), stopped: exchanged(stopped),
  };
}

/** @template {{ taught: number, plain: number }} Point @param {Point[]} points @param {number} seed */
export const unnamedPoints = (points, seed) => (taughtIsA(seed) ? points : points.map((point) => exchanged(point)));
