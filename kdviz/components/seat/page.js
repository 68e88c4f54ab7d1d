// The seat's page: gives the seat, which is a component, what Streamlit gives the others.

import { keepWords } from "../kdviz.shared/words.js";

keepWords({ words: JSON.parse(document.getElementById("words")?.textContent ?? "{}") });
const { default: seat } = await import("./index.js"); // it waits for the words
const host = /** @type {HTMLElement} */ (document.getElementById("seat"));
const code = new URLSearchParams(location.search).get("class");
seat({ data: { code }, parentElement: host.attachShadow({ mode: "open" }), setStateValue: () => {} });
