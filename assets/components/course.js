// The visitor's way through the course, as the header of a lesson or as the overview. Python is told nothing.

const mounted = new WeakMap();

function draw(ui) {
  const state = readCourse();
  if (ui.data.shape === "header") drawMarks(ui, state);
  if (ui.data.shape === "overview") {
    drawWayOn(ui, state);
    drawList(ui, state);
  }
}

function build(parentElement) {
  const root = parentElement.querySelector(".course");
  const ui = { root, q: (selector) => root.querySelector(selector) };
  buildReset(ui);
  const redraw = () => draw(ui);
  const elsewhere = (event) => { // another tab of this browser
    if (event.key === COURSE) draw(ui);
  };
  document.addEventListener("kdviz:course", redraw);
  window.addEventListener("storage", elsewhere);
  ui.end = () => {
    document.removeEventListener("kdviz:course", redraw);
    window.removeEventListener("storage", elsewhere);
  };
  return ui;
}

function receive(ui, data) {
  ui.data = data;
  ui.root.dataset.shape = data.shape;
  setText(ui.q(".place"), data.place);
  setText(ui.q(".ask"), data.words.reset);
  setText(ui.q(".question-of-reset"), data.words["reset-sure"]);
  setText(ui.q(".yes"), data.words["reset-yes"]);
  setText(ui.q(".no"), data.words["reset-no"]);
}

export default function ({ data, parentElement }) {
  let ui = mounted.get(parentElement);
  if (!ui?.root.isConnected) {
    ui?.end();
    ui = build(parentElement);
    mounted.set(parentElement, ui);
  }
  applyPalette(ui.root.parentElement);
  receive(ui, data);
  listenToTerms();
  if (data.lesson) markOpened(data.lesson);
  draw(ui);
  return () => {
    ui.end();
    mounted.delete(parentElement);
  };
}
