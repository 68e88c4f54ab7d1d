// Draw together: somebody's own digit, which comes onto the wall as it is drawn.

import { encodeBase64 } from "./bytes.js";
import { buildPad, setFrame } from "./drawing.js";

const EVERY = 300; // milliseconds between two posts while a finger draws

/** @param {any} ui @param {(message: { drawing: { pixels: string | null } }) => void} send */
export function buildDraw(ui, send) {
  let timer = 0;
  let posted = /** @type {string | null} */ (null);
  let pixels = /** @type {string | null} */ (null);
  const post = () => {
    clearTimeout(timer);
    timer = 0;
    if (pixels === posted) return;
    posted = pixels;
    send({ drawing: { pixels } });
  };
  const pad = buildPad(ui, (drawn) => {
    pixels = drawn && encodeBase64(drawn);
    timer ||= setTimeout(post, EVERY);
  });
  ui.endings.push(() => clearTimeout(timer));
  return {
    /** @param {any} data of the wall */
    show: ({ frame }) => setFrame(pad, frame),
    again() {
      if (posted) send({ drawing: { pixels } });
    },
    /** What was drawn is said to its last stroke; what is drawn from now on is another drawing, on an empty pad. */
    another() {
      post();
      posted = null;
      ui.q(".clear").click();
    },
  };
}
