// A question to the class: its choices, what this seat has answered, and in the end what is true.

import { sayAloud } from "../kdviz.shared/announcer.js";
import { emptied, make, setText } from "../kdviz.shared/dom.js";
import { percent } from "../kdviz.shared/format.js";
import { SOME, setAsked } from "../kdviz.shared/truth.js";

/**
 * @typedef {object} Ask
 * @property {number | null} scene
 * @property {string} [key] names the scene and its talk
 * @property {string} question
 * @property {string[]} choices
 * @property {boolean} closed
 * @property {{ choice: number | null, says: string } | null} truth
 * @property {number[] | null} [counts] once it is closed
 */

/** What tells one question from another. @param {Ask} ask */
export const nameOf = ({ key, scene, question }) => `${key ?? scene} ${question}`;

/** The sentence below the choices. @param {import("../kdviz.shared/format.js").Tell} tell @param {Ask} ask @param {number | undefined} answer */
export function sentenceOf(tell, { closed, truth, choices }, answer) {
  if (truth) {
    const { choice, says } = truth;
    if (answer === undefined || choice === null) return says;
    return `${tell(answer === choice ? "poll-right" : "poll-other", { choice: choices[answer] })} ${says}`.trim();
  }
  if (closed) return tell(answer === undefined ? "poll-closed" : "poll-closed-answered", { choice: choices[answer ?? 0] });
  return tell(answer === undefined ? "poll-first" : "poll-answered");
}

/** Whether the class still waits for this seat's answer. @param {Ask | null} ask @param {number | undefined} answer */
export const isAwaited = (ask, answer) => Boolean(ask && !ask.closed && answer === undefined);

/** Build the choices of a question anew. @param {any} ui @param {Ask} ask @param {(choice: number) => void} answer */
function layOut(ui, { choices }, answer) {
  const holder = emptied(ui.q(".choices"));
  ui.choices = choices.map((text, choice) => {
    const button = make("button", "choice", holder, { type: "button" });
    const bar = make("i", "", button);
    make("span", "", button).textContent = text;
    const share = make("em", "", button);
    button.addEventListener("click", () => answer(choice));
    return { button, bar, share };
  });
}

/**
 * Show the question that the class is asked, null for none. `send` gives the answer to the class.
 * @param {any} ui @param {Ask | null} ask @param {(message: object) => void} send
 */
export function showPoll(ui, ask, send) {
  ui.q(".poll").hidden = !ask;
  setAsked(ask && !ask.closed ? SOME : "");
  ui.root.toggleAttribute("data-asked", isAwaited(ask, ask ? ui.answers.get(nameOf(ask)) : undefined));
  if (!ask) return;
  const name = nameOf(ask);
  const answer = (/** @type {number} */ choice) => {
    ui.answers.set(name, choice);
    send({ answer: { scene: ask.scene, choice } });
    ui.root.removeAttribute("data-asked");
    draw(ui, ask, choice);
  };
  sayAloud(ui.q(".poll h2"), ask.question);
  if (ui.changed("poll", [name, ask.choices])) layOut(ui, ask, answer);
  draw(ui, ask, ui.answers.get(name));
}

/** @param {any} ui @param {Ask} ask @param {number | undefined} answer */
function draw(ui, ask, answer) {
  const { closed, counts, truth } = ask;
  const all = counts?.reduce((sum, count) => sum + count, 0) ?? 0;
  ui.choices.forEach((/** @type {Record<string, HTMLElement>} */ { button, bar, share }, /** @type {number} */ i) => {
    const part = counts && all ? counts[i] / all : 0;
    /** @type {HTMLButtonElement} */ (button).disabled = closed;
    button.setAttribute("aria-pressed", String(answer === i));
    button.classList.toggle("true", truth?.choice === i);
    bar.style.width = percent(part).replace("\u00a0", "");
    setText(share, counts && all ? percent(part) : "");
  });
  sayAloud(ui.q(".poll .says"), sentenceOf(ui.tell, ask, answer));
}

/** Say again what was answered: it may not have arrived before the line was lost. @param {any} ui @param {Ask | null} ask @param {(message: object) => void} send */
export function answerAgain(ui, ask, send) {
  const choice = ask && !ask.closed ? ui.answers.get(nameOf(ask)) : undefined;
  if (choice !== undefined) send({ answer: { scene: ask?.scene, choice } });
}
