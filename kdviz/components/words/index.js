// Takes what all pictures say to the browser, once; shows nothing.
import { invisible } from "../kdviz.shared/component.js";
import { keepWords } from "../kdviz.shared/words.js";

export default invisible(keepWords);
