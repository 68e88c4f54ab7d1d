// The map of a sweep and the cell that is looked at. What a finger does is drawn here, from what is there already;
// Python hears which cell is selected. Streamlit calls the default export on mount and on every change of data.

import { component, watchSize } from "../kdviz.shared/component.js";
import { emptied, make, setText } from "../kdviz.shared/dom.js";
import { buildPlayer } from "../kdviz.shared/player.js";
import { luminance, resolveColour } from "../kdviz.shared/matrix.js";
import { shadesFor } from "../kdviz.shared/shades.js";
import { listen } from "../kdviz.shared/signals.js";
import { buildOne, drawOne } from "./cell.js";
import { drawMap, drawRings, drawTabStop, isAbove, isSame, mapOf, shownCells } from "./map.js";
import { choicesOf, endOfRow, neighbour } from "./places.js";
import { drawScale } from "./scale.js";

const PLACES = ["key", "temperature", "alpha", "facet"]; // the columns of the cells that no training changes

const kept = {}; // what a visitor looks at: it outlives the end of a sweep, when the page puts up the map anew

function build(ui) {
  Object.assign(ui, { map: ui.q(".cells"), measure: kept.measure ?? "validation_accuracy", facet: 0, pointed: null, selected: null, width: 0 });
  /** The cell that is shown beside the map: pointed at, selected, chosen, or the best so far. */
  ui.best = () => ui.data.best[mapOf(ui)];
  ui.shownCell = () => {
    const { cells, run } = ui.data;
    const selected = cells.key.indexOf(ui.selected);
    if (ui.pointed !== null && ui.pointed < cells.key.length) return ui.pointed;
    if (selected >= 0) return selected;
    const chosen = cells.chosen ? cells.chosen.indexOf(1) : -1;
    if (chosen >= 0 && (ui.facet === null || cells.facet[chosen] === ui.facet)) return chosen;
    return ui.best() ?? (run ? shownCells(ui)[0] : null);
  };
  ui.root.querySelectorAll(".measures input").forEach((input) => {
    input.checked = input.value === ui.measure;
    input.addEventListener("change", () => { kept.measure = ui.measure = input.value; draw(ui); });
  });
  followPointer(ui);
  buildOne(ui);
  buildReplay(ui);
  watchSize(ui, ui.q(".map"), (width) => {
    if (!width || width === ui.width) return;
    ui.width = width;
    draw(ui);
  });
  listen(ui, "room", () => ui.data && draw(ui));
}

function followPointer(ui) {
  const { map } = ui;
  const cellOf = (event) => {
    const group = event.target.closest?.("[data-cell]");
    return group ? Number(group.dataset.cell) : null;
  };
  map.addEventListener("pointermove", (event) => {
    const i = cellOf(event);
    if (event.pointerType !== "touch" && i !== null) point(ui, i);
  });
  map.addEventListener("pointerleave", () => point(ui, null));
  const around = ui.q(".map"); // an svg that listens to focus would be a stop of Tab itself
  around.addEventListener("focusin", (event) => {
    const i = cellOf(event);
    ui.stop = i;
    drawTabStop(ui);
    point(ui, i);
  });
  around.addEventListener("focusout", () => point(ui, null));
  map.addEventListener("click", (event) => {
    const i = cellOf(event);
    if (i !== null) selectCell(ui, i);
  });
  map.addEventListener("keydown", (event) => {
    const i = cellOf(event);
    if (i === null || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") {
      const next = event.key.startsWith("Arrow") ? neighbour(ui, i, event.key) : endOfRow(ui, i, event.key);
      if (next !== null) ui.nodes[next].group.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      selectCell(ui, i);
    } else if (event.key === "Escape") {
      selectCell(ui, null);
    } else {
      return;
    }
    event.preventDefault();
  });
}

function buildReplay(ui) {
  Object.assign(ui, { range: ui.q(".scrub input"), at: ui.q(".at") });
  const secondsOf = (frame) => ((frame + 1) / ui.whole.frames.length) * ui.whole.seconds;
  ui.range.addEventListener("input", () => {
    const frame = Number(ui.range.value);
    const past = frame < ui.whole.frames.length ? frame : null;
    ui.player.moveTo(past === null ? null : secondsOf(past));
    lookBack(ui, past);
    draw(ui);
  });
  ui.player = buildPlayer(ui, ui.q(".player"), () => ui.whole.seconds, (at) => {
    lookBack(ui, at === null ? null : ui.whole.frames.findLastIndex((_, frame) => frame === 0 || secondsOf(frame) <= at));
    draw(ui);
  });
}

/** The map is as it was at a moment of the training; null for its end. */
function lookBack(ui, frame) {
  const { whole } = ui;
  ui.data = whole;
  if (frame !== null) {
    const { best, cells } = whole.frames[frame];
    ui.data = { ...whole, best, cells: { ...Object.fromEntries(PLACES.map((name) => [name, whole.cells[name]])), ...cells } };
  }
  const { done } = ui.data.cells;
  ui.root.toggleAttribute("data-past", frame !== null);
  ui.range.value = String(frame ?? ui.range.max);
  setText(ui.at, ui.tell("trained", { done: done.reduce((sum, count) => sum + count, 0), all: done.length * whole.students }));
  ui.range.setAttribute("aria-valuetext", ui.at.textContent);
}

function point(ui, i) {
  if (ui.pointed === i) return;
  ui.pointed = i;
  drawRings(ui);
  drawOne(ui);
}

/** Select a cell, or none; selecting it once more lets go of it. */
function selectCell(ui, i) {
  const key = i === null ? null : ui.data.cells.key[i];
  ui.selected = ui.selected === key ? null : key;
  ui.commit("cell", ui.selected);
  draw(ui);
}

function buildChoosers(ui) {
  const digest = JSON.stringify([ui.data.choosers, ui.data.together]);
  if (!ui.changed("choosers", digest)) return;
  const holder = emptied(ui.q(".choosers"));
  ui.facet = ui.data.together ? null : 0;
  const many = ui.data.choosers.filter(({ values }) => values.length > 1);
  ui.selects = ui.data.choosers.map((chooser) => {
    if (!many.includes(chooser)) return null;
    const label = make("label", "", holder);
    make("span", "cap", label).textContent = chooser.name;
    const select = make("select", "", label);
    if (ui.data.together) make("option", "", select).textContent = ui.tell("all");
    chooser.values.forEach((value) => { make("option", "", select).textContent = value; });
    select.addEventListener("change", () => changeFacet(ui, select));
    return { select, chooser };
  });
  if (kept.choosers === digest) showFacet(ui, kept.facet);
  kept.choosers = digest;
  kept.facet = ui.facet;
}

/** One map for one choice in each list; with points, "all" in one list is all in every list. */
function changeFacet(ui, changed) {
  const first = ui.data.together ? 1 : 0;
  const selects = ui.selects.filter(Boolean);
  if (first && changed.selectedIndex === 0) selects.forEach(({ select }) => { select.selectedIndex = 0; });
  else if (first) selects.forEach(({ select }) => { select.selectedIndex ||= 1; });
  const all = first && selects.some(({ select }) => select.selectedIndex === 0);
  ui.facet = all ? null : ui.data.choosers.reduce((facet, { values }, n) =>
    facet * values.length + (ui.selects[n] ? ui.selects[n].select.selectedIndex - first : 0), 0);
  ui.pointed = null;
  kept.facet = ui.facet;
  draw(ui);
}

/** The lists follow the map of the cell that is selected. */
function showFacet(ui, facet) {
  if (facet === null || ui.facet === facet) return;
  kept.facet = ui.facet = facet;
  choicesOf(ui.data.choosers, facet).forEach((place, n) => {
    if (ui.selects[n]) ui.selects[n].select.selectedIndex = place + (ui.data.together ? 1 : 0);
  });
}

function drawKeys(ui, shown) {
  const { cells } = ui.data;
  const has = (column) => cells[column] && shown.some((i) => cells[column][i]);
  const points = ui.data.shape === "points";
  const keys = [];
  if (points ? shown.some((i) => isAbove(ui, i)) : ui.contours[1].getAttribute("d")) {
    keys.push(points ? ["◯", "heavy"] : ["line", "line"]);
  }
  if (has("chosen")) keys.push(["★", "chosen"]);
  if (has("tied")) keys.push(["☆", "tied"]);
  if (shown.some((i) => isSame(ui, i))) keys.push(["≈", "same"]);
  if (cells.word?.some((word) => word === "no verdict")) keys.push(["", "one-seed"]);
  if (has("diverged")) keys.push(["×", "diverged"]);
  if (has("dropped")) keys.push(["", "dropped"]);
  if (has("young")) keys.push(["hatch", "young"]);
  else if (shown.some((i) => cells.running[i] && !cells.done[i])) keys.push(["", "middle"]);
  if (shown.some((i) => cells.progress[i] > 0 && cells.progress[i] < 0.999)) keys.push(["", "full"]);
  if (!ui.changed("keys", keys)) return;
  const holder = emptied(ui.q(".keys"));
  for (const [sign, name] of keys) {
    const key = make("span", "", holder);
    if (sign === "line" || sign === "hatch") make("i", sign, key);
    else if (sign) make("b", "", key).textContent = sign;
    key.append(ui.tell(`key-${name}`));
  }
}

function draw(ui) {
  if (!ui.width || !ui.data) return;
  drawMap(ui);
  const shown = shownCells(ui);
  const plains = shown.filter((i) => ui.data.cells.alpha[i] === 0);
  const level = plains.length === 1 && !ui.data.cells.young[plains[0]]; // only of what has a colour itself
  drawScale(ui, level ? ui.data.cells[ui.measure][plains[0]] : null);
  drawKeys(ui, shown);
  setText(ui.q(".what"), ui.tell(`what-${ui.measure}`));
  drawOne(ui);
}

function receive(ui, data) {
  ui.whole = data;
  ui.data = data;
  const paper = resolveColour(ui.root, "var(--kd-bg)");
  ui.shades = shadesFor(luminance(paper) < 0.4);
  ui.anyDetail = Object.keys(data.details.cells).length > 0;
  buildChoosers(ui);
  const isNew = ui.changed("run", data.run);
  if (ui.overrides("cell", data.cell) || isNew) {
    ui.selected = data.cell;
    const chosen = data.cells.chosen?.indexOf(1) ?? -1;
    const at = data.cell === null ? chosen : data.cells.key.indexOf(data.cell);
    if (at >= 0 && ui.facet !== null) showFacet(ui, data.cells.facet[at]);
  }
  receiveReplay(ui, isNew);
  draw(ui);
}

function receiveReplay(ui, isNew) {
  const { date, frames, run, replays } = ui.whole;
  ui.q(".scrub").hidden = !frames.length;
  if (!frames.length) return;
  ui.range.max = String(frames.length);
  setText(ui.q(".scrub > label"), ui.tell("replay", { date }));
  ui.player.name();
  if (isNew) ui.player.moveTo(null);
  const frame = isNew ? null : Number(ui.range.value);
  lookBack(ui, frame !== null && frame < frames.length ? frame : null);
  if (ui.changed("replays", [run, replays]) && replays) ui.player.start();
}

export default await component(import.meta.url, { root: ".kdx", shared: ["replay"], build, receive });
