// What a page says and does when its connection to the server is away. It stands in the first page, before Streamlit.
//
// Streamlit's socket does not notice that the network was away for a while: the server has closed its end by then, and
// the next click is lost in silence. So, once the server is there again after a gap, the socket is closed
// here: Streamlit connects anew, and the next click arrives. What was sent and never answered is said.
//
// Where the server does not answer for a few seconds, Streamlit lays a dialog over the page. What is drawn in this browser
// goes on without a server, so a line at the edge says it instead, until the server is back.
//
// A live picture is asked for again and again, whether the last one has arrived or not. Over a slow network the pictures
// would come later and later, and the answer to a click after all of them: so the next one is asked for when the last
// one is there.

const EVERY = 10_000; // ms between two looks whether the server is there
const PATIENCE = 5_000; // ms for its answer
const BACK = 500; // ms between two looks of a page that is opened anew
const GAP = 20_000; // ms without the server after which it may have given the connection up
const ASLEEP = 120_000; // ms without a look at all: the machine slept; a tab in the background looks once a minute
const OF_A_PERSON = 2_000; // ms after a key or a click within which what is sent comes of it
const GIVEN_UP = 10_000; // ms after which a picture that was asked for is asked for once more
// Of what Streamlit sends: https://protobuf.dev/programming-guides/encoding/, its own streamlit/proto
const FIELDS = { rerun_script: 11, fragment_id: 5, is_auto_rerun: 6, script_finished: 6 };

/**
 * @typedef {object} Surroundings
 * @property {() => number} now in ms
 * @property {() => Promise<boolean>} reachable whether the server answers
 * @property {() => void} lost says that the last action may not have arrived
 * @property {() => void} back hears that the page is connected (once more)
 */

/** The gaps of a connection: one for a page, whatever sockets it has one after another. */
export class Connection {
  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.surroundings = surroundings;
    this.acted = -Infinity;
    this.looked = surroundings.now();
    /** @type {number | null} */
    this.awaySince = null;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.unanswered = false;
    /** @type {Map<string, number>} when each live part of the page asked for itself, as long as it has not arrived */
    this.asked = new Map();
  }

  /** A person has pressed a key or a button. */
  act() {
    this.acted = this.surroundings.now();
  }

  /** @param {WebSocket} socket the page's only one from now on */
  open(socket) {
    this.socket = socket;
    this.unanswered = false;
    this.asked.clear();
    socket.addEventListener("open", () => this.surroundings.back());
    socket.addEventListener("message", (event) => {
      this.unanswered = false;
      if (isEnd(event.data)) this.asked.clear();
    });
    socket.addEventListener("close", () => {
      if (this.socket === socket && this.unanswered) this.surroundings.lost();
      this.unanswered = false;
    });
  }

  /**
   * Whether something may be sent: not a live part's request for itself, while its last one is on its way.
   * @param {unknown} data
   */
  maySend(data) {
    const part = livePart(data);
    if (part === null) return true;
    const now = this.surroundings.now();
    if (now - (this.asked.get(part) ?? -Infinity) < GIVEN_UP) return false;
    this.asked.set(part, now);
    return true;
  }

  /** Something is sent, which the server answers. */
  sends() {
    if (this.surroundings.now() - this.acted < OF_A_PERSON) this.unanswered = true;
  }

  /** Look whether the server is there; after a gap the old socket is closed. */
  async look() {
    const before = this.looked;
    const begun = this.surroundings.now();
    const reachable = await this.surroundings.reachable();
    this.looked = this.surroundings.now();
    if (!reachable) {
      this.awaySince ??= before;
      return;
    }
    const gap = this.awaySince === null ? 0 : this.looked - this.awaySince;
    this.awaySince = null;
    if (gap > GAP || begun - before > ASLEEP) this.socket?.close();
  }
}

/**
 * WebSocket as Streamlit shall find it: what goes over its stream is noted.
 * @param {typeof WebSocket} Native
 * @param {Connection} connection
 */
export function watching(Native, connection) {
  return class extends Native {
    /** @param {string | URL} address @param {string | string[]} [protocols] */
    constructor(address, protocols) {
      super(address, protocols);
      this.watched = String(address).includes("/_stcore/stream");
      if (this.watched) connection.open(this);
    }

    /** @param {string | ArrayBufferLike | Blob | ArrayBufferView} data */
    send(data) {
      if (this.watched && !connection.maySend(data)) return;
      if (this.watched) connection.sends();
      super.send(data);
    }
  };
}

/**
 * The fields of a message: the number of each, with its number or its bytes.
 * @param {Uint8Array} message
 * @returns {Generator<[number, number | Uint8Array]>}
 */
function* fieldsOf(message) {
  let at = 0;
  const number = () => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = number();
    const [field, kind] = [Math.floor(tag / 8), tag % 8];
    if (kind === 0) {
      yield [field, number()];
    } else if (kind === 2) {
      const end = number() + at;
      yield [field, message.subarray(at, end)];
      at = end;
    } else {
      return; // there is none in these messages
    }
  }
}

/**
 * The live part of the page that asks for itself with this message; null for every other message.
 * @param {unknown} data
 */
function livePart(data) {
  if (!(data instanceof Uint8Array)) return null;
  const rerun = new Map(fieldsOf(data)).get(FIELDS.rerun_script);
  if (!(rerun instanceof Uint8Array)) return null;
  const asked = new Map(fieldsOf(rerun));
  const part = asked.get(FIELDS.fragment_id);
  return asked.get(FIELDS.is_auto_rerun) && part instanceof Uint8Array ? new TextDecoder().decode(part) : null;
}

/**
 * Whether a message ends what was asked for.
 * @param {unknown} data
 */
function isEnd(data) {
  if (!(data instanceof ArrayBuffer)) return true;
  return [...fieldsOf(new Uint8Array(data))].some(([field]) => field === FIELDS.script_finished);
}

/** @param {string} words what is said of a lost action, what while the server is away, and the name of a button; by lines */
export function watch(words) {
  const [sentence, away, close] = words.split("\n");
  const connection = new Connection({
    now: () => performance.now(),
    reachable: () => answers("./_stcore/health"),
    lost: () => say(sentence, close),
    back: () => document.querySelector("#kd-lost[data-away]")?.remove(),
  });
  instead(() => {
    say(away, close);
    document.getElementById("kd-lost")?.setAttribute("data-away", "");
  });
  for (const kind of ["pointerdown", "keydown"]) {
    window.addEventListener(kind, () => connection.act(), { capture: true, passive: true });
  }
  window.addEventListener("online", () => void connection.look());
  window.addEventListener("error", ({ target }) => {
    if (target instanceof HTMLScriptElement && target.src.includes("/bidi-components/")) void openAnew();
  }, true);
  window.addEventListener("kd-lost-part", () => void openAnew());
  window.WebSocket = watching(window.WebSocket, connection);
  setInterval(() => void connection.look(), EVERY);
}

let opening = false; // whether the page waits for the server to be opened anew

/** Open the page anew once the server is back; one that answers at once has refused for a reason, which stays. */
async function openAnew() {
  if (opening) return;
  opening = true;
  let away = false;
  while (!(await answers("./_stcore/health"))) {
    away = true;
    await new Promise((over) => { setTimeout(over, BACK); });
  }
  opening = false;
  if (away) location.reload();
}

const HEADING = "Connection error"; // of Streamlit's dialog

/** Close Streamlit's dialog about the connection as soon as it opens. @param {() => void} tell says it in its place */
function instead(tell) {
  new MutationObserver((changes) => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
      if (!(node instanceof HTMLElement) || node.querySelector("[role=dialog] h2")?.textContent !== HEADING) continue;
      node.querySelector("button")?.click();
      tell();
    }
  }).observe(document.body, { childList: true });
}

/** @param {string} address */
async function answers(address) {
  try {
    return (await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })).ok;
  } catch {
    return false;
  }
}

/** @param {string} sentence @param {string} close */
function say(sentence, close) {
  document.getElementById("kd-lost")?.remove();
  const box = document.createElement("div");
  box.id = "kd-lost";
  box.setAttribute("role", "alert");
  const button = document.createElement("button");
  button.textContent = close;
  button.addEventListener("click", () => box.remove());
  box.append(sentence, button);
  document.body.append(box);
}
