"""A lesson's study on its page: the finished run or the recorded one at once, and the way to run it here."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress

import pandas as pd
import pyarrow as pa
import streamlit as st

from kdviz.charts import study as charts
from kdviz.charts.kept import kept
from kdviz.jobs.queue import Jobs
from kdviz.recipes.base import RecipeError
from kdviz.recipes.study import STUDIES, Study
from kdviz.recipes.study_facts.facts import Measure, StudyFacts
from kdviz.records.kinds import Event
from kdviz.records.study import StudyResult
from kdviz.reports import phrases
from kdviz.store.recorded import recorded
from kdviz.store.run import Run
from kdviz.store.runs import StoreError
from kdviz.widgets import link, live_panel, page, run_status, server
from kdviz.widgets.literal import literal
from kdviz.widgets.study import live as running_study
from kdviz.widgets.study import words as study_words
from kdviz.widgets.study.form import Controls, adopt, of_link, study_form

RECORDED = "recorded"  # in the link, in place of a run: show what comes with the program
_FEW = 4  # verdicts that are read one by one; more are folded, as the sentence above sums them up

Picture = Callable[[StudyResult], None]
Frame = Callable[[], AbstractContextManager[None]]


def show(
    name: str, *, key: str | None = None, picture: Picture | None = None, frame: Frame = nullcontext
) -> StudyResult | None:
    """The study called `name` with all that belongs to it; what it shows, None while nothing is finished.

    `picture` draws a result in place of the usual figure, within `frame` as that is. Where a page holds two
    studies, each has a `key`.
    """
    jobs, facts, controls = server.jobs(), STUDIES[name], Controls(key)
    run = _named(jobs, name)
    adopt(controls, run)
    with st.container(key=f"study_{name}"):
        top, place = st.container(), st.container(key=f"shown_{name}")
        with st.expander("Run it here", icon=":material/play_circle:", key=f"run_{name}"):
            wanted, problem = study_form(facts, controls)
            with st.container(horizontal=True, vertical_alignment="center"):
                row = run_status.StartRow(st.container(width="content"), st.container(width="stretch"))
            run_status.start(jobs, row, wanted, run, problem, key=f"start_{name}", where="above")
            if wanted is not None:
                st.caption(f"Without a browser: `{study_words.command(wanted)}`")
        with place:
            if run is not None and run.result is None:
                running_study.PANEL.follow(jobs, run, run.id)
                _way_to_recorded(controls, name, run.live)
                return None
            shown = _finished_run(jobs, run, wanted, name)
            if shown is None:
                _preview(wanted or Study.of(name, facts.data_sets[0]))
                return None
        imported = run if run is not None and run.imported else None
        with top:  # before what stands below it, which would jump
            _provenance(controls, shown, wanted, imported)
        with place:
            _result(shown, controls, picture, frame)
            _replay(jobs, shown, imported)
    return shown


def result(name: str, *, key: str | None = None) -> StudyResult | None:
    """What `show` would show, without showing it."""
    run_id = st.query_params.get("run", RECORDED)
    run = None if run_id == RECORDED else run_status.found(server.jobs(), run_id)
    if run is not None and getattr(run.recipe, "study", "") == name and not run.imported:
        return run.result if isinstance(run.result, StudyResult) else None
    try:
        wanted = of_link(STUDIES[name], Controls(key))
    except RecipeError:
        wanted = None
    return _finished_run(server.jobs(), None, wanted, name)


def _finished_run(jobs: Jobs, run: Run | None, wanted: Study | None, name: str) -> StudyResult | None:
    """The run of the link, else the finished run with the settings that are asked for, else the recorded one."""
    ships = recorded(name)
    if ships is not None and st.query_params.get("run") == RECORDED:
        return ships
    trained = None if wanted is None else run_status.found(jobs, wanted.id)
    for candidate in (run, None if trained is None or trained.imported else trained):
        if candidate is not None and isinstance(candidate.result, StudyResult):
            return candidate.result
    return ships


def _named(jobs: Jobs, name: str) -> Run | None:
    """The run that the link names, if it is one of this study."""
    run_id = st.query_params.get("run", RECORDED)
    if run_id == RECORDED:
        return None
    run = run_status.found(jobs, run_id)
    if run is None:
        if live_panel.missing(run_id):
            del st.query_params["run"]
        return None
    study = run_status.recipe_of(run, Study)
    if study is None:
        return run_status.named(jobs, Study)  # says where it belongs
    return run if study.study == name else None  # another study of this page


def _provenance(controls: Controls, shown: StudyResult, wanted: Study | None, imported: Run | None) -> None:
    """Where the figures come from, and how to have them again; `imported` is the run of a file that shows them."""
    name = shown.recipe.study
    ships = imported is None and shown == recorded(name)
    run_id = shown.run_id if imported is None else imported.id
    day = _recorded_on(shown)
    whose = f"Recorded run{day and f' of {day}'}" if ships else f"Run {run_id}"
    if imported is not None:
        page.tell(imported.message)
    settings = study_words.settings(shown.recipe)
    text = f"{whose}: {settings}; {study_words.machine(shown)}."
    if wanted is not None and wanted.id != shown.run_id:
        others = study_words.settings(wanted)
        text += (
            " The program trains this study in another way now: run here, its figures will differ."
            if others == settings
            else f" The settings under “Run it here” are others ({others})."
        )
    with st.container(horizontal=True, vertical_alignment="center", key=f"provenance_{shown.recipe.study}"):
        st.caption(text, width="stretch")
        if ships:
            with st.popover("Recipe", icon=":material/receipt_long:", type="tertiary"):
                st.caption(f"Repeat it with `{study_words.command(shown.recipe)}`, or under “Run it here”.")
                st.json(shown.recipe.model_dump(mode="json"))
                st.caption(f"Run {shown.run_id}, PyTorch {literal(shown.torch)}.")
        else:
            _way_to_recorded(controls, name)
            st.page_link("pages/runs.py", label="In Runs", icon=":material/open_in_new:", query_params={"run": run_id})


def _way_to_recorded(controls: Controls, name: str, live: bool = False) -> None:
    """Back to what comes with the program, from a run of this server."""
    if recorded(name) is not None:
        st.button(
            "Recorded run",
            icon=":material/history:",
            type="tertiary",
            key=f"{controls.key or ''}_recorded_{name}",
            on_click=link.write,
            args=("run", RECORDED),
            help="The run goes on meanwhile; Runs has the way back." if live else None,
        )


def _result(shown: StudyResult, controls: Controls, picture: Picture | None, frame: Frame) -> None:
    """Picture, verdicts and figures."""
    facts, measure = shown.recipe.facts, shown.recipe.facts.measures[0]
    if picture is not None:
        with frame():
            picture(shown)
    else:
        measure = _measure(facts, controls)
        alt = f"{facts.title}: {measure.title}, the mean of each arm with its interval"
        figure = charts.figure(shown, measure, page.colours())
        with frame():
            page.chart(figure, key=f"study_figure_{facts.name}_{measure.name}", alt=alt)
    if summary := study_words.summary(shown, measure):
        page.say(summary)
    if verdicts := study_words.listing(shown, measure) if len(shown.recipe.seeds) > 1 else []:
        with st.expander("Each comparison", icon=":material/balance:") if len(verdicts) > _FEW else st.container():
            st.markdown("\n".join(f"- {verdict}" for verdict in verdicts))
    st.caption(study_words.footing(shown, measure))
    floor, measured = study_words.floor(shown), any(known.name == "ece" for known in facts.measures)
    if floor and measured:
        st.caption(floor)
    place = page.unfolded("All figures, seed by seed", f"figures_{facts.name}", icon=":material/table:")
    if place is not None:
        with place:
            table(shown, "figures_of_study")
            st.dataframe(_seeds(shown), hide_index=True, alt="All figures of each seed")
            if floor and not measured:
                st.caption(floor)


def _replay(jobs: Jobs, shown: StudyResult, imported: Run | None) -> None:
    """The study once more, from its first arm to its last; folded until somebody wants it, and then it plays."""
    name = shown.recipe.study
    place = page.unfolded("Watch it again, arm by arm", f"replay_{name}", icon=":material/replay:")
    if place is None:
        return
    run = imported or (None if shown == recorded(name) else run_status.found(jobs, shown.run_id))
    events: Sequence[Event] = shown.finished
    if run is not None:
        with suppress(StoreError):
            events = jobs.events(run.id)
    with place:
        running_study.replay(shown.recipe, events, _recorded_on(shown) if run is None else live_panel.replayed_on(run))


def _recorded_on(shown: StudyResult) -> str:
    """The day on which the run that comes with the program was trained; "" of any other."""
    return "" if shown.recorded_on is None else phrases.day(shown.recorded_on)


def _measure(facts: StudyFacts, controls: Controls) -> Measure:
    """The one that is looked at: verdicts and picture are about it."""
    if len(facts.measures) == 1:
        return facts.measures[0]
    by_name = {measure.name: measure for measure in facts.measures}
    given = controls.given("measure")
    chosen = controls.show(
        "measure",
        given if given in by_name else facts.measures[0].name,
        st.segmented_control,
        "What is shown",
        options=list(by_name),
        required=True,
        format_func=lambda name: study_words.capital(by_name[name].title),
        label_visibility="collapsed",
    )
    return by_name[chosen]


def figures(shown: StudyResult) -> pd.DataFrame:
    """A row for each arm: the means of all measures with their intervals, in words."""
    rows = []
    for arm in shown.recipe.chosen:
        finished, judgement = shown.arm(arm.name), shown.judgement(arm.name)
        means = [
            (study_words.capital(measure.title), study_words.level(measure, mean))
            for measure in shown.recipe.facts.measures
            if (mean := shown.mean(arm.name, measure.name)) is not None
        ]
        if finished is not None and means:
            means.insert(1, ("Verdict", study_words.word(shown, judgement)))
            rows.append({"": arm.title, **dict(means), "Took": phrases.duration(finished.seconds)})
    return pd.DataFrame(rows).fillna("")


@kept
def _figures(shown: StudyResult) -> pa.Table:
    """`figures` as they are sent."""
    return pa.Table.from_pandas(figures(shown))


@kept
def _seeds(shown: StudyResult) -> pa.Table:
    """A row for each seed of each arm: all that was measured."""
    titles = {arm.name: arm.title for arm in shown.recipe.chosen}
    names = {known.name: known.title for known in shown.recipe.facts.measures}
    rows = [
        {
            "": titles[row.arm],
            "seed": row.seed,
            **{names.get(name, name.replace("_", " ")): figure for name, figure in row.figures.items()},
        }
        for finished in shown.finished
        for row in finished.rows
    ]
    return pa.Table.from_pandas(pd.DataFrame(rows))


def table(shown: StudyResult, key: str) -> None:
    """The arms with their figures and verdicts."""
    st.dataframe(
        _figures(shown),
        hide_index=True,
        height="content",
        key=f"{key}_{shown.run_id}",
        column_config={"": st.column_config.TextColumn(width=230)},
        alt="Means of all measures with their intervals",
    )


def _preview(study: Study) -> None:
    """What will be trained, before anything was."""
    arms, seeds = study.chosen, len(study.seeds)
    page.say(
        f"Nothing has been trained yet. “Run it here” trains {len(arms)} arms with "
        f"{'one seed' if seeds == 1 else f'{seeds} seeds'} each."
    )
    titles = {arm.name: arm.title for arm in arms}
    rows = [{"Arm": arm.title, "Judged against": titles.get(arm.against, "–")} for arm in arms]
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", alt="The arms that will be trained")
