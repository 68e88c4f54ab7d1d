// Inputs of a layer with their zeros left out: four fifths of a digit's pixels are black, and half of what a ReLU lets
// through is zero. An update looks at a batch by image (forward) and by input (the gradient of the weights).

/**
 * out[at …] = first + the sum of value[n] times row index[n] of a matrix, over the places from `begin` to `end`: a row of a
 * layer's outputs, and the gradient at the weights of one input. Eight sums at a time stay in registers; that is three
 * times as fast as adding to memory. Widths are even: the last two of ten, and all of four, go in pairs.
 * @param {Uint16Array} index @param {Float32Array} value @param {number} begin @param {number} end
 * @param {Float32Array} matrix (rows, width) @param {number} width @param {Float32Array} first (width,)
 * @param {Float32Array} out @param {number} at
 */
export function addRows(index, value, begin, end, matrix, width, first, out, at) {
  const eights = width & ~7;
  let j = 0;
  for (; j < eights; j += 8) {
    let s0 = first[j], s1 = first[j + 1], s2 = first[j + 2], s3 = first[j + 3];
    let s4 = first[j + 4], s5 = first[j + 5], s6 = first[j + 6], s7 = first[j + 7];
    for (let n = begin; n < end; n++) {
      const x = value[n], m = index[n] * width + j;
      s0 += x * matrix[m];
      s1 += x * matrix[m + 1];
      s2 += x * matrix[m + 2];
      s3 += x * matrix[m + 3];
      s4 += x * matrix[m + 4];
      s5 += x * matrix[m + 5];
      s6 += x * matrix[m + 6];
      s7 += x * matrix[m + 7];
    }
    const o = at + j;
    out[o] = s0;
    out[o + 1] = s1;
    out[o + 2] = s2;
    out[o + 3] = s3;
    out[o + 4] = s4;
    out[o + 5] = s5;
    out[o + 6] = s6;
    out[o + 7] = s7;
  }
  for (; j < width; j += 2) {
    let s0 = first[j], s1 = first[j + 1];
    for (let n = begin; n < end; n++) {
      const x = value[n], m = index[n] * width + j;
      s0 += x * matrix[m];
      s1 += x * matrix[m + 1];
    }
    out[at + j] = s0;
    out[at + j + 1] = s1;
  }
}

/** For each row of a batch its inputs that are not zero: `index` and `value` from `from[row]` up to `to[row]`. */
export class Rows {
  /** @param {number} most rows at once @param {Uint16Array} index @param {Float32Array} value */
  constructor(most, index, value) {
    this.size = 0;
    this.from = new Uint32Array(most);
    this.to = new Uint32Array(most);
    this.index = index;
    this.value = value;
  }
}

/** The same batch by input: `row` and `value` from `start[input]` up to `start[input + 1]`, rows ascending. */
export class Columns {
  /** @param {number} inputs @param {number} most rows at once */
  constructor(inputs, most) {
    this.start = new Uint32Array(inputs + 1);
    this.next = new Uint32Array(inputs);
    this.row = new Uint16Array(inputs * most);
    this.value = new Float32Array(inputs * most);
  }

  /** @param {Rows} rows */
  fill({ size, from, to, index, value }) {
    const { start, next, row, value: byInput } = this;
    start.fill(0);
    for (let r = 0; r < size; r++) for (let n = from[r]; n < to[r]; n++) start[index[n] + 1]++;
    for (let i = 0; i < next.length; i++) {
      start[i + 1] += start[i];
      next[i] = start[i];
    }
    for (let r = 0; r < size; r++) {
      for (let n = from[r]; n < to[r]; n++) {
        const at = next[index[n]]++;
        row[at] = r;
        byInput[at] = value[n];
      }
    }
  }
}

/** Images as lists of their pixels that are not black, from 0 to 1. */
export class Images {
  /** @param {Uint8Array} grey levels, image after image @param {number} pixels of an image */
  constructor(grey, pixels) {
    let lit = 0;
    for (let i = 0; i < grey.length; i++) if (grey[i]) lit++;
    this.pixels = pixels;
    this.start = new Uint32Array(grey.length / pixels + 1);
    this.index = new Uint16Array(lit);
    this.value = new Float32Array(lit);
    for (let image = 0, n = 0; image < this.start.length - 1; image++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        const level = grey[image * pixels + pixel];
        if (!level) continue;
        this.index[n] = pixel;
        this.value[n++] = level / 255;
      }
      this.start[image + 1] = n;
    }
  }

  /** The pixels that are not black in at least one of the first `count` images. @param {number} count */
  litIn(count) {
    const lit = new Uint8Array(this.pixels);
    for (let n = 0; n < this.start[count]; n++) lit[this.index[n]] = 1;
    return Uint16Array.from(lit.keys()).filter((pixel) => lit[pixel]);
  }
}

/** Some of the images, chosen anew for each update; nothing is copied. */
export class Batch {
  /** @param {Images} images @param {number} most images at once */
  constructor(images, most) {
    this.images = images;
    this.chosen = new Uint32Array(most);
    this.rows = new Rows(most, images.index, images.value);
    this.byPixel = new Columns(images.pixels, most);
    this.transposed = false;
  }

  get size() {
    return this.rows.size;
  }

  clear() {
    this.rows.size = 0;
    this.transposed = false;
  }

  /** @param {number} image */
  add(image) {
    const { rows, images } = this;
    this.chosen[rows.size] = image;
    rows.from[rows.size] = images.start[image];
    rows.to[rows.size++] = images.start[image + 1];
    this.transposed = false;
  }

  /** The batch by pixel: made once for all networks that learn from it. */
  get columns() {
    if (!this.transposed) this.byPixel.fill(this.rows);
    this.transposed = true;
    return this.byPixel;
  }
}
