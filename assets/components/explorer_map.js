// The map of T and alpha: cells that fill as their students train, the level of labels only as a contour.

const GAP = 1; // around every cell
const AXIS_LEFT = 44;
const AXIS_BOTTOM = 38;

/** Cells of the map that is chosen; all of them where all maps are shown in one. */
function shownCells(ui) {
  const { cells } = ui.data;
  return cells.key.map((_, i) => i).filter((i) => ui.facet === null || cells.facet[i] === ui.facet);
}

/** The number of the map that is shown, among scales and best cells. */
function mapOf(ui) {
  return ui.facet ?? ui.data.scales.length - 1;
}

/** Places in pixels: {at: {index: {x, y, width, height}}, width, height}. The control lies under all columns. */
function layOut(ui, shown) {
  const { data, width } = ui;
  const { cells } = data;
  const alphas = data.alphas.filter((alpha) => alpha > 0);
  const plains = shown.filter((i) => cells.alpha[i] === 0);
  const wide = Math.max(60, width - AXIS_LEFT);
  const points = data.shape === "points";
  const rows = points ? 5 : alphas.length;
  const columns = points ? 5 : data.temperatures.length;
  const column = wide / columns;
  const row = Math.max(19, Math.min(column * 0.8, 84, 430 / Math.max(1, rows)));
  const tall = rows * row;
  const bar = Math.max(24, Math.min(row, 32));
  const at = {};
  const place = { at, plains: plains.length, left: AXIS_LEFT, wide, tall, row, column, bar, bottom: tall + bar, height: tall + bar + AXIS_BOTTOM };
  plains.forEach((i, n) => {
    at[i] = { x: AXIS_LEFT + (n * wide) / plains.length, y: tall, width: wide / plains.length, height: bar };
  });
  place.xOf = points ? logarithmic(data.temperatures, wide) : (T) => AXIS_LEFT + (data.temperatures.indexOf(T) + 0.5) * column;
  place.yOf = points ? linear(data.alphas, tall) : (alpha) => tall - (alphas.indexOf(alpha) + 0.5) * row;
  const side = points ? Math.max(9, Math.min(17, width / 30)) : 0;
  for (const i of shown) {
    if (cells.alpha[i] === 0) continue;
    const [x, y] = [place.xOf(cells.temperature[i]), place.yOf(cells.alpha[i])];
    const [w, h] = points ? [2 * side, 2 * side] : [column, row];
    at[i] = { x: x - w / 2, y: y - h / 2, width: w, height: h };
  }
  return place;
}

const EDGE = 22; // between the border and the outermost points

function logarithmic(values, wide) {
  const [low, high] = [Math.log(values[0]), Math.log(values[values.length - 1])];
  return (T) => AXIS_LEFT + EDGE + (wide - 2 * EDGE) * (high > low ? (Math.log(T) - low) / (high - low) : 0.5);
}

function linear(values, tall) {
  const [low, high] = [values[0], values[values.length - 1]];
  return (alpha) => tall - EDGE - (tall - 2 * EDGE) * (high > low ? (alpha - low) / (high - low) : 0.5);
}

/** Round values between two ends, for the axes of points. */
function ticksOf(values, logarithmicAxis) {
  const [low, high] = [values[0], values[values.length - 1]];
  if (!logarithmicAxis) return [0, 0.25, 0.5, 0.75, 1].filter((a) => a >= low - 1e-9 && a <= high + 1e-9);
  const ticks = [1, 2, 5].flatMap((step) => [-2, -1, 0, 1, 2, 3].map((power) => step * 10 ** power));
  return ticks.filter((T) => T >= low * 0.999 && T <= high * 1.001).sort((a, b) => a - b);
}

function buildMap(ui, place, shown) {
  const { data, map } = ui;
  map.replaceChildren();
  map.classList.toggle("points", data.shape === "points");
  map.setAttribute("viewBox", `0 0 ${ui.width} ${place.height}`);
  map.setAttribute("height", place.height);
  drawAxes(ui, place);
  ui.nodes = {};
  for (const i of shown) ui.nodes[i] = buildCell(ui, i, place.at[i]);
  ui.contours = ["contour under", "contour"].map((kind) => svgNode("path", map, { class: kind }));
  ui.rings = Object.fromEntries(["chosen", "pointed", "selected"].map((kind) => [kind, {
    under: svgNode("rect", map, { class: "ring under", rx: 3, visibility: "hidden" }),
    over: svgNode("rect", map, { class: `ring ${kind}`, rx: 3, visibility: "hidden" }),
  }]));
}

/** Every so many labels of an axis, so that they do not touch. */
function thinned(values, room, least) {
  const stride = Math.ceil(least / room);
  return values.map((value, i) => (i % stride ? "" : String(short(value))));
}

function drawAxes(ui, place) {
  const { data, map } = ui;
  const points = data.shape === "points";
  const alphas = points ? ticksOf(data.alphas, false) : data.alphas.filter((alpha) => alpha > 0);
  const temperatures = points ? ticksOf(data.temperatures, true) : data.temperatures;
  if (points) svgNode("rect", map, { class: "slot grid", fill: "none", x: place.left, y: 0, width: place.wide, height: place.tall });
  thinned(alphas, place.row, 15).forEach((text, i) => {
    const y = place.yOf(alphas[i]);
    svgNode("text", map, { class: "end", x: place.left - 8, y: y + 4 }).textContent = text;
    if (points) svgNode("line", map, { class: "grid", x1: place.left, x2: place.left + place.wide, y1: y, y2: y });
  });
  const least = 8 + 6.5 * Math.max(...temperatures.map((T) => String(short(T)).length));
  thinned(temperatures, place.column, least).forEach((text, i) => {
    const x = place.xOf(temperatures[i]);
    svgNode("text", map, { class: "middle", x, y: place.bottom + 15 }).textContent = text;
    if (points) svgNode("line", map, { class: "grid", x1: x, x2: x, y1: 0, y2: place.tall });
  });
  const zero = points ? "" : "0"; // the axis of points may have one of its own
  svgNode("text", map, { class: "end", x: place.left - 8, y: place.tall + place.bar / 2 + 4 }).textContent = zero;
  const middle = place.tall ? place.tall / 2 : 0;
  if (middle) svgNode("text", map, { class: "middle name", x: 9, y: middle + 4 }).textContent = "α";
  svgNode("text", map, { class: "middle name", x: place.left + place.wide / 2, y: place.bottom + 32 }).textContent = "temperature T";
}

function buildCell(ui, i, box) {
  const group = svgNode("g", ui.map, { class: "cell", role: "button", tabindex: -1, "data-cell": i });
  const round = ui.data.shape === "points" && ui.data.cells.alpha[i] > 0;
  const [cx, cy] = [box.x + box.width / 2, box.y + box.height / 2];
  const shape = (kind) => round
    ? svgNode("circle", group, { class: kind, cx, cy, r: box.width / 2 - GAP })
    : svgNode("rect", group, { class: kind, x: box.x + GAP, y: box.y + GAP, width: box.width - 2 * GAP, height: box.height - 2 * GAP, rx: 2 });
  const node = { group, box, round, slot: shape("slot"), fill: shape("fill") };
  const two = box.height >= 40;
  node.above = round ? svgNode("circle", group, { class: "above", cx, cy, r: box.width / 2 + 1, visibility: "hidden" }) : null;
  node.cross = svgNode("path", group, { class: "cross" });
  node.value = svgNode("text", group, { class: "value", x: cx, y: two ? cy - 6 : cy });
  node.gain = svgNode("text", group, { class: "gain", x: cx, y: cy + 10 });
  node.star = svgNode("path", group, { class: "star", visibility: "hidden" });
  node.same = svgNode("text", group, { class: "same", x: box.x + box.width - 11, y: box.y + 11 });
  return node;
}

function starAt(x, y, radius) {
  const corner = (n) => {
    const angle = (n * Math.PI) / 5 - Math.PI / 2;
    const far = n % 2 ? 0.42 * radius : radius;
    return `${(x + far * Math.cos(angle)).toFixed(1)},${(y + far * Math.sin(angle)).toFixed(1)}`;
  };
  return `M${Array.from({ length: 10 }, (_, n) => corner(n)).join("L")}Z`;
}

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

function drawCell(ui, i) {
  const { cells, students } = ui.data;
  const node = ui.nodes[i];
  const { box } = node;
  const value = cells[ui.measure][i];
  const gain = cells.gains[ui.measure][i];
  const known = value !== null && ui.scale;
  const whole = cells.progress[i] >= 0.999;
  const broken = cells.diverged[i] > 0 && !known;
  const shade = known ? shadeOf(ui, value) : { colour: "transparent", text: "" };
  const faded = cells.dropped[i] > 0;
  node.group.classList.toggle("dropped", faded);
  node.fill.style.fill = shade.colour;
  node.slot.style.fill = known && !faded ? `color-mix(in srgb, ${shade.colour} 38%, var(--kd-bg))` : "";
  const grown = known ? (node.round ? Math.sqrt(cells.progress[i]) : cells.progress[i]) : 0;
  node.fill.style.transform = node.round ? `scale(${grown.toFixed(3)})` : `scaleY(${grown.toFixed(3)})`;
  const plain = cells.alpha[i] === 0;
  const roomy = box.width >= 38;
  const written = known && !node.round && (roomy || plain) ? figure(ui, value, box.width >= 46) : "";
  const several = ui.place.plains > 1 ? facetWords(ui, cells.facet[i]) : "labels only";
  const name = plain && box.width > 70 + 6.5 * several.length ? `${several}${written && ": "}` : "";
  const end = plain && broken ? ": diverged" : "";
  setText(node.value, name + end + (written && plain && MEASURES[ui.measure].share ? `${written}${PERCENT}` : written));
  const note = faded ? `${cells.epochs[i]} ep.` : gain === null ? "" : difference(ui, gain);
  setText(node.gain, known && !node.round && roomy && box.height >= 40 ? note : "");
  const under = cells.progress[i] > 0.64; // what is written stands on the fill
  const ink = (whole || (under && !node.round)) && !faded && known ? shade.text : "";
  for (const text of [node.value, node.gain, node.same]) {
    text.style.fill = ink;
    text.classList.toggle("halo", !ink);
  }
  const [x, y, w, h] = [box.x + 5, box.y + 5, box.width - 10, box.height - 10];
  const corner = `M${box.x + 5},${box.y + box.height - 11}l6,6m-6,0l6,-6`;
  setAttribute(node.cross, "d", broken && !plain ? `M${x},${y}l${w},${h}m${-w},0l${w},${-h}` : cells.diverged[i] && !plain ? corner : "");
  node.cross.style.stroke = known && whole ? shade.text : "";
  if (node.above) setAttribute(node.above, "visibility", known && isAbove(ui, i) ? "visible" : "hidden");
  drawVerdict(ui, i, node, ink);
  setAttribute(node.group, "aria-label", tell(ui, i, students));
  setAttribute(node.group, "aria-pressed", String(ui.selected === cells.key[i]));
}

/** What the end says of a cell: not shown to differ, chosen, tied. The verdicts are about accuracy. */
function drawVerdict(ui, i, node, ink) {
  const { cells } = ui.data;
  const { box } = node;
  const same = cells.word?.[i] === "no difference shown" && ui.measure === "validation_accuracy";
  setText(node.same, same ? (box.width >= 30 && !node.round ? "≈" : "·") : "");
  const star = cells.chosen?.[i] || cells.tied?.[i];
  setAttribute(node.star, "visibility", star ? "visible" : "hidden");
  if (!star) return;
  const radius = Math.min(cells.chosen[i] ? 6.5 : 5, box.width / 6, box.height / 5);
  const inside = (cells.chosen[i] && box.width > 40 ? 10 : 4) + radius; // the ring of the choice is no cover for its star
  setAttribute(node.star, "d", node.round ? starAt(box.x + box.width / 2, box.y + box.height / 2, radius + 2) : starAt(box.x + inside, box.y + inside, radius));
  node.star.style.stroke = ink || "var(--kd-ink)";
  node.star.style.fill = cells.chosen[i] ? ink || "var(--kd-ink)" : "none";
}

/** Better than labels only, by the measure that is shown; null where that is not known. */
function isAbove(ui, i) {
  const { cells } = ui.data;
  if (cells.alpha[i] === 0) return false;
  const gain = cells.gains[ui.measure][i];
  return gain === null ? null : gain * MEASURES[ui.measure].better > 0;
}

/** The borders between cells above and below the level of labels only, as one path. */
function contour(ui, place, shown) {
  const { cells, temperatures } = ui.data;
  const alphas = ui.data.alphas.filter((alpha) => alpha > 0);
  const above = {};
  for (const i of shown) {
    if (cells.alpha[i] > 0) above[`${temperatures.indexOf(cells.temperature[i])} ${alphas.indexOf(cells.alpha[i])}`] = isAbove(ui, i);
  }
  const at = (column, row) => (row < 0 ? false : above[`${column} ${row}`] ?? null);
  const edge = (a, b) => a !== null && b !== null && a !== b;
  let path = "";
  for (let column = 0; column < temperatures.length; column++) {
    for (let row = 0; row < alphas.length; row++) {
      const [x, y] = [place.left + column * place.column, place.tall - row * place.row];
      if (edge(at(column, row), at(column, row - 1))) path += `M${x},${y}h${place.column}`;
      if (column && edge(at(column, row), at(column - 1, row))) path += `M${x},${y}v${-place.row}`;
    }
  }
  return path;
}

function drawRing(ui, kind, i, inset) {
  const { under, over } = ui.rings[kind];
  const node = i === null ? null : ui.nodes[i];
  for (const rect of [under, over]) {
    setAttribute(rect, "visibility", node ? "visible" : "hidden");
    if (!node) continue;
    const { x, y, width, height } = node.box;
    const box = { x: x + inset, y: y + inset, width: width - 2 * inset, height: height - 2 * inset, rx: node.round ? width : 3 };
    for (const [name, value] of Object.entries(box)) setAttribute(rect, name, value);
  }
  if (kind === "pointed") setAttribute(under, "visibility", "hidden");
}

function drawRings(ui) {
  const { cells } = ui.data;
  const index = (key) => (key === null ? null : cells.key.indexOf(key));
  const inMap = (i) => (i !== null && i >= 0 && ui.nodes[i] ? i : null);
  drawRing(ui, "chosen", inMap(cells.chosen ? cells.chosen.indexOf(1) : null), 4.5);
  drawRing(ui, "pointed", inMap(ui.pointed), 0);
  drawRing(ui, "selected", inMap(index(ui.selected)), 0.5);
}

/** All of the map; its nodes are made anew only where places change. */
function drawMap(ui) {
  const shown = shownCells(ui);
  const { data } = ui;
  const digest = JSON.stringify([data.run, ui.width, ui.facet, data.shape, data.temperatures, data.alphas, shown.length]);
  if (ui.digest !== digest) {
    const focused = ui.map.getRootNode().activeElement?.dataset?.cell;
    ui.digest = digest;
    ui.place = layOut(ui, shown);
    buildMap(ui, ui.place, shown);
    if (focused !== undefined) ui.nodes[focused]?.group.focus();
  }
  ui.scale = data.scales[mapOf(ui)][ui.measure];
  for (const i of shown) drawCell(ui, i);
  const d = data.shape === "grid" ? contour(ui, ui.place, shown) : "";
  for (const node of ui.contours) setAttribute(node, "d", d);
  drawRings(ui);
  const tabbed = tabStop(ui, shown);
  for (const i of shown) setAttribute(ui.nodes[i].group, "tabindex", i === tabbed ? 0 : -1);
  setAttribute(ui.map, "aria-label", `${shown.length} cells of temperature T and weight α; arrow keys go from one to the next, Enter selects.`);
}

function tabStop(ui, shown) {
  const selected = ui.data.cells.key.indexOf(ui.selected);
  for (const i of [ui.pointed, selected, ui.best(), shown[0]]) if (ui.nodes[i]) return i;
  return null;
}

/** The nearest cell in a direction, by the middles of the cells. */
function neighbour(ui, from, key) {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  const middle = ({ x, y, width, height }) => [x + width / 2, y + height / 2];
  const [x, y] = middle(ui.nodes[from].box);
  let best = null;
  let least = Infinity;
  for (const [i, node] of Object.entries(ui.nodes)) {
    const [a, b] = middle(node.box);
    const along = (a - x) * dx + (b - y) * dy;
    const across = Math.abs((a - x) * dy) + Math.abs((b - y) * dx);
    const far = along + 3 * across;
    if (along > 0.5 && far < least) { least = far; best = Number(i); }
  }
  return best;
}
