// The controls: each acts on the very next update.

import { make, setText } from "../kdviz.shared/dom.js";
import { percent, signed, whole } from "../kdviz.shared/format.js";
import { formatT } from "../kdviz.shared/temperature.js";
import { CHOICES, LIMITS } from "./settings.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("../kdviz.shared/component.js").Ui & { settings: Settings, facts: { training: number } }} PlaygroundUi */

/**
 * A slider on its own scale: `at` says where a value stands, `value` what stands at a place.
 * @typedef {{ name: keyof Settings, min: number, max: number, step: number | "any", at: (value: number) => number,
 *   value: (place: number) => number, text: (value: number) => string }} Scale
 */

/** @param {number} value */
const log = (value) => Math.log10(value);

/** Two digits, so that what is seen is what is meant. @param {number} value */
const round2 = (value) => Number(value.toPrecision(2));

/** @param {PlaygroundUi} ui @returns {Scale[]} */
const scales = (ui) => [
  {
    name: "labels", min: 1, max: log(ui.facts.training), step: 0.01, at: (n) => log(Math.min(n, ui.facts.training)),
    value: (place) => (place > log(ui.facts.training) - 0.01 ? ui.facts.training : round2(10 ** place)),
    text: (n) => (n >= ui.facts.training ? ui.tell("all", { n: whole(ui.facts.training) }) : whole(n)),
  },
  { name: "wrong", min: 0, max: 60, step: 5, at: (v) => v, value: (v) => v, text: (v) => percent(v / 100) },
  { name: "bias", min: -10, max: 10, step: 0.25, at: (v) => v, value: (v) => v, text: (v) => (v > 0 ? `+${v}` : signed(v, 2)) },
  {
    name: "units", min: 0, max: CHOICES.units.length - 1, step: 1, at: (n) => CHOICES.units.indexOf(n),
    value: (place) => CHOICES.units[place], text: whole,
  },
  {
    name: "rate", min: log(LIMITS.rate[0]), max: log(LIMITS.rate[1]), step: 0.05, at: log,
    value: (place) => round2(10 ** place), text: String,
  },
];

/** @param {HTMLInputElement} range */
function fill(range) {
  const [low, high, at] = [range.min, range.max, range.value].map(Number);
  range.style.setProperty("--filled", `${((100 * (at - low)) / (high - low)).toFixed(1)}%`);
}

/**
 * @param {PlaygroundUi} ui @param {Scale} scale @param {(changed: Partial<Settings>) => void} change
 * @returns {() => void} shows the setting as it is
 */
function buildSlider(ui, scale, change) {
  const { name, min, max, step } = scale;
  const row = make("div", "control", ui.q(`.row-${name}`));
  const label = make("label", "", row);
  const text = make("span", "", label);
  const shown = make("b", "", label);
  const range = make("input", "", row, { type: "range", min, max, step, id: `playground-${name}` });
  label.htmlFor = range.id;
  const show = () => {
    const value = Number(ui.settings[name]);
    setText(text, ui.tell(`control-${name}`));
    setText(shown, scale.text(value));
    if (ui.shadow.activeElement !== range) range.value = String(scale.at(value));
    range.setAttribute("aria-valuetext", scale.text(value));
    fill(range);
  };
  range.addEventListener("input", () => change({ [name]: scale.value(Number(range.value)) }));
  return show;
}

/**
 * Radio buttons that look like one bar.
 * @param {Element} holder @param {string} name @param {readonly string[]} options
 * @param {(option: string) => string} text @param {(option: string) => void} choose
 */
export function buildChoice(holder, name, options, text, choose) {
  const inputs = options.map((option) => {
    const label = make("label", "", holder);
    const input = make("input", "", label, { type: "radio", name, value: option });
    make("span", "", label);
    input.addEventListener("change", () => choose(option));
    return input;
  });
  return (/** @type {string} */ chosen) => inputs.forEach((input) => {
    input.checked = input.value === chosen;
    setText(/** @type {Element} */ (input.nextElementSibling), text(input.value));
  });
}

/** @param {PlaygroundUi} ui @param {"layers" | "batch"} name @param {(changed: Partial<Settings>) => void} change */
function buildSelect(ui, name, change) {
  const select = /** @type {HTMLSelectElement} */ (ui.q(`.${name}`));
  for (const option of CHOICES[name]) make("option", "", select, { value: option }).textContent = String(option);
  select.addEventListener("change", () => change({ [name]: Number(select.value) }));
  return () => { select.value = String(ui.settings[name]); };
}

/** @param {PlaygroundUi} ui @param {(changed: Partial<Settings>) => void} change */
function buildDigits(ui, change) {
  const boxes = [..."0123456789"].map((digit) => {
    const label = make("label", "", ui.q(".digit-row"));
    const box = make("input", "", label, { type: "checkbox", "aria-label": digit });
    make("span", "", label).textContent = digit;
    box.addEventListener("change", () => {
      const digits = boxes.map((one, i) => (one.checked ? String(i) : "")).join("");
      if (digits) change({ digits });
      else box.checked = true; // without any digit there is nothing to learn from
    });
    return box;
  });
  return () => {
    const { digits } = ui.settings;
    setText(ui.q(".digits-text"), ui.tell(digits.length === 10 ? "digits-all" : "digits-some", { left: 10 - digits.length }));
    boxes.forEach((box, i) => { box.checked = digits.includes(String(i)); });
  };
}

/** @param {PlaygroundUi} ui @param {(changed: Partial<Settings>) => void} change */
function buildKnobs(ui, change) {
  const [t, alpha] = [ui.q(".t"), ui.q(".alpha")];
  t.addEventListener("input", () => change({ T: Number((10 ** Number(t.value)).toPrecision(2)) }));
  alpha.addEventListener("input", () => change({ alpha: Number(alpha.value) }));
  return () => {
    const { T, alpha: weight } = ui.settings;
    setText(ui.q(".t-value"), T < 10 ? T.toFixed(1) : T.toFixed(0));
    setText(ui.q(".alpha-value"), weight.toFixed(2));
    if (ui.shadow.activeElement !== t) t.value = String(log(T));
    if (ui.shadow.activeElement !== alpha) alpha.value = String(weight);
    t.setAttribute("aria-valuetext", `T = ${formatT(T)}`);
    alpha.setAttribute("aria-valuetext", `α = ${weight.toFixed(2)}`);
    fill(t);
    fill(alpha);
  };
}

/**
 * Build all controls; `change` is called with what a visitor sets.
 * @param {PlaygroundUi} ui @param {(changed: Partial<Settings>) => void} change @returns {() => void} shows the settings
 */
export function buildControls(ui, change) {
  const teachers = buildChoice(ui.q(".teachers"), "teacher", CHOICES.teacher, (name) => ui.tell(`teacher-${name}`),
    (teacher) => change({ teacher: /** @type {Settings["teacher"]} */ (teacher) }));
  const unlabelled = /** @type {HTMLInputElement} */ (ui.q(".unlabelled"));
  unlabelled.addEventListener("change", () => change({ unlabelled: unlabelled.checked }));
  const shows = [
    ...scales(ui).map((scale) => buildSlider(ui, scale, change)), buildSelect(ui, "layers", change),
    buildSelect(ui, "batch", change), buildDigits(ui, change), buildKnobs(ui, change),
  ];
  return () => {
    shows.forEach((show) => show());
    teachers(ui.settings.teacher);
    setText(ui.q(".teacher-says"), ui.tell(`teacher-${ui.settings.teacher}-says`));
    unlabelled.checked = ui.settings.unlabelled;
    setText(ui.q(".unlabelled-text"), ui.tell("unlabelled", { n: whole(ui.facts.training) }));
    const every = ui.settings.digits.length === 10;
    ui.q("#playground-bias").disabled = every;
  };
}
