// What components on one page tell each other, in the same task as the event that caused it.

/** @typedef {"temperature" | "logits" | "network" | "course" | "stage" | "room" | "replay" | "class" | "asked" | "leaves"} Name */

const bus = new EventTarget();

/** @param {Name} name @param {object} [detail] */
export function tell(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

/**
 * Hear what is told under a name, until the component goes.
 * @param {{ endings: (() => void)[] }} ui @param {Name} name
 * @param {(detail: any) => void} hear
 */
export function listen(ui, name, hear) {
  const onEvent = (/** @type {Event} */ event) => hear(/** @type {CustomEvent} */ (event).detail);
  bus.addEventListener(name, onEvent);
  ui.endings.push(() => bus.removeEventListener(name, onEvent));
}

const REST = 250; // milliseconds

/**
 * A report that waits until a key has rested, so that ten presses are one. It is dropped where the visitor goes to
 * another place meanwhile: there it would bring back what the address said here.
 * @param {{ endings: (() => void)[] }} ui @param {() => void} report
 */
export function makeReport(ui, report) {
  let timer = 0;
  const drop = () => {
    clearTimeout(timer);
    timer = 0;
  };
  listen(ui, "leaves", drop);
  ui.endings.push(drop);
  return {
    drop,
    waits: () => timer !== 0,
    wait() {
      drop();
      timer = setTimeout(() => {
        timer = 0;
        report();
      }, REST);
    },
  };
}

// Pictures of one group show one temperature, and the logits of the picture that the visitor moves.
const temperatures = /** @type {Map<string, number>} */ (new Map());
const logitsShown = /** @type {Map<string, Float64Array | null>} */ (new Map());

/** The temperature of a group, undefined before any picture of it is there. @param {string} group */
export const temperatureOf = (group) => temperatures.get(group);

/** The logits that a group's picture shows; null where nothing is drawn yet. @param {string} group */
export const logitsOf = (group) => logitsShown.get(group) ?? null;

/** @param {number} T @param {string} group @param {object} source the component that says so */
export function publishTemperature(T, group, source) {
  temperatures.set(group, T);
  tell("temperature", { T, group, source });
}

/** @param {ArrayLike<number> | null} logits @param {string} group */
export function publishLogits(logits, group) {
  logitsShown.set(group, logits && Float64Array.from(logits));
  tell("logits", { logits: logitsOf(group), group });
}
