// The visitor's way through the course, as the header of a lesson or as the overview. Python is told nothing.

import { component } from "../kdviz.shared/component.js";
import { COURSE, markOpened, readCourse } from "../kdviz.shared/course_store.js";
import { setText } from "../kdviz.shared/dom.js";
import { listen } from "../kdviz.shared/signals.js";
import { listenToTerms } from "./links.js";
import { buildReset, drawList, drawMarks, drawWayOn } from "./list.js";

function draw(ui) {
  const state = readCourse();
  if (ui.data.shape === "header") drawMarks(ui, state);
  if (ui.data.shape === "overview") {
    drawWayOn(ui, state);
    drawList(ui, state);
  }
}

function build(ui) {
  buildReset(ui);
  const elsewhere = (event) => { // another tab of this browser
    if (event.key === COURSE) draw(ui);
  };
  listen(ui, "course", () => draw(ui));
  window.addEventListener("storage", elsewhere);
  ui.endings.push(() => window.removeEventListener("storage", elsewhere));
}

function receive(ui, data) {
  ui.data = data;
  ui.root.dataset.shape = data.shape;
  setText(ui.q(".place"), data.place);
  listenToTerms();
  if (data.lesson) markOpened(data.lesson);
  draw(ui);
}

export default await component(import.meta.url, { root: ".course", build, receive });
