"""Whether replaying recorded passes is worth its code: against one autograd graph per picture, in plain PyTorch.

The simple way records the autograd graph of a picture's forward pass once and computes every gradient from it, with the
same hooks: either one backward pass after another (``retain_graph``), or several at a time (``is_grads_batched``, under
which the hooks work, too). Units with small receptive fields have a forward and a backward pass of their own on their
part of the picture. In bfloat16 the simple way also rounds the forward pass, so that ReLUs open elsewhere: its
gradients are then compared with float32's.

Times are CPU time, in plain forward passes in float32 per gradient.
"""

from __future__ import annotations

import copy
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import groupby

import torch
from torch import Tensor

from mkdocs_lurk.analysis.crops import needs_effective_box
from mkdocs_lurk.analysis.gradients.engine import GradientEngine
from mkdocs_lurk.analysis.gradients.input_windows import window_of_unit
from mkdocs_lurk.analysis.gradients.relu_rules import hold_gates, set_rule
from mkdocs_lurk.analysis.gradients.requests import GradientRequest, GradientSettings
from mkdocs_lurk.analysis.gradients.single import filter_gradients, scores_of
from mkdocs_lurk.analysis.probe import Probe, StopForward
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.models.tracing.layer_calls import LayerCall
from mkdocs_lurk.run.devices import has_bfloat16_matrices
from mkdocs_lurk.run.session import Session
from tests.benchmarks.cpu_time import interleaved, median_ratio
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import DEMO, Workspace, open_first_model

_PICTURES, _PER_PICTURE, _ROUNDS, _COMPARED = 2, 34, 5, 16
_WORTH, _ALIKE = 2.0, 0.995
Gradients = Iterator[tuple[GradientRequest, Tensor | None, tuple[slice, slice]]]


def measure(workspace: Workspace) -> list[Row]:
    """Measure VGG16 and SqueezeNet, in float32 and, where the processor multiplies matrices in it, in bfloat16."""
    squeezenet = {
        "name": "squeezenet",
        "source": "torchvision:squeezenet1_1",
        "weights": str(DEMO / "squeezenet1_1.safetensors"),
        "images": str(workspace.photos),
    }
    rows = []
    for dtype in ("float32", "bfloat16") if has_bfloat16_matrices(torch.device("cpu")) else ("float32",):
        plugin = {"device": "cpu", "precision": dtype, "cache_dir": "replay"}
        rows.append(_row("VGG16", open_first_model(workspace.vgg(precision=dtype, cache="replay"))))
        rows.append(
            _row("SqueezeNet 1.1", open_first_model(from_mapping({"models": [squeezenet], **plugin}, workspace.folder)))
        )
    return rows


def _row(name: str, session: Session) -> Row:
    network, dtype = session.network, str(session.network.fast_dtype).removeprefix("torch.")
    requests = _drawn(session)
    plain = copy.deepcopy(session.network.probe.module).to(memory_format=torch.contiguous_format)
    one = session.to_device(session.pictures.tensor([0]))
    engine = GradientEngine(network, "guided", session.pictures.tensor, session.limit_batch)

    def forward() -> None:
        with torch.inference_mode():
            plain(one)

    ways: dict[str, Callable[[], object]] = {
        "forward": forward,
        "replay": lambda: list(engine.compute(requests)),
        "one graph": lambda: list(_OneGraph(network, session.pictures.tensor, 1).compute(requests)),
        "one graph, batched": lambda: list(_OneGraph(network, session.pictures.tensor, 4).compute(requests)),
    }
    rounds = interleaved(ways, _ROUNDS)
    costs = {way: median_ratio(rounds, way, "forward") / len(requests) for way in ways if way != "forward"}
    cosine = _least_cosine(session, requests)
    gain = min(costs["one graph"], costs["one graph, batched"]) / costs["replay"]
    each = ", ".join(f"{way} {cost:.2f}" for way, cost in costs.items())
    return Row(
        "replay",
        f"{name}, {dtype}: guided gradients of {_PICTURES} pictures, {_PER_PICTURE} each, means and units",
        f"in bfloat16: half the cost of one graph per picture, or that is not exact (cosine under {_ALIKE})",
        f"forwards per gradient: {each}; lowest cosine of one graph {cosine:.4f}",
        None if session.network.fast_dtype == torch.float32 else gain >= _WORTH or cosine < _ALIKE,
        {"forwards": costs, "cosine": cosine, "forward_s": statistics.median(one["forward"] for one in rounds)},
    )


def _drawn(session: Session) -> list[GradientRequest]:
    """Draw filters; half of the requests are of their means, half of their maximal units."""
    drawn = random.Random(0)  # noqa: S311 - a sample, no secret
    filters = [(layer.name, index) for layer in session.layers for index in range(layer.filters)]
    requests = []
    for image in range(0, len(session.images.entries), len(session.images.entries) // _PICTURES)[:_PICTURES]:
        places: dict[str, list[int]] = {}
        with torch.no_grad():
            session.network.probe.read(
                session.to_device(session.pictures.tensor([image])),
                lambda name, maps, places=places: places.__setitem__(name, maps[0].flatten(1).argmax(1).tolist()),
            )
        for number, (layer, index) in enumerate(drawn.choices(filters, k=_PER_PICTURE)):
            width = session.network.layer(layer).output[2]
            place = divmod(places[layer][index], width) if number % 2 else None
            requests.append(GradientRequest(image, layer, index, place))
    return requests


def _least_cosine(session: Session, requests: Sequence[GradientRequest]) -> float:
    found = list(_OneGraph(session.network, session.pictures.tensor, 1).compute(requests))
    cosines = []
    for request, gradient, (rows, columns) in found[:: len(found) // _COMPARED]:
        x, places = session.pictures.tensor([request.image]), None if request.position is None else [request.position]
        wanted, _ = filter_gradients(session.network.probe, x, request.layer, [request.filter], "guided", places)
        a, b = gradient.double().flatten(), wanted[0, :, rows, columns].double().flatten()
        cosines.append(float(a @ b / (a.norm() * b.norm()).clamp(min=1e-30)) if b.any() else 1.0)
    return min(cosines)


class _OneGraph:
    """Computes gradients from one autograd graph per picture.

    Args:
        network: The network.
        load: Returns pictures by their ids.
        at_once: Backward passes at once; from 2 on under vmap.
    """

    def __init__(self, network: ProbedNetwork, load: Callable[[Sequence[int]], Tensor], at_once: int) -> None:
        self.network, self.load, self.at_once = network, load, at_once
        self.probe: Probe = network.fast_probe

    def compute(self, requests: Sequence[GradientRequest]) -> Gradients:
        """Yield each request, its gradient ``(c, h, w)``, and the rows and columns of the picture that it is of."""
        by_window = defaultdict(list)
        for image, group in groupby(requests, key=lambda request: request.image):
            x, whole = self.load([image]).to(self.network.fast_dtype), []
            for request in group:
                window = self._window(request)
                if window is None:
                    whole.append(request)
                else:
                    box = window.box
                    area = slice(box.top, box.bottom), slice(box.left, box.right)
                    key = request.layer, box.height, box.width
                    by_window[key].append((request, area, window.position, x[:, :, area[0], area[1]]))
            if whole:
                yield from self._of_picture(x, whole)
        for (layer, height, width), parts in by_window.items():
            size = self.network.picture_size
            batch = min(64, 2 * max(1, size[0] * size[1] // (height * width)))
            for start in range(0, len(parts), batch):
                some, areas, places, x = zip(*parts[start : start + batch], strict=True)
                filters = [request.filter for request in some]
                found, _ = filter_gradients(self.probe, torch.cat(x), layer, filters, "guided", places)
                yield from zip(some, found, areas, strict=True)

    def _window(self, request: GradientRequest):
        if request.position is None:
            return None
        field = self.network.fields[request.layer].box(*request.position, request.filter)
        return window_of_unit(self.network, request.layer, request.position, field, GradientSettings())

    def _of_picture(self, x: Tensor, requests: Sequence[GradientRequest]) -> Gradients:
        x, calls = self._recorded(x, [request.layer for request in requests])
        last = list(calls.values())[-1].input
        everywhere = slice(None), slice(None)
        with ExitStack() as stack:
            stack.enter_context(hold_gates(last))
            for request in requests:
                if request.position is not None and needs_effective_box(self.network, request.layer):
                    self._gradients(x, calls[request.layer], [request])[0].float().square().sum(0)
        set_rule(last, "guided")
        by_layer = defaultdict(list)
        for request in requests:
            by_layer[request.layer].append(request)
        for layer, some in by_layer.items():
            for start in range(0, len(some), self.at_once):
                batch = some[start : start + self.at_once]
                for request, gradient in zip(batch, self._gradients(x, calls[layer], batch), strict=True):
                    yield request, gradient.float(), everywhere

    def _recorded(self, x: Tensor, layers: Sequence[str]) -> tuple[Tensor, dict[str, LayerCall]]:
        """Run the network once, up to the last of some layers, and return all layers' calls."""
        calls: dict[str, LayerCall] = {}
        last = max(layers, key=list(self.probe.shapes).index)

        def catch(call: LayerCall) -> Tensor:
            calls[call.name] = call
            if call.name == last:
                raise StopForward
            return call.run()

        x = x.detach().requires_grad_()
        with torch.enable_grad():
            self.probe.run(x, catch)
        return x, calls

    def _gradients(self, x: Tensor, call: LayerCall, requests: Sequence[GradientRequest]) -> Sequence[Tensor]:
        """Return gradients of one layer's scores, ``(c, h, w)`` each."""
        incoming = []
        for request in requests:
            into = call.input.detach().requires_grad_()
            with torch.enable_grad():
                maps = self.probe.filter_maps(replace(call, input=into), [request.filter])
                score = scores_of(maps.float(), None if request.position is None else [request.position])
                incoming.append(torch.autograd.grad(score.sum(), into)[0])
        if call.input.grad_fn is None:
            return [gradient[0] for gradient in incoming]
        if len(incoming) == 1:
            return [torch.autograd.grad(call.input, x, incoming, retain_graph=True)[0][0]]
        stacked = torch.stack(incoming)
        return torch.autograd.grad(call.input, x, stacked, retain_graph=True, is_grads_batched=True)[0][:, 0].unbind()
