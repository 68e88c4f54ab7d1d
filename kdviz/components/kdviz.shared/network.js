// The teacher's forward pass: a multi-layer network with ReLU between its layers, on grey levels 0 to 255.

import { decodeBase64, decodeHalf, gunzip } from "./bytes.js";
import { tell } from "./signals.js";

/** @typedef {{ weight: Float32Array, bias: Float32Array, inputs: number, outputs: number }} Layer weights (out, in) */
/** @typedef {{ weight: string, bias: string, inputs: number, outputs: number }} PackedLayer in base64, half precision */

const networks = new Map(); // by name

/**
 * [{weight: Float32Array (out x in), bias: Float32Array, inputs, outputs}] from what Python sent.
 * @param {PackedLayer[]} layers
 */
export function decodeLayers(layers) {
  return layers.map(({ weight, bias, inputs, outputs }) => {
    const layer = { weight: decodeHalf(decodeBase64(weight)), bias: decodeHalf(decodeBase64(bias)), inputs, outputs };
    if (layer.weight.length !== inputs * outputs || layer.bias.length !== outputs) {
      throw new Error(`A layer of ${outputs} x ${inputs} came with ${layer.weight.length} weights.`);
    }
    return layer;
  });
}

/**
 * The same from the bytes of `kdviz.store.playground.weights`, fetched over HTTP: gzip of a little-endian uint32, the
 * length of the header; the header in JSON, {format, layers: [{inputs, outputs}]}; then of each layer its weights
 * (out, in) and its biases, in half precision. Rejects where they are something else.
 * @param {Uint8Array<ArrayBuffer> | ArrayBuffer} bytes @returns {Promise<Layer[]>}
 */
export async function unpackLayers(bytes) {
  const content = await gunzip(bytes);
  let at = 4 + new DataView(content.buffer).getUint32(0, true);
  /** @type {{ format: string, layers: { inputs: number, outputs: number }[] }} */
  const header = JSON.parse(new TextDecoder().decode(content.subarray(4, at)));
  if (header.format !== "kdviz-weights-1") throw new Error(`The weights have the format ${header.format}.`);
  const take = (/** @type {number} */ count) => decodeHalf(content.subarray(at, (at += 2 * count)));
  const layers = header.layers.map(({ inputs, outputs }) => {
    return { weight: take(inputs * outputs), bias: take(outputs), inputs, outputs };
  });
  if (at !== content.length) throw new Error(`The weights have ${content.length} bytes instead of ${at}.`);
  return layers;
}

/** @param {Layer} layer @param {Float32Array} x @param {boolean} rectify */
export function applyLayer({ weight, bias, inputs, outputs }, x, rectify) {
  const y = new Float32Array(outputs);
  for (let o = 0, w = 0; o < outputs; o++) {
    let sum = bias[o];
    for (let i = 0; i < inputs; i++) sum += weight[w++] * x[i];
    y[o] = rectify && sum < 0 ? 0 : sum;
  }
  return y;
}

/**
 * Logits of one image. Pixels are scaled as in training: 0..255 to -1..1.
 * @param {Layer[]} layers @param {ArrayLike<number>} pixels
 */
export function forwardLayers(layers, pixels) {
  let x = Float32Array.from(pixels, (v) => (v / 255) * 2 - 1);
  layers.forEach((layer, i) => {
    x = applyLayer(layer, x, i < layers.length - 1);
  });
  return x;
}

/**
 * Keep a network that Python sent, and tell the pictures that wait for it; one that is here already is left alone.
 * @param {{ name: string, digest: string, layers: PackedLayer[] }} network
 */
export function keepNetwork({ name, digest, layers }) {
  if (networks.get(name)?.digest === digest) return;
  networks.set(name, { digest, layers: decodeLayers(layers) });
  tell("network", { name });
}

/** Keep a network that came over HTTP, and tell the pictures that wait for it. @param {string} name @param {Layer[]} layers */
export function keepLayers(name, layers) {
  networks.set(name, { layers });
  tell("network", { name });
}

/** Whether the weights of a network have arrived. @param {string} name */
export const isHere = (name) => networks.has(name);

/**
 * Logits of one image by the network of that name, which must be here.
 * @param {string} name @param {ArrayLike<number>} pixels
 */
export const forward = (name, pixels) => forwardLayers(networks.get(name).layers, pixels);
