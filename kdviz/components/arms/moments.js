// What is known of a study at some second of its training.

import { finite } from "./scale.js";

/** @typedef {{ title: string, role: string, at: number | null, values: (number | null)[] }} Arm `at`: the second at which it was finished */
/** @typedef {{ arm: string, doing: string, at: number, accuracy: (number | null)[], terms: (number | null)[] }} Report `terms`: what the soft and the hard term add to the loss; may be empty */

/** Whether an arm is finished by then; null is the end. @param {Arm} arm @param {number | null} second */
export const isDone = ({ at }, second) => at !== null && (second === null || at <= second);

/**
 * The reports of the training that goes on then, from its first on.
 * @param {Report[]} reports in the order of time @param {number | null} second
 */
export function trainingAt(reports, second) {
  const heard = second === null ? reports : reports.filter(({ at }) => at <= second);
  const last = heard[heard.length - 1];
  if (!last) return [];
  const before = heard.findLastIndex(({ arm, doing }) => arm !== last.arm || doing !== last.doing);
  return heard.slice(before + 1);
}

/** The mean of the seeds that have a number; null where none has. @param {(number | null)[]} values */
export function meanOf(values) {
  const known = finite(values);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}
