// Challenges: states to be reached. Each is judged from the counts on the held-out images and from what was set while the
// students learnt; nothing counts that was seen in one reading only.

import { percent } from "../kdviz.shared/format.js";
import { SETTLED, surelyMore, withInterval } from "./sentence.js";
import { defaults, toQuery } from "./settings.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./settings.js").Facts} Facts */

/**
 * What is judged, as the worker's frame and the page have it.
 * @typedef {object} View
 * @property {Settings} settings
 * @property {Facts} facts
 * @property {number} updates
 * @property {{ n: number, taught: number, plain: number, agreement: number | null, byDigit: { of: number[], taught: number[] } }} counts
 * @property {{ update: number, taught: number }[]} points
 * @property {boolean} moved whether a control was moved since update 0
 * @property {{ taught: boolean, plain: boolean }} stopped
 * @property {number} answers that were right, in a row
 */

/**
 * What a run at one temperature came to; runs of one `key` differ in T alone.
 * @typedef {{ key: string, T: number, right: number, n: number }} Trial
 */

/**
 * What is remembered of the run so far.
 * @typedef {object} Memory
 * @property {number} updates that had been made
 * @property {number} read the update of the newest reading
 * @property {number} held readings in a row in which the goal was reached
 * @property {boolean} spoiled whether a student learnt in this run while the settings were none of the challenge's
 * @property {string} set what was set, as a key of trials, and T
 * @property {Trial | null} trial of this run
 */

/** @typedef {Record<string, string | number>} Values what fills the places of a sentence */

/**
 * @typedef {object} Challenge
 * @property {string} name
 * @property {Record<string, string>} query of the link that sets it up: there the goal is not reached
 * @property {(settings: Settings, facts: Facts) => boolean} allows
 * @property {(view: View, trial: Trial | null, trials: Trial[]) => boolean} reached at this reading
 * @property {(view: View, trials: Trial[]) => Values} stands where one is, for its sentence
 * @property {boolean} [atOnce] whether it counts without holding
 */

/**
 * "off": what was set, now or earlier in this run, is not the challenge's.
 * @typedef {{ verdict: "done" | "not-yet" | "off", sentence: string, values: Values, memory: Memory }} Judgement
 */

export const HOLDS = 3; // readings in a row
export const TRIAL = 100; // updates of a trial of T
export const ANSWERS = 3; // in a row, each for another seed: guessing gets there once in eight times
const MOST_TRIALS = 12;

/** @type {Memory} */
export const NOTHING = { updates: 0, read: 0, held: 0, spoiled: false, set: "", trial: null };

/** Whether the difference is more than chance over the held-out images. @param {Trial} one @param {Trial} other */
export const differ = (one, other) => surelyMore(one.right, other.right, one.n) || surelyMore(other.right, one.right, one.n);

/** @param {View} view @returns {Values} */
const both = ({ counts: { n, taught, plain } }) => ({ taught: withInterval(taught, n), plain: withInterval(plain, n) });

/** @type {Challenge[]} */
export const CHALLENGES = [
  {
    name: "fifty",
    query: { labels: "50", alpha: "0" },
    allows: ({ labels }) => labels <= 50,
    reached: ({ counts: { n, taught } }) => taught >= 0.95 * n,
    stands: both,
  },
  {
    name: "three",
    query: { labels: "1000", digits: "012456789", T: "1" },
    allows: ({ digits }) => !digits.includes("3"),
    reached: ({ counts: { n, taught, byDigit } }) => byDigit.taught[3] >= 0.75 * byDigit.of[3] && taught >= 0.9 * n,
    stands: ({ counts: { n, taught, byDigit } }) => ({ threes: percent(byDigit.taught[3] / byDigit.of[3]), taught: percent(taught / n) }),
  },
  {
    name: "bad",
    query: { labels: "500", teacher: "untrained", alpha: "0" },
    allows: ({ teacher, alpha }) => teacher === "untrained" && alpha < 1,
    reached: ({ updates, counts: { n, taught, plain } }) => updates >= SETTLED && surelyMore(plain, taught, n),
    stands: (view) => ({ alpha: view.settings.alpha, ...both(view) }),
  },
  {
    name: "matter",
    query: { labels: "20", T: "2" },
    allows: ({ alpha }) => alpha > 0,
    reached: (_, trial, trials) => trial !== null && trials.some((other) => differ(trial, other)),
    stands: (_, trials) => ({
      update: TRIAL,
      trials: trials.map(({ T, right, n }) => `T = ${T}: ${withInterval(right, n)}`).join("; ") || "–",
    }),
  },
  {
    name: "smallest",
    query: { units: "4", alpha: "0" },
    allows: ({ units, labels }) => units <= 8 && labels <= 100,
    reached: ({ counts: { n, taught } }) => taught > 0.9 * n,
    stands: (view) => ({ units: view.settings.units, ...both(view) }),
  },
  {
    name: "wrong",
    query: { labels: "500", wrong: "60", alpha: "0" },
    allows: ({ wrong, alpha }) => wrong >= 60 && alpha <= 0.9,
    reached: ({ counts: { n, taught, plain } }) => taught >= 0.9 * n && surelyMore(taught, plain, n),
    stands: both,
  },
  {
    name: "faithful",
    query: { labels: "50" },
    allows: () => true,
    reached: ({ updates, counts: { n, taught, agreement } }) => updates >= SETTLED && agreement !== null && surelyMore(agreement, taught, n),
    stands: ({ counts: { n, taught, agreement } }) => ({
      taught: withInterval(taught, n), agreement: agreement === null ? "–" : withInterval(agreement, n),
    }),
  },
  {
    name: "blind",
    query: { labels: "all" },
    // With these both are right about as often.
    allows: ({ labels, wrong, digits, teacher, unlabelled, alpha }, { training }) =>
      labels === training && !wrong && digits.length === 10 && teacher === "trained" && unlabelled && alpha >= 0.5,
    reached: ({ answers }) => answers >= ANSWERS,
    stands: ({ answers }) => ({ answers, needed: ANSWERS, updates: SETTLED }),
    atOnce: true,
  },
];

/** What is set but for T, and the data set. @param {View} view */
export function keyOf({ settings, facts }) {
  const { T, speed, image } = defaults(facts);
  return JSON.stringify([facts.training, toQuery({ ...settings, T, speed, image }, facts)]);
}

/**
 * What this run came to after the updates of a trial: the middle one of its last three readings; null where something was
 * moved, or too little was read.
 * @param {View} view @returns {Trial | null}
 */
export function trialOf(view) {
  const { settings: { T }, updates, moved, points, counts: { n } } = view;
  if (updates < TRIAL || moved) return null;
  const last = points.filter(({ update }) => update > 0 && update <= TRIAL).slice(-3).map(({ taught }) => taught);
  if (last.length < 3) return null;
  return { key: keyOf(view), T, right: Math.round(n * last.sort((one, other) => one - other)[1]), n };
}

/** The newest trials, one of each kind. @param {Trial[]} trials @param {Trial} trial */
export const withTrial = (trials, trial) => [...trials.filter(({ key, T }) => key !== trial.key || T !== trial.T), trial].slice(-MOST_TRIALS);

/**
 * How a challenge stands. Called with every frame of a run, in their order, and with `NOTHING` at its beginning.
 * @param {Challenge} challenge @param {View} view @param {Memory} memory @param {Trial[]} trials @returns {Judgement}
 */
export function judge({ name, allows, reached, stands, atOnce }, view, memory, trials) {
  const { updates, points, settings, stopped } = view;
  const before = updates < memory.updates ? NOTHING : memory;
  const key = keyOf(view);
  const set = `${key} ${settings.T}`;
  const allowed = allows(settings, view.facts);
  const spoiled = before.spoiled || (!allowed && updates > before.updates);
  const read = points.at(-1)?.update ?? 0;
  // What is set may be ahead of what has been learnt by one frame.
  const trial = before.trial ?? (set === before.set ? trialOf(view) : null);
  const alike = trials.filter((one) => one.key === key);
  const own = trial?.key === key ? trial : null;
  const good = allowed && !spoiled && !stopped.taught && !stopped.plain && reached(view, own, alike);
  const held = !allowed || spoiled ? 0 : read <= before.read ? before.held : good ? before.held + 1 : 0;
  const verdict = !allowed || spoiled ? "off" : held >= HOLDS || (atOnce && good) ? "done" : "not-yet";
  const sentence = verdict === "off" ? (allowed ? "spoiled" : `${name}-off`) : held && verdict !== "done" ? "holds" : `${name}-now`;
  return {
    verdict, sentence, values: { ...stands(view, alike), held, holds: HOLDS }, memory: { updates, read, held, spoiled, set, trial },
  };
}
