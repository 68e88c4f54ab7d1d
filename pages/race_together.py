"""Race: the students that the seats of a class train, each with its own T and α, on one map."""

from kdviz.widgets import lesson, server, stage
from kdviz.widgets.pictures.together import class_map

here = lesson.begin("race_together")
server.forget_meanwhile()  # nothing goes on here that another data set would end
served, _ = server.choose_pack()
with stage.picture(here):
    class_map(key="class_map", served=served)
here.text("class")
