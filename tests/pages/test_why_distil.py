"""The lesson "Why distil?" without a browser."""

import pytest

from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.sizes import STUDENTS, TEACHERS
from kdviz.reports.phrases import milliseconds, storage
from kdviz.widgets.pictures.why_distil import Pair, extent, layers, times
from tests.samples.app_pages import component, html, opened, said
from tests.samples.study_records import ended

PAGE = "pages/why_distil.py"


def sizes_of(arm, seed):
    network = arm.partition("-")[2].partition("-by-")[0]
    right = {"784-1200-1200-10": 0.98, "784-128-10": 0.96}.get(network, 0.94) + 0.01 * arm.startswith("taught")
    return {
        "test_accuracy": right + 0.001 * seed,
        "test_images": 10_000.0,
        "one_image": ARCHITECTURES[network].bytes / 1e7,
        "throughput": 1e9 / ARCHITECTURES[network].bytes,
        "file_bytes": 1.0,
    }


def picture(at):
    return component(at, "largest")


@pytest.mark.parametrize("name", [*TEACHERS, *STUDENTS])
def test_rectangles_have_the_area_of_the_weights(name):
    network = ARCHITECTURES[name]
    drawn = layers(network)
    area = sum((9 if kind == "conv" else 1) * inputs * outputs for kind, inputs, outputs, _ in drawn)
    biases = sum(outputs for _, _, outputs, _ in drawn)
    assert area + biases == network.parameters
    if name in TEACHERS:
        assert sum(outputs for _, _, outputs, _ in drawn) <= extent()["wide"]
        assert max(inputs for _, inputs, _, _ in drawn) <= extent()["high"]


def test_sizes_and_times_as_people_say_them():
    assert storage(9_580_840) == "9.6\u00a0MB"
    assert storage(50_920) == "51\u00a0kB"
    assert milliseconds(0.0412) == "41\u00a0µs"
    assert milliseconds(1.234) == "1.23\u00a0ms"
    assert times(23.53) == "24\u00a0×"
    assert times(1.26) == "1.3\u00a0×"
    assert times(0.5) == ""
    assert Pair.named("784-512-256-10", "784-128-10").times_less(lambda each: each.bytes) == pytest.approx(5.265, 1e-3)


def test_without_a_run_the_page_shows_what_follows_from_the_shapes(shipped):
    at = opened(PAGE, teacher="784-1200-1200-10")
    assert not at.warning
    assert not at.error
    data = picture(at)
    assert [row["what"] for row in data["rows"]] == ["Weights, stored", "Multiply-adds for an image"]
    assert data["rows"][0]["ratio"] == "24\u00a0×"
    assert data["teacher"]["layers"] == [["dense", 784, 1200, 0], ["dense", 1200, 1200, 0], ["dense", 1200, 10, 0]]
    assert {"What you see", "In formulas", "Try this", "Sources"} <= {header.value for header in at.header}


def test_a_recorded_run_adds_times_errors_and_a_verdict(shipped):
    shipped(ended(Study.of("sizes", "digits"), sizes_of))
    at = opened(PAGE, teacher="784-1200-1200-10")
    rows = {row["what"]: row for row in picture(at)["rows"]}
    assert rows["Time for one image, where it was trained"]["ratio"] == "24\u00a0×"
    assert rows["Wrong: all labels"]["teacher"]["text"] == "1.80\u00a0%"
    assert rows["Wrong: all labels"]["student"]["text"] == "3.80\u00a0%"
    assert rows["Wrong: all labels and this teacher"]["student"]["text"] == "2.80\u00a0%"
    assert rows["Wrong: all labels"]["student"]["share"] == pytest.approx(1)
    page = html(at)
    assert "better, +1.00 points" in page
    never_taught = {row["what"] for row in picture(opened(PAGE, student="cnn-8-16"))["rows"]}
    assert "Wrong: all labels and this teacher" not in never_taught


def few_labels(arm, _):
    return {"test_accuracy": 0.9 if arm == "all-100" else 0.7, "test_errors": 100.0}


def test_what_a_teacher_is_worth_with_few_labels_comes_before_all_labels(shipped):
    shipped(ended(Study.of("sizes", "digits"), sizes_of))
    assert not any("100" in row["what"] for row in picture(opened(PAGE))["rows"]), "no study, nothing said"
    shipped(ended(Study.of("few-labels", "digits"), few_labels))
    at = opened(PAGE)
    errors = [row for row in picture(at)["rows"] if row["what"].startswith("Wrong")]
    assert [row["what"] for row in errors][:2] == ["Wrong: 100 labels", "Wrong: 100 labels and this teacher"]
    alone, taught, all_labels, _ = (row["student"]["share"] for row in errors)
    assert (alone, taught) == (pytest.approx(1), pytest.approx(1 / 3)), "one scale for all"
    assert all_labels == pytest.approx((1 - 0.961) / 0.3, abs=0.01)
    page = html(at)
    assert page.index("nobody to ask") < page.index("With all labels of"), "the winner first"
    assert "wrong on <b>30.0\u00a0%</b> of the test images" in page
    assert "wrong on <b>10.0\u00a0%</b>; the large one itself" in page
    for other in ({"student": "784-16-10"}, {"teacher": "784-1200-1200-10"}):
        assert "nobody to ask" not in html(opened(PAGE, **other)), "not the study’s pair"


def test_where_a_teacher_adds_nothing_the_page_says_why_and_where_it_does(shipped):
    def alike(arm, seed):
        return sizes_of(arm.partition("-by-")[0].replace("taught", "labels"), seed)

    shipped(ended(Study.of("sizes", "digits"), alike))
    assert "brings another student" not in html(opened(PAGE)), "of runs that are not there"
    shipped(ended(Study.of("hinton-2015", "digits"), lambda arm, _: {"test_errors": 40.0 + 30 * (arm == "plain")}))
    page = html(opened(PAGE))
    assert "Why much was not to be expected: every image has its label already" in page
    assert "from 70 errors to 40" in page


def test_a_question_stays_answered_while_another_is_solved(shipped):
    at = opened(PAGE)
    at.number_input(key="check_why_distil_times-less").set_value(5.3).run()
    at.query_params["student"] = "784-16-10"  # what the question about the microcontroller asks for
    at.run()
    assert sum("Right:" in each.value for each in at.success) == 2
    assert not at.info


def test_fewer_images_a_second_are_not_called_so_many_times_as_many(shipped):
    shipped(ended(Study.of("sizes", "digits"), sizes_of))
    assert "24 times as many" in html(opened(PAGE, teacher="784-1200-1200-10"))
    shipped(ended(Study.of("sizes", "digits"), lambda arm, seed: {**sizes_of(arm, seed), "throughput": 100.0}))
    assert "which is not more: it has few weights" in html(opened(PAGE))


def test_the_checks_are_answered_by_the_catalogue(shipped):
    at = opened(PAGE, student="784-128-10", teacher="784-512-256-10")
    at.number_input(key="check_why_distil_times-less").set_value(5.3).run()
    assert any("Right:" in each.value for each in at.success)
    at.number_input(key="check_why_distil_times-less").set_value(24).run()
    assert any("It is less than 24" in each.value for each in at.info)
    radio = at.radio(key="check_why_distil_convolution")
    radio.set_value("cnn").run()
    assert any("Small on disk is not the same as fast" in each.value for each in at.success)
    small = opened(PAGE, student="784-30-30-10")
    assert any("takes 99\u00a0kB" in each.value for each in small.success)
    large = opened(PAGE, teacher="784-1200-1200-10")
    assert any("too much" in each.value for each in large.info)


def test_a_link_to_no_network_is_told(shipped):
    assert "teacher is 784-9-10" in said(opened(PAGE, teacher="784-9-10"))
