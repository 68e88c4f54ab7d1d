// States worth a link: what differs from the defaults.

/** @type {{ name: string, query: Record<string, string> }[]} */
export const PRESETS = [
  { name: "few-labels", query: {} },
  { name: "twenty-labels", query: { labels: "20" } },
  { name: "all-labels", query: { labels: "all" } },
  { name: "no-threes", query: { labels: "1000", digits: "012456789" } },
  { name: "sevens-eights", query: { labels: "1000", digits: "78" } },
  { name: "wrong-labels", query: { labels: "500", wrong: "40" } },
  { name: "bad-teacher", query: { labels: "500", teacher: "untrained" } },
  { name: "peers", query: { labels: "500", teacher: "peer", alpha: "0.5", T: "2" } },
  { name: "itself", query: { labels: "500", teacher: "self", alpha: "0.5", T: "2" } },
];
