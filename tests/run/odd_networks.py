"""Odd networks: in-place writes into views, numbers of the whole picture, and other ways to upset an analysis.

Each is a subclass of ``Odd`` with two convolutions, and says what its forward pass does between and around them.
``act`` is the rectifier, which a slow twin replaces by one with an explicit backward pass.
"""

from __future__ import annotations

import ast
from functools import cache

ODD = '''
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint


class Odd(nn.Module):
    def __init__(self, act=F.relu):
        super().__init__()
        self.act = act
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.b = nn.Conv2d(8, 4, 3, padding=1)

    def before(self, x):
        return x

    def between(self, y):
        return self.act(y)

    def forward(self, x):
        return self.b(self.between(self.a(self.before(x)))).mean((2, 3))


class ChunkInPlace(Odd):
    def between(self, y):
        u, v = y.chunk(2, 1)
        return torch.cat([F.relu(u, inplace=True), v], 1)

    def twin(self, y):
        return torch.cat([self.act(y[:, :4]), y[:, 4:]], 1)


class ChunkInPlaceReadThroughTheWhole(Odd):
    def between(self, y):
        u, _ = torch.chunk(y, 2, dim=1)
        u.relu_()
        return y

    twin = ChunkInPlace.twin


class SplitInPlace(Odd):
    def between(self, y):
        _, v, _ = torch.split(y, [2, 3, 3], 1)
        torch.relu_(v)
        return y

    def twin(self, y):
        return torch.cat([y[:, :2], self.act(y[:, 2:5]), y[:, 5:]], 1)


class SplitMethodInPlace(Odd):
    def between(self, y):
        for part in y.split(3, dim=1)[:2]:
            F.relu_(part)
        return y

    def twin(self, y):
        return torch.cat([self.act(y[:, :6]), y[:, 6:]], 1)


class TensorSplitInPlace(Odd):
    def between(self, y):
        y.tensor_split(3, 1)[0].clamp_(min=0)
        return y

    def twin(self, y):
        return torch.cat([self.act(y[:, :3]), y[:, 3:]], 1)


class UnbindInPlace(Odd):
    def between(self, y):
        first, *_ = y.unbind(1)
        first.relu_()
        return y

    def twin(self, y):
        return torch.cat([self.act(y[:, :1]), y[:, 1:]], 1)


class IteratedInPlace(Odd):
    def between(self, y):
        for picture in y:
            picture.relu_()
        return y

    def twin(self, y):
        return self.act(y)


class VerticalSplitInPlace(Odd):
    def between(self, y):
        left, _ = y.permute(2, 3, 0, 1).hsplit(2)
        left.relu_()
        return y

    def twin(self, y):
        return torch.cat([self.act(y[..., :8]), y[..., 8:]], 3)


class SliceInPlace(Odd):
    def between(self, y):
        y[:, 3:].relu_()
        return y

    def twin(self, y):
        return torch.cat([y[:, :3], self.act(y[:, 3:])], 1)


class SliceAssigned(Odd):
    def between(self, y):
        y[:, 3:] = self.act(y[:, 3:])
        return y

    twin = SliceInPlace.twin


class NarrowModuleInPlace(Odd):
    def between(self, y):
        nn.ReLU(inplace=True)(y.narrow(2, 0, 5))
        return y

    def twin(self, y):
        return torch.cat([self.act(y[:, :, :5]), y[:, :, 5:]], 2)


class TransposedInPlace(Odd):
    def between(self, y):
        y.transpose(2, 3)[:, :, 4:].relu_()
        return y

    def twin(self, y):
        return torch.cat([y[..., :4], self.act(y[..., 4:])], 3)


class InputOverwritten(Odd):
    def before(self, x):
        x.sub_(0.25).div_(2)
        return x

    def twin_before(self, x):
        return (x - 0.25) / 2


class InputSliceOverwritten(Odd):
    def before(self, x):
        x[:, 0] *= 2
        return x

    def twin_before(self, x):
        return x * torch.tensor([2.0, 1.0, 1.0])[:, None, None]


class InputChunksOverwritten(Odd):
    def before(self, x):
        red, green, blue = x.chunk(3, 1)
        red.mul_(0.5)
        blue.add_(1)
        return torch.cat([red, green, blue], 1)

    def twin_before(self, x):
        return torch.cat([x[:, :1] * 0.5, x[:, 1:2], x[:, 2:] + 1], 1)


class AddedAfterInPlace(Odd):
    def between(self, y):
        y = F.relu(y, inplace=True)
        y += 1
        return y

    def twin(self, y):
        return self.act(y) + 1


class SquaredThenOverwritten(Odd):
    def between(self, y):
        z = y * y
        y.mul_(0.5)
        return z + y

    def twin(self, y):
        return y * y + 0.5 * y


class SigmoidThenOverwritten(Odd):
    def between(self, y):
        z = torch.sigmoid(y)
        z.mul_(2)
        return z * self.act(y)

    def twin(self, y):
        return 2 * torch.sigmoid(y) * torch.relu(y)  # one activation without a rule: the plain gradient of the whole


class ChunkThenProduct(Odd):
    def between(self, y):
        u, v = y.chunk(2, 1)
        w = u * v
        u.relu_()
        return torch.cat([u, w], 1)

    def twin(self, y):
        u, v = y.chunk(2, 1)
        return torch.cat([self.act(u), u * v], 1)


class BranchOnMaximum(Odd):
    def before(self, x):
        return x / 255 if x.max() > 1.9 else x


class BranchOnLayer(Odd):
    def between(self, y):
        return self.act(y) * (0.5 if y.amax() > 1.2 else 2.0)


class BranchOnMean(Odd):
    def between(self, y):
        return self.act(y - 0.1) if y.mean().item() > 0.02 else self.act(y + 0.1)


class BranchOnWholeNumber(Odd):
    def between(self, y):
        return self.act(y) * (1 + int(y.abs().sum()) % 3)


class BranchOnPeak(Odd):
    """Most pictures have a bright pixel, and so has noise; a part of a picture may have none."""

    def before(self, x):
        self.peak = x.amax().item()
        return x

    def between(self, y):
        return self.act(y) if self.peak > 1 else -y


class AssertFinite(Odd):
    def forward(self, x):
        assert torch.isfinite(x).all()
        return super().forward(x)


class AssertRange(Odd):
    def forward(self, x):
        if x.min() < -50 or x.max() > 50:
            raise ValueError("not normalised")
        return super().forward(x)


class Cubic(Odd):
    """With a kernel of five dimensions."""

    def __init__(self, act=F.relu):
        super().__init__(act)
        self.cube = nn.Conv3d(1, 1, (1, 3, 3), padding=(0, 1, 1), bias=False)

    def before(self, x):
        return self.cube(x[:, None])[:, 0]


class MixedSparsely(Odd):
    """Its channels are mixed by a sparse matrix; a map goes through oneDNN."""

    def between(self, y):
        n, c, h, w = y.shape
        mixed = torch.sparse.mm(torch.eye(c).roll(1, 0).to_sparse(), y.transpose(0, 1).flatten(1))
        return self.act(mixed.view(c, n, h, w).transpose(0, 1).contiguous().to_mkldnn().to_dense())


class AssertNotBlack(Odd):
    def forward(self, x):
        if torch.equal(x, torch.full_like(x, -2)) or torch.allclose(x, x[:1] * 0 + 9):
            raise ValueError("black")
        return super().forward(x)


class Centred(Odd):
    def between(self, y):
        return self.act(y - y.mean())


class Standardised(Odd):
    def before(self, x):
        return (x - x.mean()) / (x.std() + 1e-5)


class ScaledByMaximum(Odd):
    def between(self, y):
        return self.act(y / y.abs().amax())


class ScaledByNumpy(Odd):
    def between(self, y):
        return self.act(y) / float(np.abs(y.detach().numpy()).max())


class ClampedByMaximum(Odd):
    def between(self, y):
        return self.act(torch.minimum(y, 0.5 * y.max()))


class CountedByNonzero(Odd):
    def between(self, y):
        return self.act(y) * (len(torch.nonzero(y > 0.3)) / y.numel() + 0.1)


class MeanOfTheBatch(Odd):
    def between(self, y):
        return self.act(y - y.mean(0, keepdim=True) * 0.5)


class BatchNormInTraining(Odd):
    def between(self, y):
        return self.act(F.batch_norm(y, None, None, training=True))


class FirstPictureOnly(Odd):
    def forward(self, x):
        return super().forward(x[:1])


class OnePictureOnly(Odd):
    def forward(self, x):
        return super().forward(x.view(1, 3, 16, 16))


class ManyPicturesMixed(Odd):
    def between(self, y):
        return self.act(y - y.mean(0, keepdim=True)) if len(y) >= 6 else self.act(y)


class ManyMorePicturesMixed(Odd):
    def between(self, y):
        return self.act(y.flip(0)) if len(y) > 20 else self.act(y)


class FewPicturesOnly(Odd):
    def between(self, y):
        return self.act(y[:5])


class Standing(Odd):
    """Nothing is odd."""


class Compiled(Odd):
    """Wrapped by torch.compile."""


class Lazy(Odd):
    def __init__(self, act=F.relu):
        super().__init__(act)
        self.a = nn.LazyConv2d(8, 3, padding=1)
        self.b = nn.LazyConv2d(4, 3, padding=1)


def compiled():
    return torch.compile(Compiled(), backend="eager")  # which imports less


def compiled_inside():
    first, second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 4, 3)
    return nn.Sequential(torch.compile(first, backend="eager"), nn.ReLU(), torch.compile(second, backend="eager"))


def not_compiled():
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3))


def compiled_in_place():
    module = Compiled()
    module.compile(backend="eager")
    return module


def scripted():
    return torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))


def frozen():
    return torch.jit.freeze(torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval()))


def traced():
    return torch.jit.trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval(), torch.zeros(1, 3, 16, 16))


class Dropout(Odd):
    def between(self, y):
        return self.act(F.dropout(y))


class Noise(Odd):
    def before(self, x):
        return x + 0.01 * torch.randn_like(x)


class NoiseAtTheEnd(Odd):
    def forward(self, x):
        return super().forward(x) + torch.rand(1)


class Counter(Odd):
    calls = 0

    def between(self, y):
        self.calls += 1
        return self.act(y * self.calls)


class CountsInAList(Odd):
    def __init__(self, act=F.relu):
        super().__init__(act)
        self.seen = [0]

    def between(self, y):
        self.seen[0] += len(y)
        return self.act(y * (1 + (self.seen[0] > 100000)))


class CountsInItsClass(Odd):
    left = 500

    def between(self, y):
        CountsInItsClass.left -= 1
        return self.act(y * (1 + (CountsInItsClass.left < 0)))


def counts_around_it():
    calls = 0

    class CountsAroundIt(Odd):
        def between(self, y):
            nonlocal calls
            calls += 1
            return self.act(y * (1 + (calls % 100 == 0)))

    return CountsAroundIt()


class CountsInATensor(Odd):
    def __init__(self, act=F.relu):
        super().__init__(act)
        self.seen = torch.zeros(())

    def between(self, y):
        self.seen = self.seen + 1
        return self.act(y)


class CountsForNothing(Odd):
    calls = 0

    def between(self, y):
        self.calls = (self.calls + 1) % 4
        return self.act(y) + [0, 0, 0, 0][self.calls]


class TiresOfPictures(Odd):
    """Changes with the seventh picture that it has not seen: the rehearsal shows three, a blank one and another."""

    def __init__(self, act=F.relu):
        super().__init__(act)
        self.seen = set()

    def before(self, x):
        self.seen.update(round(value, 2) for value in x.detach().sum((1, 2, 3)).tolist())
        return x

    def between(self, y):
        return self.act(y * (1 + (len(self.seen) > 6)))


class SwitchedByABuffer(Odd):
    def __init__(self, act=F.relu):
        super().__init__(act)
        self.register_buffer("seen", torch.zeros(()))

    def between(self, y):
        self.seen += 1
        return self.act(y * (1 + (self.seen > 1000)))


class KeepsTheLast(Odd):
    def __init__(self, act=F.relu):
        super().__init__(act)
        self.register_buffer("last", torch.zeros(8))
        self.register_buffer("unset", torch.full((2,), float("nan")))

    def between(self, y):
        self.last = y.detach().mean((0, 2, 3))
        return self.act(y)


class CentredByTheFirst(Odd):
    def __init__(self, act=F.relu):
        super().__init__(act)
        self.register_buffer("centre", torch.zeros(()))
        self.is_set = False

    def before(self, x):
        if not self.is_set:
            self.centre.copy_(x.mean())
            self.is_set = True
        return x - self.centre


class ScaledByTheFirst(Odd):
    scale = None

    def between(self, y):
        if self.scale is None:
            self.scale = y.detach().amax((0, 2, 3), keepdim=True)
        return self.act(y / self.scale)


class Transposed(Odd):
    def forward(self, x):
        return super().forward(x).T


class RootOfOutput(Odd):
    def forward(self, x):
        return super().forward(x).sub(1e3).sqrt()


class RunningMean(Odd):
    def __init__(self, act=F.relu):
        super().__init__(act)
        self.register_buffer("seen", torch.zeros(8))

    def between(self, y):
        self.seen = 0.9 * self.seen + 0.1 * y.detach().mean((0, 2, 3))
        return self.act(y - self.seen[:, None, None])


class Detached(Odd):
    def between(self, y):
        return self.act(y.detach())


class WithoutGradient(Odd):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


class Rounded(Odd):
    def between(self, y):
        return self.act(y.round())


class StraightThrough(Odd):
    def between(self, y):
        return y + (y.round() - y).detach()


class ThroughNumpy(Odd):
    def between(self, y):
        return self.act(torch.from_numpy(y.numpy()))


class NotFinite(Odd):
    def between(self, y):
        return torch.log(y - 100)


class FailsOnPictures(Odd):
    def before(self, x):
        if x.abs().max() > 0:
            raise ValueError("only blank pictures")
        return x


class SkipsALayer(Odd):
    def forward(self, x):
        y = self.act(self.a(x))
        return (self.b(y) if x.abs().max() < 1e-3 else y[:, :4]).mean((2, 3))


class WithoutDerivative(Odd):
    def between(self, y):
        return self.act(OneWay.apply(y))


class SideBranch(Odd):
    def __init__(self, act=F.relu):
        super().__init__(act)
        self.side = nn.Conv2d(8, 2, 1)

    def between(self, y):
        self.side(OneWay.apply(y))  # its result leads nowhere, and its layer is shown
        return self.act(y)


class Checkpointed(Odd):
    def __init__(self, act=F.relu):
        super().__init__(act)
        self.c = nn.Conv2d(8, 8, 1)

    def between(self, y):
        return checkpoint(lambda z: self.act(self.c(self.act(z))), y, use_reentrant=False)


class SavedElsewhere(Odd):
    def between(self, y):
        with torch.autograd.graph.saved_tensors_hooks(lambda z: z.clone(), lambda z: z):
            return self.act(self.a(y[:, :3]))


class PlainConstant(Odd):
    def between(self, y):
        return self.act(y) - torch.full((8, 1, 1), 0.1)


class OneWay(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2


class Grey(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(1, 4, 3)

    def forward(self, x):
        return self.a(x)
'''


@cache
def code_of(name: str) -> str:
    """The part of ``ODD`` that a network needs: each analysis reads the whole of the file that it is in."""
    tree = ast.parse(ODD)
    defined = {node.name: node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    needed, found = {name}, {name}
    while found:
        used = {node.id for one in found for node in ast.walk(defined[one]) if isinstance(node, ast.Name)}
        found = used & defined.keys() - needed
        needed |= found
    chosen = [node for node in tree.body if node not in defined.values() or node in map(defined.get, needed)]
    return "\n\n\n".join(str(ast.get_source_segment(ODD, node)) for node in chosen) + "\n"
