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

/** log softmax(z / T), exact where the softmax itself underflows. @param {ArrayLike<number>} z @param {number} T */
export function logSoftmax(z, T) {
  const values = Array.from(z);
  const top = Math.max(...values);
  const rest = Math.log(values.reduce((sum, value) => sum + Math.exp((value - top) / T), 0));
  return values.map((value) => (value - top) / T - rest);
}

/**
 * What each class adds to KL(p || q) in nats, p of the logits v and q of z: it may be negative, the sum never is.
 * @param {ArrayLike<number>} z @param {ArrayLike<number>} v @param {number} T
 */
export function klParts(z, v, T) {
  const [logQ, logP] = [logSoftmax(z, T), logSoftmax(v, T)];
  return logP.map((value, i) => Math.exp(value) * (value - logQ[i]));
}

/**
 * KL(p || q) of the student's logits z from the teacher's v, in nats.
 * @param {ArrayLike<number>} z @param {ArrayLike<number>} v @param {number} T
 */
export const klDivergence = (z, v, T) => Math.max(0, klParts(z, v, T).reduce((sum, part) => sum + part, 0));

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
export const ranked = (z) => Array.from(z, (_, i) => i).sort((a, b) => z[b] - z[a] || a - b);
