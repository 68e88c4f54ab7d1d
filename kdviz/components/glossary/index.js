// The glossary's search: hides what does not fit while one types. Python hears of the words once, on release.

import { component } from "../kdviz.shared/component.js";
import { make, setText } from "../kdviz.shared/dom.js";
import { filled } from "../kdviz.shared/format.js";

const STYLE = "kd-glossary"; // one style sheet hides the terms: Streamlit may redraw their nodes at any time

function search(ui) {
  const wanted = ui.input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hidden = ui.data.terms.filter((term) => !wanted.every((word) => term.text.includes(word)));
  const found = ui.data.terms.length - hidden.length;
  const sheet = document.getElementById(STYLE) ?? make("style", "", document.head, { id: STYLE });
  setText(sheet, hidden.length ? `${hidden.map((term) => `.st-key-term_${term.key}`).join(",")} { display: none; }` : "");
  setText(ui.found, found ? filled(ui.data.found, { found, terms: ui.data.terms.length }) : ui.data.none);
}

function build(ui) {
  Object.assign(ui, { input: ui.q(".search"), found: ui.q(".found") });
  ui.input.addEventListener("input", () => search(ui));
  ui.input.addEventListener("change", () => ui.commit("search", ui.input.value));
  ui.endings.push(() => document.getElementById(STYLE)?.remove());
}

function receive(ui, data) {
  ui.data = data;
  setText(ui.q(".label"), data.label);
  ui.input.placeholder = data.placeholder;
  if (ui.overrides("search", data.search)) ui.input.value = data.search;
  search(ui);
}

export default await component(import.meta.url, { root: ".glossary", build, receive });
