// What the stage and the speaker's notes tell each other, from window to window of one browser; no server is asked.

/**
 * @typedef {{ type: "at", talk: string, scene: number } | { type: "ask" } | { type: "go", way: "next" | "previous" }} TalkMessage
 */

/** @param {(message: TalkMessage) => void} hear @returns {{ say: (message: TalkMessage) => void, end: () => void }} */
export function talkChannel(hear) {
  if (typeof BroadcastChannel === "undefined") return { say: () => {}, end: () => {} };
  const channel = new BroadcastChannel("kdviz.talk");
  channel.onmessage = (event) => hear(event.data);
  return { say: (message) => channel.postMessage(message), end: () => channel.close() };
}

/** Seconds as minutes and seconds: 4:05. @param {number} seconds */
export function clockText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Paragraphs and lists of a text, in their order: a list is an array of its items. @param {string} text */
export function partsOf(text) {
  const parts = /** @type {(string | string[])[]} */ ([]);
  for (const block of text.split(/\n\s*\n/)) {
    const lines = block.split("\n").map((line) => line.trim()).filter(Boolean);
    if (lines.length === 0) continue;
    if (lines.every((line) => line.startsWith("- "))) parts.push(lines.map((line) => line.slice(2)));
    else parts.push(lines.join(" "));
  }
  return parts;
}
