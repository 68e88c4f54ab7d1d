// Terms of the glossary show their meaning. Once for the document.

import { make } from "../kdviz.shared/dom.js";

let listening = false;

function hideMeaning() {
  const box = document.getElementById("kd-meaning");
  if (box) box.hidden = true;
  document.querySelectorAll(".kd-term[aria-describedby]").forEach((term) => term.removeAttribute("aria-describedby"));
}

/** Below the term, or above it where there is no room; never outside the window. */
function placeMeaning(box, term) {
  const at = term.getClientRects()[0];
  const room = document.documentElement.clientWidth;
  box.style.left = `${Math.max(8, Math.min(at.left, room - box.offsetWidth - 8))}px`;
  const below = at.bottom + 4;
  const fits = below + box.offsetHeight < window.innerHeight;
  box.style.top = `${fits ? below : Math.max(4, at.top - box.offsetHeight - 4)}px`;
}

function showMeaning(term) {
  const id = "kd-meaning";
  const box = document.getElementById(id) ?? make("div", "", document.body, { id, role: "tooltip" });
  (document.querySelector('[data-testid="stApp"]') ?? document.body).append(box); // inherits the theme's font and colours
  box.textContent = term.dataset.meaning;
  box.hidden = false;
  term.setAttribute("aria-describedby", "kd-meaning");
  placeMeaning(box, term);
}

function followTerm() {
  const term = document.querySelector(".kd-term[aria-describedby]");
  if (!term) return;
  const { top, bottom } = term.getBoundingClientRect();
  if (bottom < 0 || top > window.innerHeight) hideMeaning();
  else placeMeaning(document.getElementById("kd-meaning"), term);
}

const targetOf = (event) => (event.target instanceof Element ? event.target : null);

const termOf = (event) => targetOf(event)?.closest(".kd-term[data-meaning]");

/** Called once for the document, whichever component comes first. */
export function listenToTerms() {
  if (listening) return;
  listening = true;
  for (const type of ["mouseover", "focusin"]) {
    document.addEventListener(type, (event) => {
      const term = termOf(event);
      if (term) showMeaning(term);
      else if (type === "focusin" || targetOf(event)?.id !== "kd-meaning") hideMeaning();
    });
  }
  const pointedAt = document.querySelector(".kd-term[data-meaning]:hover"); // before this was here to hear of it
  if (pointedAt) showMeaning(pointedAt);
  document.addEventListener("focusout", hideMeaning);
  document.addEventListener("scroll", followTerm, true); // an event that may come after the one that showed it
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideMeaning();
  });
  document.addEventListener("click", hideMeaning, true);
}
