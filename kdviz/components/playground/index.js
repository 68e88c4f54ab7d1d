// The playground's place on the page: fetches the pack and the teacher's weights, and says how large they are.

import { component } from "../kdviz.shared/component.js";
import { setText } from "../kdviz.shared/dom.js";
import { unpackLayers } from "../kdviz.shared/network.js";

/** Python's addresses are relative to the app's own; Streamlit sends no cache header with these. */
async function bytesOf(address) {
  const answer = await fetch(new URL(`../../../${address}`, import.meta.url), { cache: "force-cache" });
  if (!answer.ok) throw new Error(`${address} cannot be loaded (${answer.status}).`);
  return answer.arrayBuffer();
}

async function receive(ui, data) {
  if (!ui.changed("pack", data.pack)) return;
  const [pack, weights] = await Promise.all([data.pack, data.weights].map(bytesOf));
  const layers = await unpackLayers(weights);
  const shape = [layers[0].inputs, ...layers.map((layer) => layer.outputs)].join("-");
  setText(ui.q(".loading"), `${data.title}: ${pack.byteLength} bytes, teacher ${shape}`);
}

export default await component(import.meta.url, { root: ".playground", build: () => {}, receive });
