/** Let go of the field that is being typed in, so that its number counts first. */
function leaveFields() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  if (active instanceof HTMLElement) active.blur();
}

const TAP = 6; // pixels that a finger may move and still have tapped

/**
 * What a touch does here, by the style's `touch-action`: "none" drags at once; "pan-y" drags once it goes sideways, or
 * taps, while a swipe up or down scrolls the page; anything else only scrolls.
 * @param {PointerEvent} event
 */
function touchDrags(event) {
  if (event.pointerType !== "touch") return "none";
  return event.target instanceof Element ? getComputedStyle(event.target).touchAction : "";
}

/**
 * Call `follow` while a pointer moves over a node with its button down, wherever it goes; `release` when it lets go.
 * `ui.held` says so meanwhile. A finger may have to say first that it does not scroll: see `touchDrags`.
 * @param {{ held?: boolean }} ui @param {HTMLElement | SVGElement} node @param {(event: PointerEvent) => void} follow
 * @param {() => void} release @param {() => void} [begin] called when the button goes down, before the first `follow`
 */
export function followPointer(ui, node, follow, release, begin) {
  let held = /** @type {number | null} */ (null);
  let undecided = /** @type {PointerEvent | null} */ (null); // a touch that may yet scroll the page
  const take = (/** @type {PointerEvent} */ event) => {
    undecided = null;
    held = event.pointerId;
    node.setPointerCapture(held);
    leaveFields();
    ui.held = true;
    begin?.();
    follow(event);
  };
  const onDown = (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    const action = touchDrags(event);
    if (action === "none") take(event);
    else if (action === "pan-y") undecided = event;
  };
  const onMove = (/** @type {PointerEvent} */ event) => {
    if (event.pointerId === held) follow(event);
    else if (event.pointerId === undecided?.pointerId && Math.abs(event.clientX - undecided.clientX) > TAP) take(event);
  };
  const onEnd = (/** @type {PointerEvent} */ event) => {
    if (event.pointerId === undecided?.pointerId) {
      const moved = Math.max(Math.abs(event.clientX - undecided.clientX), Math.abs(event.clientY - undecided.clientY));
      undecided = null;
      if (event.type === "pointercancel" || moved > TAP) return;
      take(event);
    }
    if (event.pointerId !== held) return;
    held = null;
    ui.held = false;
    release();
  };
  const listeners = { pointerdown: onDown, pointermove: onMove, pointerup: onEnd, pointercancel: onEnd };
  for (const [type, listener] of Object.entries(listeners)) {
    node.addEventListener(type, /** @type {EventListener} */ (listener));
  }
}
