"""Who looks at a page: a random id in their browser, and the presenter's key.

The id is a cookie that the server sets with the first page, and no script reads. Where a browser keeps none (a frame of
another site), or nobody sets it (`streamlit run app.py`), the session has an id of its own, until it is reloaded.
"""

import hashlib
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

import streamlit as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kdviz import settings
from kdviz.store.rights import KEY, Visitor, mark_of
from kdviz.widgets.asked import asks_for_page
from kdviz.widgets.lesson import sentence

_BROWSER = "kdviz_visitor"  # the cookie with the id
_YEAR = 365 * 86_400
_ID = re.compile(r"[\w-]{20,64}")
_SESSION, _GIVEN, _WRONG = "visitor_of_session", "presenter_of_session", "presenter_key_is_wrong"
_WAITS = "presenter_key_waits"
_ADDRESSES = 4096  # of which wrong keys are counted, the last ones
_FREE, _WAIT = 10, 10.0  # wrong keys, and then the seconds until the next one is looked at
_ROUNDS = 300_000  # a guess of a cookie costs who guesses a good part of a second
# What proxies add: whoever comes through one does not sit at this machine, whatever the address looks like.
_OF_PROXIES = ("forwarded", "x-forwarded", "x-real-ip", "x-proxy", "via")


class KeyTries:
    """Tries at the presenter's key, by network address: after some wrong ones each further one is waited for.

    Meanwhile a right key is not looked at either: else whoever guesses would learn as fast as before. Others who have
    the key need not wait for somebody who guesses.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # wrong ones, and until when none is looked at
        self._lock = threading.Lock()

    def look(self, given: str, address: str = "") -> bool | None:
        """Whether it is the key; None where it is not looked at yet. `address` is "" for this machine's own."""
        with self._lock:
            wrong, until = self._wrong.pop(address, (0, -1.0))
            if self._now() < until:
                self._wrong[address] = wrong, until
                return None
            right = _is_key(given)
            if not right:
                self._wrong[address] = wrong + 1, self._now() + _WAIT if wrong + 1 >= _FREE else -1.0
            while len(self._wrong) > _ADDRESSES:
                self._wrong.popitem(last=False)
            return right


@st.cache_resource(show_spinner=False)
def _tries() -> KeyTries:
    """Those of this server."""
    return KeyTries()


def who() -> Visitor:
    """Whoever looks at the page now. Presenters have shown the key, or sit at the machine that alone is served."""
    cookies, headers = st.context.cookies, st.context.headers
    browser = str(cookies.get(_BROWSER, ""))  # a test of pages has none
    if not _ID.fullmatch(browser):
        browser = st.session_state.setdefault(_SESSION, secrets.token_urlsafe(24))
    return Visitor(mark_of(browser), st.session_state.get(_GIVEN, False) or presents(cookies, headers))


def presents(cookies: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """Whether whoever sends these has shown the presenter's key, or needs none."""
    return _shows_key(cookies) or settings.needs_no_key() or _alone(headers)


def _alone(headers: Mapping[str, str]) -> bool:
    """Whether no key was set, this machine alone is listened to, and the browser speaks to it without a proxy."""
    if settings.presenter_key() or st.get_option("server.address") not in settings.LOOPBACK:
        return False
    host = urlsplit(f"//{headers.get('Host', '')}").hostname
    forwarded = any(name.lower().startswith(_OF_PROXIES) for name in headers)
    return not forwarded and (host is None or host in settings.LOOPBACK)  # a test of pages has no host


def take_key() -> None:
    """Take the key that the address of the page carries, for this session, out of the address."""
    given = st.query_params.get(KEY)
    if given is None:
        return
    del st.query_params[KEY]
    right = _tries().look(given, st.context.ip_address or "")
    st.session_state[_WAITS if right is None else _GIVEN if right else _WRONG] = True


def say_wrong_key() -> None:
    """That the key of the address was another, or is not looked at yet, once."""
    if st.session_state.pop(_WRONG, False):
        st.warning(sentence("runs", "wrong-key"), icon=":material/key_off:")
    if st.session_state.pop(_WAITS, False):
        st.warning(sentence("runs", "key-waits", seconds=f"{_WAIT:.0f}"), icon=":material/key_off:")


def _is_key(given: str) -> bool:
    key = settings.presenter_key()
    return key != "" and secrets.compare_digest(given.encode(), key.encode())


def _proof() -> tuple[str, str]:
    """Name and value of the cookie of a browser that has shown the key. Servers at other ports have other names."""
    value = _stretched(settings.presenter_key())
    return f"kdviz_presenter_{value[:8]}", value[8:]


@cache
def _stretched(key: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", key.encode(), b"kdviz presenter", _ROUNDS).hex()


def _shows_key(cookies: Mapping[str, str]) -> bool:
    if settings.presenter_key() == "":
        return False
    name, value = _proof()
    return secrets.compare_digest(str(cookies.get(name, "")).encode(), value.encode())


class Cookies:
    """ASGI middleware: gives each browser its id with the first page, and the presenter's the proof for the key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not asks_for_page(scope):
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        secure = "https" in (scope["scheme"], headers.get(b"x-forwarded-proto", ""))
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == KEY]
        if given and _tries().look(given[-1], _address(scope)):
            # The same page without the key: neither its address nor what it loads and links to shall carry it.
            rest = urlencode([(name, value) for name, value in query if name != KEY])
            page = scope["path"].rpartition("/")[2]  # relative, as a proxy may have taken a part of the path away
            place = f"./{page}{'?' if rest else ''}{rest}"
            fields = [(b"location", place.encode("latin-1")), (b"cache-control", b"no-store")]
            fields += [(b"set-cookie", _cookie(*_proof(), secure)), (b"referrer-policy", b"no-referrer")]
            await send({"type": "http.response.start", "status": 303, "headers": fields})
            await send({"type": "http.response.body", "body": b""})
            return

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                cookie = _cookie(_BROWSER, secrets.token_urlsafe(24), secure)
                message = {**message, "headers": [*message["headers"], (b"set-cookie", cookie)]}
            await send(message)

        known = _ID.fullmatch(_read(headers.get(b"cookie", "")))
        await self._app(scope, receive, send if known else with_id)


def _address(scope: Scope) -> str:
    """The network address of whoever asks; "" for this machine's own, as Streamlit has it."""
    host = (scope.get("client") or ("",))[0]
    return "" if host in settings.LOOPBACK else host


def _read(cookies: str) -> str:
    try:
        found = SimpleCookie(cookies).get(_BROWSER)
    except CookieError:
        return ""
    return "" if found is None else found.value


def _is_page(message: Message) -> bool:
    kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
    return message["status"] == 200 and any(kind.startswith(b"text/html") for kind in kinds)


def _cookie(name: str, value: str, secure: bool) -> bytes:
    """For the folder of the page, which is the app's: other apps of the same host do not get it."""
    return f"{name}={value}; Max-Age={_YEAR}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}".encode("latin-1")
