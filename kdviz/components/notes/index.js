// The speaker's notes: what to say and to ask in the scene that the stage shows, what comes next, and two clocks.

import { component } from "../kdviz.shared/component.js";
import { emptied, make, setText } from "../kdviz.shared/dom.js";
import { meaningOf } from "../kdviz.shared/on_stage.js";
import { clockText, partsOf, talkChannel } from "../kdviz.shared/talk_channel.js";

/** @param {Element} room @param {string} text */
function write(room, text) {
  emptied(room);
  for (const part of partsOf(text)) {
    if (typeof part === "string") make("p", "", room).textContent = part;
    else part.reduce((list, item) => (make("li", "", list).textContent = item, list), make("ul", "", room));
  }
}

function showClocks(ui) {
  const scene = ui.data.scenes[ui.scene - 1];
  const clocks = [["talk", ui.begun, ui.data.minutes], ["scene", ui.since, scene.minutes]];
  for (const [name, from, minutes] of clocks) {
    const seconds = from === null ? 0 : (Date.now() - from) / 1000;
    setText(ui.q(`.${name}-now`), clockText(seconds));
    setText(ui.q(`.${name}-of`), ui.tell(`of-${name}`, { time: clockText(60 * minutes) }));
    ui.q(`.of-${name}`).classList.toggle("over", seconds > 60 * minutes);
  }
}

function show(ui) {
  const { scenes, title } = ui.data;
  const now = scenes[ui.scene - 1];
  const after = scenes[ui.scene];
  setText(ui.q(".place"), ui.tell("place", { talk: title, scene: ui.scene, scenes: scenes.length }));
  setText(ui.q(".title"), now.title);
  setText(ui.q(".sentence"), now.sentence);
  write(ui.q(".say-it"), now.say);
  write(ui.q(".ask-it"), now.ask);
  ui.q(".asks").hidden = !now.ask;
  ui.q(".after").hidden = !after;
  setText(ui.q(".after-title"), after ? after.title : "");
  setText(ui.q(".after-sentence"), after ? after.sentence : "");
  ui.q(".previous").disabled = ui.scene <= 1;
  ui.q(".next").disabled = !after;
  showClocks(ui);
}

/** The scene that the stage shows. The clock of the talk begins with the first step. */
function follow(ui, scene) {
  ui.heard = true;
  setText(ui.q(".follows"), ui.tell("follows"));
  if (scene === ui.scene || !ui.data.scenes[scene - 1]) return;
  ui.begun ??= ui.since ?? Date.now();
  ui.since = Date.now();
  ui.scene = scene;
  show(ui);
}

function build(ui) {
  Object.assign(ui, { scene: 0, begun: null, since: null, heard: false });
  ui.channel = talkChannel((message) => {
    if (message.type === "at" && message.talk === ui.data.name) follow(ui, message.scene);
  });
  const go = (/** @type {"next" | "previous"} */ way) => {
    if (ui.heard) ui.channel.say({ type: "go", way });
    else follow(ui, ui.scene + (way === "next" ? 1 : -1)); // no stage: read on by oneself
  };
  ui.q(".next").addEventListener("click", () => go("next"));
  ui.q(".previous").addEventListener("click", () => go("previous"));
  ui.q(".zero").addEventListener("click", () => {
    ui.begun = ui.since = Date.now();
    showClocks(ui);
  });
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const meaning = meaningOf(event, true, (selector) => document.activeElement?.matches(selector) ?? false);
    if (meaning !== "next" && meaning !== "previous") return;
    event.preventDefault();
    go(meaning);
  };
  document.addEventListener("keydown", onKey);
  const ticking = setInterval(() => showClocks(ui), 500);
  ui.endings.push(() => {
    document.removeEventListener("keydown", onKey);
    clearInterval(ticking);
    ui.channel.end();
  });
}

function receive(ui, data) {
  ui.data = data;
  if (ui.changed("talk", data.name) || ui.scene === 0) {
    Object.assign(ui, { scene: data.scene, begun: null, since: null });
    setText(ui.q(".follows"), ui.tell("alone"));
  }
  show(ui);
  ui.channel.say({ type: "ask" });
}

export default await component(import.meta.url, { root: ".notes", build, receive });
