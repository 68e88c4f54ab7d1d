// What every page needs once: what all pictures say, the language that this is, and ways that keep what is set.
import { invisible } from "../kdviz.shared/component.js";
import { listenToCommas } from "../kdviz.shared/decimal_comma.js";
import { guideVisitors } from "../kdviz.shared/navigation.js";
import { guardTranslated } from "../kdviz.shared/translated.js";
import { keepWords } from "../kdviz.shared/words.js";

guideVisitors();
guardTranslated();
listenToCommas();

export default invisible((data) => {
  document.documentElement.lang = data.language;
  keepWords(data);
});
