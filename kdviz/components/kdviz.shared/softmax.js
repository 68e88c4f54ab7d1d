// Softmax and what is read off it.

/**
 * softmax(z / T) into `out`; subtracting the maximum keeps every exponent at or below zero.
 * @param {ArrayLike<number>} z @param {number} T
 */
export function softmax(z, T, out = new Float64Array(z.length)) {
  let top = -Infinity;
  for (let i = 0; i < z.length; i++) if (z[i] > top) top = z[i];
  let sum = 0;
  for (let i = 0; i < z.length; i++) sum += out[i] = Math.exp((z[i] - top) / T);
  for (let i = 0; i < z.length; i++) out[i] /= sum;
  return out;
}

/** Entropy in bits; a class that underflowed to zero adds nothing. @param {ArrayLike<number>} p */
export function entropyBits(p) {
  let bits = 0;
  for (let i = 0; i < p.length; i++) if (p[i] > 0) bits -= p[i] * Math.log2(p[i]);
  return Math.max(0, bits);
}

/** The share of the probability that would have to move to make one of the other. @param {Float64Array} p @param {Float64Array} q */
export const totalVariation = (p, q) => p.reduce((sum, share, i) => sum + Math.abs(share - q[i]), 0) / 2;

/**
 * Class indices from the largest to the smallest logit. Logits, not probabilities: those can underflow.
 * @param {ArrayLike<number>} z
 */
export function ranked(z) {
  return Array.from(z, (_, i) => i).sort((a, b) => z[b] - z[a] || a - b);
}
