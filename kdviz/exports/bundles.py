"""A run as one file to be taken elsewhere: a zip with its recipe, results, progress, students, script and cards.

Students are the run's own, and those that were made smaller afterwards (format 2; without any it is format 1, which
earlier versions read). `manifest.json` names the format, the version that wrote it, and every other file with its size
and SHA-256. Reading goes by fixed names, in memory, piece by piece and with limits, of which each is looked at before
memory is spent: nothing is unpacked to disk, and what does not fit is refused whole. Torch-free.
"""

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from kdviz import __version__
from kdviz.errors import PlainError
from kdviz.exports import results as exports
from kdviz.exports.checks import is_measured
from kdviz.exports.documents import BundleError, damaged, document, names_only, refuse, sentences_only
from kdviz.exports.kinds import EXPORTS, check_events, check_result
from kdviz.exports.model_cards import CardError
from kdviz.recipes.base import ENGINE
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.records import weights
from kdviz.records.base import Record, TrainedStudent
from kdviz.records.compressed import CompressedStudent
from kdviz.records.kinds import ENDINGS, EVENT_TYPES, RECIPES, STORED_NAMES, AnyRecipe, Ending, Event
from kdviz.records.weights import WeightsError
from kdviz.store.annotations import tidy_note, tidy_tags
from kdviz.store.run import Bundle, Run
from kdviz.store.runs import RunStore

FORMAT, OLDEST = 2, 1
MOST_FILES = 64
MOST_BYTES = 200_000_000  # of all files together
# Twenty times what the Explorer's default sweep reports, which is the most that a page trains unasked.
MOST_EVENTS = 16_000
MOST_VALUES = 2_000_000  # figures in `run.json`, and in all events together
_MOST_TEXT = 24_000_000  # bytes of a file that is read as JSON
_MOST_LINE = 2_000_000  # bytes of an event
_MOST_LISTED = 100_000  # bytes of the manifest, and of the zip's own directory
# How much may come out of a small file: curves shrink to a tenth when they are packed, weights hardly at all.
_FREE, _MOST_SHRUNK, _MOST_SHRUNK_WEIGHTS = 8_000_000, 25, 2
_LARGEST_STUDENT = max(network.bytes for network in ARCHITECTURES.values()) + weights.LONGEST_HEADER
_PIECE = 65_536  # bytes that are read at a time
_END, _END_BYTES, _LARGER_END, _LARGER_END_BYTES = b"PK\x05\x06", 22, b"PK\x06\x07", 20  # of the zip's directory
_MANIFEST, _RUN, _EVENTS = "manifest.json", "run.json", "events.jsonl"
_ALLOWED = re.compile(
    r"manifest\.json|run\.json|events\.jsonl|MODEL_CARD\.md|repeat\.py|results\.(csv|parquet|json)"
    r"|students/[a-z0-9-]{1,99}\.(safetensors|onnx)"
)
Valid = TypeVar("Valid")

# What `zipfile` says of a file that is no zip, or none any more.
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError, OverflowError)

__all__ = ["Bundle", "BundleError", "pack", "pack_stored", "unpack"]


class _KeptStudent(Record):
    """A student in `run.json`."""

    name: str
    architecture: str


class _CompressedFacts(BaseModel):
    """What is needed of a compressed student in `run.json` to read its weights."""

    learnt: _KeptStudent


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
    # Without weights, which have files of their own. A bundle without any is as versions made it that knew of none.
    compressed: list[dict[str, Any]] = Field([], exclude_if=lambda compressed: not compressed)


def pack(
    run: Run,
    events: Sequence[Event],
    students: Sequence[TrainedStudent],
    onnx: Mapping[str, bytes] | None = None,
    compressed: Sequence[CompressedStudent] = (),
) -> bytes:
    """The bundle of a run that is over; `onnx` are ONNX files by their students' names. Raises BundleError."""
    if run.live:
        raise BundleError(f"Run {run.id} is still under way; a bundle is made of a run that is over.")
    files: dict[str, bytes] = {
        _RUN: _run_file(run, students, compressed).model_dump_json(indent=2).encode(),
        _EVENTS: b"".join(map(_line, events)),
        "repeat.py": exports.script(run.recipe, run.result.threads if run.result else None).encode(),
        **{_file(student.name, "safetensors"): student.weights for student in students},
        **{_file(made.learnt.name, "safetensors"): made.learnt.weights for made in compressed},
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
            f"Run {run.id} is too large for a bundle, which takes {MOST_FILES} files and {MOST_BYTES // 1_000_000} MB"
            f"{'; leave ONNX files out' if onnx else ''}."
        )
    texts = files[_RUN], files[_EVENTS]
    if len(events) > MOST_EVENTS or any(len(text) > _MOST_TEXT or _values(text) > MOST_VALUES for text in texts):
        raise BundleError(
            f"Run {run.id} has said too much for a bundle, which takes {MOST_EVENTS:,} reports and {MOST_VALUES:,} "
            "figures; its results can be had as CSV, Parquet and JSON."
        )
    return _zip({_MANIFEST: _manifest(files, FORMAT if compressed else OLDEST), **files})


def pack_stored(store: RunStore, run: Run, onnx: Mapping[str, bytes] | None = None) -> bytes:
    """The bundle of a run with all that the store has of it. Raises BundleError."""
    events = store.events(run.id)
    before = [part for part in store.finished(run.id) if part not in events]  # of an attempt before the last one
    students = [store.student(run.id, name) for name in store.students(run.id)]
    return pack(run, [*before, *events], [student for student in students if student], onnx, store.compressed(run.id))


def unpack(content: bytes) -> Bundle:
    """Read a bundle. Raises BundleError: it is taken whole or not at all."""
    with _opened(content) as archive:
        listed = _checked(archive, len(content))
        files = {name: _read(archive, name, facts) for name, facts in listed.items() if name != _EVENTS}
        lines = _lines(archive, listed[_EVENTS])
        return _bundle(files, lines)


def _bundle(files: Mapping[str, bytes], lines: Iterator[bytes]) -> Bundle:
    run_file = _validated(_RunFile.model_validate, document(files[_RUN]))
    recipe, result = _recipe(run_file), None
    if (run_file.result is None) is (run_file.status == "finished"):
        raise refuse("The bundle's result is not that of its recipe")
    if run_file.result is not None:
        names_only(run_file.result)
        result = _validated(ENDINGS.validate_python, run_file.result, "The bundle's result is not that of its recipe")
        check_result(recipe, result)
    events = tuple(_events(recipe, lines))
    number = len(run_file.students) + len(run_file.compressed)
    if number != sum(name.endswith(".safetensors") for name in files):
        raise _not_its_students()
    students, compressed = _students(recipe, run_file, files), _compressed(recipe, run_file, files)
    if len({student.name for student in (*students, *(made.learnt for made in compressed))}) != number:
        raise _not_its_students()
    return Bundle(_run(run_file, recipe, result), events, students, compressed)


def _events(recipe: AnyRecipe, lines: Iterator[bytes]) -> Iterator[Event]:
    """The events as they are read: the first that is too much, or that is none of the recipe's, ends it."""
    values = 0
    for number, line in enumerate(lines):
        values += _values(line)
        if number >= MOST_EVENTS or values > MOST_VALUES:
            raise refuse(f"The bundle is too large: it takes up to {MOST_EVENTS:,} reports and {MOST_VALUES:,} figures")
        event = _event(line)
        check_events(recipe, [event])
        yield event


def _run_file(run: Run, students: Sequence[TrainedStudent], compressed: Sequence[CompressedStudent]) -> _RunFile:
    told = _RunFile.model_fields.keys() - {"id", "status", "students", "compressed"}
    return _RunFile(
        **run.model_dump(mode="json", include=told),
        id=run.recipe.id,
        status="finished" if run.result else "cancelled",
        students=[_KeptStudent(name=student.name, architecture=student.architecture) for student in students],
        compressed=[made.model_dump(mode="json", exclude={"learnt": {"weights"}}) for made in compressed],
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
    if any(kept.architecture not in possible.get(kept.name, ()) for kept in run_file.students):
        raise _not_its_students()
    return tuple(
        TrainedStudent(**kept.model_dump(), weights=_weights(kept.name, kept.architecture, files))
        for kept in run_file.students
    )


def _compressed(recipe: AnyRecipe, run_file: _RunFile, files: Mapping[str, bytes]) -> tuple[CompressedStudent, ...]:
    """The students that were made smaller: what they are made of is one of the recipe's, and their figures can be."""
    possible = EXPORTS[type(recipe)].students(recipe)
    return tuple(_smaller(facts, possible, files) for facts in run_file.compressed)


def _smaller(
    facts: Mapping[str, Any], possible: Mapping[str, set[str]], files: Mapping[str, bytes]
) -> CompressedStudent:
    sentences_only(facts)
    told = _validated(_CompressedFacts.model_validate, facts).learnt
    learnt = TrainedStudent(**told.model_dump(), weights=_weights(told.name, told.architecture, files))
    made = _validated(CompressedStudent.model_validate, {**facts, "learnt": learnt})
    before, after = made.before, made.measured
    if not (
        learnt.name == CompressedStudent.name_of(made.of, made.compression) == after.name
        and after.architecture == learnt.architecture
        and after.compression in (None, made.compression)
        and after.quantize == made.compression.quantize
        and before.name == made.of
        and before.architecture in possible.get(made.of, ())
        and (before.compression, before.quantize) == (None, "none")
        and is_measured(before)
        and is_measured(after)
    ):
        raise _not_its_students()
    return made


def _weights(name: str, architecture: str, files: Mapping[str, bytes]) -> bytes:
    content = files.get(_file(name, "safetensors"), b"")
    try:
        weights.check(content, architecture)
    except WeightsError:
        raise _not_its_students() from None
    return content


def _not_its_students() -> BundleError:
    return refuse("The bundle's students are not those of its recipe")


def _file(student: str, ending: str) -> str:
    return f"students/{re.sub(r'[^a-z0-9]+', '-', student.lower()).strip('-')}.{ending}"


def _card(run: Run, name: str) -> str:
    try:
        return exports.model_card(run, name)
    except CardError:  # the run did not get as far as a result
        return ""


def _manifest(files: Mapping[str, bytes], written: int) -> bytes:
    listed = {name: {"sha256": _digest(content), "size": len(content)} for name, content in files.items()}
    about = {"kdviz": "bundle", "format": written, "version": __version__, "engine": ENGINE, "files": listed}
    return json.dumps(about, indent=2).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _zip(files: Mapping[str, bytes]) -> bytes:
    """Equal files, equal bytes: no file has a time.

    Weights are not packed: they would hardly shrink, and what shrinks much, as zeros do, is refused (`_checked`).
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            packed = not name.endswith(".safetensors")
            entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _opened(content: bytes) -> zipfile.ZipFile:
    """The zip. Raises BundleError where it is none, or no whole one."""
    try:
        return zipfile.ZipFile(io.BytesIO(_with_small_directory(content)))
    except _BROKEN:
        is_zip = content[:4] == b"PK\x03\x04"
        raise damaged() if is_zip else refuse("The file is no bundle of kdviz") from None


def _with_small_directory(content: bytes) -> bytes:
    """The content, if the directory at its end is as small as so few files have: `zipfile` reads all of it at once."""
    end, before = content[-_END_BYTES:], content[-_END_BYTES - _LARGER_END_BYTES : -_END_BYTES]
    if not end.startswith(_END) or end[-2:] != bytes(2):  # the length of a comment
        raise zipfile.BadZipFile
    if before.startswith(_LARGER_END) or int.from_bytes(end[12:16], "little") > _MOST_LISTED:
        raise _too_large()
    return content


def _too_large() -> BundleError:
    return refuse(f"The bundle is too large: it takes up to {MOST_FILES} files and {MOST_BYTES // 1_000_000} MB")


def _checked(archive: zipfile.ZipFile, size: int) -> dict[str, Any]:
    """What the manifest says of each file, once names and sizes can be. Raises BundleError."""
    entries = {entry.filename: entry for entry in archive.infolist()}
    if _MANIFEST not in entries:
        raise refuse("The file is no bundle of kdviz")
    sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    whole = sum(entry.file_size for entry in archive.infolist())
    if len(archive.infolist()) > MOST_FILES or whole > MOST_BYTES or sizes[_MANIFEST] > _MOST_LISTED:
        raise _too_large()
    listed = _listed(_read(archive, _MANIFEST, None))
    if len(entries) != len(archive.infolist()) or not all(map(_ALLOWED.fullmatch, entries)):
        raise refuse("The bundle holds a file that does not belong there")
    if entries.keys() != {_MANIFEST, *listed} or not {_RUN, _EVENTS} <= listed.keys():
        raise damaged()
    students = [length for name, length in sizes.items() if name.endswith(".safetensors")]
    grown = whole > _FREE + _MOST_SHRUNK * size or sum(students) > _FREE + _MOST_SHRUNK_WEIGHTS * size
    if grown or max(sizes[_RUN], sizes[_EVENTS]) > _MOST_TEXT or max(students, default=0) > _LARGEST_STUDENT:
        raise refuse("The bundle is too large: what is in it is out of proportion to its file")
    return listed


def _values(text: bytes) -> int:
    """No fewer than the JSON text has values."""
    return text.count(b",") + text.count(b":") + 1


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
    if written < OLDEST or engine < ENGINE:
        raise refuse("The bundle comes from an older version of kdviz, whose runs this one would not repeat")
    if not isinstance(listed, dict):
        raise damaged()
    return listed


def _read(archive: zipfile.ZipFile, name: str, facts: Any) -> bytes:
    """A file of the archive that is kept, as the manifest has it; of others nothing but that they are as they were."""
    kept = name in (_MANIFEST, _RUN) or name.endswith(".safetensors")
    content = b"".join(piece for piece in _pieces(archive, name, facts) if kept)
    if name == _RUN and _values(content) > MOST_VALUES:
        raise refuse(f"The bundle is too large: its result takes up to {MOST_VALUES:,} figures")
    return content


def _lines(archive: zipfile.ZipFile, facts: Any) -> Iterator[bytes]:
    """The lines of the events, one after the other. Raises BundleError, also at their end."""
    rest = b""
    for piece in _pieces(archive, _EVENTS, facts):
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        if len(rest) > _MOST_LINE:
            raise refuse("The bundle is too large: a report in it is longer than any can be")
    if rest:
        yield rest


def _pieces(archive: zipfile.ZipFile, name: str, facts: Any) -> Iterator[bytes]:
    """A file of the archive piece by piece, no longer than it says it is; `facts` are what the manifest says of it.

    Raises BundleError; where it is not what the manifest says, at its end.
    """
    entry = archive.getinfo(name)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
        raise damaged()
    read, length = hashlib.sha256(), 0
    try:
        with archive.open(entry) as file:
            while piece := file.read(_PIECE):
                read.update(piece)
                length += len(piece)
                yield piece
    except _BROKEN:
        raise damaged() from None
    if facts is not None and facts != {"sha256": read.hexdigest(), "size": length}:
        raise damaged()
