"""A run as one file to be taken elsewhere: a zip with its recipe, results, progress, students, script and cards.

Format 1. `manifest.json` names the format, the version that wrote it, and every other file with its size and SHA-256.
Reading goes by fixed names, in memory, with limits: nothing is unpacked to disk, and what does not fit is refused
whole. Torch-free.
"""

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, ValidationError

from kdviz import __version__
from kdviz.errors import PlainError
from kdviz.exports import results as exports
from kdviz.exports.documents import BundleError, damaged, document, names_only, refuse
from kdviz.exports.kinds import EXPORTS, check_events, check_result
from kdviz.exports.model_cards import CardError
from kdviz.recipes.base import ENGINE
from kdviz.records import weights
from kdviz.records.base import Record, TrainedStudent
from kdviz.records.kinds import ENDINGS, EVENT_TYPES, RECIPES, STORED_NAMES, AnyRecipe, Ending, Event
from kdviz.records.weights import WeightsError
from kdviz.store.annotations import tidy_note, tidy_tags
from kdviz.store.run import Bundle, Run
from kdviz.store.runs import RunStore

FORMAT = 1
MOST_FILES = 64
MOST_BYTES = 200_000_000  # of all files together
_MOST_TEXT = 64_000_000  # of a file that is read as JSON
_MANIFEST, _RUN, _EVENTS = "manifest.json", "run.json", "events.jsonl"
_ALLOWED = re.compile(
    r"manifest\.json|run\.json|events\.jsonl|MODEL_CARD\.md|repeat\.py|results\.(csv|parquet|json)"
    r"|students/[a-z0-9-]{1,60}\.(safetensors|onnx)"
)
Valid = TypeVar("Valid")

# What `zipfile` says of a file that is no zip, or none any more.
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError, OverflowError)

__all__ = ["Bundle", "BundleError", "pack", "pack_stored", "unpack"]


class _KeptStudent(Record):
    """A student in `run.json`."""

    name: str
    architecture: str


class _RunFile(Record):
    """`run.json`, whose recipe and result are looked at apart."""

    id: str
    recipe: dict[str, Any]
    status: Literal["finished", "cancelled"]
    result: dict[str, Any] | None
    tags: list[str]
    note: str
    created: AwareDatetime
    started: AwareDatetime | None
    finished: AwareDatetime | None
    students: list[_KeptStudent]


def pack(
    run: Run, events: Sequence[Event], students: Sequence[TrainedStudent], onnx: Mapping[str, bytes] | None = None
) -> bytes:
    """The bundle of a run that is over; `onnx` are ONNX files by their students' names. Raises BundleError."""
    if run.live:
        raise BundleError(f"Run {run.id} is still under way; a bundle is made of a run that is over.")
    files: dict[str, bytes] = {
        _RUN: _run_file(run, students).model_dump_json(indent=2).encode(),
        _EVENTS: b"".join(map(_line, events)),
        "repeat.py": exports.script(run.recipe, run.result.threads if run.result else None).encode(),
        **{_file(student.name, "safetensors"): student.weights for student in students},
        **{_file(name, "onnx"): content for name, content in (onnx or {}).items()},
    }
    if run.result is not None:
        files |= {
            "results.csv": exports.as_csv(run),
            "results.parquet": exports.as_parquet(run),
            "results.json": exports.as_json(run),
        }
    cards = [card for card in (_card(run, student.name) for student in students) if card]
    if cards:
        files["MODEL_CARD.md"] = "\n---\n\n".join(cards).encode()
    if len(files) >= MOST_FILES or sum(map(len, files.values())) > MOST_BYTES:
        raise BundleError(
            f"Run {run.id} is too large for a bundle, which takes {MOST_BYTES // 1_000_000} MB; leave ONNX files out."
        )
    return _zip({_MANIFEST: _manifest(files), **files})


def pack_stored(store: RunStore, run: Run, onnx: Mapping[str, bytes] | None = None) -> bytes:
    """The bundle of a run with all that the store has of it. Raises BundleError."""
    events = store.events(run.id)
    before = [part for part in store.finished(run.id) if part not in events]  # of an attempt before the last one
    students = [store.student(run.id, name) for name in store.students(run.id)]
    return pack(run, [*before, *events], [student for student in students if student], onnx)


def unpack(content: bytes) -> Bundle:
    """Read a bundle. Raises BundleError: it is taken whole or not at all."""
    files = _files(content)
    run_file = _validated(_RunFile.model_validate, document(files[_RUN]))
    recipe, result = _recipe(run_file), None
    if (run_file.result is None) is (run_file.status == "finished"):
        raise refuse("The bundle's result is not that of its recipe")
    if run_file.result is not None:
        names_only(run_file.result)
        result = _validated(ENDINGS.validate_python, run_file.result, "The bundle's result is not that of its recipe")
        check_result(recipe, result)
    events = tuple(_event(line) for line in files[_EVENTS].splitlines())
    check_events(recipe, events)
    students = _students(recipe, run_file, files)
    return Bundle(_run(run_file, recipe, result), events, students)


def _run_file(run: Run, students: Sequence[TrainedStudent]) -> _RunFile:
    return _RunFile(
        **run.model_dump(mode="json", include=_RunFile.model_fields.keys() - {"status", "students"}),
        status="finished" if run.result else "cancelled",
        students=[_KeptStudent(name=student.name, architecture=student.architecture) for student in students],
    )


def _run(run_file: _RunFile, recipe: AnyRecipe, result: Ending | None) -> Run:
    try:
        tags, note = tidy_tags(run_file.tags), tidy_note(run_file.note)
    except PlainError as error:
        raise refuse(f"The bundle's tags or note are too long ({str(error).rstrip('.')})") from None
    times = {name: getattr(run_file, name) for name in ("created", "started", "finished")}
    if any(time is not None and not 2000 <= time.year < 2200 for time in times.values()):
        raise refuse("The bundle's times cannot be")
    return Run(id=recipe.id, recipe=recipe, status=run_file.status, result=result, tags=tags, note=note, **times)


def _recipe(run_file: _RunFile) -> AnyRecipe:
    recipe = _validated(RECIPES.validate_python, run_file.recipe, "The bundle's recipe cannot be run")
    if recipe.id != run_file.id:
        raise refuse("The bundle's recipe is not that of its run")
    return recipe


def _line(event: Event) -> bytes:
    named = {"kind": STORED_NAMES[type(event)], "event": event.model_dump(mode="json")}
    return json.dumps(named, ensure_ascii=True, allow_nan=False).encode() + b"\n"


def _event(line: bytes) -> Event:
    named = document(line)
    if not isinstance(named, dict) or named.keys() != {"kind", "event"} or str(named["kind"]) not in EVENT_TYPES:
        raise refuse("The bundle holds a file that cannot be read")
    names_only(named)
    validate: Callable[[Any], Event] = EVENT_TYPES[str(named["kind"])].model_validate
    return _validated(validate, named["event"])


def _validated(
    validate: Callable[[Any], Valid], content: Any, problem: str = "The bundle holds a file that cannot be read"
) -> Valid:
    try:
        return validate(content)
    except ValidationError:
        raise refuse(problem) from None


def _students(recipe: AnyRecipe, run_file: _RunFile, files: Mapping[str, bytes]) -> tuple[TrainedStudent, ...]:
    possible = EXPORTS[type(recipe)].students(recipe)
    students: dict[str, TrainedStudent] = {}
    try:
        for kept in run_file.students:
            content = files.get(_file(kept.name, "safetensors"), b"")
            if kept.architecture not in possible.get(kept.name, ()):
                raise WeightsError(kept.name)
            weights.check(content, kept.architecture)
            students[kept.name] = TrainedStudent(**kept.model_dump(), weights=content)
        if not len(students) == len(run_file.students) == sum(name.endswith(".safetensors") for name in files):
            raise WeightsError("There are others.")
    except WeightsError:
        raise refuse("The bundle's students are not those of its recipe") from None
    return tuple(students.values())


def _file(student: str, ending: str) -> str:
    return f"students/{re.sub(r'[^a-z0-9]+', '-', student.lower()).strip('-')}.{ending}"


def _card(run: Run, name: str) -> str:
    try:
        return exports.model_card(run, name)
    except CardError:  # the run did not get as far as a result
        return ""


def _manifest(files: Mapping[str, bytes]) -> bytes:
    listed = {name: {"sha256": _digest(content), "size": len(content)} for name, content in files.items()}
    about = {"kdviz": "bundle", "format": FORMAT, "version": __version__, "engine": ENGINE, "files": listed}
    return json.dumps(about, indent=2).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _zip(files: Mapping[str, bytes]) -> bytes:
    """Equal files, equal bytes: no file has a time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _files(content: bytes) -> dict[str, bytes]:
    """The files that are read, checked against the manifest. Raises BundleError."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _checked(archive)
    except _BROKEN:
        is_zip = content[:4] == b"PK\x03\x04"
        raise damaged() if is_zip else refuse("The file is no bundle of kdviz") from None


def _checked(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = {entry.filename: entry for entry in archive.infolist()}
    if _MANIFEST not in entries:
        raise refuse("The file is no bundle of kdviz")
    whole = sum(entry.file_size for entry in archive.infolist())
    if len(archive.infolist()) > MOST_FILES or whole > MOST_BYTES:
        raise refuse(f"The bundle is too large: it takes up to {MOST_FILES} files and {MOST_BYTES // 1_000_000} MB")
    listed = _listed(_read(archive, entries[_MANIFEST]))
    if len(entries) != len(archive.infolist()) or not all(map(_ALLOWED.fullmatch, entries)):
        raise refuse("The bundle holds a file that does not belong there")
    if entries.keys() != {_MANIFEST, *listed} or not {_RUN, _EVENTS} <= listed.keys():
        raise damaged()
    files: dict[str, bytes] = {}
    for name, facts in listed.items():
        read = _read(archive, entries[name])
        if facts != {"sha256": _digest(read), "size": len(read)}:
            raise damaged()
        if name in (_RUN, _EVENTS) or name.endswith(".safetensors"):
            files[name] = read
    if max(len(files[name]) for name in (_RUN, _EVENTS)) > _MOST_TEXT:
        raise refuse("The bundle is too large")
    return files


def _listed(manifest: bytes) -> dict[str, Any]:
    """The files that the manifest names, once format and engine are known to be this version's."""
    about = document(manifest)
    if not isinstance(about, dict) or about.get("kdviz") != "bundle":
        raise refuse("The file is no bundle of kdviz")
    written, engine, listed = about.get("format"), about.get("engine"), about.get("files")
    if type(written) is not int or type(engine) is not int:
        raise damaged()
    if written > FORMAT or engine > ENGINE:
        raise refuse("The bundle comes from a newer version of kdviz")
    if written < FORMAT or engine < ENGINE:
        raise refuse("The bundle comes from an older version of kdviz, whose runs this one would not repeat")
    if not isinstance(listed, dict):
        raise damaged()
    return listed


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A file of the archive, no longer than it says it is. Raises what `zipfile` raises."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
        raise damaged()
    with archive.open(entry) as file:
        return file.read(entry.file_size)
