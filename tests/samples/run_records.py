"""Runs made up for tests of what lists and exports them: the figures are chosen, nothing was trained."""

from __future__ import annotations

import json
import math
import struct

from kdviz.recipes.catalogue import NETWORKS
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.compression import Compression
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Sweep
from kdviz.records import weights
from kdviz.records.base import Mean, Scores, TrainedStudent, Verdict, Watched
from kdviz.records.compressed import CompressedStudent
from kdviz.records.measurement import Energy, InRuntime, Measurement, Spread
from kdviz.records.single import Progress, Result
from kdviz.records.sweep import CellSummary, CellTrial, Choice, FinishedStack, StackProgress, SweepResult
from tests.samples import comparison_records

IMAGES = 1000


def recipe(**changes):
    return Recipe.suited("digits", {"teacher": "784-128-10", "student": "784-30-30-10", **changes})


def sweep(**changes):
    return Sweep.suited(
        "digits",
        {"temperatures": "1,4", "alphas": "0,0.5,1", "seeds": "0-2", "teacher": "784-128-10", "epochs": 4, **changes},
    )


def progress(wanted, role="distilled", steps=40, reports=4, end=0.95):
    return [
        Progress(
            role=role,
            step=steps * number // reports,
            steps=steps,
            epoch=1 + (wanted.epochs - 1) * number // reports,
            epochs=wanted.epochs,
            loss_kd=1 / number,
            loss_ce=0.1,
            gradient_share_kd=0.5,
            training_accuracy=0.9,
            validation_accuracy=end - 0.2 / number + 0.2 / reports,
            agreement=0.9,
            images_per_second=1000.0,
            seconds=1.0 * number,
            seconds_left=1.0 * (reports - number),
            watched_logits=[],
        )
        for number in range(1, reports + 1)
    ]


def scores(architecture, errors):
    return Scores(
        architecture=architecture,
        parameters=25_000,
        multiply_adds=25_000,
        bytes=100_000,
        validation_accuracy=1 - errors / IMAGES,
        test_accuracy=1 - errors / IMAGES,
        test_errors=errors,
        test_images=IMAGES,
        nll=0.1,
        ece=0.01,
        agreement=0.95,
        fidelity_kl=0.05,
        seconds=2.0,
        images_per_second=1000.0,
        images_seen=10_000,
    )


def result(wanted, errors=30, plain=36):
    return Result(
        run_id=wanted.id,
        recipe=wanted,
        teacher=scores(wanted.teacher, 20),
        distilled=scores(wanted.student, errors),
        plain=scores(wanted.student, plain),
        device="CPU",
        threads=2,
        torch="2",
        seconds=8.0,
    )


def stack_events(wanted, end=0.9):
    """What the stacks of a sweep say: the hotter and the softer, the better."""
    events = []
    for stack in wanted.stacks(wanted.trained_cells, wanted.epochs):
        goal = [end + 0.004 * cell.temperature * cell.alpha + 0.001 * stack.seed for cell in stack.cells]
        moments = [
            StackProgress(
                stack=stack,
                step=10 * number,
                steps=40,
                epoch=number,
                loss_kd=[0.1] * len(goal),
                loss_ce=[0.1] * len(goal),
                validation_accuracy=[last - 0.2 / number + 0.05 for last in goal],
                nll=[0.1] * len(goal),
                ece=[0.01] * len(goal),
                agreement=[0.9] * len(goal),
                seconds=float(number),
                seconds_left=4.0 - number,
            )
            for number in range(1, 5)
        ]
        trials = [
            CellTrial(
                cell=cell,
                seed=stack.seed,
                fold=stack.fold,
                epochs=stack.epochs,
                validation_accuracy=last,
                validation_errors=round((1 - last) * IMAGES),
                validation_images=IMAGES,
                nll=0.1,
                ece=0.01,
                agreement=0.9,
                diverged=False,
                seconds=1.0,
                watched_logits=[],
            )
            for cell, last in zip(stack.cells, goal, strict=True)
        ]
        watched = Watched(indices=[], labels=[], images=[], teacher_logits=[], teacher_validation_accuracy=0.97)
        part = FinishedStack(stack=stack, watched=watched, teacher_accuracy=0.97, trials=trials, moments=moments)
        events += [*moments, part]
    return events


def swept(wanted, errors=30, plain=36, better=True):
    cell = max(wanted.trained_cells, key=lambda one: (one.alpha * one.temperature, one.alpha))
    mean = Mean(mean=1 - errors / IMAGES, low=0.96, high=0.98)
    control = Mean(mean=1 - plain / IMAGES, low=0.95, high=0.97)
    verdict = Verdict(word="better" if better else "no difference shown", difference=0.006, low=0.001, high=0.011)
    trials = [t for event in stack_events(wanted) if isinstance(event, FinishedStack) for t in event.trials]
    summaries = [
        CellSummary(
            cell=one,
            epochs=wanted.epochs,
            trials=len(wanted.seeds),
            diverged=0,
            validation_accuracy=mean,
            nll=mean,
            ece=mean,
            agreement=mean,
            against_plain=None if one.alpha == 0 else verdict,
        )
        for one in wanted.trained_cells
    ]
    choice = Choice(
        cell=cell,
        chosen_on="the validation split",
        tied=[one for one in wanted.trained_cells if one not in (cell, cell.plain)][:1],
        results=[result(wanted.recipe_of(cell, seed), errors, plain) for seed in wanted.seeds_of_test],
        test_accuracy=mean,
        plain_test_accuracy=control,
        against_plain=verdict,
    )
    return SweepResult(
        run_id=wanted.id,
        recipe=wanted,
        trials=trials,
        summaries=summaries,
        choice=choice,
        device="CPU",
        threads=2,
        torch="2",
        seconds=30.0,
    )


def learnt(name="distilled", architecture="784-30-30-10"):
    """A safetensors file with the right names and shapes, all zeros."""
    header, at = {}, 0
    for part, shape in weights.shapes(architecture).items():
        size = 4 * math.prod(shape)
        header[part] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(header).encode()
    return TrainedStudent(
        name=name,
        architecture=architecture,
        weights=struct.pack("<Q", len(head)) + head + bytes(at),
    )


def put(store, wanted, status="finished", errors=30, plain=36, tags=(), note="", students=()):
    """A made-up run of this recipe in the store, as a worker would have left it."""
    store.request(wanted)
    store.begin(wanted.id)
    if isinstance(wanted, Sweep):
        events, end = stack_events(wanted), swept(wanted, errors, plain)
    elif isinstance(wanted, Comparison):
        events = [
            comparison_records.moment(name, step, accuracy=(0.8 + step / 1000, 0.82 + step / 1000))
            for step in (25, 50, 75, 100)
            for name in wanted.methods
        ]
        end = comparison_records.compared(wanted, better=("offline",))
    else:
        events = progress(wanted) + progress(wanted, "plain", end=0.94)
        end = result(wanted, errors, plain)
    store.append(wanted.id, events, 1)
    for student in students:
        store.keep_student(wanted.id, student)
    if status == "finished":
        store.finish(wanted.id, end)
    elif status == "cancelled":
        store.cancel(wanted.id)
    elif status == "failed":
        store.fail(wanted.id, "The worker was lost.")
    if tags or note:
        store.annotate(wanted.id, tags, note)
    return store.get(wanted.id)


def smaller():
    """That student with half of its units, in int8."""
    settings = Compression(prune=0.5, structured=True, quantize="int8")
    name = f"distilled-{settings.called}"
    return CompressedStudent(
        of="distilled",
        compression=settings,
        learnt=learnt(name, "784-15-15-10"),
        measured=measured(name, "784-15-15-10", "int8").model_copy(update={"compression": settings}),
        before=measured("distilled", "784-30-30-10", "none"),
    )


def measured(name, architecture, quantize):
    """A network as it was measured in one runtime."""
    facts, spread = NETWORKS[architecture], Spread(median=2.0, low=1.0, high=5.0)
    found = InRuntime(
        runtime="ONNX Runtime 1.0",
        threads=1,
        stored_bytes=facts.bytes,
        compressed_bytes=facts.bytes // 2,
        one_image=spread,
        throughput=spread,
        peak_memory=None,
        energy=Energy(joules=1e-5, kind="estimate", how="so many watts"),
        test_errors=20,
        test_images=360,
    )
    return Measurement(
        name=name,
        architecture=architecture,
        quantize=quantize,
        parameters=facts.parameters,
        nonzero=facts.parameters,
        multiply_adds=facts.multiply_adds,
        runtimes=(found,),
    )
