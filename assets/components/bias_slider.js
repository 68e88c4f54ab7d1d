// What raising one class's bias does to a student that never saw the class: curves that follow a slider.

const mounted = new WeakMap();
const ROOM = { left: 50, right: 9, top: 9, bottom: 20 }; // the right margin is half the slider's thumb
const HEIGHT = 190;
const STEP = 0.1; // of the slider, and what a bias is rounded to

/** "{{name}}" in a sentence becomes its value. */
function filled(text, values) {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (place, name) => values[name] ?? place);
}

function roundBias(ui, bias) {
  return Math.min(ui.most, Math.max(0, Number((Math.round(bias / STEP) * STEP).toFixed(1))));
}

const whole = (v) => Math.round(v).toLocaleString("en-US");
const share = (v) => `${(100 * v).toFixed(1)}${PERCENT}`;

/** The value at a bias of a curve known at the rising biases `at`; straight between them. */
function biasValue(at, y, bias) {
  const i = at.findIndex((place) => place >= bias - 1e-9);
  if (i < 0) return y[y.length - 1];
  if (i === 0) return y[0];
  const part = (bias - at[i - 1]) / (at[i] - at[i - 1]);
  return y[i - 1] + part * (y[i] - y[i - 1]);
}

function placesOf(chart, ui) {
  const { left, right, top, bottom } = ROOM;
  const [wide, high] = [chart.width - left - right, HEIGHT - top - bottom];
  return {
    x: (bias) => left + (wide * bias) / ui.most,
    y: (value) => top + high * (1 - chart.axis.y(value)),
  };
}

function drawChart(ui, chart) {
  const { svg, lines } = chart;
  chart.width = svg.clientWidth;
  if (!chart.width) return;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${chart.width} ${HEIGHT}`);
  const place = placesOf(chart, ui);
  const [top, foot] = [ROOM.top, HEIGHT - ROOM.bottom];
  for (const [value, text] of chart.axis.ticks) {
    svgNode("line", svg, { class: "grid", x1: ROOM.left, x2: chart.width - ROOM.right, y1: place.y(value), y2: place.y(value) });
    svgNode("text", svg, { class: "tick", x: ROOM.left - 6, y: place.y(value) + 4 }).textContent = text;
  }
  for (let bias = 0; bias <= ui.most; bias += 2) {
    svgNode("line", svg, { class: "grid", x1: place.x(bias), x2: place.x(bias), y1: top, y2: foot });
    svgNode("text", svg, { class: "tick below", x: place.x(bias), y: HEIGHT - 5 }).textContent = bias;
  }
  const { low, mean, high } = ui.rule;
  if (high > low) svgNode("rect", svg, { class: "rule-band", x: place.x(low), width: place.x(high) - place.x(low), y: top, height: foot - top });
  svgNode("line", svg, { class: "rule", x1: place.x(mean), x2: place.x(mean), y1: top, y2: foot });
  if (chart.known !== undefined) {
    svgNode("line", svg, { class: "known", x1: ROOM.left, x2: chart.width - ROOM.right, y1: place.y(chart.known), y2: place.y(chart.known) });
  }
  for (const line of lines) {
    if (line.low) svgNode("path", svg, { class: `band ${line.className}`, d: bandOf(place, ui.at, line.low, line.high) });
  }
  for (const line of lines) svgNode("path", svg, { class: `line ${line.className}`, d: pathOf(place, ui.at, line.y) });
  chart.marker = svgNode("line", svg, { class: "marker", y1: top - 4, y2: foot });
  chart.dots = lines.map(({ className }) => svgNode("circle", svg, { class: `dot ${className}`, r: 4 }));
}

/** Everything that depends on the bias. */
function show(ui) {
  const { range, number } = ui.controls;
  if (!ui.dragging) range.value = ui.bias;
  range.style.setProperty("--filled", `${((100 * ui.bias) / ui.most).toFixed(2)}%`);
  if (ui.root.getRootNode().activeElement !== number) number.value = ui.bias.toFixed(1);
  const values = { bias: ui.bias.toFixed(1), rule: ui.rule.mean.toFixed(1), known: share(ui.known), ...ui.counts };
  for (const chart of ui.charts) {
    const place = chart.width ? placesOf(chart, ui) : null;
    const told = chart.lines.map((line, i) => {
      const value = biasValue(ui.at, line.y, ui.bias);
      values[line.key] = chart.format(value);
      values[`${line.key}_before`] = chart.format(line.y[0]);
      setText(chart.now[i], chart.format(value));
      if (place) {
        chart.dots[i].setAttribute("cx", place.x(ui.bias).toFixed(1));
        chart.dots[i].setAttribute("cy", place.y(value).toFixed(1));
      }
      return `${line.name} ${chart.format(value)}`;
    });
    if (place) for (const end of ["x1", "x2"]) chart.marker.setAttribute(end, place.x(ui.bias).toFixed(1));
    chart.svg.setAttribute("aria-label", `${chart.title}, ${ui.words.bias} ${values.bias}: ${told.join(", ")}`);
  }
  const text = filled(ui.bias < STEP / 2 ? ui.says.none : ui.says.raised, values);
  range.setAttribute("aria-valuetext", `${ui.words.bias} ${values.bias}`);
  setText(ui.q(".say"), text);
}

function move(ui, bias) {
  ui.bias = roundBias(ui, bias);
  show(ui);
}

/** A finger on a chart moves the bias as the slider does. */
function letPointAt(ui, chart) {
  let held = null;
  const follow = (event) => {
    const box = chart.svg.getBoundingClientRect();
    move(ui, (ui.most * (event.clientX - box.left - ROOM.left)) / (box.width - ROOM.left - ROOM.right));
  };
  chart.svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = event.pointerId;
    ui.held = true;
    chart.svg.setPointerCapture(held);
    follow(event);
  });
  chart.svg.addEventListener("pointermove", (event) => {
    if (event.pointerId === held) follow(event);
  });
  for (const type of ["pointerup", "pointercancel"]) {
    chart.svg.addEventListener(type, (event) => {
      if (event.pointerId !== held) return;
      held = null;
      ui.held = false;
      ui.commit();
    });
  }
}

function buildPanel(ui, node, panel) {
  node.querySelectorAll("svg").forEach((old) => old.remove());
  const title = node.querySelector("h4");
  title.textContent = panel.title;
  make("span", "", title).textContent = ` · ${panel.where}`;
  const now = node.querySelector(".now");
  now.replaceChildren();
  const values = panel.lines.map((line) => {
    const key = make("span", "", now);
    const swatch = svgNode("svg", key, { viewBox: "0 0 24 10", "aria-hidden": "true" });
    svgNode("line", swatch, { x1: 0, x2: 24, y1: 5, y2: 5, class: `line ${line.className}` });
    key.append(line.name);
    return make("b", "", key);
  });
  const format = panel.format === "share" ? share : whole;
  if (panel.known !== undefined) {
    const key = make("span", "label-line", now);
    const swatch = svgNode("svg", key, { viewBox: "0 0 24 10", "aria-hidden": "true" });
    svgNode("line", swatch, { x1: 0, x2: 24, y1: 5, y2: 5, class: "line dashed label-line" });
    key.append(`${panel.knownName} `);
    make("b", "", key).textContent = share(panel.known);
  }
  const most = Math.max(...panel.lines.flatMap((line) => line.high ?? line.y), panel.known ?? 0);
  const axis = linearAxis(most, panel.format === "share" ? (v) => `${Number((100 * v).toPrecision(3))}${PERCENT}` : whole);
  const svg = svgNode("svg", node, { class: "over-b", role: "img", height: HEIGHT });
  const chart = { svg, axis, format, now: values, title: panel.title, lines: panel.lines, known: panel.known, width: 0 };
  letPointAt(ui, chart);
  return chart;
}

function buildRulePlace(ui) {
  const place = ui.q(".b-ticks");
  place.replaceChildren();
  const part = ui.rule.mean / ui.most;
  const tick = make("button", `rule ${part < 0.06 ? "first" : part > 0.94 ? "last" : ""}`, place); // inside the window
  tick.type = "button";
  tick.textContent = filled(ui.says["rule-place"], { rule: ui.rule.mean.toFixed(1) });
  tick.style.left = `${100 * part}%`;
  tick.addEventListener("click", () => {
    move(ui, ui.rule.mean);
    ui.commit();
  });
}

function listen(ui) {
  const { range, number } = ui.controls;
  onRelease(ui, range, () => {
    ui.dragging = true;
    move(ui, Number(range.value));
    ui.dragging = false;
  }, ui.commit);
  number.addEventListener("focus", () => number.select());
  number.addEventListener("input", () => {
    const value = Number(number.value.replace(",", "."));
    const valid = number.value.trim() !== "" && value >= 0 && value <= ui.most; // NaN is neither
    number.setAttribute("aria-invalid", String(!valid));
    if (valid) move(ui, value);
  });
  number.addEventListener("change", () => {
    number.removeAttribute("aria-invalid");
    number.value = ui.bias.toFixed(1);
    ui.commit();
  });
}

function build(parentElement) {
  const root = parentElement.querySelector(".bias");
  const found = {};
  const q = (selector) => (found[selector] ??= root.querySelector(selector));
  const ui = { root, q, endings: [], held: false, bias: 0, charts: [], echo: makeEcho() };
  ui.controls = { range: q(".b-range"), number: q(".b-number") };
  ui.commit = () => {
    ui.echo.sent(ui.bias);
    ui.send("bias", ui.bias);
  };
  listen(ui);
  const observer = new ResizeObserver(() => {
    for (const chart of ui.charts) if (chart.svg.clientWidth !== chart.width) drawChart(ui, chart);
    show(ui);
  });
  observer.observe(q(".panels"));
  ui.endings.push(() => observer.disconnect());
  return ui;
}

function receive(ui, data) {
  const { bias, ...picture } = data;
  const shape = JSON.stringify(picture);
  if (ui.shape !== shape) {
    ui.shape = shape;
    Object.assign(ui, { at: data.at, most: data.at[data.at.length - 1], rule: data.rule, known: data.known, counts: data.counts, words: data.words, says: data.says });
    ui.q(".b-label label").textContent = data.words.bias;
    ui.controls.range.max = ui.most;
    ui.controls.range.setAttribute("aria-label", data.words.slider);
    ui.charts = [".errors", ".seen"].map((name, i) => buildPanel(ui, ui.q(name), data.panels[i]));
    buildRulePlace(ui);
    ui.charts.forEach((chart) => drawChart(ui, chart));
  }
  if (ui.echo.overrides(bias) && !ui.held) ui.bias = roundBias(ui, bias);
  show(ui);
}

export default function ({ data, parentElement, setStateValue }) {
  let ui = mounted.get(parentElement);
  if (!ui?.root.isConnected) {
    ui?.endings.forEach((end) => end());
    ui = build(parentElement);
    mounted.set(parentElement, ui);
  }
  ui.send = setStateValue;
  applyPalette(ui.root.parentElement);
  receive(ui, data);
  return () => {
    ui.endings.forEach((end) => end());
    mounted.delete(parentElement);
  };
}
