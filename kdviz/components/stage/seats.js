// Where the seats of the class are, for phones to see; how many have come; and its end.

import { setText } from "../kdviz.shared/dom.js";
import { classroom, savedAt } from "./classroom.js";

export function buildSeats(ui) {
  const box = ui.q(".class");
  ui.q(".seats").addEventListener("click", () => openSeats(ui));
  ui.q(".end").addEventListener("click", () => {
    const sure = ui.q(".end").hasAttribute("data-sure");
    if (sure) classroom.end();
    askToEnd(ui, !sure);
  });
  box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "q") return;
    event.stopPropagation(); // of the stage's keys, this one opens it
    box.close();
  });
}

/** The first press asks, the second one ends. */
function askToEnd(ui, sure) {
  ui.q(".end").toggleAttribute("data-sure", sure);
  setText(ui.q(".end"), ui.tell(sure ? "end-sure" : "end"));
}

export function openSeats(ui) {
  askToEnd(ui, false);
  showSeats(ui);
  ui.q(".class").showModal();
}

export function showSeats(ui) {
  const { opened, seats } = classroom;
  const standing = classroom.line?.standing;
  const away = standing !== "open";
  ui.q(".seats").hidden = !opened;
  setText(ui.q(".seats b"), String(seats));
  ui.q(".seats").toggleAttribute("data-away", away);
  ui.q(".of-class").hidden = !opened;
  setText(ui.q(".class-says"), ui.tell(!opened ? "no-class" : standing === "refused" ? "class-refused" : away ? "class-away" : "class-says"));
  if (!opened) return;
  setText(ui.q(".class-address"), opened.address.replace(/^https?:\/\//, ""));
  if (ui.changed("qr", opened.qr)) ui.q(".qr").src = opened.qr;
  setText(ui.q(".count"), ui.tell(seats === 1 ? "one-seat" : "seats", { seats }));
  ui.q(".save").href = savedAt(opened.code);
}
