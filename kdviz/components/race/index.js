// A race of temperatures: the image's logits grow from 0 to what they are, as they do in training; in every lane the
// same logits are divided by another T.

import { announce } from "../kdviz.shared/announcer.js";
import { component } from "../kdviz.shared/component.js";
import { make, setText } from "../kdviz.shared/dom.js";
import { namedShares, percent, sharePercent } from "../kdviz.shared/format.js";
import { temperatureOf } from "../kdviz.shared/signals.js";
import { followTemperature, onRelease } from "../kdviz.shared/slider.js";
import { ranked, softmax } from "../kdviz.shared/softmax.js";

const SECONDS = 5;
const STILL = 500; // milliseconds between two pictures where a visitor wants no motion
const FIRM = 0.5; // a share at which a lane counts as decided

const shareAt = (ui, T) => softmax(Float64Array.from(ui.logits, (z) => z * ui.grown), T);

/** How far the logits must have grown for the winner to get `share`, or null if even all of them are too few. */
function grownFor(logits, T, share) {
  const top = (s) => softmax(logits.map((z) => z * s), T)[0];
  if (top(1) < share) return null;
  let [low, high] = [0, 1];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (top(middle) < share) low = middle;
    else high = middle;
  }
  return high;
}

function raceSentence(ui) {
  const temperatures = [...new Set(ui.lanes.map((lane) => lane.T))].sort((a, b) => a - b);
  if (ui.grown < 0.005) return ui.tell("begin");
  const firm = temperatures.filter((T) => shareAt(ui, T)[0] >= FIRM).map(String);
  const list = new Intl.ListFormat("en-GB").format(firm);
  const now = ui.tell(firm.length ? "passed" : "leads", { name: ui.names[0], goal: percent(FIRM), temperatures: list });
  const there = temperatures.map((T) => [T, grownFor(Array.from(ui.logits), T, FIRM)]).filter(([, at]) => at !== null);
  if (there.length < 2) return `${now} ${ui.tell("twice")}`;
  const [[one, at_one], [other, at_other]] = there.slice(-2);
  return `${now} ${ui.tell("pair", { one, other, at_one: percent(at_one), at_other: percent(at_other) })}`;
}

function drawLane(ui, lane) {
  const p = shareAt(ui, lane.T);
  lane.parts.forEach((part, i) => {
    part.style.width = `${(100 * p[i]).toFixed(3)}%`;
    setText(part, p[i] > 0.035 ? ui.names[i] : "");
  });
  setText(lane.share, sharePercent(p[0]).replace("over ", "> ").replace("under ", "< "));
  const told = namedShares(ui.names, p).slice(0, 3).join(", ");
  lane.bar.setAttribute("aria-label", `T = ${lane.T}: ${told}`);
}

function drawRace(ui) {
  ui.lanes.forEach((lane) => drawLane(ui, lane));
  setText(ui.q(".grown-text"), percent(ui.grown));
  if (ui.range !== ui.shadow.activeElement || ui.playing) ui.range.value = 100 * ui.grown;
  ui.range.style.setProperty("--filled", `${(100 * ui.grown).toFixed(2)}%`);
  ui.range.setAttribute("aria-valuetext", ui.tell("value", { percent: percent(ui.grown) }));
  setText(ui.q(".say"), raceSentence(ui));
}

function stop(ui) {
  ui.playing = false;
  cancelAnimationFrame(ui.frame);
  clearTimeout(ui.timer);
  setText(ui.q(".play-text"), ui.tell("play"));
}

function play(ui) {
  if (ui.grown >= 0.999) ui.grown = 0;
  ui.playing = true;
  setText(ui.q(".play-text"), ui.tell("pause"));
  let before = null;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const next = () => { // two pictures a second where a visitor wants no motion
    if (still) ui.timer = setTimeout(() => step(performance.now()), STILL);
    else ui.frame = requestAnimationFrame(step);
  };
  const step = (now) => {
    if (!ui.playing) return;
    ui.grown = Math.min(1, ui.grown + (before === null ? 0 : (now - before) / (1000 * SECONDS)));
    before = now;
    drawRace(ui);
    if (ui.grown < 1) {
      next();
      return;
    }
    stop(ui);
    commit(ui);
    announce(ui, ui.q(".say").textContent);
  };
  next();
}

function buildLane(ui, T, yours) {
  const lane = make("div", yours ? "lane yours" : "lane", ui.q(".lanes"), { role: "row" });
  const head = make("span", "t", lane, { role: "rowheader" });
  const number = make("span", "", head);
  number.textContent = `T = ${T}`;
  if (yours) make("small", "", head).textContent = ui.tell("yours");
  const bar = make("div", "bar-of-all", lane, { role: "cell" });
  const won = make("span", "won", lane, { role: "cell" });
  const parts = ui.names.map((_, i) => {
    const part = make("span", "part", bar);
    const strength = Math.max(14, 100 - 30 * i);
    part.style.background = `color-mix(in srgb, var(--kd-teacher) ${strength}%, var(--kd-bg))`;
    part.style.color = i < 2 ? "var(--kd-bg)" : "var(--kd-ink)";
    return part;
  });
  return { T, parts, bar, number, share: make("b", "", won), yours };
}

function commit(ui) {
  ui.grown = Math.round(100 * ui.grown) / 100;
  ui.commit("grown", ui.grown);
}

function build(ui) {
  Object.assign(ui, { held: false, names: [], lanes: [], grown: 1, playing: false });
  ui.range = ui.q(".grown");
  onRelease(ui, ui.range, () => {
    if (ui.playing) stop(ui);
    ui.grown = Number(ui.range.value) / 100;
    drawRace(ui);
  }, () => commit(ui));
  ui.q(".play").addEventListener("click", () => {
    if (!ui.playing) return play(ui);
    stop(ui);
    return commit(ui);
  });
  followTemperature(ui, () => {
    const lane = ui.lanes[ui.lanes.length - 1];
    lane.T = ui.T;
    setText(lane.number, `T = ${ui.T}`);
    drawRace(ui);
  });
  ui.endings.push(() => stop(ui));
}

function receive(ui, data) {
  const order = ranked(data.logits);
  ui.group = data.group;
  ui.names = order.map((i) => data.names[i]);
  ui.logits = Float64Array.from(order, (i) => data.logits[i]);
  if (ui.overrides("grown", Number(data.grown)) && !ui.playing) ui.grown = Number(data.grown);
  const yours = temperatureOf(data.group) ?? Number(data.T);
  if (ui.changed("shape", [data.temperatures, ui.names])) {
    ui.q(".lanes").replaceChildren();
    ui.lanes = [...data.temperatures.map((T) => buildLane(ui, T, false)), buildLane(ui, yours, true)];
  }
  drawRace(ui);
}

export default await component(import.meta.url, { root: ".race", build, receive });
