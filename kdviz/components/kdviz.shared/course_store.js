// How far this browser has come in the course: {opened: {slug: true}, solved: {slug: {check: true}},
// asked: {slug: [check]}, last: slug}.
// Kept in local storage; where that is blocked, in memory until the page is reloaded.

import { tell } from "./signals.js";

/**
 * @typedef {object} State
 * @property {Record<string, boolean>} opened
 * @property {Record<string, Record<string, boolean>>} solved
 * @property {Record<string, string[]>} asked
 * @property {string | null} last
 */
/** @typedef {{ slug: string, checks: string[] }} Lesson */

export const COURSE = "kdviz.course";
let unsaved = /** @type {State | null} */ (null); // what is kept while local storage is blocked

/** Whether this browser keeps nothing beyond the page. */
export const isBlocked = () => unsaved !== null;

export const emptyCourse = () => ({ opened: {}, solved: {}, asked: {}, last: null });

export function readCourse() {
  try {
    const kept = JSON.parse(localStorage.getItem(COURSE) ?? "null");
    if (kept && typeof kept.opened === "object" && typeof kept.solved === "object") return { ...emptyCourse(), ...kept };
    return emptyCourse();
  } catch (error) {
    if (error instanceof SyntaxError) return emptyCourse();
    return (unsaved ??= emptyCourse());
  }
}

/** @param {State} state */
export function writeCourse(state) {
  try {
    localStorage.setItem(COURSE, JSON.stringify(state));
  } catch {
    unsaved = state;
  }
  tell("course");
}

/** @param {string} slug */
export function markOpened(slug) {
  const state = readCourse();
  if (state.opened[slug] && state.last === slug) return;
  state.opened[slug] = true;
  state.last = slug;
  writeCourse(state);
}

/** @param {string} slug @param {string} check */
export function markSolved(slug, check) {
  const state = readCourse();
  if (state.solved[slug]?.[check]) return;
  state.opened[slug] = true;
  state.solved[slug] = { ...state.solved[slug], [check]: true };
  writeCourse(state);
}

/**
 * Some checks are about a run, and are there once the run is: keep what the lesson asks just now.
 * @param {string} slug @param {string[]} checks
 */
export function markAsked(slug, checks) {
  const state = readCourse();
  if (JSON.stringify(state.asked[slug]) === JSON.stringify(checks)) return;
  state.asked[slug] = checks;
  writeCourse(state);
}

/**
 * What the lesson asks: as it was when it was last opened, else all that stands in its text.
 * @param {State} state @param {Lesson} lesson
 */
export function checksOf(state, lesson) {
  const asked = state.asked[lesson.slug];
  return Array.isArray(asked) ? lesson.checks.filter((check) => asked.includes(check)) : lesson.checks;
}

/** @param {State} state @param {Lesson} lesson */
export function solvedChecks(state, lesson) {
  return checksOf(state, lesson).filter((check) => state.solved[lesson.slug]?.[check]).length;
}

/**
 * "done", "opened" or "not-yet". A lesson without checks is done when it has been opened.
 * @param {State} state @param {Lesson} lesson
 */
export function stateOf(state, lesson) {
  if (!state.opened[lesson.slug]) return "not-yet";
  return solvedChecks(state, lesson) === checksOf(state, lesson).length ? "done" : "opened";
}
