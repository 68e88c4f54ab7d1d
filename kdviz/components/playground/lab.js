// The way to the server's own comparison: the same settings, several seeds and a verdict.

/** @typedef {import("./settings.js").Settings} Settings */

/** How a comparison calls what a teacher here is. @type {Partial<Record<Settings["teacher"], string>>} */
const METHODS = { trained: "offline", peer: "mutual", self: "earlier-self" };

/**
 * The query of the page Three ways for these settings; null where no recipe can express them: wrong labels, digits left
 * out, labelled images alone, or a student that is none of `students`.
 * @param {Settings} settings @param {{ data: string, training: number, students: readonly string[] }} facts
 */
export function labQuery({ T, alpha, labels, wrong, unlabelled, digits, units, layers, rate, batch, teacher }, facts) {
  const method = METHODS[teacher];
  const student = ["784", ...new Array(layers).fill(units), "10"].join("-");
  const all = labels >= facts.training;
  if (!method || wrong || digits.length < 10 || !(unlabelled || all) || !facts.students.includes(student)) return null;
  return {
    data: facts.data, methods: `plain,${method}`, seeds: "0-4", temperature: String(T), alpha: String(alpha), student,
    batch_size: String(batch), learning_rate: String(rate), ...(all ? {} : { labels: String(labels) }),
  };
}
