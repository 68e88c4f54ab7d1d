// Which challenges this browser has met, kept with the course's checks, and what its runs at other temperatures came to.

import { markSolved, readCourse } from "../kdviz.shared/course_store.js";

/** @typedef {import("./challenges.js").Trial} Trial */

const [PAGE, TRIALS] = ["playground", "kdviz.playground.trials"];
let unsaved = /** @type {Trial[]} */ ([]); // while local storage is blocked

/** @param {unknown} one */
const isTrial = (one) => {
  const { key, T, right, n } = /** @type {Record<string, unknown>} */ (one ?? {});
  return typeof key === "string" && [T, right, n].every(Number.isFinite) && Number(n) > 0 && Number(right) <= Number(n);
};

/** @param {string} name */
export const isDone = (name) => readCourse().solved[PAGE]?.[name] === true;

/** @param {string} name */
export const markDone = (name) => markSolved(PAGE, name);

/** @returns {Trial[]} */
export function readTrials() {
  try {
    const kept = JSON.parse(localStorage.getItem(TRIALS) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isTrial) : [];
  } catch (error) {
    return error instanceof SyntaxError ? [] : unsaved;
  }
}

/** @param {Trial[]} trials */
export function writeTrials(trials) {
  try {
    localStorage.setItem(TRIALS, JSON.stringify(trials));
  } catch {
    unsaved = trials;
  }
}
