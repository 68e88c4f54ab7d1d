"""kdviz: see what a network knows. An interactive course about knowledge distillation."""

import importlib
import sys
from types import ModuleType

__version__ = "0.1.0"


def __getattr__(name: str) -> ModuleType:
    """`kdviz.repeat` under the names that scripts exported by the first versions import: work, cluster, kinds.

    It is imported when it is asked for, and by its name: nothing else in the package depends on it.
    """
    if name not in ("work", "cluster"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    repeat = importlib.import_module("kdviz.repeat")
    sys.modules.setdefault("kdviz.kinds", repeat)
    return repeat
