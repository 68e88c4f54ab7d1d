// Draw together: this seat's digit, which comes onto the wall of the stage as it is drawn.

import { encodeBase64 } from "../kdviz.shared/bytes.js";
import { buildPad, setFrame } from "../kdviz.shared/drawing.js";

const EVERY = 300; // milliseconds between two posts while a finger draws

/** @param {any} ui @param {(message: object) => void} send */
export function buildDraw(ui, send) {
  let timer = 0;
  let posted = /** @type {string | null} */ (null);
  let pixels = /** @type {string | null} */ (null);
  const post = () => {
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
  };
}
