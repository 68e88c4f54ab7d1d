"""The router: the pages in reading order, nothing else."""

from typing import Any

import streamlit as st

from kdviz.errors import PlainError
from kdviz.texts import course
from kdviz.widgets import components, link, page, server, turns, visitor
from kdviz.widgets.literal import literal, without_folders

# The playground needs the whole screen: the list of pages waits behind its button there.
LOOKS: dict[str, Any] = {
    "page_icon": "🌡️",
    "layout": "wide",
    "initial_sidebar_state": "collapsed" if link.page().endswith(("/playground", "/notes")) else 240,
}
with turns.of_pages.turn():
    st.set_page_config(page_title="kdviz", **LOOKS)
    page.style()
    visitor.take_key()
    link.catch_up()
    kept_for_now, no_store = server.make_state_dir(), server.why_no_store()
    try:
        furniture, lessons = course.words(), course.lessons()
        pages = st.navigation(
            {
                "": [
                    st.Page("pages/start.py", title=furniture.word("start"), default=True),
                    st.Page("pages/playground.py", title=furniture.word("playground"), url_path="playground"),
                    st.Page("pages/notes.py", title=furniture.word("notes"), url_path="notes", visibility="hidden"),
                    *(
                        st.Page(f"pages/{slug}.py", title=furniture.word(slug), url_path=slug, visibility="hidden")
                        for slug in course.TOGETHER
                    ),
                ],
                furniture.word("learn"): [
                    st.Page(lesson.page, title=f"{lesson.number} {lesson.title}", url_path=lesson.slug)
                    for lesson in lessons
                ],
                furniture.word("explore"): [
                    st.Page("pages/explorer.py", title="Explorer", url_path="explorer"),
                    st.Page("pages/runs.py", title="Runs", url_path="runs"),
                ],
            },
            expanded=True,
        )
        st.set_page_config(page_title=f"{pages.title} · kdviz", **LOOKS)
        components.send_words()
        if kept_for_now:
            st.caption(f":material/hourglass_empty: {literal(without_folders(kept_for_now))}")
        if no_store:
            quiet_line = st.empty()
            quiet_line.caption(
                f":material/database_off: {furniture.word('no-store')} {literal(without_folders(no_store))}"
            )
        visitor.say_wrong_key()
        pages.run()
    except PlainError as error:  # a run store or a lesson's text that cannot be read
        if str(error) == no_store:
            quiet_line.empty()  # said below
        page.refuse("This page cannot be shown.", str(error))
