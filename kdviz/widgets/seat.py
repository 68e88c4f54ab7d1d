"""The seat of a class: a page of its own for phones, without a session of Streamlit, and what its browser trains with.

The page is `kdviz/components/seat/page.html`; in it stand the words of all pictures and the colours of both themes,
which elsewhere Streamlit brings.
"""

import json
from asyncio import to_thread
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from kdviz import settings
from kdviz.charts.palette import Theme, colours
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.store import playground
from kdviz.texts import lesson as lesson_text
from kdviz.widgets.media import GZIP

_PAGE = Path(__file__).parents[1] / "components" / "seat" / "page.html"
_RED: dict[Theme, str] = {"light": "#bd4043", "dark": "#ff6c6c"}  # of Streamlit's themes, which ours leave as it is
_KEPT = {"cache-control": "public, max-age=86400"}


def page() -> str:
    """The seat's HTML in the language of the app."""
    words = dict(lesson_text.read("pictures").words)
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        language=escape(settings.language()),
        title=escape(words["seat-name"]),
        light=_variables("light"),
        dark=_variables("dark"),
        words=json.dumps(words, ensure_ascii=False).replace("<", "\\u003c"),
    )


@cache
def _variables(theme: Theme) -> str:
    """What Streamlit tells components of a theme, as custom properties."""
    told = colours(theme)
    variables = {
        "text-color": told["textColor"],
        "background-color": told["backgroundColor"],
        "secondary-background-color": told["secondaryBackgroundColor"],
        "chart-categorical-colors": ",".join(told["chartCategoricalColors"]),
        "red-color": _RED[theme],
    }
    return " ".join(f"--st-{name}: {value};" for name, value in variables.items())


async def _seat(_request: Request) -> Response:
    return HTMLResponse(page(), headers={"cache-control": "no-cache"})


async def _pack(request: Request) -> Response:
    path = playground.path_of(_data_of(request))
    if not path.exists():  # nobody has opened the playground with it yet
        raise HTTPException(404)
    return FileResponse(path, media_type=GZIP, headers=_KEPT)


async def _weights(request: Request) -> Response:
    return Response(await to_thread(_weights_of, _data_of(request)), media_type=GZIP, headers=_KEPT)


def _data_of(request: Request) -> str:
    """The data set that the address names. Raises HTTPException where it has no trained teacher."""
    data: str = request.path_params["data"]
    if data not in SHIPPED_TEACHERS:
        raise HTTPException(404)
    return data


@cache  # a class asks for them all at once
def _weights_of(data: str) -> bytes:
    return playground.weights(data)


SEAT_ROUTES = (
    Route("/seat", _seat),
    Route("/class/pack/{data}.gz", _pack),
    Route("/class/weights/{data}.gz", _weights),
)
