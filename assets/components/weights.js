// Receives a network's weights once and keeps them for every component of the page.

/** Nothing is shown, so the page should not keep a gap for it. */
function hideMount(parentElement) {
  const host = parentElement.host ?? parentElement;
  const container = host.closest?.('[data-testid="stElementContainer"]');
  if (container) container.style.display = "none";
}

export default function ({ data, parentElement }) {
  hideMount(parentElement);
  if (!data || kdviz.networks[data.name]?.digest === data.digest) return;
  kdviz.networks[data.name] = { digest: data.digest, layers: decodeLayers(data.layers) };
  document.dispatchEvent(new CustomEvent("kdviz:network", { detail: { name: data.name } }));
}
