"""What is transferred: answers, features, or how images relate."""

import streamlit as st

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import METHODS
from kdviz.widgets import lesson, page, recorded_run, run_status, server, stage
from kdviz.widgets.pictures import inside
from kdviz.widgets.pictures.inside import PAIRS, TAUGHT, adopt, kinds_of_networks, link_problem, transfer_form

here = lesson.begin("what_is_transferred")
jobs = server.jobs()
home = server.home()
problem_of_link = link_problem()  # before the controls, which drop what they cannot show
run = run_status.named(jobs, Comparison)
given = run_status.recipe_of(run, Comparison)
if given is not None:
    adopt(given)
recipe, start_row = transfer_form(home)
run_id = st.query_params.get("run")
if run_id is None and recipe is not None:
    trained = run_status.found(jobs, recipe.id)  # by an earlier visitor: shown without a click
    run = trained if trained is not None and trained.status == "finished" else None
run_status.start(jobs, start_row, recipe, run, problem_of_link)
shown = run.id if run is not None else run_id
inside.check_link()
with stage.picture(here):
    if shown is not None:
        inside.PANEL.follow(jobs, run, shown)
    elif not recorded_run.show_default(here.lesson.slug, inside.PANEL, recipe):
        here.say("nothing-measured")
        inside.explain()
st.page_link("pages/three_ways.py", label=here.word("three-ways"), icon=":material/arrow_forward:")

words, uses = st.columns([5, 4], gap="large")
with words:
    here.text("what-you-see")
with uses:
    here.text("which-fit")
    fitting = kinds_of_networks()
    cells = [[title, *(here.word("no" if why else "yes") for why in reasons)] for title, reasons in fitting.items()]
    st.markdown(page.table(["", *PAIRS], cells).replace("--:", ":-:"))
    refusals = dict.fromkeys(why.split(", not ")[0] for reasons in fitting.values() for why in reasons if why)
    st.caption(here.sentence("which-fit", reasons="; or ".join(refusals)))

here.try_this()
here.choice("cka", right="beyond-plain")
here.choice("distances", right="nothing")
here.choice("api", right="response")
here.end([(METHODS[name].source, METHODS[name].address) for name in TAUGHT])
