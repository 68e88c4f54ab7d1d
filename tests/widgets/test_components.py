"""What travels to the components: the words of all pictures once, then the data alone."""

from __future__ import annotations

import json

from streamlit import config
from streamlit.testing.v1 import AppTest

from kdviz.texts import lesson
from kdviz.widgets.components import NOT_INSTALLED


def script():
    from kdviz.widgets import components
    from kdviz.widgets.pictures import soft_targets

    components.send_words()
    picture = soft_targets.ShownLogits(class_names=("dog", "cat"), logits=(2.0, 1.0))
    soft_targets.race(key="race", picture=picture, temperature=3.0)


def test_words_travel_once_and_a_pictures_data_carry_none():
    at = AppTest.from_function(script).run()
    assert not at.exception, NOT_INSTALLED
    first = [element.proto.SerializeToString() for element in at.get("bidi_component")]
    words, race = [element.proto for element in at.get("bidi_component")]
    assert json.loads(words.bytes) == {"words": lesson.read("pictures").words, "language": "en"}
    race = json.loads(race.json)
    assert "words" not in race
    assert race["names"] == ["dog", "cat"]
    at.run()
    assert [element.proto.SerializeToString() for element in at.get("bidi_component")] == first
    # Of a message of this size that is the same as before, Streamlit sends the hash alone.
    assert len(first[0]) >= config.get_option("global.minCachedMessageSize")
