// The stage: the page's picture fills a projector's screen, below one sentence and two large numbers; moved by keys.

import { sayAloud } from "../kdviz.shared/announcer.js";
import { component, sheetOf, watchSize } from "../kdviz.shared/component.js";
import { make, setText } from "../kdviz.shared/dom.js";
import { goTo } from "../kdviz.shared/navigation.js";
import { meaningOf, nextTemperature, onStage, showStage } from "../kdviz.shared/on_stage.js";
import { shownPictures } from "../kdviz.shared/shown.js";
import { listen, tell } from "../kdviz.shared/signals.js";
import { talkChannel } from "../kdviz.shared/talk_channel.js";
import { formatT } from "../kdviz.shared/temperature.js";
import { classroom } from "./classroom.js";
import { answerLate, answerPoll, buildPoll, foldPoll, receivePoll, showPoll } from "./poll.js";
import { buildSeats, openSeats, showSeats } from "./seats.js";

const PICTURE = ".st-key-stage";
const INSTEAD = ".st-key-fallback"; // what the page says where it shows another data set than it would
const SCROLLS = '[data-testid="stMain"]';
const [ZOOM, GAP, PADDING] = [2.55, 8, 12]; // of page.css
const LOOK = 100; // milliseconds between two looks at the numbers
const KEYS = ["stage", "next", "previous", "cooler", "class", "poll", "answer", "full", "blank", "help", "leave"];
// What moves the temperature and α of a picture. Forms of a page say what the next run would have.
const OF_T = ".t-range, .of-t input[type=range], .pick-t";
const OF_ALPHA = ".alpha-range, .of-alpha input[type=range]";
const OF_RUN = `${PICTURE} [data-temperature]`; // what the run in the picture was trained with
const AHEAD = 1000; // milliseconds after the first scene

let loaded = false; // whether what later scenes need has been asked for
let scrolled = 0; // where the page was before it went onto the stage

/**
 * The first of these controls in the components of the stage, of those that are shown.
 * @param {string} selector @returns {HTMLInputElement | null}
 */
function control(selector) {
  for (const holder of document.querySelectorAll(`${PICTURE} *`)) {
    const found = holder.shadowRoot?.querySelector(selector);
    if (found instanceof HTMLInputElement && found.getClientRects().length) return found;
  }
  return null;
}

/** @param {HTMLInputElement} range */
const isLogarithmic = (range) => Number(range.min) < 0;

/** What a control of T says. @param {HTMLInputElement} input */
function temperatureText(input) {
  const written = input.closest(".knob")?.querySelector(".t-value")?.textContent;
  if (written) return written;
  if (isLogarithmic(input)) return formatT(10 ** Number(input.value));
  return input.getAttribute("aria-valuetext") ?? "";
}

/** Set a control as a hand does. @param {HTMLInputElement} input @param {number} value */
function set(input, value) {
  input.dispatchEvent(new KeyboardEvent("keydown")); // several presses are one report to the server
  const write = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
  write?.call(input, String(value));
  input.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** @param {1 | -1} way */
function moveTemperature(way) {
  const input = control(OF_T);
  if (!input) return;
  if (isLogarithmic(input)) set(input, Math.log10(nextTemperature(10 ** Number(input.value), way)));
  else set(input, Number(input.value) + way);
}

/** The temperature and α of the picture as text; null where it has none. */
function numbers() {
  const [T, alpha, run] = [control(OF_T), control(OF_ALPHA), document.querySelector(OF_RUN)];
  return {
    T: T ? temperatureText(T) : run?.getAttribute("data-temperature") ?? null,
    alpha: alpha ? Number(alpha.value).toFixed(2) : run?.getAttribute("data-alpha") ?? null,
  };
}

function showNumbers(ui) {
  const { T, alpha } = numbers();
  ui.q(".of-t").hidden = T === null;
  ui.q(".of-alpha").hidden = alpha === null;
  if (T !== null) setText(ui.q(".t-now"), T);
  if (alpha !== null) setText(ui.q(".alpha-now"), alpha);
}

/** The picture begins where the bar ends; components and figures know how high they may be, in pixels of a component. */
function measure(ui) {
  const top = ui.q(".strip").offsetHeight;
  const parts = [...document.querySelectorAll(`${PICTURE} > *`)].filter((part) => !part.querySelector(".stBidiComponent, .stPlotlyChart"));
  const used = parts.reduce((sum, part) => sum + part.getBoundingClientRect().height + GAP, 2 * PADDING);
  const style = document.documentElement.style;
  style.setProperty("--stage-top", `${top}px`);
  const app = document.querySelector(".stApp");
  if (app) style.setProperty("--stage-paper", getComputedStyle(app).backgroundColor); // of a theme that changes meanwhile
  const room = `${((innerHeight - top - used) / ZOOM).toFixed(1)}px`;
  if (style.getPropertyValue("--stage-room") === room) return;
  style.setProperty("--stage-room", room);
  tell("room"); // what was drawn before the bar had its height is drawn anew
}

function look(ui) {
  showNumbers(ui);
  ui.q(".instead").hidden = !document.querySelector(INSTEAD);
  measure(ui);
  answerLate(ui);
  if (classroom.opened) classroom.show(factsOf(ui));
}

/** What the seats of a class are told. */
function factsOf(ui) {
  const { page, title, sentence, talk } = ui.data;
  const query = new URLSearchParams(location.search);
  for (const name of ["stage", "talk", "scene"]) query.delete(name);
  return { page, title, sentence, talk: talk?.name ?? null, scene: talk?.scene ?? null, query: query.toString(), ...numbers(), pictures: shownPictures() };
}

function showClass(ui) {
  showSeats(ui);
  showPoll(ui);
}

/** The rules of page.css are the document's only on the stage. @param {boolean} on */
function setRules(on) {
  const others = document.adoptedStyleSheets.filter((sheet) => sheet !== rules);
  document.adoptedStyleSheets = on ? [...others, rules] : others;
}

function show(ui) {
  const on = onStage();
  if (on !== document.adoptedStyleSheets.includes(rules)) setRules(on);
  const main = document.querySelector(SCROLLS);
  if (on === ui.root.hasAttribute("data-on")) return;
  if (on && main) scrolled = ui.before ?? main.scrollTop;
  ui.root.toggleAttribute("data-on", on);
  clearInterval(ui.looking);
  ui.q(".ring").hidden = true;
  ui.q(".blank").hidden = true;
  if (on) {
    classroom.find();
    ui.looking = setInterval(() => look(ui), LOOK);
    look(ui);
  } else {
    ui.q(".keys").close();
    requestAnimationFrame(() => main?.scrollTo({ top: scrolled, behavior: "instant" }));
  }
  if (ui.data) showPoll(ui);
}

function setStage(ui, on) {
  ui.before = document.querySelector(SCROLLS)?.scrollTop ?? 0;
  showStage(on);
  ui.commit("on", on);
}

function toggleFullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => {});
}

function blank(ui, on) {
  ui.q(".blank").hidden = !on;
  if (on) ui.q(".blank").focus();
}

function act(ui, meaning) {
  const { previous, next } = ui.data;
  if (meaning === "stage") setStage(ui, !onStage());
  else if (meaning === "full") toggleFullScreen();
  else if (meaning === "blank") blank(ui, ui.q(".blank").hidden);
  else if (meaning === "cooler") moveTemperature(-1);
  else if (meaning === "warmer") moveTemperature(1);
  else if (meaning === "next" && next) goTo(next);
  else if (meaning === "previous" && previous) goTo(previous);
  else if (meaning === "notes") openNotes(ui);
  else if (meaning === "help") ui.q(".keys").showModal();
  else if (meaning === "class") openSeats(ui);
  else if (meaning === "poll") foldPoll(ui);
  else if (meaning === "answer") answerPoll(ui);
  else if (meaning === "leave" && !ui.q(".blank").hidden) blank(ui, false);
  else if (meaning === "leave") setStage(ui, false);
}

/** The speaker's window; it stays, and follows. */
function openNotes(ui) {
  const { name, scene } = ui.data.talk;
  const address = new URL(`notes?${new URLSearchParams({ talk: name, scene: String(scene) })}`, document.baseURI);
  window.open(address, "kdviz-notes", "popup,width=900,height=760");
}

/** Tell the notes where the stage is. */
function tellNotes(ui) {
  if (ui.data.talk && onStage()) ui.channel.say({ type: "at", talk: ui.data.talk.name, scene: ui.data.talk.scene });
}

/** @param {() => void} work done once the browser is idle; in Safari, which cannot say when that is, soon */
function whenIdle(work) {
  if (typeof requestIdleCallback === "function") requestIdleCallback(work);
  else setTimeout(work, 50);
}

/** Load and run the modules that later scenes draw with, once the first has come and the browser is idle. */
function loadAhead(ui) {
  if (!ui.data.talk || loaded) return;
  loaded = true;
  const addresses = ui.data.talk.ahead.map((/** @type {string} */ name) => new URL(`static/js/${name}`, document.baseURI).href);
  const next = () => {
    const address = addresses.shift();
    if (address) import(address).catch(() => {}).then(() => whenIdle(next)); // what is missing is fetched again by the scene that needs it
  };
  setTimeout(() => whenIdle(next), AHEAD);
}

/** What has the focus, also within a component. */
function focused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

function hearKeys(ui) {
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (!ui.root.isConnected || ui.root.querySelector("dialog[open]")) return;
    const meaning = meaningOf(event, onStage(), (selector) => focused()?.matches(selector) ?? false);
    if (!meaning) return;
    event.preventDefault();
    act(ui, meaning);
  };
  const onMove = (/** @type {PointerEvent} */ event) => {
    const ring = ui.q(".ring");
    ring.hidden = !onStage() || event.pointerType === "touch";
    ring.style.translate = `${event.clientX}px ${event.clientY}px`;
  };
  const onSize = () => measure(ui);
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointermove", onMove, true);
  addEventListener("resize", onSize);
  ui.endings.push(() => {
    document.removeEventListener("keydown", onKey);
    document.removeEventListener("pointermove", onMove, true);
    removeEventListener("resize", onSize);
    clearInterval(ui.looking);
  });
}

function listKeys(ui) {
  const list = ui.q(".keys dl");
  if (list.children.length) return;
  for (const name of KEYS) {
    make("dt", "", list).textContent = ui.tell(`key-${name}`);
    make("dd", "", list).textContent = ui.tell(`does-${name}`);
  }
}

function build(ui) {
  hearKeys(ui);
  ui.channel = talkChannel((message) => {
    if (!ui.root.isConnected || !onStage()) return;
    if (message.type === "ask") tellNotes(ui);
    if (message.type === "go") act(ui, message.way);
  });
  ui.endings.push(() => ui.channel.end());
  listen(ui, "stage", () => show(ui));
  listen(ui, "class", () => showClass(ui));
  buildSeats(ui);
  buildPoll(ui);
  watchSize(ui, ui.q(".strip"), () => measure(ui));
  for (const name of ["previous", "next", "notes", "full", "help", "leave"]) ui.q(`.${name}`).addEventListener("click", () => act(ui, name));
  ui.q(".enter").addEventListener("click", () => act(ui, "stage"));
  ui.q(".blank").addEventListener("click", () => blank(ui, false));
}

function receive(ui, data) {
  ui.data = data;
  for (const node of ui.root.querySelectorAll("[data-name]")) {
    node.setAttribute("aria-label", ui.tell(node.dataset.name));
    node.title = ui.tell(node.dataset.name);
  }
  listKeys(ui);
  sayAloud(ui.q(".sentence"), data.sentence);
  setText(ui.q(".place"), data.place);
  ui.q(".previous").disabled = !data.previous;
  ui.q(".next").disabled = !data.next;
  ui.q(".notes").hidden = !data.talk;
  show(ui);
  if (data.together) classroom.find();
  receivePoll(ui);
  showClass(ui);
  tellNotes(ui);
  loadAhead(ui);
}

const [mount, rules] = await Promise.all([
  component(import.meta.url, { root: ".on-stage", build, receive }),
  sheetOf(new URL("page.css", import.meta.url).href),
]);

export default mount;
