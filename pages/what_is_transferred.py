"""What is transferred: answers, features, or how images relate."""

import streamlit as st

from kdviz.comparison import Comparison
from kdviz.methods import METHODS
from kdviz.widgets import inside, page, run_status, server
from kdviz.widgets.inside_form import PAIRS, TAUGHT, adopt, kinds_of_networks, link_problem, transfer_form

KORNBLITH_2019 = (
    "Kornblith, Norouzi, Lee, Hinton (2019): Similarity of Neural Network Representations Revisited",
    "https://arxiv.org/abs/1905.00414",
)

page.header(
    "What moves from teacher to student: answers, features, or how images relate?",
    "A teacher hands on three kinds of knowledge, each to a student of its own. Look inside them before and after, "
    "beside a student that had only the labels.",
)
jobs = server.jobs()
home = server.home()
problem_of_link = link_problem()  # before the controls, which drop what they cannot show
run = run_status.named(jobs, Comparison)
if run is not None and isinstance(run.recipe, Comparison):
    adopt(run.recipe)
recipe, start_place = transfer_form(home)
run_id = st.query_params.get("run")
if run_id is None and recipe is not None:
    trained = jobs.get(recipe.id)  # by somebody before: shown without being asked for
    run = trained if trained is not None and trained.status == "finished" else None
run_status.start(jobs, start_place, recipe, run, problem_of_link)
shown = run.id if run is not None else run_id
inside.check_link()
if shown is None:
    page.say(
        "Nothing is measured yet. Press Start: a teacher and its students train for a minute or two, and each "
        "column fills with what is found inside them."
    )
    inside.explain()
else:
    inside.show(jobs, shown)
st.page_link(
    "pages/three_ways.py",
    label="Three ways to teach: verdicts and costs",
    icon=":material/arrow_forward:",
)

lesson, uses = st.columns([5, 4], gap="large")
with lesson:
    st.subheader("What you see", anchor=False)
    st.markdown(
        "**Response.** The student learns what the teacher answers: its probabilities for all classes, softened by a "
        "temperature (Hinton 2015). It never looks inside, so teacher and student may be of any kind.\n\n"
        "**Feature.** The student learns what the teacher computes on the way. With hints (FitNets 2015) a linear map "
        "of its hidden layer is drawn to the teacher’s; with attention transfer (2017) only *where* in the image the "
        "features are strong. The heat map measures how alike two layers are with **CKA**, which does not care "
        "how a layer is turned or scaled. Training on the same labels raises CKA as well: hence the student "
        "without a teacher beside it.\n\n"
        "**Relation.** The student learns no image’s place, only how things lie to each other: how one layer’s "
        "features go together with the next one’s (FSP 2017), how far apart images are (RKD 2019), which are alike "
        "(similarity-preserving, 2019). These papers report gains on harder pictures than digits, such as CIFAR "
        "and ImageNet; on digits with all their labels, look at what moves inside and expect little or nothing in "
        "accuracy."
    )
with uses:
    st.subheader("Which networks fit", anchor=False)
    rows = kinds_of_networks()
    st.markdown(
        f"| | {' | '.join(PAIRS)} |\n|:--|{':-:|' * len(PAIRS)}\n"
        + "\n".join(f"| {title} | {' | '.join('no' if why else 'yes' for why in fits)} |" for title, _, fits in rows)
    )
    refusals = {why.split(", not ")[0]: title for title, _, fits in rows for why in fits if why}
    st.caption(
        "CNN: convolutional, as both networks of this page; MLP: multi-layer. Where it is no, "
        + "; or ".join(refusals)
        + ". Anybody who can ask a teacher for its answers can teach responses; features and relations "
        "need a look inside it."
    )

page.try_this(
    [
        "Drag the slider from *Before* to *After* and watch the maps of the student with labels only. How much of the "
        "likeness to the teacher comes with learning the digits at all?",
        "In *Relation*, point at pairs of images. Which pair does the teacher hold for alike that labels alone do not?",
        "Teach the *flow* as well. Do its student’s singular values come nearer to the teacher’s than the others’?",
        "Set α to 0 in *More*. Which column changes? The other losses keep the labels’ whole term and add to it.",
    ]
)
page.checks()
page.check(
    "cka",
    "With hints, CKA to the teacher’s layer rises from 0.5 to 0.95. Did the hints do that?",
    {
        "Yes, it nearly doubled": "It did, but compared with untrained weights. A student that learns from labels "
        "alone rises too: only what it does not reach can be the hints’ doing.",
        "Only as far as the student without a teacher stays behind": "Right: it has the same first weights and the "
        "same batches, so it shows what training does by itself.",
        "No, CKA does not depend on training": "It does: it compares activations, and those change with every update.",
    },
    right="Only as far as the student without a teacher stays behind",
)
page.check(
    "distances",
    "The student’s last hidden layer is turned, and all its numbers doubled. What happens to the RKD distances?",
    {
        "They double": "Before they are compared they are divided by their mean, which doubles as well.",
        "Nothing": "Right: turning keeps all distances, and dividing by the mean takes the scale away. CKA does not "
        "notice either; a hint would.",
        "They become random": "A rotation keeps every distance.",
    },
    right="Nothing",
)
page.check(
    "api",
    "A teacher can only be asked over the network and answers with probabilities. What can it still transfer?",
    {
        "Response knowledge": "Right: hidden layers stay out of sight, but its probabilities are all that this takes.",
        "Feature knowledge": "That needs the activations of its hidden layers, which it does not send.",
        "Nothing, without its weights": "Its probabilities already say which classes look alike to it.",
    },
    right="Response knowledge",
)
page.sources([*dict.fromkeys((METHODS[name].source, METHODS[name].address) for name in TAUGHT), KORNBLITH_2019])
