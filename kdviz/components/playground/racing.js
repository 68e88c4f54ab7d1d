// A race in the worker: it runs in short slices, and tells how it stands.

import { Race } from "./race.js";

/** @typedef {import("./race.js").Course} Course */
/** @typedef {import("./pack.js").Pack} Pack */
/** @typedef {import("./sparse.js").Images} Images */
/** @typedef {{ type: "race", from: number } & ReturnType<Race["snapshot"]>} RaceFrame */

const [SLICE, TOLD] = [8, 40]; // milliseconds of learning at a time, and between two messages

/**
 * Gives the function that starts a race; one that still runs ends there.
 * @param {(message: RaceFrame) => void} tell @param {() => number} now milliseconds
 * @param {(call: () => void) => void} later lets messages that wait come first
 */
export function racing(tell, now, later) {
  let running = /** @type {Race | null} */ (null);

  return (/** @type {Pack} */ pack, /** @type {Images} */ images, /** @type {Course} */ course) => {
    const race = new Race(pack, images, course);
    let [from, told] = [0, now()];
    running = race;
    function slice() {
      if (running !== race) return;
      const end = now() + SLICE;
      while (!race.done && now() < end) race.update();
      if (race.done || now() > told + TOLD) {
        tell({ type: "race", from, ...race.snapshot(from) });
        [from, told] = [race.points.length, now()];
      }
      if (!race.done) later(slice);
    }
    later(slice);
  };
}
