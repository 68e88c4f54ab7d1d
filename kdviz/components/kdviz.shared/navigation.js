// Every way to another page of the program leads through here, and every address of one is made here.

import { showStage } from "./on_stage.js";
import { tell } from "./signals.js";

const TAKEN_ALONG = ["data", "embed", "embed_options", "stage"]; // from page to page
const OF_THE_MOMENT = ["stage", "talk", "scene"]; // a page that is found as it was left is so without these
const KEPT = "kdviz.addresses"; // in this tab's storage: the query that each page had when it was last seen
const LISTED = '[data-testid="stSidebarNavLink"]';
const STREAMLITS = `${LISTED}, [data-testid="stPageLink-NavLink"]`;
const NARROW = "(max-width: 768px)"; // where the list of pages lies over the page

/** @type {Record<string, string>} */
let kept = {};
let listening = false;
let owed = false; // whether what the visitor does just now has no entry in the history yet

/**
 * The query of a page that a link leads to.
 *
 * A link that says nothing more than the page finds it as it was left; every other says what the page shows. Either
 * way the data set and how the program is embedded are taken along, unless the link names its own or a run, which has
 * its data set.
 * @param {string} wanted the link's own query @param {string} here the query of the page that it stands on
 * @param {string} before the query that the page had when it was last seen
 */
export function queryOf(wanted, here, before) {
  const asked = new URLSearchParams(wanted);
  const now = new URLSearchParams(here);
  const left = new URLSearchParams(before);
  const stays = asked.size === 0 && (left.has("run") || !now.has("data") || left.get("data") === now.get("data"));
  OF_THE_MOMENT.forEach((name) => left.delete(name));
  const query = stays ? left : asked;
  for (const name of TAKEN_ALONG) {
    if (query.has(name) || (name === "data" && query.has("run"))) continue;
    now.getAll(name).forEach((value) => query.append(name, value));
  }
  return query.toString();
}

/** The folder that all pages lie in, whatever the server's base path. @param {string} path */
const folderOf = (path) => path.slice(0, path.lastIndexOf("/") + 1);

/** The address that a link inside the program leads to. @param {string} href */
function addressOf(href) {
  const to = new URL(href, document.baseURI);
  const query = queryOf(to.search, location.search, kept[to.pathname] ?? "");
  return `${to.origin}${to.pathname}${query ? `?${query}` : ""}`;
}

/** Whether a link leads to a page of the program in this tab. @param {HTMLAnchorElement} link */
function leadsInside(link) {
  const folder = folderOf(location.pathname);
  const page = link.pathname.startsWith(folder) && /^[a-z_]*$/.test(link.pathname.slice(folder.length));
  return page && link.origin === location.origin && link.target !== "_blank" && !link.hasAttribute("download");
}

/** Streamlit goes to the page of an address that comes from the history. @param {string} href */
export function goTo(href) {
  const address = addressOf(href);
  tell("leaves");
  if (address !== location.href) history.pushState({}, "", address);
  window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
}

/** @param {MouseEvent} event */
const ownClick = (event) => event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);

/** @param {Event} event */
const linkOf = (event) => event.composedPath().find((node) => node instanceof HTMLAnchorElement);

/** @param {MouseEvent} event */
function follow(event) {
  const link = linkOf(event);
  if (!link || event.defaultPrevented || !ownClick(event) || !leadsInside(link)) return;
  event.preventDefault();
  event.stopPropagation();
  goTo(given(link));
  if (!link.matches(LISTED) || !matchMedia(NARROW).matches) return;
  /** @type {HTMLElement | null} */ (document.querySelector('[data-testid="stSidebarCollapseButton"] button'))?.click();
}

const made = /** @type {WeakMap<HTMLAnchorElement, { from: string, to: string }>} */ (new WeakMap());

/** What a link says by itself, without what `complete` has added. @param {HTMLAnchorElement} link */
function given(link) {
  const known = made.get(link);
  if (known?.to === link.href) return known.from;
  const written = link.getAttribute("href") ?? "";
  // Streamlit's address of the first page is empty, which elsewhere means the page that one is on.
  return link.matches(STREAMLITS) && /^(\?|$)/.test(written) ? folderOf(location.pathname) + written : link.href;
}

/** A link that is opened in another tab, or copied, has the whole address. @param {Event} event */
function complete(event) {
  const link = linkOf(event);
  if (!link || !leadsInside(link)) return;
  const from = given(link);
  link.href = addressOf(from);
  made.set(link, { from, to: link.href });
}

function remember() {
  kept[location.pathname] = location.search;
  showStage(new URLSearchParams(location.search).get("stage") === "1");
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch { /* kept until the page is loaded anew */ }
}

function recall() {
  try {
    kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  } catch {
    kept = {};
  }
  remember();
}

/**
 * One entry for each thing that a visitor does: Streamlit makes one for every parameter that the server sets, also for
 * those of a page that has just been opened, and nobody could go back past it.
 */
function oneEntryEach() {
  const [push, replace] = [history.pushState.bind(history), history.replaceState.bind(history)];
  for (const type of ["pointerdown", "keydown", "click"]) {
    document.addEventListener(type, (event) => { owed ||= event.isTrusted; }, true);
  }
  window.addEventListener("popstate", () => {
    owed = false;
    remember();
  }, true);
  history.pushState = (...state) => {
    (owed ? push : replace)(...state);
    owed = false;
    remember();
  };
  history.replaceState = (...state) => {
    replace(...state);
    remember();
  };
}

/** Called once for the document, by whatever component comes first. */
export function guideVisitors() {
  if (listening) return;
  listening = true;
  recall();
  oneEntryEach();
  // Streamlit's own links are taken from it: it would drop what the address has.
  document.addEventListener("click", (event) => {
    if (linkOf(event)?.matches(STREAMLITS)) follow(event);
  }, true);
  document.addEventListener("click", follow);
  document.addEventListener("pointerdown", complete, true);
}
