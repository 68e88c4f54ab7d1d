// Inside the students: hidden units, images that students or teacher see differently, and a digit of one's own.

import { setFrame, buildPad } from "../kdviz.shared/drawing.js";
import { emptied, make, setText, showGrey } from "../kdviz.shared/dom.js";
import { buildChoice } from "./controls.js";

/** @typedef {import("./stage.js").StageUi & { pad: import("../kdviz.shared/drawing.js").Pad, view: string }} InsideUi */

/** A held-out image with what both students take it for. @typedef {{ image: number, taught: number, plain: number }} Doubt */

const VIEWS = ["units", "doubts", "draw", "challenges"];
const [SIDE, ACROSS, MOST] = [28, 16, 32]; // pixels of a unit's picture, units in a row and at most

/**
 * The weights of so many hidden units from each pixel, as one picture: the student's colour where ink excites a unit, the
 * teacher's where it quiets it.
 * @param {HTMLCanvasElement} canvas @param {Float32Array} weights (units x 784), unit by unit @param {[number[], number[]]} colours
 */
export function drawUnits(canvas, weights, colours) {
  const units = Math.min(MOST, weights.length / SIDE ** 2);
  const [across, down] = [Math.min(ACROSS, units), Math.ceil(units / ACROSS)];
  const step = SIDE + 2;
  if (canvas.width !== across * step || canvas.height !== down * step) {
    Object.assign(canvas, { width: across * step, height: down * step });
    canvas.style.maxWidth = `${across * step * 1.15}px`;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(canvas.width, canvas.height);
  for (let unit = 0; unit < units; unit++) {
    const own = weights.subarray(unit * SIDE ** 2, (unit + 1) * SIDE ** 2);
    let most = 0.05;
    for (const weight of own) most = Math.max(most, Math.abs(weight));
    const [left, top] = [(unit % ACROSS) * step, Math.floor(unit / ACROSS) * step];
    for (let i = 0; i < SIDE ** 2; i++) {
      const [red, green, blue] = colours[own[i] > 0 ? 0 : 1];
      const at = 4 * ((top + Math.floor(i / SIDE)) * canvas.width + left + (i % SIDE));
      image.data[at] = red;
      image.data[at + 1] = green;
      image.data[at + 2] = blue;
      image.data[at + 3] = 255 * Math.min(1, Math.abs(own[i]) / most);
    }
  }
  context.putImageData(image, 0, 0);
}

/**
 * Buttons with images, the chosen one pressed. @param {InsideUi} ui @param {Doubt[]} doubts
 * @param {(index: number) => ArrayLike<number>} pixels @param {(doubt: Doubt) => string[]} words label and answers
 * @param {(index: number) => void} choose
 */
export function showDoubts(ui, doubts, pixels, words, choose) {
  const room = ui.q(".doubts");
  const indices = doubts.map(({ image }) => image);
  setText(ui.q(".doubts-key"), indices.length ? ui.tell("doubts-key") : "");
  if (ui.changed("doubts", indices)) {
    emptied(room);
    for (const index of indices) {
      const button = make("button", "", room, { type: "button", "data-image": index });
      showGrey(make("canvas", "", button, { width: SIDE, height: SIDE, "aria-hidden": "true" }), pixels(index));
      make("span", "", button);
      make("span", "answers", button);
      button.addEventListener("click", () => choose(index));
    }
    if (!indices.length) setText(room, ui.tell("no-doubts"));
  }
  for (const [n, button] of room.querySelectorAll("button").entries()) {
    const lines = words(doubts[n]);
    const spans = /** @type {Element[]} */ ([...button.querySelectorAll("span")]);
    spans.forEach((span, line) => setText(span, lines[line]));
    button.setAttribute("aria-pressed", String(doubts[n].image === ui.settings.image));
  }
}

/** @param {InsideUi} ui @param {(pixels: Uint8Array | null) => void} onDrawing @param {() => void} onView */
export function buildInside(ui, onDrawing, onView) {
  const show = buildChoice(ui.q(".views"), "view", VIEWS, (view) => ui.tell(`view-${view}`), (view) => {
    ui.view = view;
    ui.q(".inside").dataset.view = view;
    onView();
  });
  ui.view = VIEWS[0];
  ui.q(".inside").dataset.view = ui.view;
  ui.pad = buildPad(ui, onDrawing);
  return (/** @type {import("../kdviz.shared/drawing.js").Frame} */ frame) => {
    show(ui.view);
    setFrame(ui.pad, frame);
  };
}
