// A question to the class on the stage: its bars grow as seats answer; then the truth is computed and shown over them.

import { sayAloud } from "../kdviz.shared/announcer.js";
import { emptied, make, setText } from "../kdviz.shared/dom.js";
import { percent } from "../kdviz.shared/format.js";
import { onStage } from "../kdviz.shared/on_stage.js";
import { setAsked, truthOf } from "../kdviz.shared/truth.js";
import { classroom } from "./classroom.js";

/** @typedef {{ name: string, question: string, choices: string[], keys: string[], truth: string }} Poll of a scene */

/** What is asked, and how it stands: of the class, else, without one, of this stage alone. */
function now(ui) {
  const poll = /** @type {Poll | null} */ (ui.data.poll);
  if (!poll) return null;
  const { ask, counts, seats } = classroom;
  if (classroom.opened) return ask?.key === poll.name ? { ...ask, counts, seats } : null;
  return { ...ui.alone, question: poll.question, choices: poll.choices, counts: null, seats: 0 };
}

export function buildPoll(ui) {
  ui.alone = { closed: false, truth: null };
  ui.q(".poll .answer").addEventListener("click", () => answerPoll(ui));
  ui.q(".poll .fold").addEventListener("click", () => foldPoll(ui));
}

/** Another scene: its question is open to the class; without one, key p shows it. */
export function receivePoll(ui) {
  if (!ui.changed("poll", ui.data.poll?.name ?? "")) return;
  Object.assign(ui, { wanted: null, unknown: false, alone: { closed: false, truth: null } });
}

/** Whether the question is seen: as a key has said, else where there is a class. */
const isSeen = (ui) => ui.wanted ?? Boolean(classroom.opened);

export function foldPoll(ui) {
  ui.wanted = !isSeen(ui);
  ui.unknown = false;
  showPoll(ui);
}

/** What is true was asked for before the picture knew it: look again. Called at each look of the stage. */
export function answerLate(ui) {
  if (ui.unknown) answerPoll(ui);
}

/** Close the question and show what is true, as the picture has it now; or open it again. */
export function answerPoll(ui) {
  const [asked, poll] = [now(ui), /** @type {Poll | null} */ (ui.data.poll)];
  if (!asked || !poll) return;
  const truth = asked.closed ? null : truthOf(poll.truth);
  ui.wanted = true;
  ui.unknown = !asked.closed && !truth;
  if (!ui.unknown) settle(ui, !asked.closed, truth && { choice: placeOf(poll, truth.key), says: truth.says });
  showPoll(ui);
}

/** The choice with that key, null where none has it. @param {Poll} poll @param {string} key */
function placeOf({ keys }, key) {
  const place = keys.indexOf(key);
  return place < 0 ? null : place;
}

function settle(ui, closed, truth) {
  ui.alone = { closed, truth };
  classroom.poll(closed, truth);
}

export function showPoll(ui) {
  const asked = now(ui);
  const seen = asked !== null && isSeen(ui);
  ui.q(".poll").hidden = !seen;
  setAsked(seen && !asked.closed && onStage() ? ui.data.poll.truth : "");
  if (!asked) return;
  sayAloud(ui.q(".question"), asked.question);
  if (ui.changed("choices", asked.choices)) layOut(ui, asked.choices);
  const answered = asked.counts?.reduce((sum, count) => sum + count, 0) ?? 0;
  ui.choices.forEach(({ node, bar, share }, i) => {
    const count = asked.counts?.[i] ?? 0;
    node.classList.toggle("true", asked.truth?.choice === i);
    bar.style.width = `${answered ? (100 * count) / answered : 0}%`;
    setText(share, answered ? `${count} · ${percent(count / answered)}` : "");
  });
  const { seats } = asked;
  setText(ui.q(".answered"), asked.counts ? ui.tell("answered", { answered, seats }) : "");
  sayAloud(ui.q(".poll .says"), asked.truth?.says || (ui.unknown ? ui.tell("unknown") : ""));
  setText(ui.q(".poll .answer"), ui.tell(asked.closed ? "ask-again" : "answer"));
}

function layOut(ui, choices) {
  const list = emptied(ui.q(".choices"));
  ui.choices = choices.map((text) => {
    const node = make("li", "choice", list);
    const bar = make("i", "bar", node);
    make("span", "", node).textContent = text;
    return { node, bar, share: make("em", "", node) };
  });
}
