// A seat of a class, on a phone: it follows the stage until it is touched, answers, draws and trains along.

import { sayAloud } from "../kdviz.shared/announcer.js";
import { component } from "../kdviz.shared/component.js";
import { applyPalette, setText } from "../kdviz.shared/dom.js";
import { Line } from "../kdviz.shared/line.js";
import { buildDraw } from "../kdviz.shared/own_drawing.js";
import { beginningOf, buildRace } from "../kdviz.shared/own_student.js";
import { answerAgain, showPoll } from "./poll.js";
import { StandIn } from "./stand_in.js";
import { letsGo } from "./touch.js";

/**
 * What the stage shows.
 * @typedef {object} Show
 * @property {string} page its slug
 * @property {string} title
 * @property {string} sentence
 * @property {number | null} scene
 * @property {string | null} talk
 * @property {string} query of its address
 * @property {string | null} T as it is written on the stage
 * @property {string | null} alpha
 * @property {import("./stand_in.js").Told[]} pictures
 */
/** @typedef {{ class: string, show: Show | null, ask: import("./poll.js").Ask | null, revision: number }} Said */

const START = "start"; // the page whose address has no name
const KEPT = "kdviz.seat"; // in this browser's storage
const MOUNTING = 800; // milliseconds within which a page has put up its pictures
const MOST = 8; // students of a seat that are on the map
const LOOK = 5000; // milliseconds between two looks at the line
const OWN = /** @type {Record<string, "draw" | "race">} */ ({ wall: "draw", class_map: "race" }); // what a seat has for these

/** A random name that says nothing about anybody; the same one after a reload. */
function seatId() {
  const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    const known = localStorage.getItem(KEPT) ?? random();
    localStorage.setItem(KEPT, known);
    return known;
  } catch {
    return random();
  }
}

/** @param {string} seat @param {string | null} code */
function openLine(seat, code) {
  const address = new URL("class/live", new URL(".", location.href));
  address.protocol = address.protocol.replace("http", "ws");
  address.search = String(new URLSearchParams({ seat, ...(code && { class: code }) }));
  return new WebSocket(address);
}

function showStanding(ui) {
  const standing = ui.line.standing === "open" ? (ui.exploring ? "exploring" : "open") : ui.line.standing;
  ui.root.dataset.standing = standing;
  ui.q(".exploring").hidden = !ui.exploring;
  (ui.exploring ? setText : sayAloud)(ui.q(".standing span"), ui.tell(`standing-${standing}`)); // said below
  sayAloud(ui.q(".exploring span"), ui.exploring ? ui.tell(ui.moved ? "exploring-moved" : "exploring") : "");
}

/** @param {any} ui @param {string} name @param {string | null} text */
function showNumber(ui, name, text) {
  ui.q(`.${name}`).hidden = text === null;
  setText(ui.q(`.${name} b`), text ?? "");
}

/** What a page is that no component draws, and the way to it. @param {any} ui @param {Show} show @param {boolean} drawn */
function showPage(ui, show, drawn) {
  const frame = ui.q(".framed");
  ui.address = `${show.page === START ? "./" : show.page}?${show.query}`;
  if (ui.changed("page", show.page)) {
    frame.hidden = true;
    frame.removeAttribute("src");
  }
  ui.q(".page").hidden = drawn || !frame.hidden;
  setText(ui.q(".page-says"), ui.tell("page-says", { page: show.title }));
}

function openPage(ui) {
  const frame = ui.q(".framed");
  frame.title = ui.show.title;
  frame.src = `./${ui.address}&embed=true`;
  frame.hidden = false;
  ui.q(".page").hidden = true;
  frame.scrollIntoView({ block: "start", behavior: "smooth" });
}

/** The seat is as the stage is; a stage that has no picture may not have it yet. */
async function follow(ui) {
  const { show } = ui.said;
  ui.moved = false;
  ui.root.toggleAttribute("data-waits", !show);
  setText(ui.q(".title"), show?.title ?? "");
  sayAloud(ui.q(".sentence"), show?.sentence ?? ui.tell("waits"));
  showNumber(ui, "of-t", show?.T ?? null);
  showNumber(ui, "of-alpha", show?.alpha ?? null);
  ui.show = show;
  if (show && !show.pictures.length) {
    ui.waiting ||= setTimeout(() => showPictures(ui), MOUNTING);
    return;
  }
  await showPictures(ui);
}

/** Put up the pictures that the stage has, or this seat's own part in them. */
async function showPictures(ui) {
  clearTimeout(ui.waiting);
  ui.waiting = 0;
  const { show } = ui;
  const pictures = show?.pictures ?? [];
  const own = pictures.find(({ component: name }) => name in OWN);
  const mine = OWN[own?.component ?? ""];
  for (const part of Object.values(OWN)) if (part !== mine) ui.q(`.${part}`).hidden = true;
  if (show) showPage(ui, show, pictures.length > 0);
  else ui.q(".page").hidden = true;
  try {
    if (own) {
      ui.own[mine].show(await ui.standIn.dataOf(own.data)); // before, a pad would have the pen of other images
      if (ui.show === show) ui.q(`.${mine}`).hidden = false;
    }
    await ui.standIn.show(own ? [] : pictures, show?.query ?? "");
  } catch {
    if (show && ui.show === show) showPage(ui, show, false);
  }
}

/** @param {any} ui @param {Said} said */
function hear(ui, said) {
  if (!("revision" in said)) return;
  const place = ({ page, scene, talk }) => JSON.stringify([page, scene, talk]);
  const before = ui.said?.show;
  ui.said = said;
  if (ui.exploring) ui.moved ||= Boolean(before && said.show && place(before) !== place(said.show));
  else follow(ui);
  showPoll(ui, said.ask, ui.say);
  if (ui.again) sayAgain(ui);
  showStanding(ui);
}

/** What this seat has said for what is shown may not have arrived before the line was lost. */
function sayAgain(ui) {
  ui.again = false;
  answerAgain(ui, ui.said.ask, ui.say);
  for (const { component: name } of ui.said.show?.pictures ?? []) if (name in OWN) ui.own[OWN[name]].again();
}

/** @param {any} ui @param {boolean} exploring */
function explore(ui, exploring) {
  if (ui.exploring === exploring) return;
  ui.exploring = exploring;
  clearTimeout(ui.waiting);
  ui.waiting = 0;
  if (!exploring) follow(ui);
  showStanding(ui);
}

function listen(ui) {
  const looking = setInterval(() => ui.line.look(), LOOK);
  const renew = () => {
    if (!document.hidden) ui.line.renew();
  };
  const theme = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => {
    applyPalette(ui.root.closest(".kd"));
    ui.standIn.redraw();
  };
  theme.addEventListener("change", recolour);
  addEventListener("online", renew);
  document.addEventListener("visibilitychange", renew);
  ui.endings.push(() => {
    clearInterval(looking);
    clearTimeout(ui.waiting);
    theme.removeEventListener("change", recolour);
    removeEventListener("online", renew);
    document.removeEventListener("visibilitychange", renew);
  });
}

/** A link of a picture leaves the seat where it is. @param {MouseEvent} event */
function openBeside(event) {
  const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
  if (link instanceof HTMLAnchorElement) link.target = "_blank";
}

function build(ui) {
  const id = seatId();
  Object.assign(ui, { said: null, show: null, exploring: false, moved: false, again: false, waiting: 0, answers: new Map() });
  ui.say = (/** @type {object} */ message) => {
    if (!ui.line.send(message)) ui.again = true; // with the next word of the class
  };
  const packOf = ({ data }) => new URL(`class/pack/${data}.gz`, new URL(".", location.href));
  ui.own = { draw: buildDraw(ui, ui.say), race: buildRace(ui, { first: beginningOf(id), most: MOST, packOf, send: ui.say }) };
  ui.open = () => openLine(id, ui.code);
  const surroundings = { open: () => ui.open(), now: () => performance.now(), later: setTimeout.bind(window), random: Math.random };
  ui.line = new Line(surroundings, (said) => hear(ui, said), (standing) => {
    if (standing !== "open") ui.again = true;
    showStanding(ui);
  });
  ui.standIn = new StandIn(ui.q(".pictures"), (hash) => `class/data/${hash}?${new URLSearchParams({ class: ui.said.class })}`);
  letsGo(ui.q(".pictures"), () => explore(ui, true));
  ui.q(".pictures").addEventListener("click", openBeside, true);
  ui.q(".back").addEventListener("click", () => explore(ui, false));
  ui.q(".open-page").addEventListener("click", () => openPage(ui));
  listen(ui);
}

function receive(ui, { code }) {
  ui.code = code;
  document.title = ui.tell("name");
  ui.q(".seen").setAttribute("aria-label", ui.tell("seen"));
  ui.q(".pad").setAttribute("aria-label", ui.tell("no-strokes"));
  showStanding(ui);
  ui.line.connect();
}

export default await component(import.meta.url, { root: ".seat", shared: ["picture"], build, receive });
