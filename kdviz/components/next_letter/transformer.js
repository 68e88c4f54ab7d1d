// A character-level transformer, letter by letter: each layer keeps the keys and values of the letters before.
// kdviz/engine/letters/network.py is the same in PyTorch; a test compares them.

import { decodeHalf, gunzip } from "../kdviz.shared/bytes.js";
import { softmax } from "../kdviz.shared/softmax.js";

/**
 * @typedef {object} Facts
 * @property {string} format @property {string} alphabet @property {number} context @property {number} stride
 * @property {number} width @property {number} layers @property {number} heads @property {[string, number][]} tensors
 */
/** @typedef {{ keys: Float32Array[], values: Float32Array[], count: number }} Past of each layer, (letters, width) */

const EPSILON = 1e-5; // of PyTorch's LayerNorm

/** The error function to 1.5e-7 (Abramowitz, Stegun 7.1.26). @param {number} x */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const y = 1 - t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-x * x);
  return x < 0 ? -y : y;
}

/** @param {Float32Array} x */
function gelu(x) {
  for (let i = 0; i < x.length; i++) x[i] *= 0.5 * (1 + erf(x[i] * Math.SQRT1_2));
  return x;
}

export class LetterNetwork {
  /** @param {Facts} facts @param {Record<string, Float32Array>} tensors by PyTorch's names */
  constructor(facts, tensors) {
    this.facts = facts;
    this.tensors = tensors;
  }

  /** @returns {Past} */
  begin() {
    const { layers, context, width } = this.facts;
    const empty = () => Array.from({ length: layers }, () => new Float32Array(context * width));
    return { keys: empty(), values: empty(), count: 0 };
  }

  /** Weights (out, in) times x, and biases. @param {string} name @param {Float32Array} x */
  dense(name, x) {
    const [weight, bias] = [this.tensors[`${name}.weight`], this.tensors[`${name}.bias`]];
    const y = new Float32Array(bias.length);
    for (let o = 0, w = 0; o < y.length; o++) {
      let sum = bias[o];
      for (let i = 0; i < x.length; i++) sum += weight[w++] * x[i];
      y[o] = sum;
    }
    return y;
  }

  /** @param {string} name @param {Float32Array} x */
  norm(name, x) {
    const [weight, bias] = [this.tensors[`${name}.weight`], this.tensors[`${name}.bias`]];
    let [mean, square] = [0, 0];
    for (let i = 0; i < x.length; i++) mean += x[i] / x.length;
    for (let i = 0; i < x.length; i++) square += (x[i] - mean) ** 2 / x.length;
    const scale = 1 / Math.sqrt(square + EPSILON);
    return x.map((value, i) => (value - mean) * scale * weight[i] + bias[i]);
  }

  /** Attention of the newest letter to all so far. @param {Float32Array} joined query, key, value @param {Past} past @param {number} layer */
  attend(joined, past, layer) {
    const { width, heads } = this.facts;
    const [keys, values, size] = [past.keys[layer], past.values[layer], width / heads];
    keys.set(joined.subarray(width, 2 * width), past.count * width);
    values.set(joined.subarray(2 * width), past.count * width);
    const [out, scores] = [new Float32Array(width), new Float32Array(past.count + 1)];
    for (let from = 0; from < width; from += size) {
      for (let j = 0; j <= past.count; j++) {
        let sum = 0;
        for (let i = from; i < from + size; i++) sum += joined[i] * keys[j * width + i];
        scores[j] = sum / Math.sqrt(size);
      }
      const shares = softmax(scores, 1);
      for (let j = 0; j <= past.count; j++) {
        for (let i = from; i < from + size; i++) out[i] += shares[j] * values[j * width + i];
      }
    }
    return out;
  }

  /**
   * Logits of what comes after `letter`, the next of those of `past`, which takes it in; at most `context` of them.
   * @param {number} letter @param {Past} past
   */
  read(letter, past) {
    const { width, layers } = this.facts;
    const add = (/** @type {Float32Array} */ a, /** @type {Float32Array} */ b) => a.map((value, i) => value + b[i]);
    const [letters, places] = [this.tensors["letters.weight"], this.tensors["places.weight"]];
    let x = add(letters.subarray(letter * width, (letter + 1) * width), places.subarray(past.count * width, (past.count + 1) * width));
    for (let n = 0; n < layers; n++) {
      const joined = this.dense(`layers.${n}.query_key_value`, this.norm(`layers.${n}.norm_1`, x));
      x = add(x, this.dense(`layers.${n}.mix`, this.attend(joined, past, n)));
      x = add(x, this.dense(`layers.${n}.down`, gelu(this.dense(`layers.${n}.up`, this.norm(`layers.${n}.norm_2`, x)))));
    }
    past.count++;
    return this.dense("output", this.norm("norm", x));
  }
}

/**
 * A text of any length, read in windows that overlap: after the first, half of each is only what comes before. What
 * has been read stays, so that a new letter costs one step, or half a window where a new one begins.
 */
export class Reader {
  /** @param {LetterNetwork} network */
  constructor(network) {
    this.network = network;
    /** @type {{ letters: number[], past: Past, logits: Float32Array[] }[]} */
    this.windows = [];
  }

  /** Which window says what comes after a letter, and where in the text that begins. @param {number} at of the letter */
  placeOf(at) {
    const { context, stride } = this.network.facts;
    const number = at < context ? 0 : Math.floor((at - context) / stride) + 1;
    return { number, start: number * stride };
  }

  /** Forget what does not begin the text. @param {ArrayLike<number>} text */
  keep(text) {
    const { stride } = this.network.facts;
    this.windows.forEach((window, number) => {
      let same = 0;
      while (same < window.letters.length && text[number * stride + same] === window.letters[same]) same++;
      window.letters.length = window.logits.length = window.past.count = same;
    });
  }

  /** Whether it is known what comes after a letter of the text. @param {number} at */
  knows(at) {
    const { number, start } = this.placeOf(at);
    return this.windows[number]?.logits[at - start] !== undefined;
  }

  /** Logits of what comes after the letter `at` of the text, reading what is not read yet. @param {ArrayLike<number>} text @param {number} at */
  after(text, at) {
    const { number, start } = this.placeOf(at);
    const window = (this.windows[number] ??= { letters: [], past: this.network.begin(), logits: [] });
    for (let i = window.letters.length; i <= at - start; i++) {
      window.letters.push(text[start + i]);
      window.logits.push(this.network.read(text[start + i], window.past));
    }
    return window.logits[at - start];
  }
}

/**
 * A network from the bytes of `kdviz.store.shipped_letters.packed`. Rejects where they are something else.
 * @param {ArrayBuffer | Uint8Array<ArrayBuffer>} bytes
 */
export async function unpackLetters(bytes) {
  const content = await gunzip(bytes);
  let at = 4 + new DataView(content.buffer).getUint32(0, true);
  /** @type {Facts} */
  const facts = JSON.parse(new TextDecoder().decode(content.subarray(4, at)));
  if (facts.format !== "kdviz-letters-1") throw new Error(`The network has the format ${facts.format}.`);
  const tensors = facts.tensors.map(([name, length]) => [name, decodeHalf(content.subarray(at, (at += 2 * length)))]);
  if (at !== content.length) throw new Error(`The network has ${content.length} bytes instead of ${at}.`);
  return new LetterNetwork(facts, Object.fromEntries(tensors));
}
