// The worker's part of the conversation with its page: it learns in short slices, and says how things stand when asked.

import { Experiment } from "./experiment.js";
import { PIXELS, unpack } from "./pack.js";
import { racing } from "./racing.js";
import { STARTS_ANEW } from "./settings.js";
import { Images } from "./sparse.js";

/** @typedef {import("./pack.js").Pack} Pack */
/** @typedef {import("./settings.js").Settings} Settings */

/**
 * What the page says.
 * @typedef {{ type: "open", pack: Pack | ArrayBuffer, settings: Settings } | { type: "settings", settings: Settings }
 *   | { type: "play" | "pause" | "step" | "reset" } | { type: "show", image?: number, pixels?: Uint8Array }
 *   | { type: "race", course: import("./race.js").Course }
 *   | { type: "frame", from?: number, weights?: boolean, doubts?: boolean }} Message
 */

/** @typedef {{ postMessage: (message: object, transfer: Transferable[]) => void }} Port */

/**
 * Time as the loop needs it: the moment in milliseconds, and a call after so many of them. `later(0)` lets messages that
 * wait come first.
 * @typedef {{ now: () => number, later: (call: () => void, milliseconds: number) => void }} Clock
 */

const SLICE = 8; // milliseconds of learning between two looks at the messages
const PER_SECOND = { slow: 4, medium: 40, full: Infinity };
const MEASURED = 500; // milliseconds over which speed is counted
const DOUBTS = 24; // images

/** How many there were a second, from counts as they are told. */
class Speed {
  constructor() {
    this.since = { now: 0, updates: 0, images: 0 };
    this.perSecond = 0;
    this.imagesPerSecond = 0;
  }

  /** @param {number} now @param {number} updates @param {number} images */
  begin(now, updates, images) {
    this.since = { now, updates, images };
  }

  /** @param {number} now @param {number} updates @param {number} images */
  tell(now, updates, images) {
    const seconds = (now - this.since.now) / 1000;
    if (seconds * 1000 < MEASURED) return;
    this.perSecond = (updates - this.since.updates) / seconds;
    this.imagesPerSecond = (images - this.since.images) / seconds;
    this.begin(now, updates, images);
  }
}

/** Gives the function that hears the page's messages. @param {Port} port @param {Clock} clock */
export function serve(port, { now, later }) {
  /** @type {Pack} */
  let pack;
  /** @type {Images} */
  let images;
  /** @type {Settings} */
  let settings;
  /** @type {Experiment | null} made when it is first needed */
  let experiment = null;
  /** @type {import("./snapshot.js").Choice} */
  let choice = {};
  let [playing, waiting, stale, due] = [false, false, false, 0];
  let speed = new Speed();
  const race = racing((message) => port.postMessage(message, []), now, (call) => later(guarded(call), 0));

  const current = () => (experiment ??= new Experiment(pack, settings, { images }));

  function restart() {
    experiment = null;
    speed = new Speed();
    speed.begin(now(), 0, 0);
  }

  function slice() {
    waiting = false;
    if (!playing) return;
    const run = current();
    const pause = 1000 / PER_SECOND[settings.speed];
    const end = now() + SLICE;
    if (pause && due < end - 1000) due = end; // what could not be done in a second is not made up for
    do {
      if (pause && due > now()) break;
      run.update();
      due += pause;
    } while (now() < end);
    go(pause ? Math.max(0, due - now()) : 0);
  }

  /** @param {number} milliseconds */
  function go(milliseconds) {
    if (waiting) return;
    waiting = true;
    later(guarded(slice), milliseconds);
  }

  /** @param {number} from @param {boolean} weights @param {boolean} doubts */
  function frame(from, weights, doubts) {
    const run = current();
    if (stale && !playing) run.evaluate();
    stale = false;
    speed.tell(now(), run.updates, run.seen);
    const { perSecond, imagesPerSecond } = playing ? speed : { perSecond: 0, imagesPerSecond: 0 };
    const units = weights ? run.weights() : undefined;
    const message = {
      type: "frame", from, ...run.snapshot({ ...choice, from }), playing, perSecond, imagesPerSecond,
      weights: units, disagreements: doubts ? run.disagreements(DOUBTS) : undefined,
    };
    port.postMessage(message, units ? [units.taught.buffer, units.plain.buffer] : []);
  }

  /** @param {Message} message */
  async function hear(message) {
    if (message.type === "open") {
      pack = message.pack instanceof ArrayBuffer ? await unpack(message.pack) : message.pack;
      images = new Images(pack.images, PIXELS);
      settings = message.settings;
      playing = false;
      choice = {};
      restart();
    } else if (message.type === "settings") {
      const anew = STARTS_ANEW.some((name) => message.settings[name] !== settings[name]);
      settings = message.settings;
      if (anew) restart();
      else experiment?.change(settings);
      stale = true;
    } else if (message.type === "play") {
      playing = true;
      due = now();
      speed.begin(now(), current().updates, current().seen);
      go(0);
    } else if (message.type === "pause") {
      playing = false;
      stale = true;
    } else if (message.type === "step") {
      current().update();
      stale = true;
    } else if (message.type === "race") {
      playing = false;
      race(pack, images, message.course);
    } else if (message.type === "reset") restart();
    else if (message.type === "show") choice = { image: message.image, pixels: message.pixels };
    else if (message.type === "frame") frame(message.from ?? 0, message.weights ?? false, message.doubts ?? false);
  }

  /** What goes wrong is told to the page, and learning ends. @param {() => void | Promise<void>} act */
  function guarded(act) {
    return async () => {
      try {
        await act();
      } catch (error) {
        playing = false;
        const key = error instanceof RangeError ? "no-memory" : "worker-failed";
        port.postMessage({ type: "problem", key, values: { reason: String(error) } }, []);
      }
    };
  }

  let heard = Promise.resolve();
  return (/** @type {Message} */ message) => (heard = heard.then(guarded(() => hear(message)))); // in their order
}
