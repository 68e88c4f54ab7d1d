"""After distillation: what its page says beside the picture, and what it takes from links and browsers."""

import pytest

from kdviz.recipes.study import STUDIES, Study
from kdviz.store import measured, recorded
from kdviz.widgets.pictures import compressed
from kdviz.widgets.pictures.compressed import USUAL, Setting
from tests.samples.app_pages import component, opened, said
from tests.samples.fake_studies import studied

PAGE = "pages/after_distillation.py"
pytestmark = pytest.mark.usefixtures("shipped")


def picture(at):
    return component(at, "students", "sparsity")


def test_the_page_opens_with_nothing_compressed_and_says_where_all_comes_from(jobs):
    at = opened(PAGE)
    data = picture(at)
    assert (data["sparsity"], data["bits"], data["way"], data["data"]) == (0, 32, "weights", "digits")
    assert len({data[name] for name in ("students", "pack", "weights")}) == 3, "each is fetched from its own place"
    assert not at.warning
    whole = " ".join(block.value for block in at.markdown)
    assert "about 180 held-out images" in whole
    assert "distilled student reads 174 of them right, the other 174" in whole


def test_a_link_sets_the_picture(jobs):
    data = picture(opened(PAGE, sparsity="0.8", bits="4", pruned="units", T="4"))
    assert (data["sparsity"], data["bits"], data["way"], data["T"]) == (0.8, 4, "units", 4)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"sparsity": "1"}, "sparsity is 1; it takes a number from 0 to 0.99. Shown is 0."),
        ({"sparsity": "-0.1"}, "sparsity is -0.1; it takes a number from 0 to 0.99"),
        ({"bits": "5"}, "bits is 5; it takes one of 32, 8, 4, 3, 2"),
        ({"pruned": "rows"}, "pruned is rows; it takes one of weights, units"),
    ],
)
def test_what_cannot_be_is_said_and_the_rest_is_shown(jobs, query, sentence):
    at = opened(PAGE, **{"sparsity": "0.5", "bits": "8", "pruned": "units", **query})
    assert sentence in said(at)
    data = picture(at)
    kept = {"sparsity": 0.5, "bits": 8, "pruned": "units"}
    usual = {"sparsity": 0, "bits": 32, "pruned": "weights"}
    wanted = {name: usual[name] if name in query else value for name, value in kept.items()}
    assert (data["sparsity"], data["bits"], data["way"]) == tuple(wanted.values())


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({"sparsity": "0.9"}, "the usual program multiplies with each of them: still 25,408"),
        ({"bits": "4"}, "there are as many multiply-adds as before"),
        ({"sparsity": "0.25", "pruned": "units"}, "19,056 of 25,408 multiply-adds are left"),
        ({"sparsity": "0.5", "pruned": "units"}, "16 of 32 units are left, so 12,704 of 25,408"),
        ({"sparsity": "0.99", "pruned": "units"}, "1 of 32 units are left, so 794 of 25,408"),
    ],
)
def test_half_the_work_is_answered_by_the_picture(jobs, query, answer):
    at = opened(PAGE, **query)
    told = [element.value for kind in (at.success, at.info) for element in kind]
    assert any(answer in text.replace("\\", "") for text in told), told


@pytest.mark.parametrize(
    "sent",
    [
        *(None, 3, [], [0.5, 8], [1, 8, "weights"], [-0.1, 8, "weights"], [float("nan"), 8, "weights"]),
        *([0.5, 5, "weights"], [0.5, 8, "rows"], ["0.5", 8, "weights"], [0.5, "8", "weights"], [0.5, True, "weights"]),
        *([0.5, 8, ["weights"]], [0.5, 8, {}]),
    ],
)
def test_what_a_browser_sends_is_checked(sent):
    assert compressed.checked(sent) is None


def test_a_setting_of_a_browser_is_kept_as_it_is_read_again():
    assert compressed.checked([0.804, 4, "units"]) == Setting(0.8, 4, "units")
    assert compressed.checked([0, 32, "weights"]) == USUAL


def test_its_studies_can_be_looked_at_one_by_one_each_with_its_questions(jobs):
    at = opened(PAGE)
    listed = [each.key.removeprefix("choose_") for each in at.button if each.key and each.key.startswith("choose_")]
    assert listed == [name for name, facts in STUDIES.items() if facts.lesson == "after_distillation"]
    assert STUDIES[listed[0]].title in [each.value for each in at.header]
    for name in listed:
        recorded.record(studied(Study.of(name, "digits")))
        shown = opened(PAGE, study=name)
        assert not shown.error
        assert STUDIES[name].title in [each.value for each in shown.header]
        assert any(each.key.startswith(f"check_{name}_") for each in shown.radio)


def test_what_networks_take_is_shown_as_it_was_measured(jobs):
    at = opened(PAGE, cost="energy", runtime="pytorch")
    assert (at.session_state["switch_cost"], at.session_state["switch_runtime"]) == ("energy", "pytorch")
    found = measured.recorded("mnist")
    whole = " ".join(block.value for block in at.markdown)
    assert f"({found.machine}) on {found.day}" in whole
    assert any("Energy: " in caption.value for caption in at.caption)
    kinds = {in_runtime.energy.kind for network in found.networks for in_runtime in network.runtimes}
    assert kinds == {"estimate"} or any("Energy: measured" in caption.value for caption in at.caption)
    assert {network.name.partition("-")[0] for network in found.networks} == {"teacher", "plain", "offline"}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"cost": "euros"}, "cost is euros; it takes one of stored, sent, latency, energy"),
        ({"runtime": "abacus"}, "runtime is abacus; it takes one of onnx, pytorch"),
    ],
)
def test_a_link_to_another_cost_is_answered(jobs, query, sentence):
    assert sentence in said(opened(PAGE, **query))
