"""Speaker notes: what to say in the scene that the stage shows, in a window of its own."""

from kdviz.widgets import lesson, stage

here = lesson.begin("notes")
stage.notes(here)
