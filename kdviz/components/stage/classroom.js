// The stage's end of a class: tells the seats what is shown, and hears how many they are and what they answer. There is
// one for the document, whatever pages come and go.

import { keepPosts } from "../kdviz.shared/class_posts.js";
import { Line } from "../kdviz.shared/line.js";

/** @typedef {{ code: string, address: string, qr: string }} Opened where its seats are; qr: an image's address */
/** @typedef {import("../seat/poll.js").Ask} Ask */
/** @typedef {{ choice: number | null, says: string }} Truth */
/** @typedef {Omit<import("../seat/index.js").Show, "pictures"> & { pictures: import("../kdviz.shared/shown.js").Shown[] }} Facts */
/**
 * @typedef {object} Surroundings
 * @property {() => Promise<Opened | null>} find the open class, where this browser is its presenter's
 * @property {(code: string, text: string) => Promise<string | null>} keep a component's data; their hash
 * @property {(code: string, hear: (message: any) => void, tell: () => void) => Line} line
 */

/** The data of the components that are shown, kept by the server for the seats; equal data are sent once. */
class KeptData {
  /** @param {(text: string) => Promise<string | null>} keep */
  constructor(keep) {
    this.keep = keep;
    this.hashes = /** @type {WeakMap<object, string | null>} */ (new WeakMap()); // null where they cannot be kept
    this.sending = /** @type {WeakSet<object>} */ (new WeakSet());
    this.last = /** @type {Map<string, { text: string, hash: string }>} */ (new Map()); // by component
  }

  /** Whether the server has them, or never will; else they are sent. @param {import("../kdviz.shared/shown.js").Shown} picture */
  settled({ component, data }) {
    if (this.hashes.has(data)) return true;
    if (!this.sending.has(data)) this.send(component, data);
    return false;
  }

  async send(component, data) {
    this.sending.add(data);
    const text = JSON.stringify(data);
    const before = this.last.get(component);
    const hash = before?.text === text ? before.hash : await this.keep(text);
    if (hash) this.last.set(component, { text, hash });
    this.hashes.set(data, hash);
  }

  /** The pictures as seats are told of them. @param {import("../kdviz.shared/shown.js").Shown[]} pictures */
  told(pictures) {
    return pictures.flatMap(({ component, data, state }) => {
      const hash = this.hashes.get(data);
      return hash ? [{ component, data: hash, state }] : [];
    });
  }
}

export class Classroom {
  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.surroundings = surroundings;
    this.opened = /** @type {Opened | null} */ (null);
    this.line = /** @type {Line | null} */ (null);
    this.data = /** @type {KeptData | null} */ (null);
    this.looking = false;
    this.seats = 0;
    this.ask = /** @type {Ask | null} */ (null);
    this.counts = /** @type {number[] | null} */ (null);
    this.said = ""; // what the seats were last told
  }

  /** Look for the open class, unless it is known. */
  async find() {
    if (this.opened || this.looking) return;
    this.looking = true;
    const opened = await this.surroundings.find();
    this.looking = false;
    if (!opened) return;
    const { code } = opened;
    const line = this.surroundings.line(code, (message) => this.hear(message), () => this.stand(line));
    const data = new KeptData((text) => this.surroundings.keep(code, text));
    Object.assign(this, { opened, line, data, seats: 0, ask: null, counts: null });
    line.connect();
    keepPosts({ opened: true });
  }

  /** @param {Line} line */
  stand({ standing }) {
    this.said = ""; // whoever connects anew says it anew
    if (standing === "ended" || standing === "none") this.opened = null;
    keepPosts(this.opened ? {} : { opened: false, fresh: true });
  }

  hear({ seats, ask, counts, ...posts }) {
    Object.assign(this, { seats, ask, counts });
    keepPosts({ seats, ...posts });
  }

  /** Tell the seats what is shown, where that has changed; called ten times a second at most. @param {Facts} facts */
  show(facts) {
    const { data, line } = this;
    if (!this.opened || !data || line?.standing !== "open") return;
    if (facts.pictures.filter((picture) => !data.settled(picture)).length) return; // with a later look, once they are there
    const show = { ...facts, pictures: data.told(facts.pictures) };
    const text = JSON.stringify(show);
    if (text !== this.said && line.send({ show })) this.said = text;
  }

  /** Close the question, with its truth, or open it again. @param {boolean} closed @param {Truth | null} truth */
  poll(closed, truth) {
    this.line?.send({ poll: { closed, truth } });
  }

  /** End the class, for everybody; nothing of it is kept. */
  end() {
    this.line?.send({ end: true });
  }
}

/** @param {string} path @param {Record<string, string>} query */
const addressOf = (path, query) => new URL(`class/${path}?${new URLSearchParams(query)}`, document.baseURI);

/** Where the class can be saved. @param {string} code */
export const savedAt = (code) => addressOf("saved.csv", { class: code }).href;

async function find() {
  try {
    const answer = await fetch(addressOf("now", { at: new URL(".", document.baseURI).href }));
    const told = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : {}; // else no class at all: Streamlit's page
    return "code" in told ? told : null;
  } catch {
    return null;
  }
}

async function upload(code, text) {
  try {
    const answer = await fetch(addressOf("data", { class: code }), { method: "POST", body: text });
    return answer.ok ? (await answer.json()).hash : null;
  } catch {
    return null;
  }
}

function open(code) {
  const address = addressOf("live", { role: "stage", class: code });
  address.protocol = address.protocol.replace("http", "ws");
  return new WebSocket(address);
}

function makeLine(code, hear, told) {
  const made = new Line({ open: () => open(code), now: () => performance.now(), later: setTimeout.bind(window), random: Math.random }, hear, told);
  setInterval(() => made.look(), 5000);
  addEventListener("online", () => made.renew());
  return made;
}

export const classroom = new Classroom({ find, keep: upload, line: makeLine });
