"""Words and formulas: the glossary."""

from kdviz.widgets import lesson
from kdviz.widgets.pictures import glossary

here = lesson.begin("words")
glossary.show(here)
here.choice("which-kl", right="forward")
here.number("bits", answer=2.0, tolerance=0.01, unit="bits")
here.end()
