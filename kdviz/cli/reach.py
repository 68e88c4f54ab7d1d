"""Who can reach the app that is being started, who its presenter is, and how that is said."""

import secrets
from collections.abc import Sequence

from kdviz import settings
from kdviz.store.rights import KEY

_EVERYWHERE = {"0.0.0.0": "localhost", "::": "localhost"}  # where a browser on this machine finds it then


def key_for(address: str, proxied: bool) -> str:
    """The presenter's key: the one that was given, else a new one where others than this machine's user come."""
    given = settings.NO_KEY if settings.needs_no_key() else settings.presenter_key()
    alone = address in settings.LOOPBACK and not proxied
    return given or ("" if alone else secrets.token_urlsafe(12))


def start_page(address: str, port: int, base_path: str, origins: Sequence[str] = ()) -> str:
    """Where a browser finds the app: as a proxy shows it, else at this machine."""
    host = _EVERYWHERE.get(address, address)
    at = origins[0] if origins else f"http://{f'[{host}]' if ':' in host else host}:{port}"
    return f"{at}/{base_path}".rstrip("/") + "/"


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
