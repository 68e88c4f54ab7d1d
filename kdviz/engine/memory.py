"""Peak memory of a piece of work: the bytes of all tensors that it makes, each for as long as it lives."""

from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import nullcontext
from itertools import count
from typing import Any, TypeVar

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

T = TypeVar("T")


class PeakMemory(TorchDispatchMode):
    """Counts the bytes of tensors made within; the same on every run, and on every device that makes the same tensors.

    torchao's int8 makes two more of them, int32, where the processor has AVX512-VNNI.

    It may be entered again: what was made before and still lives is still counted.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._held = 0  # of `hold`
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self._total = 0  # of what is alive, or was when it was last looked at: never too small

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled here: PyTorch need not import its compiler, for a second, to keep out of `PeakMemory`."""
        return False

    def hold(self, tensors: Iterable[Tensor]) -> None:
        """Count tensors that were made before and are needed all the time."""
        more = sum(tensor.nbytes for tensor in tensors)
        self._held += more
        self.peak += more

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operation and add the tensors it made; before a new peak counts, the dead ones are taken off."""
        given = {
            tensor.untyped_storage()._cdata for tensor in tree_leaves((args, kwargs)) if isinstance(tensor, Tensor)
        }
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._add(tensor, given)
        if self._total + self._held > self.peak:
            self._alive = {key: entry for key, entry in self._alive.items() if not entry[0].expired()}
            self._total = sum(size for _, size in self._alive.values())
            self.peak = max(self.peak, self._total + self._held)
        return result

    def _add(self, tensor: Tensor, given: set[int]) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        known = self._alive.get(key)
        if key in given or (known is not None and not known[0].expired()):
            return
        if known is not None:  # its address belongs to a new one now
            self._total -= known[1]
        self._alive[key] = StorageWeakRef(storage), size
        self._total += size


def watched(turns: Iterator[T], memory: PeakMemory, which: Container[int]) -> Iterator[T]:
    """The same turns; the memory of those whose numbers, from 0, are in `which` is counted."""
    for number in count():
        with memory if number in which else nullcontext():
            try:
                turn = next(turns)
            except StopIteration:
                return
        yield turn
