// The losses that teach the three kinds of knowledge as MathML, each with its symbols in words, and CKA, which is not
// taught but measured. Constants: nothing of a visitor's gets in here. The weights are those of `kdviz/distillers`.

const math = (body) => `<math display="block">${body}</math>`;
const paren = (body) => `<mo stretchy="false">(</mo>${body}<mo stretchy="false">)</mo>`;
// Each letter of an index in an <mi> of its own: only a single letter is slanted.
const sub = (base, index) => `<msub><mi>${base}</mi><mrow>${[...index].map((letter) => `<mi>${letter}</mi>`).join("")}</mrow></msub>`;
// S and T of student and teacher are upright: the temperature is the slanted T.
const of = (base, who) => `<msub><mi>${base}</mi><mi mathvariant="normal">${who}</mi></msub>`;
const norm = (body) => `<mo>‖</mo>${body}<mo>‖</mo>`;
// Without a font made for formulas Chromium draws the bar close above a low letter: an empty box keeps it away.
const lowered = (body) => `<mrow><mspace height="0.85em"/>${body}</mrow>`;
const over = (top, bottom) => `<mfrac><mrow>${top}</mrow>${lowered(bottom)}</mfrac>`;
const sum = (index) => `<munder><mo>∑</mo>${lowered(`<mi>${index}</mi>`)}</munder>`;
const meanSquare = (a, b, count = "<mi>n</mi>") => over(`<msup><mrow>${norm(`${a}<mo>−</mo>${b}`)}</mrow><mn>2</mn></msup>`, count);
const besides = (weight) => `<mi>CE</mi><mo>+</mo>${weight ? `<mn>${weight}</mn><mspace width="0.15em"/>` : ""}`;
const H = (what) => `<mi>H</mi>${paren(`${of(what, "S")}<mo>,</mo>${of(what, "T")}`)}`;

// For each method its formulas, then its symbols.
const LOSSES = {
  offline: [
    `<mi>α</mi><msup><mi>T</mi><mn>2</mn></msup><mi>KL</mi>${paren("<mi>p</mi><mo>‖</mo><mi>q</mi>")}<mo>+</mo>` +
      `${paren("<mn>1</mn><mo>−</mo><mi>α</mi>")}<mspace width="0.15em"/><mi>CE</mi>`,
    "<i>p</i>, <i>q</i>: softmax of the teacher’s and the student’s logits at <i>T</i>; <i>α</i>: weight of the soft term; CE: cross-entropy with the labels",
  ],
  hints: [
    besides() + meanSquare(`<mi>r</mi>${paren(of("h", "S"))}`, of("h", "T")),
    "CE: cross-entropy with the labels; <i>h</i>: last hidden layer of student S and teacher T, <i>n</i> numbers; <i>r</i>: a linear map, learnt along, from the one’s channels to the other’s",
  ],
  attention: [
    besides(1000) + meanSquare(of("a", "S"), of("a", "T")),
    `<mi>a</mi><mo>∝</mo>${sum("c")}<msubsup><mi>F</mi><mi>c</mi><mn>2</mn></msubsup>`,
    "CE: cross-entropy with the labels; <i>F<sub>c</sub></i>: map of channel <i>c</i> of a hidden layer; <i>a</i>: where in the image the features are strong, of length 1, at <i>n</i> places; summed over the hidden layers",
  ],
  rkd: [
    besides(25) + paren(`${H("d")}<mo>+</mo><mn>2</mn>${H("w")}`),
    `${sub("d", "ij")}<mo>=</mo>${over(norm(`${sub("h", "i")}<mo>−</mo>${sub("h", "j")}`), "<mi>μ</mi>")}`,
    "CE: cross-entropy with the labels; <i>h</i>: last hidden layer; <i>d</i>: distance of images <i>i</i> and <i>j</i>, over the mean distance <i>μ</i>; <i>w</i>: cosine of the angle that three images make; <i>H</i>: mean Huber loss of student S against teacher T",
  ],
  similarity: [
    besides(3000) + meanSquare(of("G", "S"), of("G", "T"), "<msup><mi>b</mi><mn>2</mn></msup>"),
    `${sub("G", "ij")}<mo>∝</mo>${sub("h", "i")}<mo>·</mo>${sub("h", "j")}`,
    "CE: cross-entropy with the labels; <i>h</i>: last hidden layer; <i>G</i>: how alike images <i>i</i> and <i>j</i> of a batch of <i>b</i> are, each row of length 1",
  ],
  fsp: [
    besides() + meanSquare(`<mi>A</mi>${of("G", "S")}<msup><mi>B</mi><mo>⊤</mo></msup>`, of("G", "T")),
    `${sub("G", "cd")}<mo>=</mo>${over("<mn>1</mn>", "<mi>m</mi>")}${sum("x")}${sub("F", "c")}${paren("<mi>x</mi>")}<mspace width="0.15em"/><msubsup><mi>F</mi><mi>d</mi><mo>′</mo></msubsup>${paren("<mi>x</mi>")}`,
    "CE: cross-entropy with the labels; <i>F<sub>c</sub></i>, <i>F′<sub>d</sub></i>: channels of the first and the last hidden layer; <i>x</i>: the <i>m</i> places of the image; <i>G</i>: the flow; <i>A</i>, <i>B</i>: linear maps to the teacher’s width, learnt along; <i>n</i>: numbers in <i>G</i>",
  ],
};

const product = (a, b) => `<msup><mi>${a}</mi><mo>⊤</mo></msup><mi>${b}</mi>`;
const frobenius = (a, b) => `<msub><mrow>${norm(product(a, b))}</mrow><mi>F</mi></msub>`;
const CKA = [
  `<mi>CKA</mi><mo>=</mo>${over(`<msubsup><mrow>${norm(product("Y", "X"))}</mrow><mi>F</mi><mn>2</mn></msubsup>`, frobenius("X", "X") + frobenius("Y", "Y"))}`,
  "<i>X</i>, <i>Y</i>: two layers’ activations for the same images, a row an image, the mean taken off each column. 0: nothing alike; 1: the same but for rotation and scale",
];

function formulasHtml(title, parts) {
  const symbols = parts.at(-1);
  return `<div class="cap">${title}</div>${parts.slice(0, -1).map(math).join("")}<div class="cap">${symbols}.</div>`;
}

/** What a method learns from and, for features, what the picture measures. */
export function formulaHtml(kind, method) {
  const taught = LOSSES[method] ? formulasHtml("The loss of this student", LOSSES[method]) : "";
  return taught + (kind === "feature" ? formulasHtml("What the maps above show", CKA) : "");
}
