// Fetches the components that the page is about to show; shows nothing.
import { invisible } from "../kdviz.shared/component.js";

export default invisible((/** @type {{ names: string[] }} */ { names }) => {
  for (const name of names) import(`../kdviz.${name}/index.js`);
});
