// The wall of a class: the drawings of all seats, with what the teacher and a student see in them. The teacher's weights
// are fetched; the student is taught in this browser when the wall goes up. Without a class whoever looks at it draws.

import { sayAloud } from "../kdviz.shared/announcer.js";
import { decodeBase64 } from "../kdviz.shared/bytes.js";
import { postsNow } from "../kdviz.shared/class_posts.js";
import { component } from "../kdviz.shared/component.js";
import { make, makeImage, setText, showGrey } from "../kdviz.shared/dom.js";
import { percent } from "../kdviz.shared/format.js";
import { forwardLayers, unpackLayers } from "../kdviz.shared/network.js";
import { buildDraw } from "../kdviz.shared/own_drawing.js";
import { listen } from "../kdviz.shared/signals.js";
import { answerOf, byDoubt, countDiffering } from "./doubt.js";

const STUDENT = { T: 4, alpha: 0.9, labels: 100 };
const UPDATES = 300;

const addressOf = (/** @type {string} */ address) => new URL(`../../../${address}`, import.meta.url);

/**
 * Who has answered what, by the drawing itself: one that is not changed is not asked about again.
 * @returns {{ teacher: import("./doubt.js").Answer | null, student: import("./doubt.js").Answer | null }}
 */
function answersTo(ui, pixels) {
  const known = ui.answers.get(pixels) ?? { teacher: null, student: null };
  ui.answers.set(pixels, known);
  if (ui.layers) known.teacher ??= answerOf(forwardLayers(ui.layers, decodeBase64(pixels)));
  return known;
}

/** Ask the student about what hangs there and has no answer yet, one drawing after the other. */
async function askStudent(ui) {
  if (ui.asking || !ui.taught) return;
  ui.asking = true;
  for (;;) {
    const next = ui.drawings.find(({ pixels }) => !ui.answers.get(pixels)?.student);
    if (!next || !ui.root.isConnected) break;
    const { taught } = await ui.training.read(decodeBase64(next.pixels));
    answersTo(ui, next.pixels).student = answerOf(taught);
    draw(ui);
  }
  ui.asking = false;
}

function makeTile(ui) {
  const tile = make("li", "");
  const canvas = makeImage(tile, null, ui.tell("drawing"));
  return { tile, canvas, teacher: make("span", "of-teacher", tile), student: make("span", "of-student", tile), pixels: "" };
}

function drawTile(ui, { seat, pixels, teacher, student }) {
  const node = ui.tiles.get(seat) ?? makeTile(ui);
  ui.tiles.set(seat, node);
  if (node.pixels !== pixels) showGrey(node.canvas, decodeBase64(pixels));
  node.pixels = pixels;
  const text = (answer) => (answer ? `${ui.names[answer.top]} ${percent(answer.share)}` : "…");
  setText(node.teacher, text(teacher));
  setText(node.student, text(student));
  node.tile.classList.toggle("differ", Boolean(teacher && student && teacher.top !== student.top));
  return node.tile;
}

function draw(ui) {
  const hung = byDoubt(ui.drawings.map((drawing) => ({ ...drawing, ...answersTo(ui, drawing.pixels) })));
  const tiles = hung.map((drawing) => drawTile(ui, drawing));
  const holder = ui.q(".tiles");
  if (tiles.length !== holder.children.length || tiles.some((tile, i) => tile !== holder.children[i])) holder.replaceChildren(...tiles);
  for (const seat of ui.tiles.keys()) if (!ui.drawings.some((drawing) => drawing.seat === seat)) ui.tiles.delete(seat);
  ui.q(".empty").hidden = hung.length > 0;
  setText(ui.q(".empty"), ui.tell(ui.alone ? "empty-alone" : "empty"));
  ui.q(".own").hidden = !ui.alone;
  setText(ui.q(".who.of-student"), ui.tell(ui.taught ? "student" : ui.problem ? "student-failed" : "student-learns", STUDENT));
  sayAloud(ui.q(".told"), hung.length ? ui.tell("told", { drawings: hung.length, differ: countDiffering(hung) }) : "");
}

async function load(ui, data) {
  const before = ui.training;
  Object.assign(ui, { layers: null, taught: false, problem: false, training: null, answers: new Map() });
  before?.end();
  try {
    const weights = await fetch(addressOf(data.weights), { cache: "force-cache" });
    ui.layers = await unpackLayers(await weights.arrayBuffer());
    draw(ui);
    const { Training, fetchPack } = await import(new URL("../kdviz.playground/trained.js", import.meta.url).href);
    ui.training = new Training(await fetchPack(addressOf(data.pack)));
    await ui.training.run(STUDENT, UPDATES);
    ui.taught = true;
  } catch {
    ui.problem = true;
  }
  draw(ui);
  askStudent(ui);
}

function hang(ui, drawings) {
  ui.drawings = drawings;
  draw(ui);
  askStudent(ui);
}

/** Without a class: one drawing after the other, each of which hangs as it is drawn. */
function buildOwn(ui) {
  const own = /** @type {Map<string, string | null>} */ (new Map());
  const another = ui.q(".another");
  let number = 1;
  ui.ownDrawings = () => [...own].flatMap(([seat, pixels]) => (pixels ? [{ seat, pixels }] : []));
  ui.pad = buildDraw(ui, ({ drawing: { pixels } }) => {
    own.set(String(number), pixels);
    another.disabled = !pixels;
    if (ui.alone) hang(ui, ui.ownDrawings());
  });
  another.addEventListener("click", () => {
    ui.pad.another();
    number += 1;
    another.disabled = true;
    ui.q(".pad").focus();
  });
}

function build(ui) {
  Object.assign(ui, { drawings: [], tiles: new Map(), answers: new Map(), asking: false });
  buildOwn(ui);
  const take = ({ opened, drawings }) => {
    ui.alone = !opened;
    hang(ui, opened ? drawings : ui.ownDrawings());
  };
  take(postsNow());
  listen(ui, "class", take);
  ui.endings.push(() => ui.training?.end());
}

function receive(ui, data) {
  ui.names = data.names;
  ui.pad.show(data);
  ui.q(".pad").setAttribute("aria-label", ui.tell("no-strokes"));
  ui.q(".seen").setAttribute("aria-label", ui.tell("seen"));
  if (ui.changed("network", [data.weights, data.pack])) load(ui, data);
  draw(ui);
}

export default await component(import.meta.url, { root: ".wall", shared: ["picture"], build, receive });
