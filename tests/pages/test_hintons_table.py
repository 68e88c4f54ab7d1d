"""The lesson on Hinton's table without a browser: counts beside counts, biases, temperatures, a second claim."""

import re

import pytest

from kdviz.widgets.pictures import bias_slider
from tests.samples.app_pages import components, html, opened
from tests.samples.hinton_records import hinton, keras

PAGE = "pages/hintons_table.py"


def test_without_a_run_the_page_still_has_its_text_and_its_way_on(jobs, shipped):
    at = opened(PAGE)
    headers = {header.value for header in at.header}
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
    assert "Of 7 rows, 5 are not shown to differ from the paper’s" in html(at)
    assert "140 errors become 90 here, 146 became 74 in the paper" in html(at)
    charts = [chart.proto.spec for chart in at.get("plotly_chart")]
    assert sum("in the paper" in spec for spec in charts) == 1
    narrow, wide = re.search(r"8 and 20: (.+?) with 30 units a layer, (.+?) with 300", html(at)).groups()
    assert narrow.split(", ")[2] == "402"
    assert len(re.split(", | and ", wide)) == 5
    assert re.search(r"T = 4 against T = 20: with 30 units \w+", html(at))
    assert "<b>" not in html(at).split("Over 3 seeds")[1].split("</p>")[0]
    assert "It is better than its own teacher." in html(at)


def test_on_other_data_the_papers_figures_are_not_shown(jobs, shipped):
    shipped(hinton("digits"))
    at = opened(PAGE)
    assert "on 360 test images" in html(at)
    assert not any("in the paper" in chart.proto.spec for chart in at.get("plotly_chart"))


def drawn(at):
    """What the browser gets for each slider, by its number field's label."""
    return {data["label"]: data for data in components(at) if "panels" in data}


def test_the_browser_gets_the_curves_and_all_that_its_sentences_name(jobs, shipped):
    run = hinton()
    shipped(run)
    pictures = drawn(opened(PAGE))
    assert list(pictures) == ["Bias of class 3", "Biases of 7 and 8"]
    three, two = pictures.values()
    assert (three["at"][0], three["at"][-1], three["bias"]) == (-1, 5, 0)
    assert three["rule"]["mean"] == 2
    errors, threes = three["panels"][0]["lines"]
    assert errors["y"][three["at"].index(2)] == 104
    assert threes["y"][three["at"].index(0)] == 50
    assert [line["name"] for line in two["panels"][0]["lines"]] == ["all test images"]
    assert three["panels"][1]["known"] == pytest.approx(0.1)
    assert "104 wrong, 12 of the 3s" in filled(three, "moved")
    assert "4,000 errors become 1,200" in filled(two, "moved")
    for picture in pictures.values():
        for key in picture["says"]:
            assert "{{" not in filled(picture, key)


def filled(picture, key):
    """A sentence as the browser fills it, at whatever bias."""
    named = ["bias", "rule", "known", *(line["key"] for panel in picture["panels"] for line in panel["lines"])]
    values = dict.fromkeys(named, "x") | picture["counts"]
    return re.sub(r"{{(\w+)}}", lambda place: values.get(place[1], place[0]), picture["says"][key])


def test_the_question_follows_the_bias_of_the_link(jobs, shipped):
    shipped(hinton())
    at = opened(PAGE)
    assert not any("Not yet" in each.value or "Too far" in each.value for each in at.info)
    at = opened(PAGE, bias="-1.0")
    assert drawn(at)["Bias of class 3"]["bias"] == -1
    assert any("Not yet: 73 of the 3s" in each.value for each in at.info)
    at = opened(PAGE, bias="2.1")
    assert drawn(at)["Bias of class 3"]["bias"] == 2, "the nearest that was measured"
    assert any("12 of the 3s are wrong and 104 images" in each.value for each in at.success)
    at = opened(PAGE, bias="5.0", biases="-7")
    assert any("Too far: 284 images" in each.value for each in at.info)
    assert drawn(at)["Biases of 7 and 8"]["bias"] == -7


@pytest.mark.parametrize("given", ["x", "", "nan", "inf", "5.01", "-2", "1e400"])
def test_a_link_to_no_bias_is_answered_in_one_sentence(jobs, shipped, given):
    shipped(hinton())
    at = opened(PAGE, bias=given)
    assert [each.value for each in at.warning] == [
        f"bias is {given or 'empty'}; it takes a number from -1 to 5. Shown is 0."
    ]
    assert drawn(at)["Bias of class 3"]["bias"] == 0
    assert not any("Not yet" in each.value for each in at.info)


@pytest.mark.parametrize("sent", [None, True, "2", float("nan"), float("inf"), -3, 6.1, [2]])
def test_what_a_browser_sends_is_not_trusted(monkeypatch, sent):
    assert kept(monkeypatch, sent) == {"bias": "1.00"}


@pytest.mark.parametrize(("sent", "query"), [(2.2, {"bias": "2.25"}), (6, {"bias": "6.00"}), (0.1, {})])
def test_the_link_keeps_a_bias_that_was_measured_and_not_the_usual_one(monkeypatch, sent, query):
    assert kept(monkeypatch, sent) == query


def kept(monkeypatch, sent):
    """The link after a browser that was at 1 has sent something."""
    query, mounted = {"bias": "1.00"}, {}
    monkeypatch.setattr(bias_slider.link.st, "query_params", query)
    monkeypatch.setattr(bias_slider.link.st, "session_state", {"slider": {"bias": sent}})
    monkeypatch.setattr(bias_slider, "_bias_slider", lambda **arguments: mounted.update(arguments))
    bias_slider.show({"at": [-2 + 0.25 * i for i in range(33)], "digits": 2}, key="slider", parameter="bias")
    mounted["on_bias_change"]()
    return query


def test_the_questions_are_answered_by_what_was_measured(jobs, shipped):
    shipped(hinton())
    shipped(keras(student_less_teacher=-0.004))
    at = opened(PAGE)
    at.number_input(key="check_hintons_table_noise").set_value(8.6).run()
    at.radio(key="check_hintons_table_teacher-better").set_value("no").run()
    at.radio(key="check_hintons_table_narrow-t").set_value("high").run()
    at.radio(key="check_hintons_table_keras").set_value("worse").run()
    right = [each.value for each in at.success]
    assert any("√74 ≈ 8.6" in each for each in right)
    assert any("with a probability of 61" in each for each in right)
    assert any("at T = 2.5: 421, T = 4" in each for each in right)
    assert any("−0.40 points" in each for each in right)
    assert "It is worse than its own teacher." in html(at)


def test_no_difference_shown_is_an_answer(jobs, shipped):
    shipped(keras(student_less_teacher=0.0))
    at = opened(PAGE)
    at.radio(key="check_hintons_table_keras").set_value("same").run()
    assert any("The mean difference, student less teacher" in each.value for each in at.success)
    assert "no difference is shown" in html(at)
