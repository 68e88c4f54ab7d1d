// The view of the challenges: one is open; where one stands with it moves while the students learn.

import { emptied, make, setAttribute, setText } from "../kdviz.shared/dom.js";
import { filled, percent } from "../kdviz.shared/format.js";
import { klDivergence } from "../kdviz.shared/softmax.js";
import { taughtIsA } from "./blind.js";
import { isDone, markDone, readTrials, writeTrials } from "./challenge_store.js";
import { ANSWERS, CHALLENGES, HOLDS, NOTHING, SETTLED, TRIAL, judge, withTrial } from "./challenges.js";

/** @typedef {import("./challenges.js").View & { shown: { teacher: number[] | null, taught: number[], plain: number[] } }} View what the worker said */
/** @typedef {import("../kdviz.shared/component.js").Ui & { view: string, facts: import("./settings.js").Facts }} ChallengesUi */

/**
 * Another pair of students, and a held-out image: the one that is chosen at first is that of the teacher's least sure
 * answer, which says little about all others. @param {import("./settings.js").Facts} facts
 */
const anyPair = ({ training, heldOut }) => ({
  seed: String(Math.floor(Math.random() * 10000)), image: String(training + Math.floor(Math.random() * heldOut)),
});

/** KL from the teacher's answer in nats. @param {number[]} logits @param {number[] | null} teacher @param {number} T */
const apart = (logits, teacher, T) => (teacher ? klDivergence(logits, teacher, T).toFixed(2) : "–");

/**
 * @param {ChallengesUi} ui @param {Record<string, string>} words
 * @param {(parent: Element, query: Record<string, string>) => HTMLAnchorElement} link makes a link that opens a state and plays
 * @param {(blind: boolean) => void} onBlind called when names are to be hidden, or shown again
 */
export function buildChallenges(ui, words, link, onBlind) {
  const tell = (/** @type {string} */ key, /** @type {Record<string, string | number>} */ values = {}) => filled(words[key], values);
  const list = emptied(/** @type {HTMLElement} */ (ui.q(".challenge-list")));
  list.setAttribute("aria-label", tell("challenges"));
  let trials = readTrials();
  let open = Math.max(0, CHALLENGES.findIndex(({ name }) => !isDone(name)));
  let looked = false; // what is done before the view was ever seen is no answer to it
  let memories = CHALLENGES.map(() => NOTHING);
  /** @type {View | null} */
  let seen = null;
  // Which was taught: answers that were right in a row, what this run has shown, and seeds whose answer is known.
  const blind = { answers: 0, hidden: false, named: false, answer: "", right: false, known: new Set() };
  const isOpen = (/** @type {string} */ name) => looked && CHALLENGES[open].name === name;

  const marks = CHALLENGES.map(({ name, query }, i) => {
    const button = make("button", "", list, { type: "button" });
    button.addEventListener("click", () => {
      open = i;
      show();
    });
    const ways = () => link(ui.q(".set-up"), name === "blind" ? { ...query, ...anyPair(ui.facts) } : query);
    return { button, ways: ways(), renew: ways };
  });
  const answers = ["A", "B"].map((name) => {
    const button = make("button", "", ui.q(".answers"), { type: "button" });
    setText(button, tell("blind-answer", { name }));
    button.addEventListener("click", () => {
      if (!seen) return;
      const { seed } = seen.settings;
      blind.answer = taughtIsA(seed) ? "A" : "B";
      blind.right = name === blind.answer;
      blind.answers = blind.right ? blind.answers + 1 : 0;
      blind.known.add(seed);
      const mark = marks[open];
      mark.ways.remove(); // another pair needs another seed
      mark.ways = mark.renew();
      show();
      mark.ways.focus();
    });
    return button;
  });

  /** Whether the students have no names just now. */
  const hides = () => isOpen("blind") && ui.view === "challenges" && !blind.answer && seen !== null
    && CHALLENGES[open].allows(seen.settings, seen.facts) && !blind.known.has(seen.settings.seed);

  /** Where one stands with "which was taught". @param {View} view */
  function blindSentence({ updates, counts, shown, settings: { T } }) {
    const values = { answers: blind.answers, needed: ANSWERS, updates: SETTLED, name: blind.answer };
    const [taught, plain] = [shown.taught, shown.plain].map((logits) => apart(logits, shown.teacher, T));
    const agreement = percent((counts.agreement ?? 0) / counts.n);
    if (blind.answer) return tell(blind.right ? "blind-right" : "blind-wrong", { ...values, taught, plain, agreement });
    if (blind.named || !hides()) return tell("blind-named");
    return tell(updates < SETTLED ? "blind-wait" : "blind-now", values);
  }

  function showOpen() {
    const { name } = CHALLENGES[open];
    marks.forEach(({ button, ways }, i) => {
      const done = isDone(CHALLENGES[i].name);
      const told = tell(done ? "one-done" : "one", { number: i + 1, name: tell(CHALLENGES[i].name) });
      setText(button, done ? `${i + 1}\u2009✓` : String(i + 1));
      setAttribute(button, "aria-label", told);
      setAttribute(button, "title", told);
      setAttribute(button, "aria-pressed", String(i === open));
      setText(ways, tell(CHALLENGES[i].name === "blind" && blind.answer ? "blind-next" : done ? "again" : "set-up"));
      ways.hidden = i !== open;
    });
    setText(ui.q(".challenge-name"), tell(name));
    setText(ui.q(".challenge-goal"), tell(`${name}-goal`, { update: TRIAL, needed: ANSWERS }));
    const done = isDone(name) && !blind.hidden;
    ui.q(".challenge-why").classList.toggle("met", done);
    setText(ui.q(".challenge-why"), done ? `${tell("done")} ${tell(`${name}-why`)}` : "");
    ui.q(".answers").hidden = !blind.hidden;
    answers.forEach((button) => { button.disabled = blind.named || !seen || seen.updates < SETTLED; });
  }

  function show() {
    looked ||= ui.view === "challenges";
    if (!looked) return;
    if (blind.hidden !== hides()) {
      blind.hidden = !blind.hidden;
      onBlind(blind.hidden);
    }
    if (seen) {
      const view = { ...seen, answers: blind.answers };
      const { verdict, sentence, values } = judge(CHALLENGES[open], view, memories[open], trials);
      if (verdict === "done" && !isDone(CHALLENGES[open].name)) markDone(CHALLENGES[open].name);
      const stopped = seen.stopped.taught || seen.stopped.plain;
      const told = isOpen("blind") && verdict !== "off" ? blindSentence(seen) : tell(sentence, { ...values, holds: HOLDS });
      setText(ui.q(".challenge-now"), stopped ? tell("stopped") : told);
    }
    showOpen();
  }

  return {
    show,
    /** A frame of the run. @param {View} frame */
    hear(frame) {
      seen = frame;
      const view = { ...frame, answers: blind.answers };
      memories = CHALLENGES.map((challenge, i) => judge(challenge, view, memories[i], trials).memory);
      const { trial } = memories[0];
      if (trial && !trials.some(({ key, T }) => key === trial.key && T === trial.T)) {
        trials = withTrial(readTrials(), trial);
        writeTrials(trials);
      }
      blind.named ||= frame.updates > 0 && !hides();
      show();
    },
    /** Another run begins. */
    restart() {
      memories = CHALLENGES.map(() => NOTHING);
      Object.assign(blind, { named: false, answer: "", right: false });
    },
  };
}
