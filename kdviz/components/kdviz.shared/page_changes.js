// What is looked at whenever the page has changed, once for a burst of changes.

const LATER = 40; // milliseconds

let due = false;

/** Call all of `looks` some milliseconds after the page has changed. Called once for the document. @param {(() => void)[]} looks */
export function followChanges(looks) {
  const look = () => {
    due = false;
    looks.forEach((each) => each());
  };
  const note = () => {
    if (due) return;
    due = true;
    setTimeout(look, LATER);
  };
  const wanted = { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["disabled"] };
  new MutationObserver(note).observe(document.body, wanted);
  note();
}
