"""The channel of a class: what the stage shows reaches every seat, what seats send reaches the stage, and no more."""

import asyncio
import base64
import csv
import gzip
import hashlib
import io
import json

import pytest
from starlette.applications import Starlette

from kdviz.store import classes
from kdviz.store.classes import ClassStore
from kdviz.store.database import StoreError
from kdviz.widgets.base_path import under
from kdviz.widgets.classroom import question, room, routes
from kdviz.widgets.classroom.routes import Classroom
from tests.samples.asynchronous import run
from tests.samples.sockets import OWN, request, socket

SEAT = "class/live?seat=seat-{:016d}"
STAGE = "/class/live?role=stage"
GUESS = {"page": "soft_targets", "title": "Hard labels", "sentence": "What?", "talk": "two", "scene": 1, "T": "4.00"}
LOSS = {"page": "loss", "title": "The loss", "sentence": "Two voices."}
DRAWING = base64.b64encode(bytes(784)).decode()
TRAINED = {"T": 4, "alpha": 0.9, "accuracy": 0.8, "plain": 0.7, "updates": 500}


@pytest.fixture(autouse=True)
def anybody_presents(monkeypatch):
    monkeypatch.setenv("KDVIZ_PRESENTER_KEY", "none")


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """The first scene of any talk asks one question."""
    ask = {"scene": 1, "key": "two/1", "question": "Which?", "choices": ["a 1", "a 7"], "closed": False, "truth": None}
    monkeypatch.setattr(room, "question_of", lambda show: ask if show.scene == 1 else None)
    return ask


@pytest.fixture
def store(tmp_path):
    made = ClassStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield made
    made.close()


def server(store, base=""):
    return Starlette(routes=under(base, Classroom(lambda: store).routes()))


def seat(app, number=1, rest=""):
    return socket(app, f"/{SEAT.format(number)}{rest}")


def test_a_seat_follows_the_stage(store):
    code = store.begin()

    async def lesson():
        app = server(store)
        async with socket(app, STAGE) as stage, seat(app) as pupil:
            assert (await pupil.hear())["show"] is None
            await stage.say({"show": LOSS})
            told = await pupil.hear()
            assert (told["class"], told["show"]["page"], told["ask"]) == (code, "loss", None)
            for T in ("4.00", "5.00", "6.00"):  # dragged
                await stage.say({"show": {**LOSS, "T": T}})
            last = await pupil.hear(lambda told: told["show"]["T"] == "6.00")
            assert last["revision"] == 4
        async with seat(app, 2, f"&class={code.lower()}") as late:
            assert (await late.hear())["show"]["T"] == "6.00", "whoever comes late is told all at once"

    run(lesson())


def test_seats_of_another_server_follow_as_well_and_a_new_server_goes_on(store):
    store.begin()

    async def lesson():
        one, other = server(store), server(store)
        async with socket(one, STAGE) as stage, seat(other) as pupil:
            await stage.say({"show": GUESS})
            told = await pupil.hear(lambda told: told["show"] is not None)
            assert told["ask"]["question"] == "Which?"
            await pupil.say({"answer": {"scene": 1, "choice": 1}})
            assert (await stage.hear(lambda told: told["counts"] == [0, 1]))["seats"] == 1
            await stage.say({"poll": {"closed": True, "truth": {"choice": 1, "says": "A 7."}}})
            assert (await pupil.hear(lambda told: told["ask"]["closed"]))["ask"]["counts"] == [0, 1]
        restarted = server(store)
        async with socket(restarted, STAGE) as stage, seat(restarted) as pupil:
            await stage.say({"show": {**GUESS, "T": "6.00"}})
            told = await pupil.hear(lambda told: told["show"]["T"] == "6.00")
            assert told["ask"]["truth"] == {"choice": 1, "says": "A 7."}, "the question stays answered"

    run(lesson())


def test_an_answer_counts_once_and_only_while_it_is_asked(store):
    code = store.begin()

    async def lesson():
        app = server(store)
        async with socket(app, STAGE) as stage, seat(app) as anna, seat(app, 2) as ben:
            await stage.say({"show": GUESS})
            for pupil in (anna, ben):
                await pupil.hear(lambda told: told["ask"] is not None)
            for choice in (0, 1):  # a change of mind
                await anna.say({"answer": {"scene": 1, "choice": choice}})
            await ben.say({"answer": {"scene": 1, "choice": 1}})
            await ben.say({"answer": {"scene": 2, "choice": 0}})
            await ben.say({"answer": {"scene": 1, "choice": 7}})
            assert (await stage.hear(lambda told: told["counts"] == [0, 2]))["seats"] == 2
            await stage.say({"poll": {"closed": True}})
            await ben.hear(lambda told: told["ask"]["closed"])
            await ben.say({"answer": {"scene": 1, "choice": 0}})
            await ben.say({"ping": 1})
            await ben.hear(lambda told: "pong" in told)
            assert [post.body for post in store.posts(code)] == ["1", "1"]

    run(lesson())


def test_the_stage_is_told_what_is_new_and_all_of_it_in_another_scene(store):
    store.begin()

    async def lesson():
        app = server(store)
        async with socket(app, STAGE) as stage, seat(app) as anna, seat(app, 2) as ben:
            await stage.say({"show": LOSS})
            await anna.hear(lambda told: told["show"] is not None)
            await anna.say({"drawing": {"pixels": DRAWING}})
            first = await stage.hear(lambda told: told["drawings"])
            await ben.hear(lambda told: told["show"] is not None)
            await ben.say({"point": {"points": [TRAINED]}})
            second = await stage.hear(lambda told: told["points"])
            numbers = [post["seat"] for post in (*first["drawings"], *second["points"])]
            assert sorted(numbers) == ["1", "2"], "by numbers, not by what their browsers are called"
            assert (second["drawings"], second["fresh"]) == ([], False)
            assert second["points"][0]["points"] == [TRAINED]
            await stage.say({"show": GUESS})
            there = await stage.hear(lambda told: told["fresh"])
            assert (there["drawings"], there["points"], there["counts"]) == ([], [], [0, 0])
            await stage.say({"show": LOSS})
            back = await stage.hear(lambda told: told["fresh"])
            assert (len(back["drawings"]), len(back["points"])) == (1, 1)

    run(lesson())


async def closed(connection, said=None):
    """Code and reason by which a connection ends."""
    async with connection as end:
        if said is not None:
            await end.say(said)
        with pytest.raises(ConnectionError) as caught:
            await end.hear(lambda told: False)
    return caught.value.args


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("no JSON", routes.UNREADABLE),
        ({"show": LOSS}, routes.UNREADABLE),  # which only a stage may say
        ({"answer": {"scene": 1, "choice": -1}}, routes.UNREADABLE),
        ({"drawing": {"pixels": DRAWING[:-4]}}, routes.UNREADABLE),
        ({"point": {"points": [{**TRAINED, "accuracy": 1.5}]}}, routes.UNREADABLE),
        ({"point": {"points": [TRAINED] * 9}}, routes.UNREADABLE),
        ({"ping": 1, "more": "x" * 5000}, routes.UNREADABLE),
    ],
)
def test_what_cannot_be_read_closes_this_connection_alone(store, said, code):
    store.begin()

    async def lesson():
        app = server(store)
        async with seat(app, 2) as other:
            await other.hear()
            closing, reason = await closed(seat(app), said)
            assert closing == code
            assert reason
            await other.say({"ping": 1})
            assert await other.hear(lambda told: "pong" in told)

    run(lesson())


def test_too_many_messages_close_a_connection(store):
    store.begin()

    async def flood():
        app = server(store)
        async with seat(app) as pupil:
            for _ in range(60):
                await pupil.say({"ping": 1})
            with pytest.raises(ConnectionError, match=str(routes.TOO_MUCH)):
                await pupil.hear(lambda told: False)

    run(flood())


def test_who_does_not_belong_is_told_so(store, monkeypatch):
    async def lesson():
        app = server(store)
        assert (await closed(seat(app)))[0] == routes.GONE
        code = store.begin()
        assert (await closed(seat(app, rest="&class=ZZZZ")))[0] == routes.GONE
        assert (await closed(socket(app, "/class/live?seat=short")))[0] == routes.UNREADABLE
        foreign = {**OWN, "origin": "https://elsewhere.example.org"}
        assert (await closed(socket(app, STAGE, foreign)))[0] == routes.FORBIDDEN
        monkeypatch.setenv("KDVIZ_PRESENTER_KEY", "green-42-horse")
        assert (await closed(socket(app, STAGE)))[0] == routes.FORBIDDEN
        assert (await request(app, "POST", "/class/data", b"{}"))[0] == 403
        monkeypatch.setattr(classes, "MOST_SEATS", 0)
        assert (await closed(seat(app)))[0] == routes.FULL
        assert store.seats(code) == 0

    run(lesson())


def test_the_end_is_told_to_all_and_leaves_nothing(store):
    code = store.begin()

    async def lesson():
        app = server(store)
        async with socket(app, STAGE) as stage, seat(app) as pupil:
            await pupil.hear()  # it sits: who comes as the class ends finds none
            await stage.say({"show": LOSS, "end": True})
            for end in (stage, pupil):
                with pytest.raises(ConnectionError, match=str(routes.ENDED)):
                    await end.hear(lambda told: False)
        assert (await closed(seat(app)))[0] == routes.GONE

    run(lesson())
    assert store.state(code) is None


def test_data_of_components_are_kept_by_what_is_in_them(store, monkeypatch):
    store.begin()
    body = json.dumps({"bars": [1] * 2000}).encode()

    async def lesson():
        app = server(store, "/lab/kdviz/")
        status, _, answer = await request(app, "POST", "/lab/kdviz/class/data", body)
        digest = hashlib.sha256(body).hexdigest()
        assert (status, json.loads(answer)) == (200, {"hash": digest})
        status, headers, answer = await request(app, "GET", f"/lab/kdviz/class/data/{digest}")
        assert (status, headers["content-encoding"], gzip.decompress(answer)) == (200, "gzip", body)
        assert "immutable" in headers["cache-control"]
        assert len(answer) < len(body) / 10
        assert (await request(app, "GET", "/lab/kdviz/class/data/nothing"))[0] == 404
        monkeypatch.setattr(routes, "MOST_DATA", 10)
        assert (await request(app, "POST", "/lab/kdviz/class/data", body))[0] == 413

    run(lesson())


def test_the_presenter_alone_is_told_where_the_seats_are_and_saves_what_they_sent(store, monkeypatch):
    code = store.begin()
    for number, choice in enumerate((1, 0), 1):
        seat_id = f"seat-{number:016d}"
        store.arrive(code, seat_id)
        store.post(code, seat_id, "two/1", "answer", str(choice))
    store.post(code, seat_id, "loss", "drawing", json.dumps({"pixels": DRAWING}))
    store.post(code, seat_id, "playground", "point", json.dumps({"points": [TRAINED, TRAINED]}))

    async def lesson():
        app = server(store)
        _, _, answer = await request(app, "GET", "/class/now?at=http://localhost:8501/lab/")
        now = json.loads(answer)
        assert (now["code"], now["address"]) == (code, f"http://localhost:8501/lab/seat?class={code}")
        assert now["qr"].startswith("data:image/svg+xml")
        monkeypatch.setenv("KDVIZ_CLASS_ADDRESS", "http://192.168.1.7:8501/")
        _, _, answer = await request(app, "GET", "/class/now?at=http://localhost:8501/")
        assert json.loads(answer)["address"] == f"http://192.168.1.7:8501/seat?class={code}"
        status, headers, answer = await request(app, "GET", f"/class/saved.csv?class={code}")
        rows = list(csv.DictReader(io.StringIO(answer.decode())))
        assert (status, headers["content-disposition"]) == (200, f'attachment; filename="class-{code}.csv"')
        assert [row["kind"] for row in rows] == ["answer", "answer", "drawing", "point", "point"]
        assert [(row["seat"], row["talk"], row["scene"], row["choice"]) for row in rows[:2]] == [
            ("1", "two", "1", "2"),
            ("2", "two", "1", "1"),
        ]
        assert rows[2]["pixels"] == "00" * 784
        assert (rows[3]["page"], rows[3]["T"], rows[3]["accuracy"]) == ("playground", "4", "0.8")
        assert "seat-" not in answer.decode()
        monkeypatch.setenv("KDVIZ_PRESENTER_KEY", "green-42-horse")
        assert json.loads((await request(app, "GET", "/class/now"))[2]) == {}
        assert (await request(app, "GET", "/class/saved.csv"))[0] == 403

    run(lesson())


def test_a_seat_with_two_connections_is_there_until_both_are_gone(store, monkeypatch):
    code = store.begin()

    async def lesson():
        app = server(store)
        async with seat(app) as pupil:
            async with seat(app) as again:
                await asyncio.gather(pupil.hear(), again.hear())
            await asyncio.sleep(0)
            assert store.seats(code) == 1
            monkeypatch.setattr(room, "MOST_OF_A_SEAT", 1)
            assert (await closed(seat(app)))[0] == routes.FULL
        assert store.seats(code) == 0

    run(lesson())


def test_a_database_that_is_away_for_a_moment_costs_a_seat_nothing(store, monkeypatch):
    store.begin()
    state, away = ClassStore.state, iter([True, True])

    def locked(self, code):
        if next(away, False):
            raise StoreError("The run store is locked.")
        return state(self, code)

    async def lesson():
        app = server(store)
        async with seat(app) as pupil:
            await pupil.hear()
            monkeypatch.setattr(ClassStore, "state", locked)
            async with socket(server(store), STAGE) as stage:
                await stage.say({"ping": 1})
                await stage.hear(lambda told: "pong" in told)
            store.show(store.open_code(), json.dumps(LOSS), None)
            assert (await pupil.hear(lambda told: told["show"] is not None))["show"]["page"] == "loss"

    run(lesson())


def test_no_talk_no_question():
    show = routes.messages.Show(**{**GUESS, "talk": "six-hours"})
    assert question.question_of(show) is None
