"""Every page, run by Streamlit's AppTest: without a browser, on scikit-learn's digits."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from kdviz import settings
from kdviz.jobs.connection import ClusterState
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.openings import FEW_LABELS, OPENINGS, SMALL_STEPS, what_is_transferred
from kdviz.recipes.single import Recipe
from kdviz.records.softmax import softmax
from kdviz.store import data_files, gallery
from kdviz.store.database import StoreError
from kdviz.widgets import server, visitor
from tests.samples.app_pages import FakeJobs, button, component, components, folded, html, opened, run_of, said, text
from tests.samples.fake_training import result as result_of
from tests.samples.inside_records import ended, look, watched

START, SOFT, TRAIN = "pages/start.py", "pages/soft_targets.py", "pages/watch_it_train.py"
THREE, MOVED = "pages/three_ways.py", "pages/what_is_transferred.py"


@pytest.fixture
def damaged(own_state):
    """A run store that is none."""
    own_state.mkdir(parents=True)
    (own_state / "kdviz.sqlite").write_bytes(b"no database" * 500)
    server.store.clear()
    yield
    server.store.clear()


def test_a_run_store_that_cannot_be_read_is_told_in_a_sentence_where_runs_are_shown(jobs, damaged):
    at = opened("pages/runs.py")
    assert [error.value for error in at.error] == ["This page cannot be shown."]
    assert any("is damaged: it is no database" in text.value for text in at.text)
    assert not [caption for caption in at.caption if "damaged" in caption.value], "once is enough"


@pytest.fixture
def real_jobs(monkeypatch):
    """The queue that pages have, with the run store; only its cluster does nothing."""
    state = ClusterState(phase="ready", workers=1)
    made = SimpleNamespace(close=lambda: None, start=lambda: None, call=FakeJobs().call, state=state)
    monkeypatch.setattr("kdviz.jobs.queue.Connection", lambda *given: made)
    for cached in (server.jobs, server.store):
        cached.clear()
    yield server.jobs()
    server.jobs().close()
    for cached in (server.jobs, server.store):
        cached.clear()


# A page of each way to look for runs: none, the one of the link, the one of its settings, those of studies.
@pytest.mark.parametrize(
    "page", [SOFT, TRAIN, MOVED, "pages/loss.py", "pages/when_it_helps.py", "pages/mistakes.py", "pages/explorer.py"]
)
def test_without_a_store_lessons_open_with_a_quiet_line(damaged, real_jobs, page):
    at = opened(page, run="0" * 12)
    assert not at.error
    assert len(at.title) == 1
    (line,) = (caption.value for caption in at.caption if "damaged" in caption.value)
    assert "the lessons work all the same. The run store" in line
    assert "There is no run" not in said(at), "nobody knows"


def test_a_store_that_is_lost_while_pages_are_open_is_said_until_it_is_back(own_state, real_jobs):
    run = server.store().request(Recipe.suited("digits"))
    path, away = own_state / "kdviz.sqlite", own_state / "away"

    def quiet_lines(at):
        assert not at.error
        return [caption.value for caption in at.caption if "is gone: it was moved or deleted" in caption.value]

    assert not quiet_lines(at := opened(TRAIN, run=run.id))
    assert run.id in at.get("progress")[0].proto.text
    path.rename(away)
    assert len(quiet_lines(at := opened(TRAIN, run=run.id))) == 1
    assert not at.get("progress")
    away.rename(path)
    assert not quiet_lines(at := opened(TRAIN, run=run.id))
    assert run.id in at.get("progress")[0].proto.text


def test_workers_are_there_without_a_store_and_what_needs_one_says_why(damaged, real_jobs):
    assert real_jobs.call("a:b", key="c").exception()
    for action in (lambda: real_jobs.get("0" * 12), lambda: real_jobs.submit(Recipe())):
        with pytest.raises(StoreError, match="is damaged"):
            action()
    Path(settings.database_url().removeprefix("sqlite:///")).unlink()
    assert real_jobs.get("0" * 12) is None, "it is looked for again"


def test_where_nothing_can_be_written_the_app_opens_and_says_so_in_a_line(jobs, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path / "file" / "state"))
    server.make_state_dir.clear()
    server.store.clear()
    try:
        for page in (START, "pages/runs.py"):
            at = opened(page)
            (line,) = (caption.value for caption in at.caption if "KDVIZ_STATE_DIR" in caption.value)
            assert "is kept only until the program ends" in line
            assert not at.error
    finally:
        server.make_state_dir.clear()
        server.store.clear()


def picture(at):
    return component(at, "mode")


@pytest.mark.parametrize("page", [START, SOFT, TRAIN, THREE])
def test_a_page_asks_one_question_and_names_its_sources(jobs, page):
    at = opened(page)
    assert len(at.title) == 1
    assert at.title[0].value.endswith("?")
    assert not said(at)
    if page != START:
        assert {"What you see", "In formulas", "Try this", "Sources"} <= {header.value for header in at.header}
        assert at.latex
        assert len(at.radio) >= 2


@pytest.mark.parametrize("page", [START, SOFT])
def test_the_picture_is_the_shipped_teachers(jobs, page):
    shown = gallery.read("digits")
    data = picture(opened(page, T="4"))
    assert data["T"] == 4
    assert data["mode"] == "image"
    assert any(row.tolist() == pytest.approx(data["logits"], abs=1e-5) for row in shown.logits)
    if page == START:
        first, second = sorted(softmax(data["logits"]))[:-3:-1]
        assert first < 0.9, "a digit that the teacher doubts"
        assert second > 0.1


def test_the_image_of_the_link_is_shown(jobs):
    first, third = (picture(opened(SOFT, image=number)) for number in ("1", "3"))
    assert first["caption"] != third["caption"]
    by_class = picture(opened(SOFT, view="By class", **{"class": "7"}))
    assert by_class["label"] == 7


def test_the_drawing_view_sends_the_teachers_weights_once(jobs):
    sent = components(opened(SOFT, view="Draw a digit"))
    weights = [data for data in sent if "layers" in data]
    assert len(weights) == 1
    assert [layer["outputs"] for layer in weights[0]["layers"]] == [512, 256, 10]
    assert next(data for data in sent if data.get("mode") == "draw")["network"] == weights[0]["name"]


def test_logits_of_the_link_are_shown(jobs):
    data = picture(opened(SOFT, view="Edit the logits", logits="1,2,-3.5"))
    assert data["mode"] == "edit"
    assert data["logits"] == [1, 2, -3.5]


@pytest.mark.parametrize(
    ("page", "query", "sentence"),
    [
        (START, {"T": "-1"}, "T is -1; it takes a number from 0.1 to 100"),
        (START, {"data": "foo"}, "data is foo; here it takes one of mnist, digits"),
        (SOFT, {"T": "1e9"}, "T is 1e9; it takes a number"),
        (SOFT, {"T": "nan"}, "T is nan; it takes a number"),
        (SOFT, {"image": "-1"}, "image is -1; it takes a whole number"),
        (SOFT, {"image": "²"}, "image is ²; it takes a whole number"),
        (SOFT, {"view": "Edit the logits", "logits": "1,2,1e9"}, "it takes 3 numbers"),
        (SOFT, {"T": ""}, "it takes a number"),
        (SOFT, {"image": "0"}, "image is 0; it takes a whole number from 1 to"),
        (SOFT, {"image": "1.5"}, "image is 1.5; it takes a whole number"),
        (SOFT, {"view": "Edit the logits", "logits": "a,b,c"}, "logits is a,b,c; it takes 3 numbers"),
        (SOFT, {"view": "Nope"}, "view is Nope; it takes one of Least sure"),
        (SOFT, {"view": "By class", "class": "11"}, "class is 11; it takes one of 0, 1"),
        (TRAIN, {"alpha": "7"}, "alpha is 7; it takes a number from 0 to 1"),
        (TRAIN, {"teacher": "huge"}, "teacher is huge; it takes one of"),
        (TRAIN, {"temperature": "0"}, "temperature is 0; it takes a number"),
        (TRAIN, {"labels": "5000"}, "labels is 5000; it takes at most 1,257"),
        (TRAIN, {"data": "foo"}, "data is foo; it takes one of"),
        (TRAIN, {"run": "nonsense"}, "There is no run nonsense"),
    ],
)
def test_a_bad_link_is_answered_in_a_sentence(jobs, page, query, sentence):
    assert sentence in said(opened(page, **query))


def test_without_mnist_the_app_shows_digits_and_tells_why(jobs):
    for page in (START, SOFT, TRAIN, THREE):
        at = opened(page, data=None)
        assert not said(at), "one quiet line, and no box"
        assert "No MNIST here: these are scikit-learn’s digits\nThere is nothing" in folded(at)
        assert any(button.label == "Look again" for button in at.button)
    assert picture(opened(START, data=None))["names"] == list("0123456789")


@pytest.mark.parametrize("page", [TRAIN, THREE, "pages/explorer.py", "pages/what_is_transferred.py"])
def test_own_files_are_a_data_set_of_their_own_and_it_is_said_that_they_are(jobs, monkeypatch, page):
    own = DATA_SETS["mnist-3f9c02ab"]
    monkeypatch.setattr(data_files, "all_own", lambda: [own])
    assert own.name in opened(page).selectbox(key="data").options
    at = opened(page, data=own.name)
    assert "mnist-3f9c02ab is what is in them now" in text(at)
    assert not said(at)
    button(at, "Start").click().run()
    assert not at.exception
    assert [recipe.data for recipe in jobs.submitted] == [own.name]
    elsewhere = opened(page, data="mnist-00000000")  # a link to what lies in another server's folder
    assert elsewhere.selectbox(key="data").value == "mnist-00000000"
    assert "mnist-00000000 are somebody’s own files, and they are not in" in text(elsewhere)


def test_start_queues_the_recipe_that_the_controls_show(jobs):
    at = opened(TRAIN, temperature="20.0", alpha="0.25", seed="3")
    assert at.select_slider(key="temperature").value == 20
    assert at.slider(key="alpha").value == 0.25
    at.number_input(key="epochs").set_value(2).run()
    button(at, "Start").click().run()
    assert not at.exception
    (recipe,) = jobs.submitted
    assert (recipe.data, recipe.temperature, recipe.alpha, recipe.seed, recipe.epochs) == ("digits", 20, 0.25, 3, 2)
    assert at.query_params["run"] == recipe.id


@pytest.mark.parametrize("page", [TRAIN, THREE])
def test_the_temperature_is_a_slider_that_keeps_its_number_in_the_link(jobs, page):
    at = opened(page)
    slider = at.select_slider(key="temperature")
    assert slider.value == 5
    assert {"0.1", "1", "2", "4", "5", "20", "100"} <= set(slider.options)
    slider.set_value(20.0).run()
    assert at.query_params["temperature"] == "20"
    button(at, "Start").click().run()
    assert [recipe.temperature for recipe in jobs.submitted] == [20]
    at.select_slider(key="temperature").set_value(5.0).run()
    assert "temperature" not in at.query_params


@pytest.mark.parametrize(("given", "stop"), [("3.7", "3.7"), ("1000", "1000"), ("0.05", "0.05"), ("2e1", "20")])
def test_a_link_may_name_a_temperature_between_the_stops(jobs, given, stop):
    at = opened(TRAIN, temperature=given)
    slider = at.select_slider(key="temperature")
    assert (slider.value, stop in slider.options) == (float(given), True)
    assert not said(at)
    button(at, "Start").click().run()
    assert jobs.submitted[0].temperature == float(given)


def test_a_decimal_comma_is_read_as_a_point_and_shown_so(jobs):
    at = opened(TRAIN, temperature="2,5", alpha="0,35", learning_rate="0,002")
    assert (at.select_slider(key="temperature").value, at.slider(key="alpha").value) == (2.5, 0.35)
    assert at.number_input(key="learning_rate").value == 0.002
    assert not said(at)
    assert picture(opened(SOFT, T="2,5"))["T"] == 2.5
    for query in ({"temperature": "1,000"}, {"epochs": "2,5"}):
        assert "it takes" in said(opened(TRAIN, **query)), "a thousand or one; and there are no half epochs"


def test_a_preset_moves_the_temperature_in_the_link(jobs):
    at = opened(TRAIN, temperature="3.7")
    button(at, "T = 20").click().run()
    assert (at.select_slider(key="temperature").value, at.query_params["temperature"]) == (20, "20")
    button(at, "All labels").click().run()
    assert at.select_slider(key="temperature").value == 5
    assert "temperature" not in at.query_params


def submitted(at, jobs):
    button(at, "Start").click().run()
    assert not at.exception
    return jobs.submitted[-1]


def test_a_page_begins_with_few_labels_and_the_trained_teacher_and_says_so_in_the_link(jobs):
    at = opened(TRAIN)
    assert at.query_params["pretrained"] == "true"
    assert submitted(at, jobs) == Recipe.suited("digits", {"pretrained": True, **FEW_LABELS, **SMALL_STEPS})
    at.toggle(key="pretrained").set_value(False).run()
    assert at.query_params["pretrained"] == "false"
    assert submitted(at, jobs) == Recipe.suited("digits", {**FEW_LABELS, **SMALL_STEPS})
    at.number_input(key="labels").set_value(None).run()
    at.slider(key="alpha").set_value(0.7).run()
    at.selectbox(key="schedule").set_value("constant").run()
    assert submitted(at, jobs) == Recipe.suited("digits"), "what was begun with is no default"
    assert not opened(TRAIN, pretrained="false").toggle(key="pretrained").value


@pytest.mark.parametrize("query", [{"epochs": "3"}, {"temperature": "20"}, {"seed": "1"}])
def test_a_link_that_names_settings_and_no_teacher_trains_one_as_it_always_has(jobs, query):
    at = opened(TRAIN, **query)
    assert "pretrained" not in at.query_params
    assert not submitted(at, jobs).pretrained
    assert submitted(opened(TRAIN, **query, pretrained="true"), jobs).pretrained


def test_a_run_of_the_link_keeps_its_own_teacher(stored):
    own = Recipe.suited("digits")
    stored(own, "cancelled")
    at = opened(TRAIN, run=own.id)
    assert not at.toggle(key="pretrained").value
    assert at.query_params["pretrained"] == "false"


def test_the_trained_teacher_goes_where_none_ships_and_comes_back(jobs):
    at = opened(TRAIN)
    assert at.selectbox(key="teacher").options[2] == "large (784-512-256-10)"
    at.selectbox(key="teacher").set_value("784-128-10").run()
    assert at.query_params["teacher"] == "784-128-10", "the link has no words of a language"
    assert not said(at)
    assert at.toggle(key="pretrained").disabled
    assert at.query_params["pretrained"] == "false"
    at.selectbox(key="teacher").set_value("784-512-256-10").run()
    assert "teacher" not in at.query_params
    assert submitted(at, jobs).pretrained
    at = opened(TRAIN)
    at.selectbox(key="data").set_value("usps").run()
    assert (said(at), at.query_params["pretrained"]) == ("", "false")
    assert not submitted(at, jobs).pretrained


def test_every_preset_has_the_trained_teacher(jobs):
    at = opened(TRAIN, epochs="3")
    button(at, "100 labels").click().run()
    assert (submitted(at, jobs).pretrained, jobs.submitted[-1].labels) == (True, 100)
    button(at, "A narrow student").click().run()
    assert submitted(at, jobs).pretrained


def test_students_can_be_shown_some_digits_alone_by_link_by_hand_and_by_preset(jobs):
    assert submitted(opened(TRAIN, transfer_classes="0-5"), jobs).transfer_classes == (0, 1, 2, 3, 4, 5)
    at = opened(TRAIN)
    at.text_input(key="transfer_classes").set_value("0,1,9").run()
    assert at.query_params["transfer_classes"] == "0-1,9"
    assert submitted(at, jobs).transfer_classes == (0, 1, 9)
    button(at, "Only 0 to 5").click().run()
    assert at.query_params["transfer_classes"] == "0-5"
    assert submitted(at, jobs).transfer_classes == (0, 1, 2, 3, 4, 5)
    button(at, "All labels").click().run()
    assert "transfer_classes" not in at.query_params
    assert submitted(at, jobs).transfer_classes == ()


def test_the_link_of_such_a_run_shows_what_its_students_saw(stored):
    seen = Recipe.suited("digits", {"transfer_classes": "7,8"})
    stored(seen, "cancelled")
    assert opened(TRAIN, run=seen.id).text_input(key="transfer_classes").value == "7-8"


def test_a_recipe_that_does_not_go_together_cannot_be_started(jobs):
    at = opened(TRAIN)
    at.number_input(key="labels").set_value(2000).run()
    assert not at.exception
    assert "labels is 2000; it takes at most 1,257" in said(at)
    assert button(at, "Start").disabled
    assert not jobs.submitted


@pytest.mark.parametrize("page", [SOFT, TRAIN, THREE])
def test_a_check_explains_every_answer(jobs, page):
    at = opened(page)
    for number in range(len([radio for radio in at.radio if radio.key.startswith("check_")])):
        radio = [radio for radio in at.radio if radio.key.startswith("check_")][number]
        right = 0
        for answer in radio.options:
            at.radio(key=radio.key).set_value(answer).run()
            assert not at.exception
            assert len(at.success) + len([i for i in at.info if i.value.startswith("Not quite")]) == 1 + number
            right += len(at.success) > number - right and at.radio(key=radio.key).value == answer
        at.radio(key=radio.key).set_value(radio.options[0]).run()


@pytest.mark.parametrize(
    ("awaited", "words"),
    [
        ("", "next in the queue"),
        ("cluster", "waiting for the training cluster, which is starting"),
        ("worker", "waiting for its worker, which loads PyTorch"),
    ],
)
def test_a_run_that_waits_says_for_what(stored, awaited, words):
    recipe = Recipe.suited("digits")
    stored(recipe, "queued").awaited = awaited
    at = opened(TRAIN, run=recipe.id)
    assert [element.proto.text for element in at.get("progress")] == [f"Run {recipe.id} · {words}"]


@pytest.mark.parametrize(
    ("page", "recipe"), [(TRAIN, Recipe.suited("digits")), ("pages/three_ways.py", OPENINGS["three_ways"]("digits"))]
)
def test_start_and_panel_go_by_one_reading_of_a_run_that_ends_while_its_page_is_made(jobs, monkeypatch, page, recipe):
    over, seen = run_of(recipe, "interrupted"), iter([run_of(recipe, "running")])
    jobs.runs = {recipe.id: over}
    monkeypatch.setattr(jobs, "get", lambda run_id: next(seen, over) if run_id == recipe.id else None)
    at = opened(page, run=recipe.id)
    assert not button(at, "Start").disabled


def test_a_run_that_waits_leads_to_the_one_whose_turn_it_is(keep, visiting):
    visiting("b")
    first, second = run_of(what_is_transferred("digits"), "paused"), run_of(Recipe.suited("digits"), "queued")
    keep(first, second).queued = True
    at = opened(TRAIN, run=second.id)
    (link,) = (found.proto for found in at.get("page_link") if found.proto.query_string == f"run={first.id}")
    assert link.page == "three_ways"
    assert link.label == f"It is the turn of run {first.id} (Three ways to teach, paused)"
    assert "Cancel that one" not in [button.label for button in at.button], "somebody else has started it"


@pytest.mark.parametrize(("mark", "presenter"), [("a", False), ("b", True)])
def test_who_may_can_cancel_the_run_whose_turn_it_is_from_the_one_that_waits(
    jobs, monkeypatch, visiting, mark, presenter
):
    first, second = Recipe.suited("digits"), Recipe.suited("digits", {"seed": 7})
    states = ((first, "running"), (second, "queued"))
    jobs.runs = {recipe.id: run_of(recipe, status, visitor="a") for recipe, status in states}
    jobs.queued, cancelled = True, []
    monkeypatch.setattr(jobs, "cancel", lambda *given: cancelled.append(given))
    who = visiting(mark, presenter)
    at = opened(TRAIN, run=second.id)
    button(at, "Cancel that one").click().run()
    assert not at.exception
    assert cancelled == [(first.id, who)]


@pytest.mark.parametrize("status", ["running", "paused"])
def test_another_s_run_is_watched_and_not_stopped_and_the_page_says_who_may(keep, visiting, status):
    run = run_of(Recipe.suited("digits"), status, visitor="a")
    keep(run)
    orders = ("Cancel", "Pause" if status == "running" else "Go on")
    why = f"Run {run.id} was not started in this browser: whoever started it may pause and cancel it"
    visiting("b")
    at = opened(TRAIN, run=run.id)
    assert [button(at, order).disabled for order in orders] == [True, True]
    assert why in text(at)
    assert "?presenter=" in text(at)
    for who in (("a",), ("b", True)):
        visiting(*who)
        at = opened(TRAIN, run=run.id)
        assert [button(at, order).disabled for order in orders] == [False, False]
        assert why not in text(at)


def test_what_was_started_is_of_the_visitor_who_started_it(jobs, monkeypatch, visiting):
    who, started = visiting("a"), []
    monkeypatch.setattr(jobs, "submit", lambda *given: started.append(given) or run_of(given[0]))
    submit = opened(TRAIN)
    button(submit, "Start").click().run()
    assert [given[1] for given in started] == [who]


def test_start_asks_first_where_others_wait_and_waits_in_line_once_agreed(jobs, visiting):
    jobs.line = 2, 3
    visiting("b")
    at = opened(TRAIN)
    button(at, "Start").click().run()
    assert not jobs.submitted
    assert "2 runs of others are waiting. Yours would be number 3 in the line; visitors take turns." in text(at)
    button(at, "Start").click().run()
    assert not jobs.submitted, "to press Start twice is no answer"
    button(at, "Wait in line").click().run()
    assert not at.exception
    assert len(jobs.submitted) == 1
    assert "are waiting" not in text(at)
    at.slider(key="alpha").set_value(0.2).run()
    assert "Wait in line" not in {each.label for each in at.button}
    visiting("t", presenter=True)
    at = opened(TRAIN, seed="7")
    button(at, "Start").click().run()
    assert len(jobs.submitted) == 2, "whoever is alone, and the presenter, wait for nobody's consent"


def test_a_run_that_waits_says_that_the_presenter_holds_the_queue(keep):
    run = run_of(Recipe.suited("digits"), "queued")
    keep(run).held = True
    at = opened(TRAIN, run=run.id)
    assert at.get("progress")[0].proto.text == f"Run {run.id} · the presenter holds the queue"


def test_a_presenter_key_in_the_address_is_taken_out_of_it(jobs, monkeypatch):
    monkeypatch.setenv("KDVIZ_PRESENTER_KEY", "green-42-horse")
    tries = visitor.KeyTries()  # whatever other tests have tried in the last seconds
    monkeypatch.setattr(visitor, "_tries", lambda: tries)
    at = opened(TRAIN, presenter="green-42-horse")
    assert "presenter" not in at.query_params
    assert not at.warning
    at = opened(TRAIN, presenter="another")
    assert "presenter" not in at.query_params
    assert "not this server’s presenter key" in said(at)
    monkeypatch.setattr(visitor.KeyTries, "look", lambda *_: None)
    at = opened(TRAIN, presenter="green-42-horse")
    assert "open its address again in 10 seconds" in said(at)


@pytest.mark.parametrize(
    ("folder", "words"), [(".download-1", "mnist is being downloaded"), ("elsewhere", "the worker loads mnist")]
)
def test_a_run_whose_worker_has_reported_nothing_says_what_it_is_at(stored, tmp_path, monkeypatch, folder, words):
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path))
    (tmp_path / folder).mkdir()
    recipe = Recipe(pretrained=True)
    stored(recipe, "running")
    at = opened(TRAIN, run=recipe.id)
    assert [element.proto.text for element in at.get("progress")] == [f"Run {recipe.id} · {words}"]


@pytest.fixture
def transferred(keep):
    """Put a run of the page's default recipe into the store, with `looks` of its two students."""

    def put(status="finished"):
        recipe = what_is_transferred("digits")
        result = ended(recipe, dict.fromkeys(recipe.methods, 0.875)) if status == "finished" else None
        run = run_of(recipe, status, result)
        keep(run, events=[watched(), *(look(name, step) for step in (0, 50, 100) for name in recipe.methods)])
        return run

    return put


def inside_of(at):
    return component(at, "wanted")


def test_before_any_run_the_kinds_of_knowledge_are_explained_without_numbers(jobs):
    at = opened(MOVED)
    assert at.title[0].value.endswith("?")
    assert not said(at)
    data = inside_of(at)
    assert data["picture"] is None
    assert set(data["empty"]) == {"response", "feature", "relation"}
    assert not any(character.isdigit() for text in data["empty"].values() for character in text)
    assert {"What you see", "Try this", "Sources"} <= {header.value for header in at.header}
    assert not any("test images" in header.value for header in at.header)
    assert len(at.radio) == 3


def test_start_trains_what_was_chosen_on_the_convolutional_pair(jobs):
    at = opened(MOVED, taught="Flow", seed="3", temperature="2.0")
    at.number_input(key="epochs").set_value(4).run()
    button(at, "Start").click().run()
    assert not at.exception
    (recipe,) = jobs.submitted
    assert (recipe.teacher, recipe.student) == ("cnn-32-64", "cnn-8-16")
    assert (recipe.methods, recipe.seeds, recipe.epochs, recipe.temperature) == (("plain", "fsp"), (3,), 4, 2.0)
    assert at.query_params["run"] == recipe.id


def test_the_hint_may_come_from_the_middle(jobs):
    at = opened(MOVED, taught="Hints", hint_layer="middle")
    button(at, "Start").click().run()
    assert jobs.submitted[-1].hint_layer == "middle"
    at = opened(MOVED, taught="Hints")
    at.selectbox(key="hint_layer").set_value("middle").run()
    button(at, "Start").click().run()
    assert jobs.submitted[-1].hint_layer == "middle"


def test_nothing_to_teach_is_said_and_cannot_be_started(jobs):
    at = opened(MOVED)
    at.button_group(key="taught").set_value([]).run()
    assert "Choose at least one thing to teach." in said(at)
    assert button(at, "Start").disabled


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"taught": "foo"}, "taught is foo; it takes one of Soft targets, Hints"),
        ({"epochs": "0"}, "epochs is 0; it takes a whole number"),
        ({"seed": "-1"}, "seed is -1; it takes a whole number from 0"),
        ({"data": "foo"}, "data is foo; it takes one of"),
        ({"run": "nonsense"}, "There is no run nonsense"),
        ({"hint_layer": "first"}, "hint_layer is first; it takes one of last, middle"),
        ({"image": "9"}, "image is 9; it takes a whole number from 1 to 8"),
        ({"update": "x"}, "update is x; it takes a whole number from 0 on"),
        ({"relation": "hints"}, "relation is hints; it takes one of fsp, rkd, similarity"),
    ],
)
def test_a_bad_link_to_what_is_transferred_is_answered_in_a_sentence(jobs, query, sentence):
    assert sentence in said(opened(MOVED, **query))


@pytest.mark.parametrize("named", [True, False])
def test_a_finished_run_of_the_default_settings_is_shown_named_or_not(transferred, named):
    run = transferred()
    at = opened(MOVED, run=run.id if named else None, image="2", relation="rkd", update="50")
    data = inside_of(at)
    assert data["run"] == f"{run.id}-1"
    assert {name: history["steps"] for name, history in data["picture"]["methods"].items()} == {
        name: [0, 50, 100] for name in run.recipe.methods
    }
    assert data["wanted"] == {"response": None, "feature": None, "relation": "rkd", "image": 2, "update": 50}
    table = next(element.value for element in at.markdown if "KL to teacher" in element.value)
    assert table.count("87.50") == 2 * len(run.recipe.methods)
    assert "One seed is no verdict" in html(at)
    assert button(at, "Start").disabled


def test_an_interrupted_run_keeps_its_picture_and_has_no_table(transferred):
    run = transferred("interrupted")
    at = opened(MOVED, run=run.id)
    assert inside_of(at)["picture"]["methods"]["hints"]["steps"] == [0, 50, 100]
    assert not any("KL to teacher" in element.value for element in at.markdown)
    assert not button(at, "Start").disabled


def test_what_is_transferred_checks_what_a_browser_sends(monkeypatch):
    import streamlit as st

    from kdviz.widgets.pictures import inside

    query = {"image": "3"}
    monkeypatch.setattr(st, "query_params", query)
    for sent in ("x", {"image": "2"}, {"relation": "<b>"}, {"update": -1}, {"image": 1e99}, {"update": True}):
        query.update(image="3")
        monkeypatch.setattr(st, "session_state", {"inside": {"look": sent}})
        inside._keep()
        assert set(query) <= {"image"}
    monkeypatch.setattr(st, "session_state", {"inside": {"look": {"image": 4, "relation": "fsp", "update": 20}}})
    inside._keep()
    assert query == {"image": "4", "relation": "fsp", "update": "20"}


def test_a_pinned_run_stands_beside_another(keep):
    few, many = (Recipe.suited("digits", {"pretrained": True, **changes}) for changes in (FEW_LABELS, {}))
    keep(*(run_of(recipe, result=result_of(recipe, 1.0)) for recipe in (few, many)))
    at = opened(TRAIN, run=few.id)
    assert "Pinned" not in text(at)
    button(at, "Pin this run, to see another beside it").click().run()
    assert at.query_params["pinned"] == few.id
    assert "Pinned: 100 labels, T = 5, α = 0.9. Start another run" in text(at)
    at = opened(TRAIN, run=many.id, pinned=few.id)
    assert "Pinned: **100 labels, T = 5, α = 0.9**" in text(at)
    assert "The run above: **all labels, T = 5, α = 0.7**" in text(at)
    button(at, "Unpin").click().run()
    assert "pinned" not in at.query_params
    assert "The pinned run is not here" in text(opened(TRAIN, run=many.id, pinned="nonsense"))
