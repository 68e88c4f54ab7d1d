// The trained students as `kdviz.store.shipped_students` packs them.

import { gunzip } from "../kdviz.shared/bytes.js";

/** @typedef {import("./compressing.js").Layer} Layer */

/**
 * The layers of each student by its name. Rejects for bytes that are something else, or only a part.
 * @param {Uint8Array<ArrayBuffer> | ArrayBuffer} bytes @returns {Promise<Record<string, Layer[]>>}
 */
export async function unpackStudents(bytes) {
  const content = await gunzip(bytes);
  let at = 4 + new DataView(content.buffer).getUint32(0, true);
  /** @type {{ format: string, students: string[], layers: { inputs: number, outputs: number }[] }} */
  const header = JSON.parse(new TextDecoder().decode(content.subarray(4, at)));
  if (header.format !== "kdviz-students-1") throw new Error(`The students have the format ${header.format}.`);
  const take = (/** @type {number} */ count) => new Float32Array(content.slice(at, (at += 4 * count)).buffer);
  const layersOf = () => header.layers.map(({ inputs, outputs }) => {
    return { inputs, outputs, weight: take(inputs * outputs), bias: take(outputs) };
  });
  const students = Object.fromEntries(header.students.map((name) => [name, layersOf()]));
  if (at !== content.length) throw new Error(`The students have ${content.length} bytes instead of ${at}.`);
  return students;
}
