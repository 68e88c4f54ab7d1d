// In a number field a comma is a point, as everywhere else in the program: a browser that writes numbers in English
// would leave it out, and make 25 of "2,5". What was understood is seen as it is typed; a field of whole numbers makes
// 2 of it, as it does of "2.5".

import { parseNumber } from "./format.js";

/** What to enter in place of a text that is typed or pasted; null where it is to be entered as it is. @param {string} text */
export function withPoint(text) {
  if (text === ",") return ".";
  return text.includes(",") && parseNumber(text) !== null ? text.replace(",", ".") : null;
}

let listening = false;

/** Called once for the document. */
export function listenToCommas() {
  if (listening) return;
  listening = true;
  document.addEventListener("beforeinput", (event) => {
    const field = event.composedPath()[0];
    if (!(field instanceof HTMLInputElement) || field.type !== "number") return;
    const text = withPoint(event.data ?? "");
    if (text === null) return;
    event.preventDefault();
    document.execCommand("insertText", false, text); // the one way in that the field's own program hears of
  });
}
