"""The networks of letters that come with the program, in PyTorch."""

from safetensors import SafetensorError, safe_open

from kdviz.engine.letters.network import LetterNetwork, build
from kdviz.engine.teachers import TeacherError
from kdviz.recipes.letters import NOVEL, SHAPES
from kdviz.store import shipped_letters


def network(role: str) -> LetterNetwork:
    """The "teacher" or the "student", in evaluation mode and without gradients. Raises TeacherError."""
    made, path = build(SHAPES[role], seed=0), shipped_letters.FILES[role]
    try:
        with safe_open(path, framework="pt") as file:
            made.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118, no dict
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        again = f"`python -m kdviz teacher --data {NOVEL}` trains it again, or install the program once more."
        raise TeacherError(
            f"The {role} in {path.name} cannot be used ({reason}). It comes with the program: {again}"
        ) from None
    return made.eval().requires_grad_(False)
