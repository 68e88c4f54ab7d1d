// A training for others than the playground's page: so many updates in a worker of this browser, and what came of them.

import { unpack } from "./pack.js";
import { defaults } from "./settings.js";

/** @typedef {import("./pack.js").Pack} Pack */
/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./snapshot.js").Shown} Shown */
/** @typedef {{ taught: number, plain: number }} Outcome shares of the held-out images that either student reads right */
/** @typedef {Pick<Worker, "postMessage" | "terminate"> & { onmessage: any, onerror: any }} Port */

const TOLD_EVERY = 25; // updates

/** Fetch a pack. Rejects where it cannot be had. @param {string | URL} address @returns {Promise<Pack>} */
export async function fetchPack(address) {
  const answer = await fetch(address, { cache: "force-cache" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return unpack(await answer.arrayBuffer());
}

const openWorker = () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" });

/** One training at a time, with the settings that the playground opens with but for those that are given. */
export class Training {
  /** @param {Pack} pack @param {Port} [port] */
  constructor(pack, port = openWorker()) {
    this.pack = pack;
    this.port = port;
    this.waiting = /** @type {((frame: any) => void)[]} */ ([]); // in the order of what was asked
    this.fail = (/** @type {Error} */ _error) => {};
    port.onmessage = (/** @type {{ data: any }} */ { data }) => {
      if (data.type === "problem") this.fail(new Error(data.values.reason));
      else this.waiting.shift()?.(data);
    };
    port.onerror = () => this.fail(new Error("The worker could not be started."));
  }

  /** @returns {Promise<any>} what the playground's page draws */
  frame() {
    return new Promise((fulfil, reject) => {
      this.fail = reject;
      this.waiting.push(fulfil);
      this.port.postMessage({ type: "frame" });
    });
  }

  /**
   * Train from the first weights on; `tell` hears how many updates are done. Rejects where the worker cannot.
   * @param {Partial<Settings>} changed @param {number} updates @param {(done: number) => void} [tell]
   * @returns {Promise<Outcome>}
   */
  async run(changed, updates, tell = () => {}) {
    this.port.postMessage({ type: "open", pack: this.pack, settings: { ...defaults(this.pack), ...changed } });
    let frame = await this.frame();
    while (frame.updates < updates) {
      for (let i = Math.min(TOLD_EVERY, updates - frame.updates); i > 0; i--) this.port.postMessage({ type: "step" });
      frame = await this.frame();
      tell(frame.updates);
    }
    const { n, taught, plain } = frame.counts;
    return { taught: taught / n, plain: plain / n };
  }

  /** The logits that the students of the last training give to 784 grey levels. @param {Uint8Array} pixels @returns {Promise<Shown>} */
  async read(pixels) {
    this.port.postMessage({ type: "show", pixels });
    return (await this.frame()).shown;
  }

  end() {
    this.port.terminate();
  }
}
