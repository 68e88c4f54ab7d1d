"""Every way of teaching against its loss as the papers write it, and the identities of FACTS.md.

The engine starts back from gradients in closed form; here autograd goes through the losses themselves, in every update
of a short training, in double precision.
"""

import copy
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional

from kdviz.distillers.deep_to_shallow import DeepToShallow
from kdviz.distillers.earlier_average import DECAY, FromAverage
from kdviz.distillers.earlier_self import FromEpochBefore
from kdviz.distillers.mutual import Mutual
from kdviz.distillers.plain import Plain
from kdviz.distillers.stage import Setting, stages_of
from kdviz.engine import data, evaluation, knowledge, losses, models
from kdviz.engine.batches import Batch
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort
from kdviz.engine.training import fit
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import CONTROL, WITH_CONTROL

pytestmark = pytest.mark.trains
T, ALPHA, ONLINE_T, ONLINE_ALPHA = 4.0, 0.7, 2.0, 0.6  # all different, so that none is taken for another
OWN_T, OWN_ALPHA = 3.0, 0.8  # of standardised logits
IMAGES, BATCH, EPOCHS = 40, 16, 2  # updates of 16, 16 and 8 images
UPDATES = 3  # in an epoch
MLP = ("784-256-10", "784-30-30-10")
ONE_LAYER = ("784-256-10", "784-128-10")
CNN = ("cnn-16-32", "cnn-8-16")

FIXED_TEACHER = [name for name, method in WITH_CONTROL.items() if method.asks_teacher]
OF_MAPS = ("attention", "fsp")
CASES = [
    *((name, MLP) for name in WITH_CONTROL if name not in OF_MAPS),
    *((name, CNN) for name in (*OF_MAPS, "hints", "rkd", "similarity", "offline", "mutual", "deep-to-shallow")),
    *((name, ONE_LAYER) for name in ("deep-to-shallow", "hints", "mutual-mixed")),
]


@pytest.fixture
def split(digits):
    return Split(digits.training.images[:IMAGES], digits.training.labels[:IMAGES])


def asked(name, pair=MLP, seeds=(3,), **options):
    teacher, student = pair
    settings = {
        "data": "digits",
        "teacher": teacher,
        "student": student,
        "methods": ["offline" if name == CONTROL else name],
        "seeds": seeds,
        "epochs": EPOCHS,
        "batch_size": BATCH,
        "temperature": T,
        "alpha": ALPHA,
        "online_temperature": ONLINE_T,
        "online_alpha": ONLINE_ALPHA,
        "standardised_temperature": OWN_T,
        "standardised_alpha": OWN_ALPHA,
    }
    return Comparison(**settings | options)


def given(comparison, split):
    """What every way starts from, with teachers that know nothing but have opinions."""
    rows = [[models.build(comparison.teacher, 100 * row + seed) for seed in comparison.seeds] for row in (1, 2, 3)]
    return Setting(comparison, split, [models.cohort(comparison.teacher, networks).frozen() for networks in rows])


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


class Spy:
    """A distiller that somebody looks over the shoulder of: `look(cohorts, batch, step)` in every update."""

    def __init__(self, distiller, look):
        self.distiller, self.look = distiller, look

    def __getattr__(self, name):
        return getattr(self.distiller, name)

    def step(self, cohorts, batch):
        step = self.distiller.step(cohorts, batch)
        self.look(cohorts, batch, step)
        return step


def train(stage, split, look=lambda *_: None, reports=1000):
    """Train a stage, looking at its students after each report, as a study does."""
    said = []
    distiller = Spy(stage.distiller, look)
    for report in fit(stage.cohorts, split, stage.trainings, distiller, stage.teacher, reports=reports):
        if report:
            said.append(report)
            evaluation.logits_of_all(stage.cohorts[0], split.images[:5])
            stage.distiller.other_logits(stage.cohorts, split.images[:5])
            assert all(network.training for cohort in stage.cohorts for network in cohort.networks)
    return said


def finish(name, split, **options):
    """All stages of a way of teaching; returns the last one and its reports."""
    for stage in stages_of(name, given(asked(name, **options), split)):
        said = train(stage, split)
    return stage, said


# The losses as they are written down.


def layers(network, images):
    """Activations of each hidden layer (pooled, for convolutions) and the logits, module by module."""
    end_of_layer = nn.MaxPool2d if any(isinstance(layer, nn.Conv2d) for layer in network) else nn.ReLU
    x, found = images, []
    for layer in network:
        x = layer(x)
        if isinstance(layer, end_of_layer):
            found.append(x)
    return [*found, x]


def kl(z, v, t):
    """T^2 * KL(softmax(v / T) || softmax(z / T)), the mean over the batch; v is a constant."""
    log_q, log_p = functional.log_softmax(z / t, 1), functional.log_softmax(v.detach() / t, 1)
    return t * t * functional.kl_div(log_q, log_p, log_target=True, reduction="batchmean")


def decoupled(z, v):
    p, q, target = functional.softmax(v / T, 1), functional.softmax(z / T, 1), v.argmax(1, keepdim=True)
    others = torch.ones_like(p, dtype=torch.bool).scatter(1, target, False)
    p_t, q_t = p.gather(1, target), q.gather(1, target)
    tckd = p_t * (p_t / q_t).log() + (1 - p_t) * ((1 - p_t) / (1 - q_t)).log()
    p_rest, q_rest = (x[others].view(-1, 9) / (1 - x_t) for x, x_t in ((p, p_t), (q, q_t)))
    nckd = (p_rest * (p_rest / q_rest).log()).sum(1, keepdim=True)
    return T * T * (tckd + 8 * nckd).mean()


def standardised(z, v):
    one, other = ((x - x.mean(1, keepdim=True)) / (1e-7 + x.std(1, correction=0, keepdim=True)) for x in (z, v))
    return kl(one, other, OWN_T)


def mean_targets(z, *teacher_logits):
    p = torch.stack([functional.softmax(v / T, 1) for v in teacher_logits]).mean(0)
    return T * T * (p * (p.log() - functional.log_softmax(z / T, 1))).sum(1).mean()


OF_LOGITS = {
    "offline": lambda z, v: kl(z, v, T),
    "offline-soft-ce": lambda z, v: T * T * functional.cross_entropy(z / T, functional.softmax(v / T, 1)),
    "offline-mse": functional.mse_loss,
    "decoupled": decoupled,
    "standardised": standardised,
    CONTROL: lambda z, v: kl(z, v, T),
    "assistant": lambda z, v: kl(z, v, T),
    "born-again": lambda z, v: kl(z, v, T),
}


def between_channels(pair, first, last):
    return first @ pair @ last.t()


def up_to_the_middle(activations):
    """Without the hidden layers behind the middle one, of two the first: the last that is left is the hint's."""
    *inner, logits = activations
    return [*inner[: (len(inner) + 1) // 2], logits]


OF_LAYERS = {
    "hints": lambda own, other, w: (torch.einsum("tc,bc...->bt...", w, own[-2]) - other[-2]).square().mean(),
    "attention": lambda own, other, _: (
        1000 * sum(knowledge.attention_loss(a, b) for a, b in zip(own[:-1], other[:-1], strict=True))
    ),
    "fsp": lambda own, other, maps: knowledge.flow_loss(
        between_channels(knowledge.flow(own[0], own[-2]), *maps), knowledge.flow(other[0], other[-2])
    ),
    "rkd": lambda own, other, _: (
        25 * knowledge.distance_loss(own[-2].flatten(1), other[-2].flatten(1))
        + 50 * knowledge.angle_loss(own[-2].flatten(1), other[-2].flatten(1))
    ),
    "similarity": lambda own, other, _: 3000 * knowledge.similarity_loss(own[-2], other[-2]),
}


@dataclass
class Oracle:
    """Works out each update's loss once more, the usual way, and compares."""

    name: str
    given: Setting
    distiller: object
    former: list  # the networks that learnt in the stage before, as they are
    terms: list = field(default_factory=list)
    shares: list = field(default_factory=list)
    history: list = field(default_factory=list)  # the students before each update

    def __call__(self, cohorts, batch, step):
        self.history.append([copy.deepcopy(network).requires_grad_(False) for network in cohorts[0].networks])
        learning = [parameter for cohort in cohorts for parameter in cohort.parameters]
        extra = self.distiller.parameters
        ours = torch.autograd.grad(step.outputs, [*learning, *extra], step.gradients, retain_graph=True)
        totals, terms, shares = [], [], []
        for number in range(len(cohorts[0])):
            z, kd, ce, peers = self.loss(number, [cohort.networks[number] for cohort in cohorts], batch)
            totals.append(kd + ce + peers)
            terms.append((kd.item(), ce.item()))
            norms = [torch.autograd.grad(x, z, retain_graph=True, allow_unused=True)[0] for x in (kd, ce)]
            norms = [0.0 if x is None else x.norm().item() for x in norms]
            shares.append(norms[0] / sum(norms))
        self.terms.append(terms)
        self.shares.append(shares)
        networks = [network for cohort in cohorts for network in cohort.networks]
        own = [list(network.parameters()) for network in networks]
        flat = [parameter for parameters in own for parameter in parameters]
        theirs = list(torch.autograd.grad(sum(totals), [*flat, *extra]))
        for one, other in zip(ours[len(learning) :], theirs[len(flat) :], strict=True):
            torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-10)
        position = 0
        for cohort in cohorts:
            mine = ours[position : position + len(cohort.parameters)]
            position += len(cohort.parameters)
            for network, gradients in zip(cohort.networks, of_each(cohort, mine), strict=True):
                for gradient, _ in zip(gradients, network.parameters(), strict=True):
                    torch.testing.assert_close(gradient, theirs.pop(0), rtol=1e-6, atol=1e-10)

    def loss(self, number, learners, batch):
        """(logits, soft term, hard term) of student `number`, and the whole loss of its peers."""
        name, images, y = self.name, batch.images[number], batch.one_hot[number].argmax(1)
        mask = torch.ones(len(y)) if batch.labelled is None else batch.labelled[number]
        own = layers(learners[0], images)
        z = own[-1]

        def ce(logits):
            return (functional.cross_entropy(logits, y, reduction="none") * mask).mean()

        teachers = [row.networks[number] for row in self.given.teachers]
        soft, labels, peers = 0 * z.sum(), ce(z), torch.zeros(())
        if name == "label-smoothing":
            labels = functional.cross_entropy(z, y, label_smoothing=0.1)
        elif name == "several-teachers":
            soft = ALPHA * mean_targets(z, *(teacher(images).detach() for teacher in teachers))
            labels = (1 - ALPHA) * ce(z)
        elif name in OF_LOGITS and (self.former or name != "born-again"):
            who = self.former[number] if self.former else teachers[1 if name == CONTROL else 0]
            alpha = OWN_ALPHA if name == "standardised" else ALPHA
            soft, labels = alpha * OF_LOGITS[name](z, who(images).detach()), (1 - alpha) * ce(z)
        elif name in OF_LAYERS:
            extra = self.distiller.parameters
            count = len(extra) // len(self.given.comparison.seeds)
            mine = extra[number] if name == "hints" else extra[number * count : (number + 1) * count]
            with torch.no_grad():
                other = layers(teachers[0], images)
            if self.given.comparison.hint_layer == "middle":
                own, other = up_to_the_middle(own), up_to_the_middle(other)
            soft = OF_LAYERS[name](own, other, mine)
        elif name.startswith("mutual"):
            everybody = [z, *(peer(images) for peer in learners[1:])]
            each = []
            for mine, logits in enumerate(everybody):
                others = [other for place, other in enumerate(everybody) if place != mine]
                pull = sum(kl(logits, other, ONLINE_T) for other in others) / len(others)
                each.append((ONLINE_ALPHA * pull, (1 - ONLINE_ALPHA) * ce(logits)))
            (soft, labels), peers = each[0], sum(pull + push for pull, push in each[1:])
        elif name == "deep-to-shallow":
            heads = zip(self.distiller.parameters[::2], self.distiller.parameters[1::2], strict=True)
            says = [x.flatten(1) @ w[number] + b[number] for x, (w, b) in zip(own[:-1], heads, strict=True)]
            soft = sum(ONLINE_ALPHA * kl(head, z, ONLINE_T) for head in says)
            labels = ce(z) + (1 - ONLINE_ALPHA) * sum(ce(head) for head in says)
        elif name.startswith("earlier"):
            before, part = self.earlier(number)
            soft, labels = ONLINE_ALPHA * part * kl(z, before(images), ONLINE_T), (1 - ONLINE_ALPHA * part) * ce(z)
        return z, soft, labels, peers

    def earlier(self, number):
        """The network that student `number` was, and the part of alpha that counts now."""
        epoch, update = divmod(len(self.history) - 1, UPDATES)
        if self.name == "earlier-self":
            return self.history[epoch * UPDATES][number], (epoch + 1) / EPOCHS if epoch else 0.0
        average = copy.deepcopy(self.history[0][number])
        everything = [students[number].parameters() for students in self.history]
        for parameter, *values in zip(average.parameters(), *everything, strict=True):
            parameter.copy_(torch.stack(values).mean(0))
        return average, (epoch + update * BATCH / IMAGES) / EPOCHS


def of_each(cohort, gradients):
    """The gradients of each network, in the order of its own parameters."""
    if not isinstance(cohort, models.StackedCohort):
        count = len(gradients) // len(cohort)
        return [gradients[place : place + count] for place in range(0, len(gradients), count)]
    half = len(gradients) // 2  # stacked: first the weights, then the biases
    return [
        [part for w, b in zip(gradients[:half], gradients[half:], strict=True) for part in (w[number], b[number, 0])]
        for number in range(len(cohort))
    ]


@pytest.mark.parametrize(
    ("seeds", "changes"),
    [
        ((3,), {}),
        ((3, 5, 8), {}),
        ((3, 5, 8), {"labels": 20}),
        ((3,), {"labels": 20, "augmentation": "affine"}),
    ],
    ids=["one", "three", "three-few-labels", "one-augmented"],
)
@pytest.mark.parametrize(("name", "pair"), CASES, ids=[f"{name} {pair[1]}" for name, pair in CASES])
@pytest.mark.usefixtures("double")
def test_every_updates_gradient_and_terms_are_those_of_the_loss_as_it_is_written(split, name, pair, seeds, changes):
    what = given(asked(name, pair, seeds, **changes), split)
    before = [weights(network) for row in what.teachers for network in row.networks]
    modes = []
    for row in what.teachers:
        for network in row.networks:
            for layer in network:
                layer.register_forward_hook(lambda layer, *_: modes.append((layer.training, torch.is_grad_enabled())))
    former = []
    for stage in stages_of(name, what):
        look = Oracle(name, what, stage.distiller, former)
        said = train(stage, split, lambda *seen, look=look: hidden(modes, look, *seen))
        assert len(look.terms) == len(said) == EPOCHS * UPDATES
        for report, terms, shares in zip(said, look.terms, look.shares, strict=True):
            assert report.loss_kd == pytest.approx([kd for kd, _ in terms], rel=1e-6, abs=1e-12)
            assert report.loss_ce == pytest.approx([ce for _, ce in terms], rel=1e-6)
            if report.gradient_share_kd is not None:
                assert report.gradient_share_kd == pytest.approx(shares, rel=1e-5, abs=1e-7)
        assert set(modes) <= {(False, False)}  # evaluation mode, outside the graph
        stacked = name in OF_LAYERS and isinstance(what.teachers[0], models.StackedCohort)
        assert modes or name not in FIXED_TEACHER or stacked  # then the layers themselves are not asked
        former = stage.cohorts[0].networks
    after = [weights(network) for row in what.teachers for network in row.networks]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert not any(p.requires_grad for row in what.teachers for p in row.parameters)


@pytest.mark.parametrize(
    "pair", [MLP, CNN, ("784-512-256-10", "784-30-30-10")], ids=["one to two", "maps", "two to two"]
)
@pytest.mark.usefixtures("double")
def test_a_hint_from_the_middle_connects_the_middle_layers(split, pair):
    test_every_updates_gradient_and_terms_are_those_of_the_loss_as_it_is_written(
        split, "hints", pair, (3, 5), {"hint_layer": "middle"}
    )


def hidden(modes, look, *seen):
    """The oracle asks the teacher itself: that is not the engine's doing."""
    before = list(modes)
    look(*seen)
    modes[:] = before


# Online.


def test_twins_stay_twins_when_they_are_updated_at_once_and_part_when_in_turn(split):
    """At once, as here, KL is 0 for ever; in turn, as in algorithm 1 of Zhang et al. 2018, it is not."""
    images, y = data.normalise(split.images[:16]), split.labels[:16]

    def after(updates, in_turn):
        twins = [copy.deepcopy(network) for network in [models.build("784-30-30-10", 3)] * 2]
        for _ in range(updates):
            says = [twin(images).detach() for twin in twins]
            for number, twin in enumerate(twins):
                other = twins[1 - number](images).detach() if in_turn else says[1 - number]
                z = twin(images)
                loss = functional.cross_entropy(z, y) + kl(z, other, 1.0)
                gradients = torch.autograd.grad(loss, list(twin.parameters()))
                with torch.no_grad():
                    torch._foreach_add_(list(twin.parameters()), gradients, alpha=-0.1)
        return (weights(twins[0]) - weights(twins[1])).abs().max()

    assert after(10, in_turn=False) == 0
    assert after(10, in_turn=True) > 1e-3


def peers(count, seed=3, model="784-30-30-10"):
    return [Cohort(model, [models.build(model, seed)]) for _ in range(count)]


class HardTerm(Plain):
    """Plain training with the weight of mutual learning's hard term."""

    def step(self, cohorts, batch):
        step = super().step(cohorts, batch)
        logits = step.record[0].detach()
        weight = (1 - ONLINE_ALPHA) / logits.shape[1]
        return step._replace(gradients=(losses.cross_entropy_gradient(logits, batch.one_hot, weight, batch.labelled),))


@pytest.mark.parametrize("count", [2, 3])
def test_identical_peers_have_nothing_to_teach_each_other_for_ever(split, count):
    training = asked("mutual", epochs=10).training_of_student(3)
    cohorts = peers(count)
    method = Mutual(ONLINE_T, ONLINE_ALPHA, ("student", "peer 2", "peer 3")[:count])
    said = [report for report in fit(cohorts, split, [training], method, reports=30) if report]
    assert len(said) == 30
    assert all(report.loss_kd == [0.0] for report in said)
    first, *others = [weights(cohort.networks[0]) for cohort in cohorts]
    assert all(torch.equal(first, other) for other in others)
    (alone,) = peers(1)
    plain = [report for report in fit([alone], split, [training], HardTerm(), reports=30) if report]
    if count == 2:  # q - (q + q - q) is exactly nothing; among three the mean is rounded
        assert torch.equal(first, weights(alone.networks[0]))
    start = weights(models.build("784-30-30-10", 3))
    assert (first - weights(alone.networks[0])).norm() < 1e-3 * (first - start).norm()
    assert [r.training_accuracy for r in said] == [r.training_accuracy for r in plain]


def test_peers_that_differ_do_teach_each_other(split):
    _, said = finish("mutual", split)
    assert all(report.loss_kd[0] > 1e-4 for report in said)


@pytest.mark.parametrize("name", ["mutual", "mutual-mixed", "mutual-three"])
def test_all_peers_are_updated_in_every_step_on_the_same_batch(split, name):
    (stage,) = stages_of(name, given(asked(name), split))
    assert len(stage.cohorts) == (3 if name == "mutual-three" else 2)
    seen, images = [], []
    for cohort in stage.cohorts:
        cohort.networks[0].register_forward_pre_hook(lambda *_: pytest.fail("only in an evaluation"))
        logits = cohort.logits
        cohort.logits = lambda x, logits=logits: images.append(x) or logits(x)

    def look(cohorts, batch, step):
        seen.append([weights(cohort.networks[0]) for cohort in cohorts])
        assert len(images) == len(cohorts)
        assert all(image is batch.images for image in images)
        images.clear()

    for _ in fit(stage.cohorts, split, stage.trainings, Spy(stage.distiller, look)):
        pass
    seen.append([weights(cohort.networks[0]) for cohort in stage.cohorts])
    for before, after in pairwise(seen):
        assert all(not torch.equal(one, other) for one, other in zip(before, after, strict=True))
    first = seen[0]
    assert not any(one.shape == other.shape and torch.equal(one, other) for one, other in pairwise(first))


def test_a_large_peer_has_the_teachers_size(split):
    (stage,) = stages_of("mutual-mixed", given(asked("mutual-mixed"), split))
    assert [cohort.architecture.name for cohort in stage.cohorts] == [MLP[1], MLP[0]]


# Born again.


def generations(split, **options):
    """The reports, first weights and last weights of each stage."""
    found = []
    for stage in stages_of("born-again", given(asked("born-again", **options), split)):
        start = weights(stage.cohorts[0].networks[0])
        found.append((stage, start, train(stage, split), weights(stage.cohorts[0].networks[0])))
    return found


def test_each_generation_learns_from_the_one_before(split):
    found = generations(split)
    assert [stage.name for stage, *_ in found] == ["generation 0", "generation 1", "student"]
    assert [list(stage.fixed) for stage, *_ in found] == [[], ["generation 0"], ["generation 1"]]
    assert found[0][0].teacher is None
    everything = torch.arange(IMAGES).unsqueeze(0)
    for (parent, *_), (child, *_) in pairwise(found):
        assert child.cohorts[0] is not parent.cohorts[0]
        teacher_logits = child.teacher.on(1, everything, split.images.unsqueeze(0))
        assert torch.equal(teacher_logits[0], evaluation.logits_of(parent.cohorts[0].networks[0], split.images))
        assert not teacher_logits.requires_grad
    starts = [start for _, start, _, _ in found]
    assert not any(torch.equal(one, other) for one, other in pairwise(starts))
    assert all(report.loss_kd[0] > 0 for _, _, said, _ in found[1:] for report in said)


def test_a_born_again_student_differs_from_a_plain_one_unless_alpha_is_zero(split):
    plain, said_plain = finish("plain", split)
    for alpha, same in ((0.0, True), (ALPHA, False)):
        *_, (_, _, said, last) = generations(split, alpha=alpha)
        assert torch.equal(last, weights(plain.cohorts[0].networks[0])) is same
        assert ([r.loss_ce for r in said] == [r.loss_ce for r in said_plain]) is same
        assert (all(r.loss_kd == [0.0] for r in said)) is same


def test_the_last_generation_stands_together_with_its_ancestors(split):
    *_, (stage, *_) = generations(split)
    assert len(stage.together) == 3
    assert stage.together[-1] is stage.cohorts[0]


# Deep teaches shallow.


@pytest.mark.parametrize("pair", [MLP, ONE_LAYER, CNN])
def test_heads_learn_and_are_no_part_of_the_student_afterwards(split, pair):
    (stage,) = stages_of("deep-to-shallow", given(asked("deep-to-shallow", pair), split))
    heads = [parameter.detach().clone() for parameter in stage.distiller.parameters]
    assert len(heads) == 2 * len(ARCHITECTURES[pair[1]].hidden)
    train(stage, split)
    changed = [not torch.equal(one, other) for one, other in zip(heads, stage.distiller.parameters, strict=True)]
    assert all(changed)
    network = stage.cohorts[0].networks[0]
    assert sum(p.numel() for p in network.parameters()) == ARCHITECTURES[pair[1]].parameters
    own = {p.data_ptr() for p in network.parameters()}
    assert not own & {p.data_ptr() for p in stage.distiller.parameters}
    others = stage.distiller.other_logits(stage.cohorts, split.images)
    assert list(others) == [f"head {number}" for number in range(1, len(heads) // 2 + 1)]
    inner = layers(network, data.normalise(split.images))
    for number, said in enumerate(others.values()):
        weight, bias = stage.distiller.parameters[2 * number : 2 * number + 2]
        torch.testing.assert_close(said[0], (inner[number].flatten(1) @ weight[0] + bias[0]).detach())


def test_heads_teach_the_layers_that_they_share_with_the_student(split):
    taught, _ = finish("deep-to-shallow", split)
    plain, _ = finish("plain", split)
    assert not torch.equal(*(weights(stage.cohorts[0].networks[0]) for stage in (taught, plain)))
    assert isinstance(taught.distiller, DeepToShallow)


# The earlier self.


def histories(name, split, **options):
    """The student before each update and at the end, and the reports."""
    seen = []
    (stage,) = stages_of(name, given(asked(name, **options), split))
    said = train(stage, split, lambda cohorts, *_: seen.append(weights(cohorts[0].networks[0])))
    return [*seen, weights(stage.cohorts[0].networks[0])], said


def test_in_the_first_epoch_nobody_earlier_teaches(split):
    earlier, said = histories("earlier-self", split)
    plain, said_plain = histories("plain", split)
    assert all(torch.equal(*pair) for pair in zip(earlier[: UPDATES + 1], plain, strict=False))
    assert not any(torch.equal(*pair) for pair in zip(earlier[UPDATES + 1 :], plain[UPDATES + 1 :], strict=True))
    for one, other in zip(said[:UPDATES], said_plain, strict=False):
        assert one.loss_kd == [0.0]
        assert one.loss_ce == pytest.approx(other.loss_ce, rel=1e-6)
        assert one.gradient_share_kd == [0.0]
    assert all(report.loss_kd[0] >= 0 < report.gradient_share_kd[0] for report in said[UPDATES + 1 :])


def test_with_one_epoch_there_is_no_epoch_before(split):
    (earlier, _), (plain, _) = (histories(name, split, epochs=1) for name in ("earlier-self", "plain"))
    assert all(torch.equal(*pair) for pair in zip(earlier, plain, strict=True))


@pytest.mark.parametrize("images", [40, 1257, 55_000])
@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 30])
def test_the_weight_of_the_epoch_before_grows_with_the_epochs(images, epochs):
    method = FromEpochBefore(ONLINE_T, ONLINE_ALPHA, None, epochs)
    for epoch in range(1, epochs + 1):
        for begin in (0, images // 2, images - 1):
            done = (epoch - 1 + begin / images) / epochs
            assert method.weight(done) == (epoch / epochs if epoch > 1 else 0)


def test_at_the_beginning_of_an_epoch_the_epoch_before_is_the_student_itself(split):
    """The first update of each later epoch: teacher and student are the same, and alpha has grown."""
    _, said = histories("earlier-self", split, epochs=4)
    for epoch in (2, 3, 4):
        begin = (epoch - 1) * UPDATES
        assert said[begin].loss_kd[0] == pytest.approx(0, abs=1e-9)
        assert said[begin + 1].loss_kd[0] > 1e-9


@pytest.mark.parametrize("augmentation", ["none", "shift"])
def test_asking_the_epoch_before_is_counted_in_every_epoch_but_the_first(split, augmentation):
    _, said = finish("earlier-self", split, epochs=4, augmentation=augmentation)
    forward = IMAGES * ARCHITECTURES[MLP[1]].multiply_adds
    assert said[-1].multiply_adds == 4 * 3 * forward + 3 * forward


def test_the_snapshot_is_the_student_at_the_end_of_the_epoch_before(split):
    found, before = [], []
    (stage,) = stages_of("earlier-self", given(asked("earlier-self", epochs=3), split))
    assert stage.distiller.other_logits(stage.cohorts, split.images) == {}

    def look(cohorts, *_):
        before.append(evaluation.logits_of_all(cohorts[0], split.images))
        found.append(stage.distiller.other_logits(cohorts, split.images))

    train(stage, split, look)
    assert found[:UPDATES] == [{}] * UPDATES
    for update in range(UPDATES, 3 * UPDATES):
        assert torch.equal(found[update]["last epoch"], before[update // UPDATES * UPDATES])


def test_the_average_teaches_ever_more(split):
    stage, said = finish("earlier-average", split)
    assert said[0].gradient_share_kd == [0.0]
    assert said[-1].gradient_share_kd[0] > said[1].gradient_share_kd[0]
    average = stage.distiller.average
    assert not any(p.requires_grad or p.grad is not None for p in average.parameters)
    assert not any(network.training for network in average.networks)


@pytest.mark.parametrize("count", [1, 3])
def test_the_average_is_the_mean_of_the_weights_at_first_and_then_moves_on(count):
    students = models.cohort("784-30-30-10", [models.build("784-30-30-10", seed) for seed in range(count)])
    method = FromAverage(ONLINE_T, ONLINE_ALPHA, students.frozen())
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(count, 2, 1, 28, 28, generator=generator)
    batch = batch_of(images)
    seen, expected = [], None
    for update in range(1, 251):
        with torch.no_grad():
            for parameter in students.parameters:
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.01)
        method.step([students], batch)
        now = torch.stack([weights(network) for network in students.networks])
        seen.append(now)
        expected = torch.stack(seen).mean(0) if update <= 100 else DECAY * expected + (1 - DECAY) * now
        if update in (1, 2, 50, 100, 101, 250):
            average = torch.stack([weights(network) for network in method.average.networks])
            torch.testing.assert_close(average, expected, rtol=1e-4, atol=1e-5)


def batch_of(images):
    labels = torch.zeros(*images.shape[:2], dtype=torch.long)
    one_hot = torch.eye(10)[labels]
    return Batch(images, one_hot, one_hot, None, 0.5)


# The same conditions for all.


def recorded(name, split, **options):
    """The first weights of the students of the last stage, and what each update saw."""
    pair = CNN if name in OF_MAPS else options.pop("pair", MLP)
    for stage in stages_of(name, given(asked(name, pair, **options), split)):
        seen = []
        start = [weights(network) for network in stage.cohorts[0].networks]
        train(stage, split, lambda _, batch, *__, seen=seen: seen.append((batch.images, batch.one_hot)), reports=5)
    return start, seen


@pytest.mark.parametrize("augmentation", ["none", "affine"])
@pytest.mark.parametrize("name", WITH_CONTROL)
def test_all_ways_start_from_the_same_weights_and_see_the_same_batches(split, name, augmentation):
    pair = CNN if name in OF_MAPS else MLP
    options = {"seeds": (1, 4), "augmentation": augmentation}
    start, seen = recorded(name, split, **options)
    start_plain, seen_plain = recorded("plain", split, pair=pair, **options)
    assert all(torch.equal(*pair) for pair in zip(start, start_plain, strict=True))
    assert len(seen) == len(seen_plain) == EPOCHS * UPDATES
    for one, other in zip(seen, seen_plain, strict=True):
        assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


@pytest.mark.parametrize("name", WITH_CONTROL)
def test_without_a_trained_teacher_only_labelled_images_are_seen_and_with_one_all(split, name):
    everything = {image.numpy().tobytes() for image in data.normalise(split.images)}
    few = {image.numpy().tobytes() for image in data.normalise(split.images[data.labelled(split, 10, seed=3)])}
    for stage in stages_of(name, given(asked(name, CNN if name in OF_MAPS else MLP, labels=10), split)):
        seen = []
        train(stage, split, lambda _, batch, *__, seen=seen: seen.append(batch), reports=5)
        images = {image.numpy().tobytes() for batch in seen for image in batch.images[0]}
        # Hidden layers do not say which class is which: what is taught by them needs labels.
        taught = stage.teacher is not None and stage.teacher.unlabelled
        assert taught is (
            (name in FIXED_TEACHER and name not in OF_LAYERS) or (name == "born-again" and stage.number > 1)
        )
        assert images == (everything if taught else few)
        for batch in seen:
            labelled = torch.tensor([[float(image.numpy().tobytes() in few) for image in batch.images[0]]])
            assert batch.labelled is None if not taught else torch.equal(batch.labelled, labelled)
        assert len(seen) == EPOCHS * UPDATES
        assert sum(batch.images.shape[1] for batch in seen) == EPOCHS * IMAGES


@pytest.mark.parametrize("name", [name for name in OF_LOGITS if name not in ("assistant",)])
def test_alpha_zero_is_plain_training_whoever_teaches(split, name):
    plain, said_plain = finish("plain", split, labels=20)
    taught, said = finish(name, split, labels=20, alpha=0.0, standardised_alpha=0.0)
    assert torch.equal(*(weights(stage.cohorts[0].networks[0]) for stage in (taught, plain)))
    assert [r.loss_ce for r in said] == [r.loss_ce for r in said_plain]


@pytest.mark.parametrize("name", WITH_CONTROL)
def test_the_same_seed_gives_the_same_students_to_the_last_bit(split, name):
    ends = []
    for noise in (1, 2):
        torch.manual_seed(noise)
        stage, _ = finish(name, split, pair=CNN if name in OF_MAPS else MLP, seeds=(2, 3), epochs=2)
        ends.append([weights(network) for network in stage.cohorts[0].networks])
    assert all(torch.equal(*pair) for pair in zip(*ends, strict=True))


@pytest.mark.parametrize("name", [name for name in WITH_CONTROL if name not in OF_MAPS])
def test_a_student_learns_the_same_alone_and_among_other_seeds(split, name):
    """Hardly anything but rounding tells them apart: heads, regressors and peers follow from the student's own seed."""
    together, _ = finish(name, split, seeds=(2, 3, 9))
    for number, seed in enumerate((2, 3, 9)):
        what = given(asked(name, seeds=(seed,)), split)
        for stage in stages_of(name, what):
            train(stage, split)
        alone = weights(stage.cohorts[0].networks[0])
        start = weights(models.build(MLP[1], seed))
        moved = (alone - start).norm()
        assert (weights(together.cohorts[0].networks[number]) - alone).norm() < 1e-2 * moved
