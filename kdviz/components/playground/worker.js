// Learning in a thread of its own: the page stays free to draw.

import { serve } from "./loop.js";

// A timer of no time at all waits for four milliseconds once a few have followed each other; a message to oneself does not.
const { port1, port2 } = new MessageChannel();
/** @type {(() => void)[]} */
const calls = [];
port1.onmessage = () => calls.shift()?.();

const worker = /** @type {any} */ (globalThis);
const hear = serve(worker, {
  now: () => performance.now(),
  later(call, milliseconds) {
    if (milliseconds > 0) {
      setTimeout(call, milliseconds);
      return;
    }
    calls.push(call);
    port2.postMessage(null);
  },
});
worker.onmessage = (/** @type {MessageEvent} */ { data }) => hear(data);
