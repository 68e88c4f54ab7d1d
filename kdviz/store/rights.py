"""Who may stop, delete or train anew a run: the visitor who started it, and the presenter.

Every visitor may look at all runs, start others, and write tags and notes.
"""

import hashlib
from dataclasses import dataclass

from kdviz.errors import PlainError
from kdviz.store.run import Run

KEY = "presenter"  # the name of the key in an address
HOW = f"the presenter opens the app once with ?{KEY}= and the key behind its address"


class RightsError(PlainError):
    """A visitor may not do this with another's run; the message says in one sentence who may, and how."""


@dataclass(frozen=True)
class Visitor:
    """The person at a browser: `mark` is the hash of the id that it keeps, "" where it keeps none."""

    mark: str = ""
    presenter: bool = False

    def may(self, run: Run) -> bool:
        """Whether they may stop, delete or train anew this run. One that no browser started is the presenter's."""
        return self.presenter or (self.mark != "" and self.mark == run.visitor)

    def must(self, run: Run, what: str) -> None:
        """Raise `RightsError` unless they may; `what` is what they ask for, as in "cancel it"."""
        if not self.may(run):
            raise RightsError(refusal(run, what))

    def must_present(self, what: str) -> None:
        """Raise `RightsError` unless they are the presenter, who alone does `what`, as in "empties the bin"."""
        if not self.presenter:
            raise RightsError(f"Only the presenter {what}: {HOW}.")


OPERATOR = Visitor(presenter=True)  # whoever has the machine, as on the command line


def mark_of(browser: str) -> str:
    """What is stored of the id in a browser: nobody can make the id of it."""
    return hashlib.sha256(f"kdviz visitor {browser}".encode()).hexdigest()[:32]


def refusal(run: Run, what: str) -> str:
    """Why a run stays as it is, and who may change that."""
    return (
        f"Run {run.id} was not started in this browser: whoever started it may {what}, and so may the presenter; {HOW}."
    )
