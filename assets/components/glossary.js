// The glossary's search: hides what does not fit while one types. Python hears of the words once, on release.

const mounted = new WeakMap();
const STYLE = "kd-glossary"; // one style sheet hides the terms: Streamlit may redraw their nodes at any time

function fits(term, wanted) {
  return wanted.every((word) => term.text.includes(word));
}

function search(ui) {
  const wanted = ui.input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hidden = ui.data.terms.filter((term) => !fits(term, wanted));
  const found = ui.data.terms.length - hidden.length;
  let sheet = document.getElementById(STYLE);
  if (!sheet) {
    sheet = make("style", "", document.head);
    sheet.id = STYLE;
  }
  setText(sheet, hidden.length ? `${hidden.map((term) => `.st-key-term_${term.key}`).join(",")} { display: none; }` : "");
  const told = ui.data.found.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => (name === "found" ? found : ui.data.terms.length));
  setText(ui.found, found ? told : ui.data.none);
}

function build(parentElement) {
  const root = parentElement.querySelector(".glossary");
  const ui = { root, input: root.querySelector(".search"), found: root.querySelector(".found"), echo: makeEcho() };
  ui.input.addEventListener("input", () => search(ui));
  ui.input.addEventListener("change", () => {
    ui.echo.sent(ui.input.value);
    ui.send("search", ui.input.value);
  });
  return ui;
}

export default function ({ data, parentElement, setStateValue }) {
  let ui = mounted.get(parentElement);
  if (!ui?.root.isConnected) {
    ui = build(parentElement);
    mounted.set(parentElement, ui);
  }
  ui.data = data;
  ui.send = setStateValue;
  applyPalette(ui.root.parentElement);
  setText(ui.root.querySelector(".label"), data.label);
  ui.input.placeholder = data.placeholder;
  if (ui.echo.overrides(data.search)) ui.input.value = data.search;
  search(ui);
  return () => {
    document.getElementById(STYLE)?.remove();
    mounted.delete(parentElement);
  };
}
