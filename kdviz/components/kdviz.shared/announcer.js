// What a screen reader is told besides what has the focus: sentences that have changed, and never so often that it
// could not be read to the end.

import { setText } from "./dom.js";

export const EVERY = 5000; // milliseconds between two announcements
const TOGETHER = 300; // milliseconds in which what changes is announced at once
const ARRIVAL = 3000; // milliseconds in which a page that was opened fills, and is read anyway

/** @typedef {{ now: () => number, wait: (call: () => void, ms: number) => unknown }} Clock */

/** @type {Clock} */
const CLOCK = { now: () => performance.now(), wait: (call, ms) => setTimeout(call, ms) };

/**
 * Speaks at most once in five seconds: of each source what it said last, all of them together.
 * @param {(text: string) => void} speak
 */
export function makeAnnouncer(speak, clock = CLOCK) {
  const waiting = /** @type {Map<unknown, string>} */ (new Map());
  let [last, due] = [-Infinity, false];
  const flush = () => {
    due = false;
    if (!waiting.size) return;
    last = clock.now();
    speak([...new Set(waiting.values())].join(" "));
    waiting.clear();
  };
  return {
    /** @param {unknown} source @param {string} text */
    announce(source, text) {
      waiting.delete(source); // what changed last comes last
      waiting.set(source, text);
      if (due) return;
      due = true;
      clock.wait(flush, Math.max(TOGETHER, last + EVERY - clock.now()));
    },
    /** What another page has said is of no use any more. */
    forget: () => waiting.clear(),
  };
}

/**
 * Knows which sentences of a page are new: not those with which it opens, unless its visitor has done something since.
 * @param {(source: string, text: string) => void} tell @param {() => void} forget
 */
export function makeReader(tell, forget, { now } = CLOCK) {
  let known = /** @type {string[]} */ ([]);
  let [page, opened, acted] = ["", 0, false];
  const turn = (/** @type {string} */ shown) => {
    if (shown === page) return;
    [page, opened, acted] = [shown, now(), false];
    forget();
  };
  return {
    act: () => { acted = true; },
    /** Another page is shown, or the same one. */
    turn,
    /** @param {string} shown which page @param {string[]} sentences */
    look(shown, sentences) {
      turn(shown);
      if (acted || now() - opened > ARRIVAL) {
        sentences.forEach((text, i) => {
          if (text && !known.includes(text)) tell(`sentence ${i}`, text);
        });
      }
      known = sentences;
    },
  };
}

/** One text after another in a place of the document that is not seen. @param {string} text */
function say(text) {
  const id = "kd-announcer";
  let place = document.getElementById(id);
  if (!place) {
    place = document.createElement("div");
    Object.assign(place, { id, role: "status", className: "kd-unseen" });
    document.body.append(place);
  }
  place.textContent = text;
}

const announcer = makeAnnouncer(say);

const reader = makeReader(announcer.announce, announcer.forget);

/** @param {unknown} source @param {string} text */
export function announce(source, text) {
  reader.turn(location.pathname); // first, as it forgets what the page before has said
  announcer.announce(source, text);
}

/** Write a sentence; one that is seen and another than before is announced. @param {Element} node @param {string} text */
export function sayAloud(node, text) {
  const before = node.textContent;
  setText(node, text);
  if (text && text !== before && node.checkVisibility()) announce(node, text);
}

/** Look at the sentences of the page, which has changed. */
export function readSentences() {
  const sentences = [...document.querySelectorAll(".stMain .kd-say")].filter((node) => node.checkVisibility());
  reader.look(location.pathname, sentences.map((node) => node.textContent ?? ""));
}

/** Called once for the document. */
export function listenToHands() {
  for (const type of ["pointerdown", "keydown"]) {
    document.addEventListener(type, (event) => { if (event.isTrusted) reader.act(); }, true);
  }
}
