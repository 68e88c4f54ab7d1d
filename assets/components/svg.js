// Drawing in SVG: what the components that draw shapes share.
const NS = "http://www.w3.org/2000/svg";

function svgNode(tag, parent, attributes) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}
