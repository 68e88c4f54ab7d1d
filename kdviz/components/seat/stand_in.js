// Stands in for Streamlit: mounts the components of the stage on the seat, with their data and as they stand there.

import { make } from "../kdviz.shared/dom.js";
import { isHere, keepLayers, unpackLayers } from "../kdviz.shared/network.js";
import { followState } from "../kdviz.shared/shown.js";

/** @typedef {{ component: string, data: string, state: import("../kdviz.shared/shown.js").State }} Told `data` is what it is kept under */
/** @typedef {(given: { data: any, parentElement: ShadowRoot, setStateValue: () => void }) => () => void} Component */
/** @typedef {{ told: Told, shadow: ShadowRoot, draw: () => void, end: () => void }} Mounted `draw` takes over another theme */

const NAME = /^[a-z_]+$/;
const KEPT = 8; // data that a talk may come back to

/** The folder that all pages lie in, whatever the server's base path. */
const folder = () => new URL(".", location.href).href;

/** @param {string} address @param {"json" | "arrayBuffer"} form */
async function fetched(address, form) {
  const answer = await fetch(new URL(address, folder()));
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer[form]();
}

/** What each component's data lack outside Streamlit. @type {Record<string, (data: any, query: string) => Promise<any> | any>} */
const COMPLETED = {
  playground: (data, query) => ({
    ...data, pack: `class/pack/${data.data}.gz`, weights: `class/weights/${data.data}.gz`,
    query: Object.fromEntries(new URLSearchParams(query)),
  }),
  async soft_targets(data) {
    const { network } = data; // of a digit that is drawn
    if (network && !isHere(network)) {
      keepLayers(network, await unpackLayers(await fetched(`class/weights/${network.replace("-teacher", "")}.gz`, "arrayBuffer")));
    }
    return data;
  },
};

export class StandIn {
  /** @param {Element} room @param {(hash: string) => string} addressOf where data are fetched */
  constructor(room, addressOf) {
    this.room = room;
    this.addressOf = addressOf;
    this.data = /** @type {Map<string, Promise<any>>} */ (new Map());
    this.mounted = /** @type {Mounted[]} */ ([]);
    this.wanted = 0;
  }

  /** @param {string} hash @returns {Promise<any>} */
  dataOf(hash) {
    const data = this.data.get(hash) ?? fetched(this.addressOf(hash), "json");
    data.catch(() => this.data.delete(hash)); // to be tried again
    this.data.delete(hash);
    this.data.set(hash, data); // the last one that was asked for
    const [oldest] = this.data.keys();
    if (this.data.size > KEPT) this.data.delete(oldest);
    return data;
  }

  /**
   * Show these pictures, in place of those before. What is asked for last is shown, whatever comes when. Rejects where
   * one cannot be had.
   * @param {Told[]} pictures @param {string} query of the page's address
   */
  async show(pictures, query) {
    const mine = ++this.wanted;
    const ready = await Promise.all(pictures.map((told) => this.prepared(told, query)));
    if (mine !== this.wanted) return;
    this.mounted.splice(pictures.length).forEach((mounted) => this.remove(mounted));
    ready.forEach((part, place) => this.put(place, pictures[place], part));
  }

  /** @param {Told} told @param {string} query */
  async prepared({ component, data }, query) {
    if (!NAME.test(component)) throw new Error(component);
    const [module, known] = await Promise.all([import(new URL(`../kdviz.${component}/index.js`, import.meta.url).href), this.dataOf(data)]);
    const complete = COMPLETED[component];
    return { render: /** @type {Component} */ (module.default), data: complete ? await complete(known, query) : known };
  }

  /** @param {number} place @param {Told} told @param {{ render: Component, data: any }} part */
  put(place, told, { render, data }) {
    let mounted = this.mounted[place];
    const same = mounted?.told.component === told.component;
    if (!same || mounted.told.data !== told.data) {
      const host = same ? mounted.shadow.host : make("div", "");
      const shadow = same ? mounted.shadow : host.attachShadow({ mode: "open" });
      if (!same) {
        if (mounted) this.room.replaceChild(host, mounted.shadow.host);
        else this.room.append(host);
        mounted?.end();
      }
      const draw = () => render({ data, parentElement: shadow, setStateValue: () => {} });
      mounted = { told, shadow, draw, end: draw() };
      this.mounted[place] = mounted;
    }
    mounted.told = told;
    followState(mounted.shadow, told.state);
  }

  /** The theme is another. */
  redraw() {
    for (const { draw } of this.mounted) draw();
  }

  /** @param {Mounted} mounted */
  remove({ shadow, end }) {
    shadow.host.remove();
    end();
  }
}
