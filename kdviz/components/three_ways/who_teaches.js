// Which network teaches which: a node for each network, an arrow for each pair, on it the KL between the two.

import { setText, svgNode } from "../kdviz.shared/dom.js";

const DIAGRAM = { width: 320, height: 104, half: 10, labels: 90 };
const BETWEEN = ["assistant", "generation 1"];
const STANDS_STILL = ["teacher", "teacher 2", "teacher 3", "last epoch", "own average"]; // learns nothing from labels just now

/** The place of each node: the student on the right with the labels below, its teachers on the left. */
function placeNodes(arrows) {
  const names = [...new Set(["student", ...arrows.flat()])];
  const chain = names.some((name) => BETWEEN.includes(name));
  const left = names.filter((name) => name !== "student" && !BETWEEN.includes(name));
  const nodes = new Map();
  const put = (name, x, y) => nodes.set(name, { name, x, y, half: 3 * name.length + 8 });
  left.forEach((name, i) => put(name, chain ? 46 : 78, left.length > 1 ? 15 + (74 * i) / (left.length - 1) : 34));
  names.filter((name) => BETWEEN.includes(name)).forEach((name) => put(name, 168, 34));
  const alone = left.length === 0;
  put("student", alone ? 160 : chain ? 283 : 250, left.length > 1 ? 44 : 34);
  put("labels", nodes.get("student").x, DIAGRAM.labels);
  return { nodes, chain };
}

/** From the middle of a node towards another one, the point on its edge. */
function edgeOf(node, towards) {
  const [dx, dy] = [towards.x - node.x, towards.y - node.y];
  const scale = Math.min((node.half + 3) / Math.abs(dx || 1e-9), (DIAGRAM.half + 3) / Math.abs(dy || 1e-9));
  return { x: node.x + dx * scale, y: node.y + dy * scale };
}

function triangle(at, dx, dy, size = 5) {
  const length = Math.hypot(dx, dy) || 1;
  const [x, y] = [dx / length, dy / length];
  const back = { x: at.x - 1.6 * size * x, y: at.y - 1.6 * size * y };
  const side = 0.8 * size;
  return `M${at.x},${at.y} L${back.x - side * y},${back.y + side * x} L${back.x + side * y},${back.y - side * x} Z`;
}

function straightArrow(svg, from, to, kind) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  const end = { x: to.x - (6 * dx) / length, y: to.y - (6 * dy) / length };
  svgNode("path", svg, { class: `arrow ${kind}`, d: `M${from.x},${from.y} L${end.x},${end.y}` });
  svgNode("path", svg, { class: `head ${kind}`, d: triangle(to, dx, dy) });
}

/** A bent arrow with room for a number; the two ways between two nodes bend apart. */
function bentArrow(svg, source, target, both, crowded) {
  const bend = both ? (crowded ? 8 : 11) : 0;
  const [from, to] = [edgeOf(source, target), edgeOf(target, source)];
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const normal = { x: dy / length, y: -dx / length };
  if (both) for (const point of [from, to]) { point.x += 4 * normal.x; point.y += 4 * normal.y; }
  const middle = { x: (from.x + to.x) / 2 + bend * normal.x, y: (from.y + to.y) / 2 + bend * normal.y };
  const aim = { x: to.x - middle.x, y: to.y - middle.y };
  const reach = Math.hypot(aim.x, aim.y) || 1;
  const end = { x: to.x - (6 * aim.x) / reach, y: to.y - (6 * aim.y) / reach };
  const line = svgNode("path", svg, { class: "arrow", d: `M${from.x},${from.y} Q${middle.x},${middle.y} ${end.x},${end.y}` });
  const head = svgNode("path", svg, { class: "head", d: triangle(to, aim.x, aim.y) });
  const upright = Math.abs(dy) > Math.abs(dx);
  const away = upright ? 20 : 9;
  const side = !both && normal.y > 0 ? -1 : 1; // a single arrow has its number above
  const share = crowded && !upright ? (from.x < to.x ? 0.28 : 0.72) : 0.5; // beside the left node: there arrows part
  const [a, b, c] = [(1 - share) ** 2, 2 * share * (1 - share), share ** 2];
  const x = a * from.x + b * middle.x + c * end.x + side * away * normal.x;
  const y = a * from.y + b * middle.y + c * end.y + side * away * normal.y + 3.5;
  const text = svgNode("text", svg, { class: "kl", x, y });
  return { line, head, text };
}

function drawNode(svg, node) {
  const kind = { "last epoch": "past", "own average": "past" }[node.name] ?? node.name.replace(/^teacher \d$/, "teacher");
  const group = svgNode("g", svg, { class: `node ${kind}` });
  const size = { x: node.x - node.half, y: node.y - DIAGRAM.half, width: 2 * node.half, height: 2 * DIAGRAM.half };
  svgNode("rect", group, { ...size, rx: 10 });
  svgNode("text", group, { class: "name middle", x: node.x, y: node.y + 3.8 }).textContent = node.name;
}

export function buildDiagram(parent, arrows) {
  const svg = svgNode("svg", parent, { viewBox: `0 0 ${DIAGRAM.width} ${DIAGRAM.height}`, role: "img", class: "diagram" });
  const { nodes, chain } = placeNodes(arrows);
  for (const node of nodes.values()) {
    if (STANDS_STILL.includes(node.name) || node.name === "labels") continue;
    const below = chain || node.name === "student";
    const from = node.name === "student"
      ? { x: node.x, y: DIAGRAM.labels - DIAGRAM.half }
      : below ? { x: node.x, y: node.y + 34 } : { x: node.x - node.half - 24, y: node.y };
    const to = below ? { x: node.x, y: node.y + DIAGRAM.half + 2 } : { x: node.x - node.half - 2, y: node.y };
    straightArrow(svg, from, to, "labels");
  }
  const drawn = arrows.map(([source, target]) => {
    const both = arrows.some(([a, b]) => a === target && b === source);
    return bentArrow(svg, nodes.get(source), nodes.get(target), both, nodes.size > 3 && both);
  });
  for (const node of nodes.values()) drawNode(svg, node);
  return { svg, arrows, drawn };
}

/** Two digits that matter, as far as four places show them. @param {number} kl */
export function nats(kl) {
  if (kl > 0 && kl < 0.00995) return kl < 0.00005 ? "<0.0001" : kl.toFixed(4);
  return kl >= 9.95 ? kl.toFixed(0) : kl >= 0.995 ? kl.toFixed(1) : kl >= 0.0995 ? kl.toFixed(2) : kl.toFixed(3);
}

/** `kl` has a number for each arrow that speaks at this moment, by "source>target". */
export function drawDiagram(tell, diagram, kl, title) {
  const says = diagram.arrows.map(([source, target], i) => {
    const value = kl[`${source}>${target}`];
    const known = value !== undefined && value !== null;
    const { line, head, text } = diagram.drawn[i];
    line.setAttribute("stroke-width", known ? (1.2 + 2.6 * Math.min(1, Math.sqrt(value))).toFixed(2) : "1.2");
    for (const node of [line, head]) node.classList.toggle("idle", !known);
    setText(text, known ? nats(value) : "");
    return tell(known ? "teaches-kl" : "teaches", { source, target, kl: known ? nats(value) : "" });
  });
  diagram.svg.setAttribute("aria-label", `${title}: ${[...says, tell("labels")].join("; ")}.`);
}
