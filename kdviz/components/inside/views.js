// The views of the three kinds of knowledge: bars of a softmax or of singular values, maps of CKA, tables of distances.
// Each is built once for a run and a method, and drawn again and again.

import { ARROWS, announcedWithin, make, makeImage, setText } from "../kdviz.shared/dom.js";
import { barPercent, namedShares } from "../kdviz.shared/format.js";
import { shadeCell } from "../kdviz.shared/matrix.js";
import { softmax } from "../kdviz.shared/softmax.js";
import { ckaText, figure, fine, klAt, known, nearest } from "./sentences.js";

const MOST_VALUES = 8; // singular values of a flow that are drawn

function figureOf(parent, role, text, wide) {
  const view = make("figure", `${role}${wide ? " wide" : ""}`, parent);
  make("figcaption", "", view).textContent = text;
  return view;
}

// Bars: a softmax, or singular values.

/** `names` under the bars; the teacher has its values on the bars, the others its outline over them. */
function buildBars({ tell }, parent, role, text, names, label) {
  const wide = role === "teacher";
  const view = figureOf(parent, role, text, wide);
  const bars = make("div", "bars", view, { role: "img" });
  bars.style.setProperty("--n", names.length);
  const slots = names.map(() => {
    const slot = make("div", "", bars);
    return { bar: make("i", "", slot), outline: wide ? null : make("u", "", slot), value: wide ? make("em", "", slot) : null };
  });
  const ticks = make("div", "ticks", view);
  ticks.style.setProperty("--n", names.length);
  const marks = names.map((name) => {
    const mark = make("span", "", ticks);
    mark.textContent = wide || name.length < 2 ? name : name.slice(0, 2);
    return mark;
  });
  return { bars, slots, marks, under: wide ? null : make("div", "under", view), tell, label: tell(label) };
}

function drawBars(view, values, teacher, top) {
  const height = (value) => `${(100 * Math.min(1, (value ?? 0) / top)).toFixed(2)}%`;
  view.slots.forEach(({ bar, outline, value }, i) => {
    bar.style.height = height(values?.[i]);
    if (outline) outline.style.height = height(teacher[i]);
    if (!value) return;
    value.style.bottom = height(values[i]);
    setText(value, barPercent(values[i]));
  });
  const told = values && namedShares(view.marks.map((mark) => mark.textContent), values.map((v) => v ?? 0)).join(", ");
  view.bars.setAttribute("aria-label", view.tell("bars", { label: view.label, values: told ?? view.tell("not-yet") }));
}

// Heat maps.

/** A layer's name, short, so that a column is no wider than its numbers. */
function layerHead(parent, name, scope) {
  make("th", "", parent, { scope, title: name }).textContent = name.replace(/^convolution/, "conv");
}

function buildCka({ tell, teacher: { layers, studentLayers } }, parent, role, text) {
  const view = figureOf(parent, role, text, false);
  const table = make("table", "cka", view, { "aria-label": tell("cka", { name: text }) });
  const head = make("tr", "", make("thead", "", table));
  make("td", "corner", head);
  layers.forEach((name) => layerHead(head, name, "col"));
  const body = make("tbody", "", table);
  const cells = studentLayers.map((name, r) => {
    const row = make("tr", "", body);
    layerHead(row, name, "row");
    return layers.map((_, c) => make("td", r === studentLayers.length - 2 && c === layers.length - 2 ? "last" : "", row));
  });
  return { cells };
}

/** Where the colours begin: layers are rarely unlike, so 0 to 1 would show them all alike. Known before the training. */
const leastCka = (cka) => Math.min(0.9, Math.floor(10 * Math.min(...cka.flat().filter(known))) / 10);

function drawCka(ui, view, cka, least) {
  view.cells.forEach((row, r) => row.forEach((cell, c) => {
    shadeCell(ui, cell, cka ? (cka[r][c] - least) / (1 - least) : 0);
    setText(cell, cka ? ckaText(cka[r][c]) : "");
  }));
}

function buildRelations(ui, parent, role, text) {
  const view = figureOf(parent, role, text, false);
  const table = make("table", "relations", view, { role: "img" });
  const heads = [];
  const headOf = (line, i) => {
    const head = make("th", "", line);
    makeImage(head, ui.pixels[i], ui.tell("pixels", { number: i + 1 }));
    heads.push({ head, i });
  };
  const top = make("tr", "", make("thead", "", table));
  make("td", "", top);
  ui.pixels.forEach((_, i) => headOf(top, i));
  const body = make("tbody", "", table);
  const pairs = new WeakMap();
  const cells = ui.pixels.map((_, i) => {
    const row = make("tr", "", body);
    headOf(row, i);
    return ui.pixels.map((__, j) => {
      const cell = make("td", "", row);
      if (i !== j) pairs.set(cell, [i, j]);
      return cell;
    });
  });
  for (const type of ["pointerover", "pointerdown"]) {
    body.addEventListener(type, ({ target }) => {
      const pair = target && pairs.get(target);
      if (!pair) return;
      ui.pair = pair;
      ui.draw();
    });
  }
  return { table, cells, heads };
}

/** The arrow keys walk over the pairs of a table. */
function walkOverPairs(ui, table) {
  table.tabIndex = 0;
  table.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    const go = (/** @type {number[]} */ [i, j]) => [i + step[1], j + step[0]];
    const next = go(ui.pair ?? [ui.image, nearest(ui.teacher.relations, ui.image)]);
    const pair = next[0] === next[1] ? go(next) : next; // an image and itself is no pair
    if (pair.some((i) => i < 0 || i >= ui.pixels.length)) return;
    ui.pair = pair;
    ui.draw();
  });
}

function drawRelations(ui, view, relations, range) {
  const [least, most] = range;
  view.heads.forEach(({ head, i }) => head.classList.toggle("chosen", i === ui.image));
  view.cells.forEach((row, i) => row.forEach((cell, j) => {
    // The nearest pair still has a shade: what is blank is an image and itself.
    shadeCell(ui, cell, relations && i !== j ? 0.1 + (0.9 * (relations[i][j] - least)) / (most - least) : 0);
    cell.classList.toggle("told", Boolean(ui.pair) && ui.pair[0] === i && ui.pair[1] === j);
  }));
  const others = relations?.[ui.image].map((d, j) => (j === ui.image ? "" : `${ui.nameOf(j)} ${figure(d)}`)).filter(Boolean);
  const values = others ? others.join(", ") : ui.tell("not-yet");
  const number = ui.image + 1;
  view.table.setAttribute("aria-label", ui.tell("distances-of", { number, name: ui.nameOf(ui.image), values }));
}

/** The scale of the colours from `least` to `most`, and a place for more. */
function ramp(parent, text, least, most) {
  const aside = make("div", "aside", parent);
  make("div", "", aside).textContent = text;
  make("div", "ramp", aside);
  const ends = make("div", "ends", aside);
  const low = make("span", "", ends);
  low.textContent = least;
  make("span", "", ends).textContent = most;
  return { aside, low };
}

// The three columns. Each has `build(ui, views, method)`, once for a method, and returns what draws a moment:
// `draw(taught, plain, before)`, looks or null.

const roleNames = (ui, method) => [ui.tell("taught", { method: ui.data.titles[method].toLowerCase() }), ui.tell("plain")];

/** Bars of the teacher, of the taught student and of the one without a teacher; `kind` begins the keys of their labels. */
function buildThreeBars(ui, views, method, text, names, kind) {
  const [taughtName, plainName] = roleNames(ui, method);
  return [["teacher", text], ["taught", taughtName], ["plain", plainName]].map(([role, name]) =>
    buildBars(ui, views, role, name, names, `${kind}-${role}`));
}

function buildResponse(ui, views, method) {
  const { names, T } = ui.data;
  const [teacher, taught, plain] = buildThreeBars(ui, views, method, ui.tell("teacher-at", { T }), names, "bars");
  return (now, alone) => {
    const z = ui.teacher.logits[ui.image];
    const p = Array.from(softmax(z, T));
    const top = Math.min(1, 1.25 * Math.max(...p)); // of the teacher alone: the scale stays as the students move
    drawBars(teacher, p, p, top);
    [[taught, now], [plain, alone]].forEach(([view, look]) => {
      drawBars(view, look && Array.from(softmax(look.logits[ui.image], T)), p, top);
      setText(view.under, look ? ui.tell("kl", { kl: fine(klAt(z, look.logits[ui.image], T)) }) : "");
    });
    [teacher, taught, plain].forEach((view) => view.marks.forEach((mark, i) => mark.classList.toggle("label", i === ui.data.labels[ui.image])));
  };
}

function buildFeature(ui, views, method) {
  const [taughtName, plainName] = roleNames(ui, method);
  const first = buildCka(ui, views, "before", ui.tell("cka-before"));
  const { aside, low } = ramp(views, ui.tell("cka-title"), "", "1");
  make("p", "", aside).textContent = ui.tell("cka-rows");
  const last = make("p", "", aside);
  make("span", "key", last);
  last.append(ui.tell("cka-last"));
  const taught = buildCka(ui, views, "taught", taughtName);
  const plain = buildCka(ui, views, "plain", plainName);
  return (now, alone, before) => {
    const least = leastCka(before.cka);
    setText(low, least > 0 ? ui.tell("cka-least", { least }) : "0");
    drawCka(ui, first, before.cka, least);
    drawCka(ui, taught, now?.cka, least);
    drawCka(ui, plain, alone?.cka, least);
  };
}

function buildDistances(ui, views, method) {
  const [taughtName, plainName] = roleNames(ui, method);
  const teacher = buildRelations(ui, views, "teacher", ui.tell("teacher"));
  const between = ui.teacher.relations.flatMap((row, i) => row.slice(0, i));
  const range = [Math.min(...between), Math.max(...between)]; // of the teacher: the scale stays as the students move
  const { aside } = ramp(views, ui.tell("distance"), figure(range[0]), figure(range[1]));
  walkOverPairs(ui, teacher.table);
  const list = make("dl", "", aside);
  announcedWithin(teacher.table, list);
  const rows = ["", "row-teacher", "row-taught", "row-plain"].map((key) => {
    const name = make("dt", "", list);
    name.textContent = key && ui.tell(key);
    return { name, value: make("dd", "", list) };
  });
  const taught = buildRelations(ui, views, "taught", taughtName);
  const plain = buildRelations(ui, views, "plain", plainName);
  return (now, alone) => {
    const all = [ui.teacher.relations, now?.relations, alone?.relations];
    [teacher, taught, plain].forEach((view, i) => drawRelations(ui, view, all[i], range));
    const [i, j] = ui.pair ?? [ui.image, nearest(ui.teacher.relations, ui.image)];
    setText(rows[0].name, ui.tell(ui.pair ? "pair" : "pair-nearest", { one: ui.nameOf(i), other: ui.nameOf(j) }));
    all.forEach((relations, r) => setText(rows[r + 1].value, relations ? figure(relations[i][j]) : "–"));
  };
}

function buildFlow(ui, views, method) {
  const { singular } = ui.teacher;
  const names = Array.from({ length: Math.min(MOST_VALUES, singular.length) }, (_, i) => String(i + 1));
  const text = ui.tell("flow-values", { count: names.length });
  const [teacher, taught, plain] = buildThreeBars(ui, views, method, text, names, "flow");
  return (now, alone) => {
    const shares = singular.slice(0, names.length);
    const top = Math.min(1, 1.2 * Math.max(...shares));
    drawBars(teacher, shares, shares, top);
    [[taught, now], [plain, alone]].forEach(([view, look]) => {
      drawBars(view, look && names.map((_, i) => look.singular[i] ?? 0), shares, top);
      setText(view.under, ui.tell("of-sum"));
    });
  };
}

export const BUILD = {
  response: buildResponse,
  feature: buildFeature,
  relation: (ui, views, method) => (method === "fsp" ? buildFlow : buildDistances)(ui, views, method),
};
