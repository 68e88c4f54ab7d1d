// How a component comes onto the page: the one mount block.
import { applyPalette } from "./dom.js";

/**
 * What every component has: its root node, a cached `querySelector`, and what to undo when it goes.
 * @typedef {object} Ui
 * @property {HTMLElement} root
 * @property {(selector: string) => any} q
 * @property {ShadowRoot} shadow
 * @property {(() => void)[]} endings
 * @property {(name: string, value: unknown) => void} send commits a value to Python
 */

const sheets = /** @type {Map<string, Promise<CSSStyleSheet>>} */ (new Map()); // by address

/** @param {string} address */
async function textOf(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} cannot be loaded (${answer.status}).`);
  return answer.text();
}

/** A style sheet, fetched once for all components. @param {string} address */
function sheetOf(address) {
  const sheet = sheets.get(address) ?? textOf(address).then((text) => new CSSStyleSheet().replace(text));
  sheets.set(address, sheet);
  return sheet;
}

/**
 * The function that Streamlit calls on mount and again whenever data or theme change, any number of times. The
 * component's `index.html` and style sheets are fetched once, when its module is.
 * @param {string} module `import.meta.url` of the component's index.js @param {object} parts
 * @param {string} parts.root selector of the node that `ui.root` is
 * @param {string[]} [parts.styles] style sheets; the base of all comes first by itself
 * @param {(ui: any) => void} parts.build called once for each place on the page
 * @param {(ui: any, data: any) => void} parts.receive called with what Python sent
 */
export async function component(module, { root, styles = ["style.css"], build, receive }) {
  const addressOf = (/** @type {string} */ name) => new URL(name, module).href;
  const sheetsOf = ["../kdviz.shared/base.css", ...styles].map((name) => sheetOf(addressOf(name)));
  const [html, ...own] = await Promise.all([textOf(addressOf("index.html")), ...sheetsOf]);
  const mounted = /** @type {WeakMap<ShadowRoot, Ui>} */ (new WeakMap());

  /** @param {ShadowRoot} shadow */
  function mount(shadow) {
    const holder = document.createElement("div");
    holder.innerHTML = html;
    shadow.adoptedStyleSheets = own;
    shadow.append(holder);
    const found = /** @type {Record<string, Element | null>} */ ({});
    const node = /** @type {HTMLElement} */ (holder.querySelector(root));
    const q = (/** @type {string} */ selector) => (found[selector] ??= node.querySelector(selector));
    const ui = { root: node, q, shadow, endings: [], send: () => {} };
    mounted.set(shadow, ui);
    build(ui);
    // The page kept a place for it until now.
    /** @type {HTMLElement | null} */ (shadow.host.closest(".stElementContainer"))?.style.setProperty("min-height", "0");
    return ui;
  }

  return (/** @type {{ data: any, parentElement: ShadowRoot, setStateValue: Ui["send"] }} */ given) => {
    const ui = mounted.get(given.parentElement) ?? mount(given.parentElement);
    ui.send = given.setStateValue;
    applyPalette(/** @type {HTMLElement} */ (ui.root.closest(".kd")));
    receive(ui, given.data);
    return () => {
      // Streamlit also ends a mount that the next data has overtaken: only what has left the page is undone.
      if (!ui.root.isConnected) ui.endings.splice(0).forEach((end) => end());
    };
  };
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
