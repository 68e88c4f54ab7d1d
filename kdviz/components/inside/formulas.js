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

// For each method its formulas.
const LOSSES = {
  offline: [
    `<mi>α</mi><msup><mi>T</mi><mn>2</mn></msup><mi>KL</mi>${paren("<mi>p</mi><mo>‖</mo><mi>q</mi>")}<mo>+</mo>` +
      `${paren("<mn>1</mn><mo>−</mo><mi>α</mi>")}<mspace width="0.15em"/><mi>CE</mi>`,
  ],
  hints: [besides() + meanSquare(`<mi>r</mi>${paren(of("h", "S"))}`, of("h", "T"))],
  attention: [
    besides(1000) + meanSquare(of("a", "S"), of("a", "T")),
    `<mi>a</mi><mo>∝</mo>${sum("c")}<msubsup><mi>F</mi><mi>c</mi><mn>2</mn></msubsup>`,
  ],
  rkd: [
    besides(25) + paren(`${H("d")}<mo>+</mo><mn>2</mn>${H("w")}`),
    `${sub("d", "ij")}<mo>=</mo>${over(norm(`${sub("h", "i")}<mo>−</mo>${sub("h", "j")}`), "<mi>μ</mi>")}`,
  ],
  similarity: [
    besides(3000) + meanSquare(of("G", "S"), of("G", "T"), "<msup><mi>b</mi><mn>2</mn></msup>"),
    `${sub("G", "ij")}<mo>∝</mo>${sub("h", "i")}<mo>·</mo>${sub("h", "j")}`,
  ],
  fsp: [
    besides() + meanSquare(`<mi>A</mi>${of("G", "S")}<msup><mi>B</mi><mo>⊤</mo></msup>`, of("G", "T")),
    `${sub("G", "cd")}<mo>=</mo>${over("<mn>1</mn>", "<mi>m</mi>")}${sum("x")}${sub("F", "c")}${paren("<mi>x</mi>")}<mspace width="0.15em"/><msubsup><mi>F</mi><mi>d</mi><mo>′</mo></msubsup>${paren("<mi>x</mi>")}`,
  ],
};

const product = (a, b) => `<msup><mi>${a}</mi><mo>⊤</mo></msup><mi>${b}</mi>`;
const frobenius = (a, b) => `<msub><mrow>${norm(product(a, b))}</mrow><mi>F</mi></msub>`;
const CKA = [
  `<mi>CKA</mi><mo>=</mo>${over(`<msubsup><mrow>${norm(product("Y", "X"))}</mrow><mi>F</mi><mn>2</mn></msubsup>`, frobenius("X", "X") + frobenius("Y", "Y"))}`,
];

/** A method's formulas with their symbols in words. */
const formulasHtml = (tell, title, formulas, method) =>
  `<div class="cap">${tell(title)}</div>${formulas.map(math).join("")}<div class="cap">${tell(`symbols-${method}`)}.</div>`;

/** What a method learns from and, for features, what the picture measures. */
export function formulaHtml(tell, kind, method) {
  const taught = LOSSES[method] ? formulasHtml(tell, "loss", LOSSES[method], method) : "";
  return taught + (kind === "feature" ? formulasHtml(tell, "maps", CKA, "cka") : "");
}
