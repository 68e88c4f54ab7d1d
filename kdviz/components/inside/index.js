// Response, feature and relation side by side: the teacher, the student that was taught, and the one without a teacher,
// at any moment at which they were looked at. Streamlit calls the default export on mount and on every change.

import { component } from "../kdviz.shared/component.js";
import { decodeBase64 } from "../kdviz.shared/bytes.js";
import { emptied, make, makeImage, makeRadio, setText } from "../kdviz.shared/dom.js";
import { whole } from "../kdviz.shared/format.js";
import { mixShades } from "../kdviz.shared/matrix.js";
import { buildPlayer, showShareOf } from "../kdviz.shared/player.js";
import { makeReport } from "../kdviz.shared/signals.js";
import { lastUpTo } from "../kdviz.shared/training_plot.js";
import { formulaHtml } from "./formulas.js";
import { allSteps, featureSays, relationSays, responseSays } from "./sentences.js";
import { BUILD } from "./views.js";

const CURVES = ".st-key-chart_learning .stVegaLiteChart"; // which grow with it when it is played again
const FIRST = { response: "offline", feature: "hints", relation: "rkd" }; // whose formula stands there before any run
const SAYS = { response: responseSays, feature: featureSays, relation: relationSays };

/** A method's state at the moment that is shown: one entry of each of its columns. */
function stateOf(history, at) {
  return history && { cka: history.cka[at], logits: history.logits[at], relations: history.relations[at], singular: history.singular[at] };
}

function drawKind(ui, kind, step, begun) {
  const method = ui.chosen[kind];
  const histories = [ui.data.methods[method], ui.data.methods.plain];
  const [taught, plain] = histories.map((history) => history && stateOf(history, lastUpTo(history.steps, step)));
  const before = stateOf(histories[0] ?? histories[1] ?? Object.values(ui.data.methods)[0], 0);
  ui.drawers[kind]?.(taught ?? before, plain, before);
  const facts = { tell: ui.tell, T: ui.data.T, method, teacher: ui.teacher, before, taught: taught ?? before, plain, begun };
  setText(ui.parts[kind].say, SAYS[kind](facts));
}

function draw(ui) {
  const steps = ui.steps;
  if (!steps.length) return;
  const at = ui.at === null ? steps.length - 1 : Math.min(ui.at, steps.length - 1);
  const { range } = ui;
  range.max = String(steps.length - 1);
  range.value = String(at);
  range.disabled = steps.length < 2;
  const [update, total] = [steps[at], ui.total].map(whole);
  const text = ui.tell(at === 0 ? "update-first" : "update", { update, total });
  setText(ui.atText, text);
  range.setAttribute("aria-valuetext", text);
  setText(ui.after, ui.tell(steps.at(-1) < ui.total ? "now" : "after"));
  for (const kind of Object.keys(FIRST)) if (ui.chosen[kind]) drawKind(ui, kind, steps[at], at > 0);
}

/** Everything a visitor chose, for the link. */
function commit(ui) {
  const chosen = { image: ui.image + 1, feature: ui.chosen.feature, relation: ui.chosen.relation };
  ui.commit("look", { ...chosen, update: ui.at === null ? null : ui.steps[ui.at] });
}

function look(ui, at) {
  ui.at = at;
  showShareOf(CURVES, at === null ? null : ui.steps[at] / ui.total);
  draw(ui);
}

/** A hand moves to one of the looks. */
function move(ui, at) {
  const to = at >= ui.steps.length - 1 ? null : Math.max(0, at); // at its end the slider follows the training again
  ui.player.moveTo(to === null ? null : ui.times[to]);
  look(ui, to);
}

/** When each of the steps was looked at: the first of the methods there, in seconds of the students' training. */
function timesOf(methods, steps) {
  const first = new Map();
  for (const history of Object.values(methods)) {
    history.steps.forEach((step, at) => first.set(step, Math.min(history.seconds[at], first.get(step) ?? Infinity)));
  }
  return steps.map((step) => first.get(step));
}

function layOutKind(ui, kind) {
  const part = ui.parts[kind];
  const method = ui.chosen[kind];
  part.views?.remove();
  part.diagram.style.display = "";
  delete ui.drawers[kind];
  part.formulas.innerHTML = formulaHtml(ui.tell, kind, method ?? FIRST[kind]);
  if (!method || !ui.steps.length) return;
  part.diagram.style.display = "none";
  part.views = make("div", "views", part.picture);
  ui.drawers[kind] = BUILD[kind](ui, part.views, method);
}

function layOutMethods(ui, kind) {
  const { methods } = ui.parts[kind];
  const options = ui.data?.kinds[kind] ?? [];
  methods.replaceChildren();
  if (!ui.data) return;
  if (options.length < 2) {
    make("p", "only", methods).textContent = options.length ? ui.data.titles[options[0]] : ui.tell("not-taught");
    return;
  }
  const group = make("fieldset", "seg", methods, { "aria-label": ui.tell("methods", { kind }) });
  for (const name of options) {
    const { label } = makeRadio(group, `kdi-${kind}`, name === ui.chosen[kind], () => {
      ui.chosen[kind] = name;
      layOutKind(ui, kind);
      draw(ui);
      commit(ui);
    });
    make("span", "", label).textContent = ui.data.titles[name];
  }
}

function layOutImages(ui) {
  const { data } = ui;
  ui.pixels = data.images.map(decodeBase64);
  ui.nameOf = (i) => data.names[data.labels[i]];
  const holder = emptied(ui.q(".choices"));
  setText(ui.q(".images legend"), ui.tell("images", { images: data.images.length }));
  ui.pixels.forEach((pixels, i) => {
    const { label } = makeRadio(holder, "kdi-image", i === ui.image, () => {
      ui.image = i;
      ui.pair = null;
      draw(ui);
      commit(ui);
    });
    makeImage(label, pixels, ui.tell("image", { name: ui.nameOf(i), number: data.indices[i] }));
    make("span", "name", label, { "aria-hidden": "true" }).textContent = ui.nameOf(i); // the image above says it
  });
}

/** Built anew for another run only, or when its first look inside has come; what grows is drawn. */
function layOut(ui, { wanted }) {
  const { data } = ui;
  ui.q(".bench").hidden = !ui.steps.length;
  ui.pair = null;
  ui.image = Math.min(Math.max(1, wanted.image ?? 1), data?.images.length ?? 1) - 1;
  for (const kind of Object.keys(FIRST)) {
    const options = data?.kinds[kind] ?? [];
    ui.chosen[kind] = [wanted[kind], FIRST[kind], options[0]].find((name) => options.includes(name));
  }
  if (ui.steps.length) layOutImages(ui);
  for (const kind of Object.keys(FIRST)) {
    layOutMethods(ui, kind);
    layOutKind(ui, kind);
    if (data && !ui.chosen[kind]) setText(ui.parts[kind].say, ui.tell("choose"));
    else if (!ui.steps.length) setText(ui.parts[kind].say, ui.empty[kind]);
  }
}

function build(ui) {
  ui.draw = () => draw(ui);
  Object.assign(ui, { at: null, steps: [], times: [], drawers: {}, chosen: {}, parts: {}, range: ui.q("#kdi-at"), atText: ui.q(".at"), after: ui.q(".to-after") });
  ui.root.querySelectorAll(".kind").forEach((node) => {
    const part = (name) => node.querySelector(`.${name}`);
    ui.parts[node.dataset.kind] = Object.fromEntries(["methods", "picture", "diagram", "say", "formulas"].map((name) => [name, part(name)]));
  });
  ui.range.addEventListener("input", () => move(ui, Number(ui.range.value)));
  const report = makeReport(ui, () => commit(ui));
  ui.range.addEventListener("change", report.wait);
  ui.player = buildPlayer(ui, ui.q(".player"), () => ui.times.at(-1) ?? 0, (at) => {
    look(ui, at === null ? null : lastUpTo(ui.times, at));
    if (at === null) commit(ui);
  });
  ui.endings.push(() => showShareOf(CURVES, null));
  const go = (at) => () => {
    move(ui, at());
    commit(ui);
  };
  ui.q(".to-before").addEventListener("click", go(() => 0));
  ui.after.addEventListener("click", go(() => ui.steps.length));
}

function receive(ui, data) {
  Object.assign(ui, { empty: data.empty, data: data.picture });
  mixShades(ui, ui.root.querySelectorAll("td"));
  ui.teacher = ui.data?.teacher;
  ui.steps = ui.data ? allSteps(ui.data.methods) : [];
  ui.times = ui.data ? timesOf(ui.data.methods, ui.steps) : [];
  ui.total = ui.data ? Math.max(1, ...Object.values(ui.data.methods).map(({ last }) => last)) : 1;
  if (ui.changed("shape", [data.run, ui.steps.length > 0, Boolean(ui.data)])) {
    const at = lastUpTo(ui.steps, data.wanted.update ?? Infinity); // a link may ask for an update beyond the last
    ui.at = at >= ui.steps.length - 1 ? null : at;
    ui.player.moveTo(ui.at === null ? null : ui.times[ui.at]);
    layOut(ui, data);
  }
  ui.player.name();
  ui.q(".player").hidden = !data.date;
  setText(ui.q(".replay"), data.date ? ` · ${ui.tell("replay", { date: data.date })}` : "");
  draw(ui);
  if (ui.changed("replays", [data.run, data.replays]) && data.replays) ui.player.start();
}

export default await component(import.meta.url, { root: ".kdi", build, receive });
