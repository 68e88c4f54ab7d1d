// The drawing pad: strokes are kept as points, so that the last one can be taken back.

import { showGrey } from "./dom.js";
import { toImage } from "./preprocess.js";

// Of 280 units: about two pixels of the 20 x 20 box, like the pens MNIST was written with. The strokes of
// scikit-learn's digits are about one of eight cells wide, so theirs is thicker.
const PEN = { mnist: 22, "8x8": 34 };

/** @typedef {[number, number]} Point of the canvas */
/** @typedef {"mnist" | "8x8"} Frame how a drawing is brought to 28 x 28 */
/**
 * @typedef {{ canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, strokes: Point[][], frame: Frame }} Pad
 */

/** @param {CanvasRenderingContext2D} context @param {Point[]} points */
function strokeOnto(context, points) {
  context.beginPath();
  context.moveTo(points[0][0], points[0][1]);
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}

/** The drawing's grey levels: white ink on a transparent canvas, so its opacity. @param {Pad} pad */
function padGrey({ context, canvas }) {
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const grey = new Uint8Array(canvas.width * canvas.height);
  for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i + 3];
  return grey;
}

/** @param {Pad} pad @param {PointerEvent} event @returns {Point} */
function padPoint(pad, event) {
  const box = pad.canvas.getBoundingClientRect();
  const scale = pad.canvas.width / box.width;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

/** Add what the pen did since the last event: a fast pen sends several points at once. @param {Pad} pad @param {PointerEvent} event */
function extendStroke(pad, event) {
  const stroke = pad.strokes[pad.strokes.length - 1];
  const events = event.getCoalescedEvents?.() ?? [];
  const from = stroke.length - 1;
  for (const part of events.length ? events : [event]) stroke.push(padPoint(pad, part));
  strokeOnto(pad.context, stroke.slice(from));
}

/** @param {Pad} pad @param {() => void} changed */
function listenToPen(pad, changed) {
  let pen = /** @type {number | null} */ (null);
  pad.canvas.addEventListener("pointerdown", (event) => {
    if (pen !== null || event.button !== 0) return;
    pen = event.pointerId;
    pad.canvas.setPointerCapture(pen);
    pad.strokes.push([padPoint(pad, event)]);
    strokeOnto(pad.context, pad.strokes[pad.strokes.length - 1]);
    changed();
  });
  pad.canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen) return;
    extendStroke(pad, event);
    changed();
  });
  for (const type of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
    pad.canvas.addEventListener(type, (event) => {
      if (event.pointerId === pen) pen = null;
    });
  }
}

/** @param {Pad} pad @param {Frame} frame */
export function setFrame(pad, frame) {
  pad.frame = frame;
  pad.context.lineWidth = PEN[frame];
}

/**
 * `onImage(pixels or null)` is called on every change of the drawing, within the pen's own event.
 * @param {import("./component.js").Ui} ui @param {(pixels: Uint8Array | null) => void} onImage @returns {Pad}
 */
export function buildPad({ q, tell }, onImage) {
  // Every stroke is read back, so the canvas stays in main memory.
  const canvas = q(".pad");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(context, { lineWidth: PEN.mnist, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
  const pad = /** @type {Pad} */ ({ canvas, context, strokes: [], frame: "mnist" });
  const changed = () => {
    const pixels = pad.strokes.length ? toImage(padGrey(pad), canvas.width, canvas.height, pad.frame) : null;
    q(".invite").hidden = pad.strokes.length > 0;
    q(".undo").disabled = q(".clear").disabled = pad.strokes.length === 0;
    canvas.setAttribute("aria-label", tell(pad.strokes.length ? "strokes" : "no-strokes", { strokes: pad.strokes.length }));
    showGrey(q(".seen"), pixels);
    onImage(pixels);
  };
  const undoTo = (/** @type {number} */ count) => {
    pad.strokes.length = Math.max(0, count);
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (const points of pad.strokes) strokeOnto(context, points);
    changed();
  };
  listenToPen(pad, changed);
  q(".undo").addEventListener("click", () => undoTo(pad.strokes.length - 1));
  q(".clear").addEventListener("click", () => undoTo(0));
  showGrey(q(".seen"), null);
  return pad;
}
