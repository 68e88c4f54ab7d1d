// Ways for whoever uses the keyboard: past the list of pages to the picture, and on where a button has gone.

const RANGE = 'input[type="range"]:not(:disabled)';
const MOVED = "button:not(:disabled), a[href], input:not(:disabled), select, [tabindex='0']";
const PARTS = ".stBidiComponent *, [role='slider']";
const BUTTONS = '[class*="st-key-steer_"]'; // of a run: what goes on or pauses comes first, then Cancel
const PATIENCE = 15_000; // milliseconds for which the button is awaited that takes another's place

/** @param {Element} node */
const seen = (node) => node.checkVisibility({ visibilityProperty: true });

/** What the page is moved by: the first slider, else the first control of its picture, else its heading. */
function firstControl() {
  const main = document.querySelector(".stMain");
  const parts = [...(main?.querySelectorAll(PARTS) ?? [])].filter(seen);
  for (const wanted of [RANGE, MOVED]) {
    for (const part of parts) {
      if (!part.shadowRoot && !(wanted === RANGE && part.matches("[role='slider']"))) continue;
      const inside = [...(part.shadowRoot?.querySelectorAll(wanted) ?? [part])].find(seen);
      if (inside && !inside.closest(".course")) return inside;
    }
  }
  return main?.querySelector("h1") ?? null;
}

/** @param {Element | null} node */
function focusOn(node) {
  if (!(node instanceof HTMLElement)) return;
  if (node.tabIndex < 0) node.tabIndex = -1; // as it is, but for a focus that is given
  node.focus();
}

/** The first stop of every page: past the list of pages and all above the picture. @param {string} text */
export function offerWayIn(text) {
  if (!text || document.querySelector(".kd-skip")) return;
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "kd-skip", textContent: text });
  button.addEventListener("click", () => focusOn(firstControl()));
  document.body.prepend(button);
}

const WIDE = '.katex-display, [data-testid="stTable"], [data-testid="stMarkdownContainer"]:has(table)';

/** A formula or a table that is wider than a phone is a stop of the keyboard, whose arrow keys move it. */
export function reachWide() {
  for (const node of document.querySelectorAll(`.stMain :is(${WIDE})`)) {
    const scrolls = node.scrollWidth > node.clientWidth && getComputedStyle(node).overflowX === "auto";
    if (scrolls) node.setAttribute("tabindex", "0");
    else node.removeAttribute("tabindex");
  }
}

let lost = /** @type {{ button: HTMLButtonElement, text: string, since: number } | null} */ (null);

/** @param {Element} node */
const textOf = (node) => node.textContent?.trim() ?? "";

/** @param {EventTarget | null} target */
function remember(target) {
  const button = target instanceof Element ? target.closest(".stMain button") : null;
  lost = button instanceof HTMLButtonElement ? { button, text: textOf(button), since: 0 } : null;
}

/** Called once for the document, which may have a focus by then. */
export function listenToFocus() {
  remember(document.activeElement);
  document.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof Element && target.matches(BUTTONS))) remember(target);
  }, true);
  document.addEventListener("pointerdown", ({ target }) => remember(target), true);
}

/**
 * Where the button that has the focus is gone or disabled, as Start is once its run begins, the focus goes on to the
 * one that takes its place; until that is there, to the place itself.
 */
export function keepFocus() {
  if (!lost) return;
  const { button, text } = lost;
  const active = document.activeElement;
  const waits = active?.matches(BUTTONS) ?? false;
  if (!waits && active !== document.body && active !== button) return;
  if (button.isConnected && !button.disabled) return;
  lost.since ||= performance.now();
  const place = document.querySelector(BUTTONS);
  const enabled = [...document.querySelectorAll(".stMain button:not(:disabled)")].filter(seen);
  const heir = enabled.find((other) => textOf(other) === text) ?? place?.querySelector("button");
  if (heir instanceof HTMLButtonElement && !heir.disabled) focusOn(heir); // which is remembered in its turn
  else if (place && !waits) focusOn(place); // and waits there for as long as it takes
  else if (!waits && performance.now() - lost.since > PATIENCE) lost = null;
}
