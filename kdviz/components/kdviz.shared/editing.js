// Editing the logits: under each bar an upright slider and a number field for its class.

import { make } from "./dom.js";
import { parseNumber, signed } from "./format.js";
import { onRelease } from "./slider.js";

/** Room around the given logits; fixed while a slider is held, so that no thumb moves by itself. */
const logitLimit = (logits) => Math.max(5, 5 * Math.ceil(Math.max(...logits.map(Math.abs)) / 5));

/** Two decimals, or one where the field would be too narrow for them. */
const logitText = (z) => signed(z, Math.abs(z) < 9.995 ? 2 : 1);

function showEditor(ui, i) {
  const { range, number } = ui.editors[i];
  range.value = ui.logits[i];
  range.setAttribute("aria-valuetext", logitText(ui.logits[i]));
  if (ui.shadow.activeElement !== number) number.value = logitText(ui.logits[i]);
}

export function showEditors(ui) {
  const limit = logitLimit(Array.from(ui.logits));
  ui.editors.forEach(({ range }, i) => {
    range.min = -limit;
    range.max = limit;
    showEditor(ui, i);
  });
}

function listenToEditor(ui, i, commit) {
  const { range, number } = ui.editors[i];
  const set = (value) => {
    ui.logits[i] = Math.round(1000 * Math.min(100, Math.max(-100, value))) / 1000;
    showEditor(ui, i);
    ui.logitsChanged();
  };
  onRelease(ui, range, () => set(Number(range.value)), commit);
  number.addEventListener("input", () => {
    const value = parseNumber(number.value);
    number.setAttribute("aria-invalid", String(value === null));
    if (value !== null) set(value);
  });
  number.addEventListener("change", () => {
    number.removeAttribute("aria-invalid");
    number.value = logitText(ui.logits[i]);
    showEditors(ui);
    commit();
  });
}

export function buildEditors(ui, commit) {
  const strip = ui.q(".logits");
  strip.querySelectorAll(".logit").forEach((node) => node.remove());
  ui.editors = ui.names.map((name) => {
    const cell = make("div", "logit", strip);
    return {
      range: make("input", "z-range", cell, {
        type: "range", step: "any", "aria-label": ui.tell("logit-of", { name }), "aria-orientation": "vertical",
      }),
      number: make("input", "z-number", cell, {
        type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": ui.tell("logit-number", { name }),
      }),
    };
  });
  ui.editors.forEach((_, i) => listenToEditor(ui, i, commit));
}
