// What a page's picture knows that answers a question to the class: its components say it, the stage asks.

import { tell } from "./signals.js";

/** @typedef {{ key: string, says: string }} Truth which choice is true, and a sentence about it */

const known = /** @type {Map<string, () => Truth | null>} */ (new Map());

/**
 * Answer a question for as long as the component is there; `truth` gives null while it cannot.
 * @param {{ endings: (() => void)[] }} ui @param {string} name as talks have it @param {() => Truth | null} truth
 */
export function answers(ui, name, truth) {
  known.set(name, truth);
  ui.endings.push(() => {
    if (known.get(name) === truth) known.delete(name);
  });
}

/** The truth of this moment; null where nothing on the page knows it yet. @param {string} name */
export const truthOf = (name) => known.get(name)?.() ?? null;

export const SOME = "some"; // a question of which a seat does not know what it is about

let asked = ""; // the question that a class is thinking about

/** A picture must not give away what a class is asked; "" where nothing is asked. @param {string} name */
export function setAsked(name) {
  if (name === asked) return;
  asked = name;
  tell("asked");
}

/** @param {string} name */
export const isAsked = (name) => asked === name || asked === SOME;
