"""The lesson on Hinton's table without a browser: counts beside counts, biases, temperatures, a second claim."""

import pytest

from kdviz import recorded
from tests import test_pages
from tests.hinton_records import hinton, keras

PAGE = "pages/hintons_table.py"
jobs, opened = test_pages.jobs, test_pages.opened


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A folder of recorded runs that is empty until a test puts one there."""
    monkeypatch.setattr(recorded, "FOLDER", tmp_path)
    return recorded.record


def told(at):
    """All sentences below pictures."""
    return " ".join(element.proto.body for element in at.get("html"))


def test_without_a_run_the_page_still_has_its_text_and_its_way_on(jobs, shipped):
    at = opened(PAGE)
    headers = {header.value for header in at.subheader}
    assert {"The experiments", "How to read it", "A second claim: better than its teacher?", "Sources"} <= headers
    assert "A digit it has never seen" not in headers
    assert [radio.key for radio in at.radio] == [
        "check_hintons_table_teacher-better",
        "check_hintons_table_labels",
    ]


def test_a_recorded_run_is_shown_beside_the_paper(jobs, shipped):
    shipped(hinton())
    shipped(keras())
    at = opened(PAGE)
    assert "Of 7 rows, 5 agree with the paper" in told(at)
    assert "140 errors become 90 here, 146 became 74 in the paper" in told(at)
    charts = [chart.proto.spec for chart in at.get("plotly_chart")]
    assert sum("in the paper" in spec for spec in charts) == 1
    assert "With 30 units the fewest errors came at T = 4 (402 on average" in told(at)
    assert "with 300 units at T = 20" in told(at)
    assert "<b>" not in told(at).split("Over 3 seeds")[1].split("</p>")[0]
    assert "It is better than its own teacher." in told(at)


def test_on_other_data_the_papers_figures_are_not_shown(jobs, shipped):
    shipped(hinton("digits"))
    at = opened(PAGE)
    assert "on 360 test images" in told(at)
    assert not any("in the paper" in chart.proto.spec for chart in at.get("plotly_chart"))


def test_the_bias_is_moved_until_the_threes_are_found(jobs, shipped):
    shipped(hinton())
    at = opened(PAGE)
    slider = at.slider(key="bias")
    assert slider.value == 0
    assert "Without labels the bias is set to +2.00: 104 wrong, 12 of the 3s" in told(at)
    assert not any("Not yet" in each.value or "Too far" in each.value for each in at.info)
    at = opened(PAGE, bias="-1.0")
    assert any("Not yet: 73 of the 3s" in each.value for each in at.info)
    at.slider(key="bias").set_value(2.0).run()
    assert any("12 of the 3s are wrong and 104 images" in each.value for each in at.success)
    at = opened(PAGE, bias="8.0")
    assert any("Too far: 824 images" in each.value for each in at.info)


def test_the_questions_are_answered_by_what_was_measured(jobs, shipped):
    shipped(hinton())
    shipped(keras(student_less_teacher=-0.004))
    at = opened(PAGE)
    at.number_input(key="check_hintons_table_noise").set_value(8.6).run()
    at.radio(key="check_hintons_table_teacher-better").set_value("no").run()
    at.radio(key="check_hintons_table_narrow-t").set_value("middle").run()
    at.radio(key="check_hintons_table_keras").set_value("worse").run()
    right = [each.value for each in at.success]
    assert any("√74 ≈ 8.6" in each for each in right)
    assert any("with a probability of 61" in each for each in right)
    assert any("At T = 2.5: 421 errors on average" in each for each in right)
    assert any("−0.40 points" in each for each in right)
    assert "It is worse than its own teacher." in told(at)


def test_no_difference_shown_is_an_answer(jobs, shipped):
    shipped(keras(student_less_teacher=0.0))
    at = opened(PAGE)
    at.radio(key="check_hintons_table_keras").set_value("same").run()
    assert any("The mean difference, student less teacher" in each.value for each in at.success)
    assert "no difference is shown" in told(at)
