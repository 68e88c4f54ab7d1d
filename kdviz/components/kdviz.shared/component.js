// How a component comes onto the page: the one mount block.
import { announce } from "./announcer.js";
import { applyPalette, setText } from "./dom.js";
import { filled } from "./format.js";
import { onStage } from "./on_stage.js";
import { controlsOf, enter, setControls } from "./shown.js";
import { listen } from "./signals.js";
import { arrived, nameOf, wordsOf } from "./words.js";

/**
 * What every component has: its root node, a cached `querySelector`, and what to undo when it goes.
 * @typedef {object} Ui
 * @property {HTMLElement} root
 * @property {(selector: string) => any} q
 * @property {ShadowRoot} shadow
 * @property {(() => void)[]} endings
 * @property {import("./format.js").Tell} tell a sentence of the component's text, its places filled
 * @property {(name: string, value: unknown) => void} commit gives a value to Python
 * @property {(name: string, value: unknown) => boolean} overrides whether a value from Python is none that it was given
 * @property {(name: string, value: unknown) => boolean} changed whether a value is another than at the last call
 */

/**
 * Knows which values from Python are only the echo of what the browser sent. Without it, a rerun that began
 * before the last release would pull the thumb back from under the finger.
 */
export function makeEcho() {
  /** @type {string} */
  let last;
  /** @type {string[]} */
  let sent = [];
  return {
    /** @param {unknown} value */
    sent(value) {
      sent.push(JSON.stringify(value));
    },
    /** @param {unknown} value */
    overrides(value) {
      const text = JSON.stringify(value);
      if (text === last) return false;
      last = text;
      const at = sent.indexOf(text);
      sent = at < 0 ? [] : sent.slice(at + 1);
      return at < 0;
    },
  };
}

/** @typedef {Ui & { words: Record<string, string>, send: (name: string, value: unknown) => void }} Mounted */

const sheets = /** @type {Map<string, Promise<CSSStyleSheet>>} */ (new Map()); // by address

const AGAIN = [250, 500, 1000, 2000]; // milliseconds until a file is asked for again, whose server is away

/**
 * A file's text, as soon as the server answers: a module that has failed once is lost for the document.
 * @param {string} address @param {number} failed times in a row
 * @returns {Promise<string>}
 */
async function textOf(address, failed = 0) {
  const answer = await fetch(address).catch(() => null);
  if (answer?.ok) return answer.text();
  if (answer && answer.status < 500) throw new Error(`${address} cannot be loaded (${answer.status}).`);
  await new Promise((over) => { setTimeout(over, AGAIN[Math.min(failed, AGAIN.length - 1)]); });
  return textOf(address, failed + 1);
}

/** A style sheet, fetched once for all components. @param {string} address */
export function sheetOf(address) {
  const sheet = sheets.get(address) ?? textOf(address).then((text) => new CSSStyleSheet().replace(text));
  sheets.set(address, sheet);
  return sheet;
}

/**
 * The function that Streamlit calls on mount and again whenever data or theme change, any number of times. The
 * component's `index.html` and style sheets are fetched once, when its module is; a node with `data-word` has that text.
 * @param {string} module `import.meta.url` of the component's index.js @param {object} parts
 * @param {string} parts.root selector of the node that `ui.root` is
 * @param {string[]} [parts.shared] style sheets of `kdviz.shared`, between the base of all and the component's own
 * @param {(ui: any) => void} parts.build called once for each place on the page
 * @param {(ui: any, data: any) => void} parts.receive called with what Python sent
 * @param {(ui: any) => unknown} [parts.state] what of the picture neither its data nor its controls say, for a seat
 * @param {(ui: any, own: any) => void} [parts.follow] takes that over
 */
export async function component(module, { root, shared = [], build, receive, state, follow }) {
  const addressOf = (/** @type {string} */ name) => new URL(name, module).href;
  const ofAll = ["base", ...shared].map((name) => `../kdviz.shared/${name}.css`);
  const sheetsOf = [...ofAll, "style.css"].map((name) => sheetOf(addressOf(name)));
  const [html, ...own] = await Promise.all([textOf(addressOf("index.html")), ...sheetsOf]);
  await arrived;
  const mounted = /** @type {WeakMap<ShadowRoot, Mounted>} */ (new WeakMap());

  /** @param {ShadowRoot} shadow @param {Record<string, string>} words */
  function mount(shadow, words) {
    const holder = document.createElement("div");
    holder.innerHTML = html;
    shadow.adoptedStyleSheets = own;
    shadow.append(holder);
    const found = /** @type {Record<string, Element | null>} */ ({});
    const node = /** @type {HTMLElement} */ (holder.querySelector(root));
    const q = (/** @type {string} */ selector) => (found[selector] ??= node.querySelector(selector));
    const echoes = /** @type {Record<string, ReturnType<typeof makeEcho>>} */ ({});
    const echo = (/** @type {string} */ name) => (echoes[name] ??= makeEcho());
    const seen = /** @type {Record<string, string>} */ ({});
    /** @type {Mounted} */
    const ui = {
      root: node, q, shadow, endings: [], words, send: () => {},
      tell: (key, values = {}) => filled(ui.words[key], values),
      commit: (name, value) => {
        echo(name).sent(value);
        ui.send(name, value);
      },
      overrides: (name, value) => echo(name).overrides(value),
      changed: (name, value) => seen[name] !== (seen[name] = JSON.stringify(value)),
    };
    mounted.set(shadow, ui);
    build(ui);
    followStage(ui);
    // The page kept a place for it until now.
    /** @type {HTMLElement | null} */ (shadow.host.closest(".stElementContainer"))?.style.setProperty("min-height", "0");
    return ui;
  }

  return (/** @type {{ data: any, parentElement: ShadowRoot, setStateValue: Mounted["send"] }} */ given) => {
    const words = given.data.words ?? wordsOf(module);
    const known = mounted.get(given.parentElement);
    const ui = known ?? mount(given.parentElement, words);
    Object.assign(ui, { send: given.setStateValue, words });
    applyPalette(/** @type {HTMLElement} */ (ui.root.closest(".kd")));
    const labels = /** @type {NodeListOf<HTMLElement>} */ (ui.root.querySelectorAll("[data-word]"));
    labels.forEach((node) => setText(node, ui.tell(node.dataset.word ?? "")));
    const before = sentencesOf(ui);
    receive(ui, given.data);
    if (known) announceNew(ui, before);
    enter(ui.shadow, {
      component: nameOf(module),
      data: given.data,
      state: () => ({ controls: controlsOf(ui.root), own: state?.(ui) }),
      follow(now) {
        setControls(ui.root, now.controls);
        if (now.own !== undefined) follow?.(ui, now.own);
      },
    });
    return () => {
      // Streamlit also ends a mount that the next data has overtaken: only what has left the page is undone.
      if (!ui.root.isConnected) ui.endings.splice(0).forEach((end) => end());
    };
  };
}

/** What a picture says, but for what is announced by itself or while a training runs never. @param {Ui} ui */
const sentencesOf = ({ root }) => [...root.querySelectorAll(".say:not([aria-live], [role])")].map((node) => node.textContent ?? "");

/** What a picture says of another image or preset is announced; what a finger moves is said by its slider. @param {Ui} ui @param {string[]} before */
function announceNew(ui, before) {
  const fresh = sentencesOf(ui).filter((text) => text && !before.includes(text));
  if (fresh.length) announce(ui, fresh.join(" "));
}

/** A component of the picture knows by `data-stage` that it is on the stage. @param {Ui} ui */
function followStage(ui) {
  const frame = /** @type {HTMLElement} */ (ui.root.closest(".kd"));
  const follow = () => {
    frame.toggleAttribute("data-stage", onStage() && ui.shadow.host.closest(".st-key-stage") !== null);
  };
  listen(ui, "stage", follow);
  follow();
}

/**
 * A component that only takes data to the browser; the page's style sheet gives it no place.
 * @param {(data: any) => void} receive
 */
export function invisible(receive) {
  return (/** @type {{ data: any }} */ { data }) => {
    if (data) receive(data);
  };
}

/**
 * Call `draw` whenever the size of `node` changes, and once at the beginning.
 * @param {Ui} ui @param {Element} node @param {(width: number) => void} draw
 */
export function watchSize(ui, node, draw) {
  const observer = new ResizeObserver(([entry]) => draw(Math.round(entry.contentRect.width)));
  observer.observe(node);
  ui.endings.push(() => observer.disconnect());
}
