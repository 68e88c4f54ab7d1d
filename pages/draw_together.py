"""Draw together: what the seats of a class draw, and what a teacher and its student see in it."""

from kdviz.widgets import lesson, server, stage
from kdviz.widgets.pictures.together import wall

here = lesson.begin("draw_together")
server.forget_meanwhile()  # nothing goes on here that another data set would end
served, _ = server.choose_pack()
with stage.picture(here):
    wall(key="wall", served=served)
here.text("class")
