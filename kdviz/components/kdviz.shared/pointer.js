/** Let go of the field that is being typed in, so that its number counts first. */
function leaveFields() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  if (active instanceof HTMLElement) active.blur();
}

/**
 * Call `follow` while a pointer moves over a node with its button down, wherever it goes; `release` when it lets go.
 * `ui.held` says so meanwhile.
 * @param {{ held?: boolean }} ui @param {HTMLElement | SVGElement} node @param {(event: PointerEvent) => void} follow
 * @param {() => void} release @param {() => void} [begin] called when the button goes down, before the first `follow`
 */
export function followPointer(ui, node, follow, release, begin) {
  let held = /** @type {number | null} */ (null);
  const onDown = (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    held = event.pointerId;
    node.setPointerCapture(held);
    leaveFields();
    ui.held = true;
    begin?.();
    follow(event);
  };
  const onMove = (/** @type {PointerEvent} */ event) => {
    if (event.pointerId === held) follow(event);
  };
  const onEnd = (/** @type {PointerEvent} */ event) => {
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
