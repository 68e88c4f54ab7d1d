"""What the loop is fed: every image once an epoch, with its own label and its own teacher's logits."""

import pytest
import torch
from torch import nn

from kdviz.distillers.by_loss import DISTILLERS
from kdviz.engine import data, evaluation, losses, models
from kdviz.engine.augmentation import augment
from kdviz.engine.batches import FixedTeachers, chunks, epoch_order
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort
from kdviz.recipes.single import Recipe

IMAGES = 150


@pytest.fixture
def split():
    """Images that carry their own number in their first two pixels, and a pattern from which a network tells them."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(256, (IMAGES, 28, 28), generator=generator, dtype=torch.uint8)
    images[:, 0, 0] = torch.arange(IMAGES)
    return Split(images, torch.arange(IMAGES) * 7 % 10)


@pytest.fixture
def teacher():
    return models.build("784-30-30-10", 3).eval().requires_grad_(False)


def training(**changes):
    options = {"data": "digits", "student": "784-30-30-10", "epochs": 2, "batch_size": 16, "seed": 5}
    return Recipe(**options | changes).student_training


def fixed_teacher(teacher, split, how):
    return FixedTeachers.of([Cohort("784-30-30-10", [teacher])], split, how, 4.0)


def numbers(chunk):
    """The indices of a chunk's images, read from their first pixel."""
    return ((chunk.images[0, :, 0, 0, 0] + 1) * 255 / 2).round().long()


def collect(split, how, fixed_teacher=None, most_updates=3):
    """The chunks of one student."""
    return list(chunks(split, [how], fixed_teacher, most_updates))


# Order.


def test_an_epochs_order_holds_each_index_once():
    order = epoch_order(torch.arange(IMAGES), IMAGES, torch.Generator().manual_seed(0))
    assert sorted(order.tolist()) == list(range(IMAGES))
    assert order.tolist() != list(range(IMAGES))


def test_few_usable_images_each_come_once_before_any_comes_a_second_time():
    usable = torch.tensor([3, 7, 20, 41])
    order = epoch_order(usable, 10, torch.Generator().manual_seed(0))
    assert len(order) == 10
    assert set(order[:4].tolist()) == set(order[4:8].tolist()) == set(usable.tolist())
    assert len(set(order[8:].tolist())) == 2


@pytest.mark.parametrize("advised", [False, True])
@pytest.mark.parametrize("batch_size", [1, 16, 64, 150])
def test_every_epoch_shows_every_image_once_in_another_order(split, teacher, advised, batch_size):
    how = training(batch_size=batch_size)
    seen = collect(split, how, fixed_teacher(teacher, split, how) if advised else None)
    epochs = [torch.cat([numbers(chunk) for chunk in seen if chunk.epoch == epoch]) for epoch in (1, 2)]
    assert [sorted(epoch.tolist()) for epoch in epochs] == [list(range(IMAGES))] * 2
    assert not torch.equal(*epochs)


@pytest.mark.parametrize("augmentation", ["none", "shift", "affine"])
def test_with_and_without_advice_the_images_are_the_same_and_in_the_same_order(split, teacher, augmentation):
    how = training(augmentation=augmentation)
    advised, plain = collect(split, how, fixed_teacher(teacher, split, how)), collect(split, how)
    for one, other in zip(advised, plain, strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)


@pytest.mark.parametrize("augmentation", ["none", "affine"])
def test_the_seed_alone_decides_the_batches(split, augmentation):
    how = training(augmentation=augmentation)
    torch.manual_seed(1)
    one = torch.cat([chunk.images[0] for chunk in collect(split, how)])
    torch.manual_seed(2)
    assert torch.equal(one, torch.cat([chunk.images[0] for chunk in collect(split, how)]))
    other = torch.cat([chunk.images[0] for chunk in collect(split, training(augmentation=augmentation, seed=6))])
    assert not torch.equal(one, other)


def test_drawing_batches_leaves_the_global_random_numbers_alone(split):
    before = torch.random.get_rng_state()
    collect(split, training(augmentation="affine"))
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("most_updates", [1, 3, 1000])
def test_chunks_are_whole_batches_but_for_the_end_of_an_epoch(split, most_updates):
    seen = [chunk for chunk in collect(split, training(), most_updates=most_updates) if chunk.epoch == 1]
    parts = [[batch.images.shape[1] for batch in chunk.batches(chunk.one_hot, 16)] for chunk in seen]
    assert [size for part in parts for size in part] == [16] * 9 + [6]
    assert all(len(part) <= most_updates for part in parts)


def test_how_images_are_chunked_does_not_change_them(split):
    parts = [torch.cat([chunk.images[0] for chunk in collect(split, training(), most_updates=n)]) for n in (1, 7)]
    assert torch.equal(*parts)


def test_a_first_chunk_may_be_smaller_and_shows_the_same_images(split):
    parts = list(chunks(split, [training(augmentation="affine")], None, 3, 2))
    assert [chunk.labels.shape[1] for chunk in parts[:2]] == [2 * 16, 3 * 16]
    as_ever = collect(split, training(augmentation="affine"))
    for images in (lambda chunk: chunk.images[0], lambda chunk: chunk.labels[0]):
        assert torch.equal(torch.cat([*map(images, parts)]), torch.cat([*map(images, as_ever)]))
    assert [chunk.labels.shape[1] for chunk in chunks(split, [training()], None, 3, 99)] == [
        chunk.labels.shape[1] for chunk in as_ever
    ]


# Labels.


@pytest.mark.parametrize("augmentation", ["none", "shift"])
def test_labels_belong_to_their_images(split, augmentation):
    split.images[:] = split.images[:, :1, :1]  # flat images, whose grey level no jitter moves from the middle
    for chunk in collect(split, training(augmentation=augmentation)):
        index = ((chunk.images[:, :, 0, 14, 14] + 1) * 255 / 2).round().long()
        assert torch.equal(chunk.labels, split.labels[index])
        assert torch.equal(chunk.one_hot.argmax(dim=2), chunk.labels)
        assert torch.equal(chunk.one_hot.sum(dim=2), torch.ones(index.shape))


def test_without_a_teacher_only_labelled_images_are_drawn_and_as_many_as_ever(split):
    how = training(labels=20)
    allowed = set(data.labelled(split, 20, how.seed).tolist())
    seen = collect(split, how)
    assert set(torch.cat([numbers(chunk) for chunk in seen]).tolist()) == allowed
    assert sum(chunk.labels.numel() for chunk in seen) == 2 * IMAGES
    assert all(chunk.labelled is None for chunk in seen)


def test_with_a_teacher_all_images_are_drawn_and_the_labelled_ones_marked(split, teacher):
    how = training(labels=20)
    allowed = data.labelled(split, 20, how.seed)
    seen = collect(split, how, fixed_teacher(teacher, split, how))
    indices = torch.cat([numbers(chunk) for chunk in seen])
    assert sorted(indices.tolist()) == sorted([*range(IMAGES)] * 2)
    assert torch.equal(torch.cat([chunk.labelled[0] for chunk in seen]), torch.isin(indices, allowed).float())


def test_batches_carry_the_masks_of_their_images(split, teacher):
    how = training(labels=20)
    for chunk in collect(split, how, fixed_teacher(teacher, split, how)):
        masks = [batch.labelled for batch in chunk.batches(chunk.one_hot, 16)]
        assert torch.equal(torch.cat(masks, dim=1), chunk.labelled)
    for chunk in collect(split, training()):
        assert all(batch.labelled is None for batch in chunk.batches(chunk.one_hot, 16))


# Logits of fixed teachers.


def test_cached_logits_are_the_teachers_for_those_very_images(split, teacher):
    how = training()
    asked, forward = [], teacher.forward
    teacher.forward = lambda images: asked.append(len(images)) or forward(images)
    seen = collect(split, how, fixed_teacher(teacher, split, how))
    assert sum(asked) == IMAGES  # in two epochs
    for chunk in seen:
        torch.testing.assert_close(chunk.teacher_logits[0], teacher(chunk.images[0]))
        expected = evaluation.logits_of(teacher, split.images[numbers(chunk)])
        assert (chunk.teacher_logits[0] - expected).abs().max() < 1e-5 < chunk.teacher_logits.std()


@pytest.mark.parametrize("augmentation", ["shift", "affine"])
def test_logits_of_augmented_images_are_the_teachers_for_the_augmented_ones(split, teacher, augmentation):
    how = training(augmentation=augmentation)
    seen = collect(split, how, fixed_teacher(teacher, split, how))
    for chunk in seen:
        torch.testing.assert_close(chunk.teacher_logits[0], teacher(chunk.images[0]))
    known = {image.numpy().tobytes() for image in data.normalise(split.images)}
    changed = [image.numpy().tobytes() not in known for chunk in seen for image in chunk.images[0]]
    assert sum(changed) > len(changed) / 2


@pytest.mark.parametrize("loss", ["kl", "soft-ce", "mse"])
def test_targets_follow_from_the_teachers_logits_at_the_temperature(split, teacher, loss):
    how = training()
    for chunk in collect(split, how, fixed_teacher(teacher, split, how)):
        targets, logits = DISTILLERS[loss](4.0, 0.7).targets(chunk), chunk.teacher_logits
        assert torch.equal(targets, logits if loss == "mse" else losses.softmax(logits, 4.0))
        given = [batch.targets for batch in chunk.batches(targets, 16)]
        assert torch.equal(torch.cat(given, dim=1), targets)


def test_the_teacher_is_asked_in_evaluation_mode_and_outside_every_graph(split):
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10)).train()
    for augmentation in ("none", "shift"):
        how = training(augmentation=augmentation)
        one, other = (collect(split, how, fixed_teacher(network, split, how)) for _ in range(2))
        assert all(torch.equal(a.teacher_logits, b.teacher_logits) for a, b in zip(one, other, strict=True))
        assert not any(chunk.teacher_logits.requires_grad for chunk in one)


# Augmentation.


def test_no_augmentation_changes_nothing(split):
    assert augment(split.images, "none", 0) is split.images


@pytest.mark.parametrize("kind", ["shift", "affine"])
def test_augmentation_keeps_shape_and_type_and_follows_from_its_seed(split, kind):
    before, state = split.images.clone(), torch.random.get_rng_state()
    one, same, other = (augment(split.images, kind, seed) for seed in (1, 1, 2))
    assert one.shape == split.images.shape
    assert one.dtype == torch.uint8
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(split.images, before)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_jitter_moves_each_image_by_at_most_two_pixels_in_a_way_of_its_own(split):
    shifted = augment(split.images, "shift", 0)
    padded = nn.functional.pad(split.images, (2, 2, 2, 2))
    ways = [(down, right) for down in range(5) for right in range(5)]
    moved = []
    for index in range(IMAGES):
        fits = [
            (down, right)
            for down, right in ways
            if torch.equal(shifted[index], padded[index, down : down + 28, right : right + 28])
        ]
        assert len(fits) == 1
        moved += fits
    assert len(set(moved)) > 12
    assert max(moved.count(way) for way in ways) < IMAGES / 4
