"""A lesson's study while it runs: the arms so far, the networks that learn just now, and what is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kdviz.charts import study as charts
from kdviz.charts.compact import rounded, short, thinned
from kdviz.recipes.study import Study
from kdviz.records.kinds import Event
from kdviz.records.study import FinishedArm, StudyProgress
from kdviz.reports.study import mean_of
from kdviz.store.run import Run
from kdviz.widgets import page
from kdviz.widgets.components import component
from kdviz.widgets.live_panel import LivePanel, Snapshot, last_event
from kdviz.widgets.run_status import Position
from kdviz.widgets.study import words as study_words

TERMS = "soft", "hard"  # of the loss, in the order of their lines
MOMENTS = 2000  # reports of what learnt, at most, in a replay

_arms = component("arms")


@dataclass(frozen=True)
class ArmsSoFar:
    """What the picture of a study is drawn from."""

    arms: list[dict[str, Any]]  # in the study's order: title, role, the second at which it was finished, values
    learning: list[dict[str, Any]]  # reports of the training just now: arm, what is done, second, accuracies, terms
    seconds: float  # of the study so far


def _read(study: Study, _run: Run, events: Sequence[Event]) -> Snapshot[ArmsSoFar]:
    finished, last = finished_arms(study, events), last_event(events, StudyProgress)
    if last is None:
        return Snapshot(None, _sentence(study, finished), so_far(study, events, []))
    title = _titles(study).get(last.arm, last.arm)
    number = min(len(finished) + 1, len(study.chosen))
    text = f"Arm {number} of {len(study.chosen)}: {title} · {last.doing}, epoch {last.epoch} of {last.epochs}"
    reports = [event for event in events if isinstance(event, StudyProgress)]
    now = [report for report in reports if (report.arm, report.doing) == (last.arm, last.doing)]
    position = Position(text, last.seconds, last.seconds_left)
    return Snapshot(position, _sentence(study, finished), so_far(study, events, now))


def _draw(study: Study, run: Run, snapshot: Snapshot[ArmsSoFar]) -> None:
    _mount(study, snapshot.data, f"{run.id}-{run.attempt}", key=f"arms_{study.study}")
    page.say(snapshot.sentence)


PANEL = LivePanel(Study, _read, _draw)


def replay(study: Study, events: Sequence[Event], date: str) -> None:
    """A finished study, played again from its first arm to its last; `date` is the day on which it was trained."""
    reports = [event for event in events if isinstance(event, StudyProgress) and event.validation_accuracy]
    shown = so_far(study, events, thinned(reports, MOMENTS))
    _mount(study, shown, study.id, key=f"replay_of_{study.study}", date=date, replays=1)


def _mount(study: Study, shown: ArmsSoFar, run: str, *, key: str, date: str = "", replays: int = 0) -> None:
    measure = study.facts.measures[0]
    _arms(
        key=key,
        data={
            "run": run,
            "date": date,
            "replays": replays,
            "measure": charts.axis_title(measure),
            "percent": measure.kind == "share",
            "seconds": shown.seconds,
            "arms": shown.arms,
            "learning": shown.learning,
        },
    )


def so_far(study: Study, events: Sequence[Event], reports: Sequence[StudyProgress]) -> ArmsSoFar:
    """The arms that are done and when, and `reports` of what learns or learnt."""
    measure, titles, times = study.facts.measures[0].name, _titles(study), _times(events)
    of_arm = {arm.arm: arm for arm in finished_arms(study, events)}
    arms = []
    for arm in study.chosen:
        rows = of_arm[arm.name].rows if arm.name in of_arm else []
        values = [short(row.figures[measure], 6) for row in rows if measure in row.figures]
        arms.append({"title": arm.title, "role": arm.role, "at": times.get(arm.name), "values": values})
    learning = [
        {
            "arm": titles.get(report.arm, report.arm),
            "doing": report.doing,
            "at": round(report.seconds, 2),
            "accuracy": rounded(report.validation_accuracy, 4),
            "terms": rounded([report.terms[name] for name in TERMS if name in report.terms], 5),
        }
        for report in reports
    ]
    ends = [*times.values(), *(report.seconds for report in reports)]
    return ArmsSoFar(arms, learning, round(max(ends, default=0.0), 2))


def _times(events: Sequence[Event]) -> dict[str, float]:
    """The second of the study at which each arm was finished.

    Arms that an earlier attempt got done are there from the beginning; a recorded run has no reports, and takes for
    each arm what its training took.
    """
    reported = any(isinstance(event, StudyProgress) for event in events)
    times, now = {}, 0.0
    for event in events:
        if isinstance(event, StudyProgress):
            now = event.seconds
        elif isinstance(event, FinishedArm):
            now += 0.0 if reported else event.seconds
            times[event.arm] = round(now, 2)
    return times


def _titles(study: Study) -> dict[str, str]:
    return {arm.name: arm.title for arm in study.chosen}


def finished_arms(study: Study, events: Sequence[Event]) -> list[FinishedArm]:
    """The arms that are done, in the study's order."""
    finished = {event.arm: event for event in events if isinstance(event, FinishedArm)}
    return [finished[arm.name] for arm in study.chosen if arm.name in finished]


def _sentence(study: Study, finished: Sequence[FinishedArm]) -> str:
    """What is known so far; no verdict, that is for the end."""
    if not finished:
        return "No arm is finished yet."
    measure, last = study.facts.measures[0], finished[-1]
    title = next(arm.title for arm in study.chosen if arm.name == last.arm)
    mean = mean_of(last, measure)
    newest = "" if mean is None else f" {title}: {study_words.value(measure, mean.mean)}, {measure.title}."
    return f"{len(finished)} of {len(study.chosen)} arms are finished.{newest} Intervals and verdicts come at the end."
