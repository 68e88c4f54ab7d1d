// A drawing becomes an image like those of the data set. Pure functions on arrays of grey levels, row by row.

/** @typedef {{ x0: number, y0: number, x1: number, y1: number }} Box */

const SIDE = 28;
const BOX = 20;
const INK = 8; // grey levels at or below this are the soft rim of a line, not ink

/**
 * The box {x0, y0, x1, y1} around all ink, or null where nothing is drawn.
 * @param {Uint8Array} grey @param {number} width @param {number} height
 */
function inkBox(grey, width, height) {
  let x0 = width, y0 = height, x1 = 0, y1 = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (grey[i] <= INK) continue;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
      if (y < y0) y0 = y;
      if (y >= y1) y1 = y + 1;
    }
  }
  return x1 > x0 ? { x0, y0, x1, y1 } : null;
}

/**
 * For each of `cells` equal parts of [from, to): which of `size` source pixels it covers, and by how much.
 * @param {number} from @param {number} to @param {number} cells @param {number} size
 */
function coverage(from, to, cells, size) {
  const step = (to - from) / cells;
  return Array.from({ length: cells }, (_, c) => {
    const a = from + c * step;
    const b = a + step;
    const parts = [];
    for (let s = Math.max(0, Math.floor(a)); s < Math.min(size, Math.ceil(b)); s++) {
      parts.push([s, (Math.min(b, s + 1) - Math.max(a, s)) / step]);
    }
    return parts;
  });
}

/**
 * Average grey level of every cell of a columns x rows grid laid over a box; outside the drawing is black.
 * @param {Uint8Array} grey @param {number} width @param {number} height @param {Box} box @param {number} columns
 * @param {number} rows
 */
function areaAverage(grey, width, height, box, columns, rows) {
  const across = coverage(box.x0, box.x1, columns, width);
  const down = coverage(box.y0, box.y1, rows, height);
  const out = new Float32Array(columns * rows);
  const line = new Float32Array(columns);
  down.forEach((parts, r) => {
    for (const [y, share] of parts) {
      across.forEach((cell, c) => {
        let sum = 0;
        for (const [x, part] of cell) sum += grey[y * width + x] * part;
        line[c] = sum;
      });
      for (let c = 0; c < columns; c++) out[r * columns + c] += line[c] * share;
    }
  });
  return out;
}

/**
 * Bilinear resize of a square image, pixel centres at half-integers, edges repeated.
 * @param {Float32Array} source @param {number} size @param {number} target
 */
function resizeBilinear(source, size, target) {
  const taps = Array.from({ length: target }, (_, t) => {
    const at = Math.min(size - 1, Math.max(0, ((t + 0.5) * size) / target - 0.5));
    const low = Math.floor(at);
    return [low, Math.min(size - 1, low + 1), at - low];
  });
  const out = new Float32Array(target * target);
  taps.forEach(([top, bottom, v], r) => {
    taps.forEach(([left, right, h], c) => {
      const above = source[top * size + left] * (1 - h) + source[top * size + right] * h;
      const below = source[bottom * size + left] * (1 - h) + source[bottom * size + right] * h;
      out[r * target + c] = above * (1 - v) + below * v;
    });
  });
  return out;
}

/**
 * Where the ink's weight lies, in pixels from the left and upper edge.
 * @param {Float32Array} image @param {number} width
 */
function centreOfMass(image, width) {
  let mass = 0, x = 0, y = 0;
  image.forEach((v, i) => {
    mass += v;
    x += v * ((i % width) + 0.5);
    y += v * (Math.floor(i / width) + 0.5);
  });
  return mass ? { x: x / mass, y: y / mass } : { x: width / 2, y: image.length / width / 2 };
}

/**
 * Put a small image into the 28 x 28 frame with its upper left corner at (left, top).
 * @param {Float32Array} small @param {number} width @param {number} left @param {number} top
 */
function placeInFrame(small, width, left, top) {
  const out = new Uint8Array(SIDE * SIDE);
  small.forEach((v, i) => {
    out[(top + Math.floor(i / width)) * SIDE + left + (i % width)] = Math.round(Math.min(255, v));
  });
  return out;
}

/**
 * As MNIST was made: the box around the ink fits 20 x 20, and its centre of mass is the frame's centre.
 * @param {Uint8Array} grey @param {number} width @param {number} height @param {Box} box
 */
function frameAsMnist(grey, width, height, box) {
  const w = box.x1 - box.x0;
  const h = box.y1 - box.y0;
  const scale = BOX / Math.max(w, h);
  const columns = Math.max(1, Math.round(w * scale));
  const rows = Math.max(1, Math.round(h * scale));
  const small = areaAverage(grey, width, height, box, columns, rows);
  const centre = centreOfMass(small, columns);
  // A very lopsided drawing stays inside the frame even where its centre of mass then misses the middle.
  const into = (/** @type {number} */ at, /** @type {number} */ size) => Math.min(SIDE - size, Math.max(0, Math.round(SIDE / 2 - at)));
  return placeInFrame(small, columns, into(centre.x, columns), into(centre.y, rows));
}

/**
 * As scikit-learn's digits are brought to 28 x 28: 8 x 8 cells, resized to 20 x 20, four black pixels around.
 * @param {Uint8Array} grey @param {number} width @param {number} height @param {Box} box
 */
function frameAsDigits(grey, width, height, box) {
  const side = Math.max(box.x1 - box.x0, box.y1 - box.y0);
  const x0 = (box.x0 + box.x1 - side) / 2;
  const y0 = (box.y0 + box.y1 - side) / 2;
  const square = { x0, y0, x1: x0 + side, y1: y0 + side };
  const cells = areaAverage(grey, width, height, square, 8, 8);
  return placeInFrame(resizeBilinear(cells, 8, BOX), BOX, 4, 4);
}

/**
 * 784 grey levels from a drawing of width x height grey levels, or null where nothing is drawn.
 * @param {Uint8Array} grey @param {number} width @param {number} height
 */
export function toImage(grey, width, height, frame = "mnist") {
  const box = inkBox(grey, width, height);
  if (!box) return null;
  return (frame === "8x8" ? frameAsDigits : frameAsMnist)(grey, width, height, box);
}
