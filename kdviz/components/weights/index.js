// Takes a network's weights to the browser, once; shows nothing.
import { invisible } from "../kdviz.shared/component.js";
import { keepNetwork } from "../kdviz.shared/network.js";

export default invisible(keepNetwork);
