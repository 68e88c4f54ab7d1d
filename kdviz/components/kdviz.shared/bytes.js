// Arrays that travel as text, or as bytes over HTTP.

/** @param {string} text */
export const decodeBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** @param {Uint8Array} bytes a few thousand at most */
export const encodeBase64 = (bytes) => btoa(String.fromCharCode(...bytes));

/**
 * Little-endian half-precision numbers to single precision: subnormals, infinities and NaN included.
 * @param {Uint8Array} bytes
 */
export function decodeHalf(bytes) {
  const out = new Float32Array(bytes.length >> 1);
  for (let i = 0; i < out.length; i++) {
    const half = bytes[2 * i] | (bytes[2 * i + 1] << 8);
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    let value;
    if (exponent === 0) value = fraction * 2 ** -24;
    else if (exponent === 31) value = fraction ? NaN : Infinity;
    else value = (1 + fraction / 1024) * 2 ** (exponent - 15);
    out[i] = half & 0x8000 ? -value : value;
  }
  return out;
}

/**
 * What gzipped bytes hold. Rejects where they are none, or not whole.
 * @param {Uint8Array<ArrayBuffer> | ArrayBuffer} bytes
 */
export async function gunzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
