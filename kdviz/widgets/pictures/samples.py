"""What the students of a study of letters wrote after each epoch."""

import streamlit as st

from kdviz.records.study import StudyResult
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.literal import literal
from kdviz.widgets.study import result as study_result


def samples(here: LessonPage, name: str) -> None:
    """A slider over the epochs, and a sample of the first seed of each arm; nothing where nothing was written."""
    shown = study_result.result(name)
    if shown is None or not any(arm.written for arm in shown.finished):
        return
    st.subheader(here.word("samples"), anchor=False)
    here.say("samples")
    epochs = sorted({text.epoch for arm in shown.finished for text in arm.written})
    epoch = st.select_slider(here.word("epoch"), epochs, value=epochs[-1], key=f"epoch_{name}")
    for title, text in _written(shown, epoch):
        st.markdown(f"**{literal(title)}**")
        st.code(text, language=None, wrap_lines=True)


def _written(shown: StudyResult, epoch: int) -> list[tuple[str, str]]:
    """The title of each arm, and what its first seed wrote after an epoch."""
    titles = {arm.name: arm.title for arm in shown.recipe.chosen}
    first = shown.recipe.seeds[0]
    return [
        (titles[arm.arm], text.text)
        for arm in shown.finished
        for text in arm.written
        if (text.seed, text.epoch) == (first, epoch)
    ]
