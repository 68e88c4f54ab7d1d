// What a page's picture is made of, so that another browser can show the same: which components, with which data, and
// how their controls stand.

/**
 * @typedef {object} Shown
 * @property {string} component its name
 * @property {any} data as it came from Python
 * @property {State} state
 */
/** @typedef {{ controls: (string | boolean)[], own?: any }} State `own` is what a component says of itself besides */

const CONTROLS = "input[type=range], input[type=radio], input[type=checkbox], select";

/** @typedef {{ component: string, data: any, state: () => State, follow: (state: State) => void }} Entry */
const entries = /** @type {Map<ShadowRoot, Entry>} */ (new Map());

/** A component says what it shows, whenever that changes. @param {ShadowRoot} shadow @param {Entry} entry */
export function enter(shadow, entry) {
  for (const other of entries.keys()) if (!other.isConnected) entries.delete(other);
  entries.set(shadow, entry);
}

/** The component that is mounted there takes over a state. @param {ShadowRoot} shadow @param {State} state */
export const followState = (shadow, state) => entries.get(shadow)?.follow(state);

/** The components of the page's picture that are seen, in reading order. @returns {Shown[]} */
export function shownPictures() {
  const seen = [...entries].filter(([{ host }]) => host.closest(".st-key-stage") && host.checkVisibility());
  seen.sort(([one], [other]) => (one.host.compareDocumentPosition(other.host) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  return seen.map(([, { component, data, state }]) => ({ component, data, state: state() }));
}

/** @param {Element} root */
const controlsIn = (root) => /** @type {HTMLInputElement[]} */ ([...root.querySelectorAll(CONTROLS)]);

/** @param {HTMLInputElement} control */
const propertyOf = ({ type }) => (type === "radio" || type === "checkbox" ? "checked" : "value");

/** How a component's controls stand, in their order. @param {Element} root @returns {(string | boolean)[]} */
export const controlsOf = (root) => controlsIn(root).map((control) => control[propertyOf(control)]);

/**
 * Set the controls as a hand does; nothing happens where they are not the same ones.
 * @param {Element} root @param {(string | boolean)[]} values
 */
export function setControls(root, values) {
  const controls = controlsIn(root);
  if (controls.length !== values.length) return;
  controls.forEach((control, i) => {
    const property = propertyOf(control);
    if (control[property] === values[i] || (control.type === "radio" && !values[i])) return;
    Object.assign(control, { [property]: values[i] });
    for (const type of ["input", "change"]) control.dispatchEvent(new Event(type, { bubbles: true }));
  });
}
