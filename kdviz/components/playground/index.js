// The playground: students learn in a worker of this browser; the page asks it for a picture of them at each frame.

import { component } from "../kdviz.shared/component.js";
import { emptied, make, rgb, setText } from "../kdviz.shared/dom.js";
import { parseNumber, percent, whole } from "../kdviz.shared/format.js";
import { forwardLayers, unpackLayers } from "../kdviz.shared/network.js";
import { entropyBits, softmax } from "../kdviz.shared/softmax.js";
import { answers } from "../kdviz.shared/truth.js";
import { unnamed, unnamedPoints } from "./blind.js";
import { buildChallenges } from "./challenge_list.js";
import { buildChoice, buildControls } from "./controls.js";
import { drawAccuracy, drawByDigit, drawLoss, showNumbers } from "./curves.js";
import { buildInside, drawUnits, showDoubts } from "./inside.js";
import { labQuery } from "./lab.js";
import { OWN_QUERY, buildOwn, followSettings, hearRace, loadOwn, ownQuery, setOwn } from "./own.js";
import { unpack } from "./pack.js";
import { PRESETS } from "./presets.js";
import { describe, taughtWins } from "./sentence.js";
import { CHOICES, STARTS_ANEW, fromQuery, toQuery } from "./settings.js";
import { buildBars, buildPulls, drawBars, drawPulls, showImage } from "./stage.js";

/** @typedef {import("./settings.js").Settings} Settings */

const [PLAY, PAUSE] = ["M5 2.5 17.5 10 5 17.5Z", "M4 3H8.2V17H4ZM11.8 3H16V17H11.8Z"];
const WEIGHTS_EVERY = 8; // frames
const CURVES_EVERY = 4;
const STILL = 500; // milliseconds between two pictures where a visitor wants no motion

const send = (ui, message) => ui.worker?.postMessage(message);

/** One sentence in place of the page: what is wrong, and where to go on. */
function refuse(ui, key, values = {}) {
  ui.root.classList.add("busy");
  ui.q(".loading").hidden = true;
  const room = ui.q(".problem");
  room.hidden = false;
  setText(room, `${ui.tell(key, values)} `);
  make("a", "", room, { href: `watch_it_train?data=${ui.name}`, target: "_self" }).textContent = ui.tell("elsewhere");
}

/** The address bar says what is set, so that a copy of it opens the same. Other entries stay; the server is not asked. */
function writeLink(ui) {
  const query = new URLSearchParams(location.search);
  for (const name of [...Object.keys(ui.settings), ...OWN_QUERY]) query.delete(name);
  for (const [name, value] of Object.entries({ ...toQuery(ui.settings, ui.facts), ...ownQuery(ui) })) query.set(name, value);
  const text = query.toString();
  history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
}

function showPlaying(ui) {
  ui.q(".play path").setAttribute("d", ui.playing ? PAUSE : PLAY);
  ui.q(".play").setAttribute("aria-label", ui.tell(ui.playing ? "pause" : "play"));
  ui.root.dataset.playing = String(ui.playing);
}

function setPlaying(ui, playing) {
  ui.playing = playing;
  send(ui, { type: playing ? "play" : "pause" });
  if (playing) setText(ui.q(".note"), "");
  showPlaying(ui);
  ask(ui);
}

/** From update 0 with the settings as they are. */
function begin(ui) {
  ui.begins += 1;
  ui.points = [];
  ui.marks = [];
  ui.fresh = true; // whatever is on its way belongs to the run before
  ui.challenges.restart();
  send(ui, { type: "reset" });
  writeLink(ui);
}

/** A visitor has moved something: it counts from the next update on, unless it makes other students. */
function change(ui, changed) {
  Object.assign(ui.settings, changed);
  ui.drawing = "image" in changed ? null : ui.drawing;
  send(ui, { type: "settings", settings: ui.settings });
  const anew = STARTS_ANEW.some((name) => name in changed);
  if (anew) begin(ui);
  setText(ui.q(".note"), anew ? ui.tell("began-anew") : "");
  showSettings(ui);
  if ("image" in changed) showChosen(ui);
  clearTimeout(ui.writing);
  ui.writing = setTimeout(() => writeLink(ui), 250);
  ask(ui);
}

/** A whole state, as a link brings it. */
function open(ui, query) {
  const { settings, problems } = fromQuery(query, ui.facts);
  ui.settings = settings;
  send(ui, { type: "settings", settings });
  begin(ui);
  showSettings(ui);
  showChosen(ui);
  setText(ui.q(".note"), problems.map(({ name, given, used }) => ui.tell("problem-setting", { name, given, used })).join(" "));
  ask(ui);
}

function showSettings(ui) {
  ui.showControls();
  ui.showSpeed(ui.settings.speed);
  if (ui.shadow.activeElement !== ui.q(".seed-number")) ui.q(".seed-number").value = String(ui.settings.seed);
  const query = labQuery(ui.settings, { data: ui.name, training: ui.facts.training, students: ui.students });
  ui.q(".lab").hidden = !query;
  if (query) ui.q(".lab").href = `three_ways?${new URLSearchParams(query)}`;
  const now = JSON.stringify(toQuery({ ...ui.settings, image: ui.facts.image, seed: 0, speed: "full" }, ui.facts));
  followSettings(ui, ui.page);
  for (const link of ui.q(".presets").children) {
    if (ui.own.open || link.dataset.preset === "own") {
      link.setAttribute("aria-current", String(ui.own.open && link.dataset.preset === "own"));
      continue;
    }
    const { settings } = fromQuery(Object.fromEntries(new URL(link.href).searchParams), ui.facts);
    link.setAttribute("aria-current", String(JSON.stringify(toQuery(settings, ui.facts)) === now));
  }
}

const pixelsOf = (ui, index) => ui.pack.images.subarray(784 * index, 784 * (index + 1));

function showChosen(ui) {
  const { image } = ui.settings;
  if (ui.drawing) {
    showImage(ui, ui.drawing, ui.tell("your-drawing"));
    send(ui, { type: "show", pixels: ui.drawing });
    return;
  }
  showImage(ui, pixelsOf(ui, image), ui.tell("image-of", { name: ui.pack.names[ui.pack.labels[image]] }));
  send(ui, { type: "show", image });
}

/** Where a visitor has asked for less motion: numbers in place of bars, twice a second. */
function keepStill(ui) {
  const wish = matchMedia("(prefers-reduced-motion: reduce)");
  const follow = () => {
    ui.still = wish.matches;
    ui.q(".numbers").hidden = !ui.still;
    ui.q(".bars").toggleAttribute("hidden", ui.still);
  };
  wish.addEventListener("change", follow);
  ui.endings.push(() => wish.removeEventListener("change", follow));
  follow();
}

/** Ask the worker for a picture, one at a time, with the next animation frame. */
function ask(ui) {
  ui.wanted = true;
  if (ui.asking || !ui.worker || document.hidden) return;
  ui.asking = true;
  const next = ui.still && ui.playing ? (/** @type {() => void} */ call) => setTimeout(call, STILL) : requestAnimationFrame;
  next(() => {
    ui.frames += 1;
    ui.wanted = false; // what is moved from here on is in no picture yet
    const weights = ui.view === "units" && (ui.frames % WEIGHTS_EVERY === 0 || !ui.playing);
    const doubts = ui.view === "doubts" && (ui.frames % (4 * WEIGHTS_EVERY) === 0 || !ui.playing);
    send(ui, { type: "frame", from: ui.points.length, weights, doubts });
  });
}

function drawFrame(ui, known) {
  const { settings } = ui;
  ui.known = known;
  const frame = ui.blind ? unnamed(known, settings.seed) : known;
  const reads = ui.drawing && ui.layers && settings.teacher === "trained";
  drawBars(ui, reads ? { ...frame.shown, teacher: forwardLayers(ui.layers, ui.drawing) } : frame.shown);
  drawPulls(ui, frame.pulls);
  setText(ui.q(".updates"), whole(frame.updates));
  setText(ui.q(".updates-word"), ui.tell("updates", { epochs: frame.epochs.toFixed(1) }));
  setText(ui.q(".pace"), frame.playing ? ui.tell("pace", { images: whole(Number(frame.imagesPerSecond.toPrecision(2))) }) : "");
  showNumbers(ui, frame.counts);
  setText(ui.q(".say"), describe(ui.tell, frame, settings));
  setText(ui.q(".moved"), ui.tell(frame.moved && frame.updates ? "moved" : "not-moved"));
  if (ui.frames % CURVES_EVERY === 0 || ui.still || !frame.playing || !ui.drawn) drawResults(ui, frame);
  if (frame.weights) {
    drawUnits(ui.q(".units"), frame.weights.taught, [rgb(ui.root, "--kd-student"), rgb(ui.root, "--kd-teacher")]);
    const units = frame.weights.taught.length / 784;
    ui.q(".units").setAttribute("aria-label", ui.tell("units-says", { units }));
  }
  if (frame.disagreements) {
    const { names, labels } = ui.pack;
    const words = ({ image, taught, plain }) =>
      [ui.tell("doubt", { label: names[labels[image]] }), ui.tell("doubt-answers", { taught: names[taught], plain: names[plain] })];
    showDoubts(ui, frame.disagreements, (index) => pixelsOf(ui, index), words, (image) => change(ui, { image }));
  }
  ui.challenges.hear({ ...known, points: ui.points, settings, facts: ui.facts });
  ui.root.dataset.updates = String(frame.updates);
}

function drawResults(ui, frame) {
  const { counts } = frame;
  setText(ui.q(".who-teacher"), ui.tell(counts.teacher === null ? "no-teacher" : `pull-${ui.settings.teacher}`));
  const agreed = counts.agreement === null ? "" : ui.tell("agreement", { share: percent(counts.agreement / counts.n) });
  setText(ui.q(".agreement"), agreed);
  const points = ui.blind ? unnamedPoints(ui.points, ui.settings.seed) : ui.points;
  drawAccuracy(ui, points, ui.marks, counts.teacher === null ? null : counts.teacher / counts.n, frame.updates);
  drawByDigit(ui, counts.byDigit);
  drawLoss(ui, ui.points, ui.marks, frame.updates);
  ui.drawn = true;
}

/** Whether the students go without their names: then they are A and B, in an order that the seed gives. */
function setBlind(ui, blind) {
  ui.blind = blind;
  ui.root.toggleAttribute("data-blind", blind);
  for (const name of ["taught", "plain"]) {
    for (const node of ui.root.querySelectorAll(`[data-word="${name}"]`)) setText(node, ui.tell(name));
  }
  ui.drawn = false; // with the next frame
  ask(ui);
}

function hear(ui, { data: message }) {
  if (message.type === "problem") {
    refuse(ui, message.key, message.values);
    return;
  }
  if (message.type === "race") hearRace(ui, message);
  if (message.type !== "frame") return;
  ui.asking = false;
  if (ui.fresh && message.from > 0) {
    ask(ui); // asked before the reset
    return;
  }
  ui.fresh = false;
  ui.points.push(...message.points);
  ui.marks = message.marks;
  drawFrame(ui, message);
  if (ui.playing || ui.wanted) ask(ui);
}

/**
 * Bytes of an address of the app, with the part that has come so far. Streamlit sends no cache header with them, and an
 * address is that of its bytes.
 */
async function download(address, onPart) {
  const answer = await fetch(new URL(`../../../${address}`, import.meta.url), { cache: "force-cache" });
  if (!answer.ok || !answer.body) throw new Error(`${answer.status}`);
  const size = Number(answer.headers.get("content-length")) || 0;
  const parts = [];
  let bytes = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    bytes += value.length;
    if (size) onPart(bytes / size);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The held-out image of which the trained teacher is right and least sure: it has most to say. @param {import("./pack.js").Pack} pack */
function leastSure({ training, heldOut, labels, teachers }) {
  let [best, most] = [training, -1];
  for (let image = training; image < training + heldOut; image++) {
    const p = softmax(teachers.trained.subarray(10 * image, 10 * image + 10), 1);
    const bits = entropyBits(p);
    if (bits > most && p.every((share) => share <= p[labels[image]])) [best, most] = [image, bits];
  }
  return best;
}

/** Where the server is away the page is opened anew once it is back: see connection.js. */
const sayLost = () => window.dispatchEvent(new Event("kd-lost-part"));

async function load(ui, data) {
  ui.root.classList.add("busy");
  setText(ui.q(".loading-text"), ui.tell("loading"));
  if (typeof Worker === "undefined") {
    refuse(ui, "no-worker");
    return;
  }
  try {
    const bytes = await download(data.pack, (part) => { ui.q(".loading progress").value = part; });
    ui.pack = await unpack(bytes);
  } catch (error) {
    refuse(ui, "not-loaded", { reason: String(error) });
    sayLost();
    return;
  }
  ui.facts = { training: ui.pack.training, heldOut: ui.pack.heldOut, image: leastSure(ui.pack) };
  ui.worker?.terminate();
  Object.assign(ui, { asking: false, playing: false, drawing: null, drawn: false });
  ui.worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  ui.worker.onmessage = (event) => hear(ui, event);
  ui.worker.onerror = () => {
    refuse(ui, "worker-failed");
    sayLost();
  };
  ui.settings = fromQuery({}, ui.facts).settings;
  ui.showControls ??= buildControls(ui, (changed) => change(ui, changed));
  send(ui, { type: "open", pack: ui.pack, settings: ui.settings });
  ui.showInside(data.frame);
  buildPresets(ui);
  ui.challenges = buildChallenges(ui, data.challenges, (parent, query) => linkTo(ui, parent, query), (blind) => setBlind(ui, blind));
  setText(ui.q(".accuracy-title"), ui.tell("accuracy-title", { n: whole(ui.pack.heldOut) }));
  ui.root.classList.remove("busy");
  loadOwn(ui, data.query);
  setOwn(ui, data.query.own === "1" || data.query.opinions !== undefined);
  open(ui, data.query);
  showPlaying(ui);
  if (ui.followed) followStage(ui, ui.followed);
}

/** A link to a state of this page: opened here, unless another tab is asked for; the two students begin to play. */
function linkTo(ui, parent, query) {
  const text = new URLSearchParams({ ...(ui.name ? { data: ui.name } : {}), ...query }).toString();
  const link = make("a", "", parent, { href: `?${text}`, target: "_self" });
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (query.own) {
      showOwnPage(ui, true);
      return;
    }
    setOwn(ui, false);
    open(ui, query);
    setPlaying(ui, true);
  });
  return link;
}

function buildPresets(ui) {
  const nav = emptied(ui.q(".presets"));
  nav.setAttribute("aria-label", ui.tell("presets"));
  for (const { name, query } of [...PRESETS, { name: "own", query: { own: "1" } }]) {
    const link = linkTo(ui, nav, query);
    link.dataset.preset = name;
    link.textContent = ui.tell(`preset-${name}`);
  }
}

/** "You are the teacher" in place of the two students, or they again. */
function showOwnPage(ui, shown) {
  if (ui.playing) setPlaying(ui, false);
  setOwn(ui, shown);
  showSettings(ui);
  writeLink(ui);
  ask(ui);
  ui.q(shown ? ".own-back" : ".play").focus();
}

/** The teacher's weights, for drawings alone: fetched when the first pad is opened. */
async function fetchTeacher(ui) {
  if (ui.view !== "draw" || ui.fetched === ui.weights) return;
  ui.fetched = ui.weights;
  ui.layers = await unpackLayers(await download(ui.weights, () => {}));
  ask(ui);
}

function buildTransport(ui) {
  ui.q(".play").addEventListener("click", () => setPlaying(ui, !ui.playing));
  ui.q(".one").addEventListener("click", () => {
    send(ui, { type: "step" });
    ask(ui);
  });
  ui.q(".reset").addEventListener("click", () => {
    begin(ui);
    ask(ui);
  });
  ui.showSpeed = buildChoice(ui.q(".speed"), "speed", CHOICES.speed, (speed) => ui.tell(`speed-${speed}`), (speed) => change(ui, { speed }));
  const field = ui.q(".seed-number");
  field.addEventListener("change", () => {
    const seed = parseNumber(field.value);
    field.blur();
    if (seed !== null && Number.isInteger(seed) && seed >= 0 && seed <= 9999) change(ui, { seed });
    else field.value = String(ui.settings.seed);
  });
  ui.q(".die").addEventListener("click", () => change(ui, { seed: Math.floor(Math.random() * 10000) }));
  ui.root.addEventListener("keydown", (event) => {
    const typing = ui.shadow.activeElement?.matches('button, a, select, input[type="text"], input[type="checkbox"]');
    if (event.key !== " " || typing || ui.own.open) return;
    event.preventDefault();
    setPlaying(ui, !ui.playing);
  });
  for (const [name, way] of /** @type {const} */ ([["previous", -1], ["next", 1]])) {
    ui.q(`.${name}`).addEventListener("click", () => {
      const { training, heldOut } = ui.facts;
      const place = (Math.max(0, ui.settings.image - training) + way + heldOut) % heldOut;
      change(ui, { image: training + place });
    });
  }
}

function pauseInBackground(ui) {
  const onHidden = () => {
    if (!document.hidden) {
      ask(ui);
      return;
    }
    ui.asking = false;
    if (!ui.playing) return;
    setPlaying(ui, false);
    setText(ui.q(".note"), ui.tell("paused-hidden"));
  };
  document.addEventListener("visibilitychange", onHidden);
  ui.endings.push(() => document.removeEventListener("visibilitychange", onHidden), () => ui.worker?.terminate());
}

function build(ui) {
  const { tell } = ui;
  ui.tell = (key, values) => tell(ui.blind && `${key}-blind` in ui.words ? `${key}-blind` : key, values);
  Object.assign(ui, { playing: false, points: [], marks: [], frames: 0, begins: 0, followed: null, asking: false, drawing: null });
  ui.columns = buildBars(ui.q(".bars"));
  ui.arrows = buildPulls(ui.q(".pulls"));
  ui.showInside = buildInside(ui, (pixels) => {
    ui.drawing = pixels;
    showChosen(ui);
    ask(ui);
  }, () => {
    fetchTeacher(ui);
    ui.challenges?.show();
    ask(ui);
  });
  ui.page = { send: (message) => send(ui, message), moved: () => writeLink(ui) };
  buildOwn(ui, ui.page);
  ui.q(".own-back").addEventListener("click", () => showOwnPage(ui, false));
  buildTransport(ui);
  pauseInBackground(ui);
  keepStill(ui);
  answers(ui, "taught-wins", () => {
    const key = ui.known && taughtWins(ui.known);
    return key && { key, says: describe(tell, ui.known, ui.settings) };
  });
}

function receive(ui, data) {
  ui.name = data.data;
  ui.weights = data.weights;
  ui.students = data.students;
  ui.q(".previous").setAttribute("aria-label", ui.tell("previous"));
  ui.q(".next").setAttribute("aria-label", ui.tell("next"));
  ui.q(".die").setAttribute("aria-label", ui.tell("die"));
  ui.q(".die").title = ui.tell("die");
  if (ui.changed("pack", data.pack)) load(ui, data);
}

const stateOf = ({ pack, settings, playing, begins }) => (pack ? { settings, playing, begins } : undefined);

/** Do what was done on the stage: move what was moved, begin anew, play or pause. */
function followStage(ui, now) {
  const before = ui.followed;
  ui.followed = now;
  if (!ui.pack) return; // until it is loaded
  const moved = Object.entries(now.settings).filter(([name, value]) => ui.settings[name] !== value);
  if (moved.length) change(ui, Object.fromEntries(moved));
  if (before && before.begins !== now.begins) begin(ui);
  if (now.playing !== ui.playing) setPlaying(ui, now.playing);
}

export default await component(import.meta.url, { root: ".playground", build, receive, state: stateOf, follow: followStage });
