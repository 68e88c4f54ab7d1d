// When a hand takes the picture from the class: it moves a control, drags, taps or types, but does not only scroll.

/** Whether a pointer that goes down here drags at once; a finger mostly scrolls. @param {PointerEvent} event */
function drags(event) {
  if (event.pointerType !== "touch") return true;
  const [target] = event.composedPath();
  return target instanceof Element && getComputedStyle(target).touchAction === "none";
}

/** @param {Event} event */
function takes(event) {
  if (!event.isTrusted) return false; // the stage moved it
  if (event instanceof PointerEvent && event.type === "pointerdown") return drags(event);
  return !(event instanceof KeyboardEvent) || event.key !== "Tab";
}

/** @param {Element} room @param {() => void} call */
export function letsGo(room, call) {
  for (const type of ["pointerdown", "click", "input", "keydown"]) {
    room.addEventListener(type, (event) => {
      if (takes(event)) call();
    }, true);
  }
}
