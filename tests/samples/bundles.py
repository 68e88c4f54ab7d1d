"""Bundles taken apart, changed and put together again."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime
from functools import cache

import pytest

from kdviz.exports.bundles import BundleError, pack, unpack
from kdviz.recipes.single import Recipe
from kdviz.store.run import Run
from tests.samples.fake_training import progress, result

NOTE = "=1+1 <b>'''\n../../x"


@cache
def small():
    """A bundle of a few kilobytes, nothing of it trained."""
    when = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
    recipe = Recipe()
    run = Run(
        id=recipe.id,
        recipe=recipe,
        status="finished",
        created=when,
        started=when,
        finished=when,
        result=result(recipe, 3.0),
        tags=("a",),
        note=NOTE,
    )
    return pack(run, [progress(1, 2, 0.1), progress(2, 2, 0.2)], [])


def contents(bundle):
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def listed(files, **changes):
    """The files with a manifest that is true of them."""
    about = json.loads(contents(small())["manifest.json"])
    about["files"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)} for name, content in files.items()
    }
    return {"manifest.json": json.dumps({**about, **changes}).encode(), **files}


def changed(bundle, name, change, **manifest):
    """A bundle whose file `name` is another, with a manifest that is true of it."""
    files = contents(bundle)
    del files["manifest.json"]
    document = json.loads(files[name]) if name.endswith(".json") else files[name]
    new = change(document)
    files[name] = new if isinstance(new, bytes) else json.dumps(document if new is None else new).encode()
    return zipped(listed(files, **manifest))


def refused(bundle, match):
    with pytest.raises(BundleError, match=match) as caught:
        unpack(bundle)
    assert str(caught.value).endswith(("; nothing of it was taken.",))
    assert "\n" not in str(caught.value)
