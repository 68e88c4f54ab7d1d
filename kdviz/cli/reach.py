"""Who can reach the app that is being started, who its presenter is, and how that is said."""

import io
import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import segno

from kdviz import settings
from kdviz.store.rights import KEY

ALL = "0.0.0.0"
_EVERYWHERE = {ALL: "localhost", "::": "localhost"}  # where a browser on this machine finds it then


def key_for(address: str, proxied: bool) -> str:
    """The presenter's key: the one that was given, else a new one where others than this machine's user come."""
    given = settings.NO_KEY if settings.needs_no_key() else settings.presenter_key()
    alone = address in settings.LOOPBACK and not proxied
    return given or ("" if alone else secrets.token_urlsafe(12))


def key_of_class(folder: Path, code: str, fresh: str) -> str:
    """The presenter's key of an open class: the one of its beginning, else `fresh`, which is kept until the next class.

    A server that is started again would lock its presenter out otherwise, in the middle of a lesson. Raises OSError.
    """
    path = folder / f"class-{code}.key"
    if path.exists() and (kept := path.read_text(encoding="utf-8", errors="replace").strip()):
        return kept
    for former in folder.glob("class-*.key"):
        former.unlink(missing_ok=True)
    with open(path, "w", encoding="utf-8", opener=settings.private) as file:
        file.write(fresh)
    return fresh


def in_network(address: str) -> str:
    """Where others of the network find what listens at `address`; "" where this machine is in none.

    Nothing is sent: the system is asked which of its addresses it would use for one elsewhere.
    """
    if address not in _EVERYWHERE:
        return address
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # an address that nobody has (RFC 5737)
        return str(probe.getsockname()[0])
    # Without a way out, as where this machine is the class's own network: its first address there.
    cards = psutil.net_if_addrs().values()
    own = (card.address for cards_own in cards for card in cards_own if card.family == socket.AF_INET)
    return next((other for other in own if not other.startswith("127.")), "")


def qr_code(text: str) -> str:
    """The text as a QR code of characters, light on dark as terminals are."""
    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(drawn, compact=True)
    return drawn.getvalue()


def class_in_words(seats: str) -> list[str]:
    """Where the seats of a class are, and how it ends."""
    return [
        f"The class is open. Its seats, for phones in the same network: {seats}",
        qr_code(seats),
        "On the stage of a page (key s), key q shows this code, saves what the class has sent, and ends the class.",
    ]


def start_page(address: str, port: int, base_path: str, origins: Sequence[str] = ()) -> str:
    """Where a browser finds the app: as a proxy shows it, else at this machine."""
    host = _EVERYWHERE.get(address, address)
    at = origins[0] if origins else f"http://{f'[{host}]' if ':' in host else host}:{port}"
    return f"{at}/{base_path}".rstrip("/") + "/"


def seats_page(address: str, port: int, base_path: str, origins: Sequence[str] = ()) -> str:
    """The same for browsers on other machines of the network, as far as this one is in a network."""
    return start_page(in_network(address) or address, port, base_path, origins)


def in_words(address: str, start: str, key: str, proxied: bool) -> list[str]:
    """A line about who reaches it, and one about the presenter."""
    own = address in settings.LOOPBACK
    if own and not key:
        return [
            "Only this machine reaches it, and whoever sits at it is its presenter; "
            "--address 0.0.0.0 lets the network in."
        ]
    proxy = ", and whoever a proxy on it lets through" if proxied else ""
    lines = [
        f"Only this machine reaches it{proxy}."
        if own
        else f"Whoever reaches this machine at {address} can open it: see that you know that network."
    ]
    if key == settings.NO_KEY:
        return [*lines, "All of them may stop and delete everything: KDVIZ_PRESENTER_KEY is none."]
    shown = "followed by the key of KDVIZ_PRESENTER_KEY" if settings.presenter_key() else ""
    opens = f"opens {start}?{KEY}={'' if shown else key} {shown}".rstrip()
    return [*lines, f"The presenter, who may also stop and delete what others started, {opens}"]
