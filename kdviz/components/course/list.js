// The two shapes of the course: a row of marks above a lesson, and the list on the start page.

import {
  checksOf, emptyCourse, isBlocked, solvedChecks, stateOf, writeCourse,
} from "../kdviz.shared/course_store.js";
import { emptied, make, setText } from "../kdviz.shared/dom.js";
import { filled } from "../kdviz.shared/format.js";

const MARKS = { done: "✓", opened: "", "not-yet": "" };

function lessonLink(lesson, className, parent) {
  return make("a", className, parent, { href: lesson.slug, target: "_self" });
}

export function drawMarks(ui, state) {
  const { lessons, words, lesson: here } = ui.data;
  const list = emptied(ui.q(".marks"));
  list.setAttribute("aria-label", words.progress);
  for (const lesson of lessons) {
    const known = stateOf(state, lesson);
    const link = lessonLink(lesson, `mark ${known}`, make("li", "", list));
    link.textContent = MARKS[known];
    const now = lesson.slug === here;
    const told = `${lesson.number}. ${lesson.title}: ${now ? `${words.here}, ` : ""}${words[known]}`;
    link.setAttribute("aria-label", told);
    link.title = told;
    if (now) link.setAttribute("aria-current", "page");
  }
}

export function drawList(ui, state) {
  const { lessons, words } = ui.data;
  const list = emptied(ui.q(".lessons"));
  list.style.setProperty("--rows", Math.ceil(lessons.length / 2));
  for (const lesson of lessons) {
    const known = stateOf(state, lesson);
    const link = lessonLink(lesson, `row ${known}`, make("li", "", list));
    make("span", `mark ${known}`, link, { "aria-hidden": "true" }).textContent = MARKS[known];
    make("span", "number", link).textContent = `${lesson.number}`;
    const told = make("span", "told", link);
    make("b", "", told).textContent = lesson.title;
    make("span", "question", told).textContent = lesson.question;
    make("span", "minutes", link).textContent = lesson.minutes;
    const solved = solvedChecks(state, lesson);
    const spoken = make("span", "known", link, { role: "img" });
    const asked = checksOf(state, lesson).length;
    spoken.textContent = known === "opened" && asked ? `${solved} / ${asked}` : "";
    spoken.setAttribute("aria-label", `${words[known]} ${spoken.textContent}`.trim());
  }
}

/** Where to go next: the lesson one was at, if there is something left in it, else the next that is not done. */
function following(lessons, state) {
  const left = lessons.filter((lesson) => stateOf(state, lesson) !== "done");
  if (!left.length) return lessons[0];
  const at = lessons.findIndex((lesson) => lesson.slug === state.last);
  return left.find((lesson) => lessons.indexOf(lesson) >= at) ?? left[0];
}

export function drawWayOn(ui, state) {
  const { lessons, words, summary } = ui.data;
  const next = following(lessons, state);
  const numbered = lessons.filter((lesson) => !lesson.appendix);
  const done = numbered.filter((lesson) => stateOf(state, lesson) === "done").length;
  const begun = lessons.some((lesson) => state.opened[lesson.slug]);
  const way = emptied(ui.q(".way"));
  if (next) {
    const link = lessonLink(next, "go", way);
    const verb = lessons.every((lesson) => stateOf(state, lesson) === "done") ? words["all-done"] : begun ? words["go-on"] : words.begin;
    link.textContent = `${verb} ${next.number}: ${next.title}`;
  }
  const count = (sum) => lessons.reduce((total, lesson) => total + sum(lesson), 0);
  setText(ui.q(".summary"), !begun ? "" : filled(summary, {
    done,
    lessons: numbered.length,
    solved: count((lesson) => solvedChecks(state, lesson)),
    checks: count((lesson) => checksOf(state, lesson).length),
  }));
  ui.q(".reset").hidden = !begun;
  setText(ui.q(".blocked"), isBlocked() ? words.blocked : "");
}

/** "Reset progress" asks once, in its own place. */
export function buildReset(ui) {
  const ask = (asking) => {
    ui.q(".ask").hidden = asking;
    ui.q(".sure").hidden = !asking;
    ui.q(asking ? ".no" : ".ask").focus();
  };
  ui.q(".ask").addEventListener("click", () => ask(true));
  ui.q(".no").addEventListener("click", () => ask(false));
  ui.q(".yes").addEventListener("click", () => {
    ask(false);
    writeCourse(emptyCourse());
  });
}
