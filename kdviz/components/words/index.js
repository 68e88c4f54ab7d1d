// What every page needs once: what all pictures say, the language that this is, ways that keep what is set, and what
// keyboards and screen readers need.
import { listenToHands, readSentences } from "../kdviz.shared/announcer.js";
import { invisible } from "../kdviz.shared/component.js";
import { listenToCommas } from "../kdviz.shared/decimal_comma.js";
import { keepFocus, listenToFocus, offerWayIn, reachWide } from "../kdviz.shared/keyboard.js";
import { guideVisitors } from "../kdviz.shared/navigation.js";
import { followChanges } from "../kdviz.shared/page_changes.js";
import { mendPageList } from "../kdviz.shared/page_list.js";
import { guardTranslated } from "../kdviz.shared/translated.js";
import { keepWords, wordsOf } from "../kdviz.shared/words.js";

guideVisitors();
guardTranslated();
listenToCommas();
listenToHands();
listenToFocus();
followChanges([mendPageList, readSentences, keepFocus, reachWide]);

export default invisible((/** @type {Uint8Array} */ packed) => {
  const data = JSON.parse(new TextDecoder().decode(packed));
  document.documentElement.lang = data.language;
  keepWords(data);
  offerWayIn(wordsOf(import.meta.url)["to-picture"]);
});
