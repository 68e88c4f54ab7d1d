// The view of the challenges: one is open; where one stands with it moves while the students learn.

import { emptied, make, setAttribute, setText } from "../kdviz.shared/dom.js";
import { filled } from "../kdviz.shared/format.js";
import { klDivergence } from "../kdviz.shared/softmax.js";
import { taughtIsA } from "./blind.js";
import { isDone, markDone, readTrials, writeTrials } from "./challenge_store.js";
import { ANSWERS, CHALLENGES, HOLDS, NOTHING, TRIAL, judge, withTrial } from "./challenges.js";
import { SETTLED } from "./sentence.js";

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
  // Which was taught: answers that were right in a row, whether names are hidden now and were seen in this run, what was
  // said to an answer, and seeds whose answer is known.
  const blind = { answers: 0, hidden: false, named: false, said: "", known: new Set() };
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
      const { settings: { seed, T }, shown } = seen;
      const right = taughtIsA(seed) ? "A" : "B";
      const [taught, plain] = [shown.taught, shown.plain].map((logits) => apart(logits, shown.teacher, T));
      blind.answers = name === right ? blind.answers + 1 : 0;
      blind.said = tell(name === right ? "blind-right" : "blind-wrong", { name: right, answers: blind.answers, needed: ANSWERS, taught, plain });
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
  const hides = () => isOpen("blind") && ui.view === "challenges" && !blind.said && seen !== null
    && CHALLENGES[open].allows(seen.settings, seen.facts) && !blind.known.has(seen.settings.seed);

  /** Where one stands with "which was taught". @param {View} view */
  function blindSentence({ updates }) {
    if (blind.said) return blind.said;
    if (blind.named || !hides()) return tell("blind-named");
    return tell(updates < SETTLED ? "blind-wait" : "blind-now", { answers: blind.answers, needed: ANSWERS, updates: SETTLED });
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
      setText(ways, tell(CHALLENGES[i].name === "blind" && blind.said ? "blind-next" : done ? "again" : "set-up"));
      ways.hidden = i !== open;
    });
    setText(ui.q(".challenge-name"), tell(name));
    ui.q(".challenge-goal").hidden = name === "blind" && blind.said !== "";
    setText(ui.q(".challenge-goal"), tell(`${name}-goal`, { update: TRIAL, needed: ANSWERS }));
    const done = isDone(name) && !blind.hidden;
    ui.q(".challenge-now").hidden = done && name !== "blind";
    setAttribute(ui.q(".challenge-now"), "aria-live", name === "blind" && blind.said ? "polite" : "off");
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
      showOpen();
      setText(ui.q(".challenge-now"), stopped ? tell("stopped") : told);
      return;
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
      Object.assign(blind, { named: false, said: "" });
    },
  };
}
