// Class by class: the mean softmax over all images of a class. Pure functions on typed arrays.

import { make } from "./dom.js";

/**
 * Sort out what does not depend on T: each logit minus its row's maximum, and the images of each class.
 * @param {Float32Array} logits @param {Uint8Array} labels @param {number} classes
 */
export function prepareMatrix(logits, labels, classes) {
  const gaps = new Float64Array(logits.length);
  const counts = new Float64Array(classes);
  for (let n = 0; n < labels.length; n++) {
    const at = n * classes;
    let top = -Infinity;
    for (let c = 0; c < classes; c++) if (logits[at + c] > top) top = logits[at + c];
    for (let c = 0; c < classes; c++) gaps[at + c] = logits[at + c] - top;
    counts[labels[n]]++;
  }
  return { gaps, labels, classes, counts, mean: new Float64Array(classes * classes), row: new Float64Array(classes) };
}

/**
 * Mean softmax at T, row by row of the true class, into `matrix.mean`; a class without images stays at zero.
 * @param {ReturnType<typeof prepareMatrix>} matrix @param {number} T
 */
export function meanSoftTargets(matrix, T) {
  const { gaps, labels, classes, counts, mean, row } = matrix;
  mean.fill(0);
  const inverse = 1 / T;
  for (let n = 0, at = 0; n < labels.length; n++, at += classes) {
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += row[c] = Math.exp(gaps[at + c] * inverse);
    const share = 1 / sum;
    const target = labels[n] * classes;
    for (let c = 0; c < classes; c++) mean[target + c] += row[c] * share;
  }
  for (let i = 0; i < mean.length; i++) mean[i] /= counts[Math.floor(i / classes)] || 1;
  return mean;
}

/** Off-diagonal cells {row, column, p}, the largest first. @param {Float64Array} mean @param {number} classes */
export function lookAlikes(mean, classes) {
  const cells = /** @type {{ row: number, column: number, p: number }[]} */ ([]);
  mean.forEach((p, i) => {
    const row = Math.floor(i / classes);
    const column = i % classes;
    if (row !== column) cells.push({ row, column, p });
  });
  return cells.sort((a, b) => b.p - a.p);
}

/** @param {number[]} colour */
export function luminance([r, g, b]) {
  const linear = (/** @type {number} */ v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** @param {number[]} from @param {number[]} to @param {number} share */
const blend = (from, to, share) => from.map((v, i) => Math.round(v + (to[i] - v) * share));

/** Black or white, whichever reads better on the colour. @param {number[]} colour */
export function readableOn(colour) {
  const light = luminance(colour);
  return 1.05 / (light + 0.05) > (light + 0.05) / 0.05 ? "#fff" : "#000";
}

/** Any CSS colour as [r, g, b]. @param {Element} root @param {string} css */
export function resolveColour(root, css) {
  const probe = make("i", "", root);
  probe.style.color = css;
  const text = getComputedStyle(probe).color;
  probe.remove();
  const [r, g, b] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [r, g, b];
}

/**
 * 65 shades from the page's background to the teacher's colour, each with the colour of what is written on it: an eye
 * tells no more. The cells are shaded anew, for the theme may have changed.
 * @param {any} ui @param {Iterable<any>} cells
 */
export function mixShades(ui, cells) {
  const [from, to] = ["var(--kd-bg)", "var(--kd-teacher)"].map((css) => resolveColour(ui.root, css));
  ui.shades = Array.from({ length: 65 }, (_, i) => {
    const colour = blend(from, to, i / 64);
    return { colour: `rgb(${colour})`, text: readableOn(colour) };
  });
  for (const cell of cells) cell.kdShade = -1;
}

/** The shade of a share from 0 to 1, written only where it changed. @param {any} ui @param {any} cell @param {number} share */
export function shadeCell(ui, cell, share) {
  const at = Math.round(64 * Math.min(1, Math.max(0, share)));
  if (cell.kdShade === at) return;
  cell.kdShade = at;
  cell.style.background = ui.shades[at].colour;
  cell.style.color = ui.shades[at].text;
}
