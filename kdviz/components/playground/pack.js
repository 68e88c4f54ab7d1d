// The images, labels and teachers' logits that a browser learns with, from the bytes that Python packed.

import { decodeHalf, gunzip } from "../kdviz.shared/bytes.js";

export const PIXELS = 784;
export const CLASSES = 10;
const FORMAT = "kdviz-playground-1";

/**
 * Training images come first, then the held-out ones; logits have ten numbers for each image in that order.
 * @typedef {object} Pack
 * @property {string} data name of the data set
 * @property {string[]} names of the classes
 * @property {number} training how many images are learnt from
 * @property {number} heldOut how many are only read
 * @property {Uint8Array} images grey levels, 784 an image
 * @property {Uint8Array} labels
 * @property {Record<string, Float32Array>} teachers logits by the teacher's name
 */

/**
 * Raises an Error for bytes that are no pack, or only a part of one.
 * @param {Uint8Array<ArrayBuffer> | ArrayBuffer} bytes @returns {Promise<Pack>}
 */
export async function unpack(bytes) {
  const all = await gunzip(bytes);
  const length = new DataView(all.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(all.subarray(4, 4 + length)));
  if (header.format !== FORMAT) throw new Error(`The images have the format ${header.format}, not ${FORMAT}.`);
  const { data, names, training, held_out: heldOut } = header;
  const count = training + heldOut;
  let at = 4 + length;
  const take = (/** @type {number} */ size) => all.slice(at, (at += size));
  const images = take(count * PIXELS);
  const labels = take(count);
  const teachers = /** @type {Record<string, Float32Array>} */ ({});
  for (const name of header.teachers) teachers[name] = decodeHalf(take(2 * count * CLASSES));
  if (at !== all.length) throw new Error(`The images have ${all.length} bytes instead of ${at}.`);
  return { data, names, training, heldOut, images, labels, teachers };
}
