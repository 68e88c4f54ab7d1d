// A check was answered rightly, or this is what the lesson asks: keep that. Nothing is shown.
import { invisible } from "../kdviz.shared/component.js";
import { markAsked, markSolved } from "../kdviz.shared/course_store.js";

export default invisible(({ lesson, check, asked }) => {
  if (check) markSolved(lesson, check);
  if (asked) markAsked(lesson, asked);
});
