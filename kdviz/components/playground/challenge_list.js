// The view of the challenges: one is open; where one stands with it moves while the students learn.

import { emptied, make, setAttribute, setText } from "../kdviz.shared/dom.js";
import { filled } from "../kdviz.shared/format.js";
import { isDone, markDone, readTrials, writeTrials } from "./challenge_store.js";
import { CHALLENGES, HOLDS, NOTHING, TRIAL, judge, withTrial } from "./challenges.js";

/** @typedef {import("./challenges.js").View} View */
/** @typedef {import("../kdviz.shared/component.js").Ui & { view: string }} ChallengesUi */

/**
 * @param {ChallengesUi} ui @param {Record<string, string>} words
 * @param {(parent: Element, query: Record<string, string>) => HTMLAnchorElement} link makes a link that opens a state and plays
 */
export function buildChallenges(ui, words, link) {
  const tell = (/** @type {string} */ key, /** @type {Record<string, string | number>} */ values = {}) => filled(words[key], values);
  const list = emptied(/** @type {HTMLElement} */ (ui.q(".challenge-list")));
  list.setAttribute("aria-label", tell("challenges"));
  let trials = readTrials();
  let open = Math.max(0, CHALLENGES.findIndex(({ name }) => !isDone(name)));
  let looked = false; // what is done before the view was ever seen is no answer to it
  let memories = CHALLENGES.map(() => NOTHING);
  /** @type {View | null} */
  let seen = null;

  const marks = CHALLENGES.map(({ query }, i) => {
    const button = make("button", "", list, { type: "button" });
    button.addEventListener("click", () => {
      open = i;
      show();
    });
    return { button, ways: link(ui.q(".set-up"), query) };
  });

  function showOpen() {
    const { name } = CHALLENGES[open];
    marks.forEach(({ button, ways }, i) => {
      const done = isDone(CHALLENGES[i].name);
      const told = tell(done ? "one-done" : "one", { number: i + 1, name: tell(CHALLENGES[i].name) });
      setText(button, done ? `${i + 1}\u2009✓` : String(i + 1));
      setAttribute(button, "aria-label", told);
      setAttribute(button, "title", told);
      setAttribute(button, "aria-pressed", String(i === open));
      setText(ways, tell(done ? "again" : "set-up"));
      ways.hidden = i !== open;
    });
    setText(ui.q(".challenge-name"), tell(name));
    setText(ui.q(".challenge-goal"), tell(`${name}-goal`, { update: TRIAL }));
    const done = isDone(name);
    ui.q(".challenge-why").classList.toggle("met", done);
    setText(ui.q(".challenge-why"), done ? `${tell("done")} ${tell(`${name}-why`)}` : "");
  }

  function show() {
    looked ||= ui.view === "challenges";
    if (!looked) return;
    if (seen) {
      const { verdict, sentence, values } = judge(CHALLENGES[open], seen, memories[open], trials);
      if (verdict === "done" && !isDone(CHALLENGES[open].name)) markDone(CHALLENGES[open].name);
      const stopped = seen.stopped.taught || seen.stopped.plain;
      setText(ui.q(".challenge-now"), stopped ? tell("stopped") : tell(sentence, { ...values, holds: HOLDS }));
    }
    showOpen();
  }

  return {
    show,
    /** A frame of the run. @param {View} view */
    hear(view) {
      seen = view;
      memories = CHALLENGES.map((challenge, i) => judge(challenge, view, memories[i], trials).memory);
      const { trial } = memories[0];
      if (trial && !trials.some(({ key, T }) => key === trial.key && T === trial.T)) {
        trials = withTrial(readTrials(), trial);
        writeTrials(trials);
      }
      show();
    },
    /** Another run begins. */
    restart() {
      memories = CHALLENGES.map(() => NOTHING);
    },
  };
}
