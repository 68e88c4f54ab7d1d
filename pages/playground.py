"""Playground: two students learn in the visitor’s own browser, one with a teacher and one from labels only."""

from kdviz.widgets import lesson, stage
from kdviz.widgets.pictures import meanwhile
from kdviz.widgets.pictures.playground import playground

here = lesson.begin("playground")
served = meanwhile.choose_pack()
with stage.picture(here):
    playground(key="playground", served=served)
