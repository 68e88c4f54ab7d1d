"""What a class makes together: the wall of its drawings, and the map of the students that its seats have trained.

Drawings and students come to the stage's browser by the class's own channel, and the networks that look at the drawings
run there. Python says where their data are. Without a class the pages have one seat, that of whoever looks at them.
"""

from kdviz.widgets.components import component
from kdviz.widgets.pictures.playground import facts_of
from kdviz.widgets.server import ServedPack

_wall = component("wall")
_class_map = component("class_map")


def wall(*, key: str, served: ServedPack) -> None:
    """The drawings of all seats, the most doubted first; a student is taught in the browser when the wall goes up.

    Without a class, whoever looks at the wall draws.
    """
    _wall(key=key, data=facts_of(served))


def class_map(*, key: str, served: ServedPack) -> None:
    """The students of all seats as dots on the map of T and alpha; seats train on the images of this data set.

    Without a class, whoever looks at the map trains them in the same way.
    """
    _class_map(key=key, data={"data": served.data, "pack": served.pack})
