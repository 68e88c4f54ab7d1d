// A browser that translates the page puts <font> elements in the place of texts. React still has the texts: it changes
// what nobody sees, and fails where it takes away what is not there any more. Before it touches a text, this puts the
// text back; the browser then translates what the text has become.

const standIns = /** @type {WeakMap<Node, Element>} */ (new WeakMap()); // <font> elements by the texts they replace
let guarding = false;

/** @param {Node | null | undefined} node */
const isFont = (node) => node?.nodeName === "FONT";

/** Note which text has made room for which <font>. @param {MutationRecord[]} records */
function note(records) {
  for (const { addedNodes, removedNodes, previousSibling, nextSibling } of records) {
    for (const text of removedNodes) {
      if (text.nodeType !== Node.TEXT_NODE) continue;
      const font = [...addedNodes, previousSibling, nextSibling].find(isFont);
      if (font) standIns.set(text, /** @type {Element} */ (font));
    }
  }
}

/** Put a text back where its translation stands. @param {Node | null} node */
function putBack(node) {
  const font = node && !node.parentNode ? standIns.get(node) : undefined;
  if (!node || !font) return;
  standIns.delete(node);
  if (font.parentNode) font.replaceWith(node);
}

/** Called once for the document, by whatever component comes first. */
export function guardTranslated() {
  if (guarding) return;
  guarding = true;
  const observer = new MutationObserver(note);
  observer.observe(document.body, { childList: true, subtree: true });
  const { removeChild, insertBefore } = Node.prototype;
  const value = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(Node.prototype, "nodeValue"));

  /** @template {Node} Child @this {Node} @param {Child} child */
  Node.prototype.removeChild = function removed(child) {
    putBack(child);
    if (child.parentNode !== this) return child; // gone with its translation
    return /** @type {Child} */ (removeChild.call(this, child));
  };
  /** @template {Node} Child @this {Node} @param {Child} child @param {Node | null} before */
  Node.prototype.insertBefore = function inserted(child, before) {
    putBack(before);
    const known = before?.parentNode === this ? before : null;
    return /** @type {Child} */ (insertBefore.call(this, child, known));
  };
  Object.defineProperty(Node.prototype, "nodeValue", {
    ...value,
    /** @this {Node} @param {string | null} text */
    set(text) {
      putBack(this);
      value.set?.call(this, text);
    },
  });
}
