// Which drawings the networks doubt most.

import { entropyBits, ranked, softmax } from "../kdviz.shared/softmax.js";

/**
 * @typedef {object} Answer
 * @property {number} top the likeliest class
 * @property {number} share its share at T = 1
 * @property {number} bits entropy at T = 1
 */

/** @param {ArrayLike<number>} logits @returns {Answer} */
export function answerOf(logits) {
  const [p, [top]] = [softmax(logits, 1), ranked(logits)];
  return { top, share: p[top], bits: entropyBits(p) };
}

/**
 * Drawings in the order in which they hang: the teacher doubts the first one most. Those that it has not seen yet come last,
 * of equal ones the one of the lower seat first.
 * @template {{ seat: string, pixels: string, teacher: Answer | null, student: Answer | null }} Drawn @param {Drawn[]} drawings
 */
export const byDoubt = (drawings) => [...drawings].sort((one, other) =>
  (other.teacher?.bits ?? -1) - (one.teacher?.bits ?? -1) || one.seat.localeCompare(other.seat, "en", { numeric: true }));

/** On how many of the drawings the two give different answers. @param {{ teacher: Answer | null, student: Answer | null }[]} drawings */
export const countDiffering = (drawings) =>
  drawings.filter(({ teacher, student }) => teacher && student && teacher.top !== student.top).length;
