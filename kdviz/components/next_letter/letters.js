// From what a visitor types to the numbers of a network's letters, as kdviz/recipes/letters.py has it.

export const MOST = 400; // letters that are read: the last ones of a longer text

const PLAIN = /** @type {Record<string, string>} */ ({
  "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\t": " ", "\u00a0": " ", "\r": "",
});

/** The text in plain letters: typographic quotes and accents become plain ones. @param {string} text */
export const plain = (text) => text.replace(/[‘’“”–—…\t\u00a0\r]/g, (letter) => PLAIN[letter]).normalize("NFKD").replace(/\p{M}/gu, "");

/**
 * What is read of a text, what the alphabet has not, each once, and how many letters are too many.
 * @param {string} text @param {string} alphabet
 */
export function encode(text, alphabet) {
  const cut = Math.max(0, text.length - 4 * MOST); // the rest of a long text is not even looked at
  const letters = [...plain(text.slice(cut))];
  const known = letters.filter((letter) => alphabet.includes(letter));
  const unknown = [...new Set(letters.filter((letter) => !alphabet.includes(letter)))];
  const numbers = known.slice(-MOST).map((letter) => alphabet.indexOf(letter));
  return { numbers, unknown, over: cut + Math.max(0, known.length - MOST) };
}

/** How a letter is called where it cannot be seen. @param {string} letter @param {(key: string) => string} tell */
export const shownLetter = (letter, tell) => (letter === " " ? tell("space") : letter === "\n" ? tell("line") : letter);
