/**
 * Knows which values from Python are only the echo of what the browser sent. Without it, a rerun that began
 * before the last release would pull the thumb back from under the finger.
 */
export function makeEcho() {
  /** @type {string} */
  let last;
  /** @type {string[]} */
  let sent = [];
  return {
    /** @param {unknown} value */
    sent(value) {
      sent.push(JSON.stringify(value));
    },
    /** @param {unknown} value */
    overrides(value) {
      const text = JSON.stringify(value);
      if (text === last) return false;
      last = text;
      const at = sent.indexOf(text);
      sent = at < 0 ? [] : sent.slice(at + 1);
      return at < 0;
    },
  };
}
