// What components on one page tell each other, in the same task as the event that caused it.

const bus = new EventTarget();

/** @param {"temperature" | "logits" | "network" | "course"} name @param {object} [detail] */
export function tell(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

/**
 * Hear what is told under a name, until the component goes.
 * @param {{ endings: (() => void)[] }} ui @param {"temperature" | "logits" | "network" | "course"} name
 * @param {(detail: any) => void} hear
 */
export function listen(ui, name, hear) {
  const onEvent = (/** @type {Event} */ event) => hear(/** @type {CustomEvent} */ (event).detail);
  bus.addEventListener(name, onEvent);
  ui.endings.push(() => bus.removeEventListener(name, onEvent));
}
