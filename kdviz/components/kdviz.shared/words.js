// What the pictures say. Python sends it once for all of them; it stays while the document does.

let kept = /** @type {Record<string, string>} */ ({}); // a key begins with the picture's name
let arrive = () => {};

/** Fulfilled when the words have come for the first time. */
export const arrived = /** @type {Promise<void>} */ (new Promise((fulfil) => { arrive = fulfil; }));

/** @param {{ words: Record<string, string> }} sent */
export function keepWords({ words }) {
  kept = words;
  arrive();
}

/** The component whose module this is. @param {string} module address of its index.js */
export const nameOf = (module) => module.split("/").at(-2)?.replace("kdviz.", "") ?? "";

/** What the picture of this module says, by what follows its name. @param {string} module address of its index.js */
export function wordsOf(module) {
  const start = `${nameOf(module)}-`;
  const own = Object.entries(kept).filter(([key]) => key.startsWith(start));
  return Object.fromEntries(own.map(([key, text]) => [key.slice(start.length), text]));
}
