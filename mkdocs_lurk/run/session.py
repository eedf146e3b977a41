"""One model while it is being analysed: the network, its pictures, and where results go."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mkdocs_lurk.algorithms import VERSIONS
from mkdocs_lurk.analysis.first_picture import copy_unused
from mkdocs_lurk.analysis.gradients.methods import smooth_noise
from mkdocs_lurk.analysis.gradients.without_rule import describe_activations_without_rule
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.config.author_code import author_code, collect_reading
from mkdocs_lurk.config.options import QUICK_FILTERS, QUICK_STEPS, LurkConfig, ModelConfig
from mkdocs_lurk.errors import ChannelsError, LayerError, ModelError, describe_error
from mkdocs_lurk.images.datasets import named_by_key
from mkdocs_lurk.images.image_set import ImageSet
from mkdocs_lurk.images.transforms import Transform, make_transform
from mkdocs_lurk.images.webp import describe_shown_channels
from mkdocs_lurk.models.loading.detectors import DetectorMaps
from mkdocs_lurk.models.loading.network import Network
from mkdocs_lurk.models.loading.sources import load_network
from mkdocs_lurk.models.receptive_field.field import receptive_fields
from mkdocs_lurk.models.tracing.layers import Layer, LayerSearch, find_layers
from mkdocs_lurk.models.tracing.trace import Trace, trace_network
from mkdocs_lurk.named_warnings import WarningRecord
from mkdocs_lurk.run.allocator import keep_freed_memory
from mkdocs_lurk.run.devices import (
    choose_device,
    choose_fast_dtype,
    choose_memory_format,
    lay_out,
    threads_identity,
    use_full_float32,
    use_threads,
)
from mkdocs_lurk.run.pictures import Pictures
from mkdocs_lurk.run.plan import pictures_of
from mkdocs_lurk.run.progress import Progress
from mkdocs_lurk.run.random_layers import layers_without_weights, parts_without_weights, refuse_random_layers
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.rehearsal import Rehearsed, rehearse_pictures
from mkdocs_lurk.run.second_normalisation import refuse_second_normalisation
from mkdocs_lurk.run.warnings import (
    random_layers_warning,
    random_parts_warning,
    shared_names_warning,
    warnings_at_start,
)
from mkdocs_lurk.run.work import BatchLimit, Runner, Sizes
from mkdocs_lurk.store.keys import digest
from mkdocs_lurk.store.store import Store
from mkdocs_lurk.text import published_reference

log = logging.getLogger("mkdocs.plugins.lurk")
_PREVIEW = (
    f"This is a preview: at most {QUICK_FILTERS} filters of each layer were analysed, and a picture took at most "
    f"{QUICK_STEPS} steps of gradient ascent."
)
_WRONG_FIELD = "its units change with pixels outside the receptive field that follows from the operations before it"


@dataclass(frozen=True)
class Session:
    """What the stages of an analysis are made from.

    Attributes:
        config: What the author declared of the model.
        loaded: The network as it was loaded, with notes on its weights.
        trace: One forward pass of it.
        search: The layers that were found, and why others are left out.
        network: The network with its layers, ready to be run.
        pictures: The model's pictures.
        base_key: Digest of the weights, the architecture and the transform: a part of every key. Code of the author's
            that defines a backward pass is in it, too, since the trace of a forward pass does not show it.
        sizes: The sizes of units and batches.
        limit_batch: How many pictures may go through the network at once.
        runner: Computes, stores and reads units.
        rehearsed: What the first passes of a few pictures showed.
        threads: The declared threads of every process; None if they are left to the machine.
    """

    config: ModelConfig
    loaded: Network
    trace: Trace
    search: LayerSearch
    network: ProbedNetwork
    pictures: Pictures
    base_key: str
    sizes: Sizes
    limit_batch: BatchLimit
    runner: Runner
    rehearsed: Rehearsed
    threads: int | None = None

    @property
    def images(self) -> ImageSet:
        """The model's pictures on disk."""
        return self.pictures.images

    @property
    def transform(self) -> Transform:
        """What brings a picture to the network's input."""
        return self.pictures.transform

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers that are analysed, in the order in which they run."""
        return self.network.layers

    @property
    def warnings_at_start(self) -> list[WarningRecord]:
        """What may mislead, as far as it is known before anything is computed."""
        without = layers_without_weights(self.loaded, self.layers)
        random = random_layers_warning([layer.name for layer in without], len(self.layers))
        labels = [entry.label for entry in self.images.entries]
        shared = shared_names_warning(self.rehearsed.classes.shared, labels, self.rehearsed.targets)
        parts = parts_without_weights(self.loaded, self.trace, self.layers)
        beside = random_parts_warning(parts, of_outputs=self.rehearsed.n_outputs > 1)
        own = [warning for warning in (random, beside, shared) if warning is not None]
        with named_by_key(self.config):
            return [*own, *warnings_at_start(self.images, self.transform)]

    @property
    def notes(self) -> list[str]:
        """What a reader should know before the results, in sentences."""
        notes = [self.loaded.weights_note] if self.loaded.weights_note else []
        notes += [_PREVIEW] * self.config.quick
        notes += [*self.loaded.notes, *self.transform.notes, *describe_shown_channels(self.transform.channels)]
        notes += self.trace.notes
        return [*notes, *filter(None, (self.rehearsed.one_by_one, self.rehearsed.classes.note))]

    @property
    def notes_on_gradients(self) -> list[str]:
        """Where an activation has no rule for gradients, or the network's own code may change them, in sentences."""
        return describe_activations_without_rule(self.network.probe, smooth_noise(self.network), self.config.gradient)

    def filters(self, layer: Layer) -> tuple[int, ...]:
        """The filters of a layer that the author chose, rising."""
        return self.config.chosen_filters(layer.name, layer.filters)

    def synthesis_filters(self, layer: Layer) -> tuple[int, ...]:
        """Those of them for which a picture is made by gradient ascent."""
        return self.config.synthesis_filters(layer.name, layer.filters)

    def to_device(self, x: Tensor) -> Tensor:
        """Bring pictures ``(n, c, h, w)`` to where the network runs, in float32."""
        return x.to(self.network.device, torch.float32)

    def picture_digests(self, images: Iterable[int]) -> list[str]:
        """Return the digests of the contents of pictures."""
        return [self.images.entries[image].digest for image in images]

    def key(self, result: str, *parts: object) -> str:
        """Return the key of a unit of work: a digest of what it is and of all that its bytes depend on.

        Args:
            result: The kind of result, whose version (``algorithms.VERSIONS``) counts.
            parts: What else the bytes depend on, beside the network and the transform.
        """
        return digest(result, VERSIONS[result], self.base_key, *parts)


def open_session(
    config: LurkConfig, model: ModelConfig, store: Store, progress: Progress, ranks: Ranks,
    sizes: Sizes | None = None, force: bool = False,
) -> Session:  # fmt: skip
    """Load a model, find its layers and their receptive fields, and rehearse the analysis; ``force`` reads anew.

    Raises:
        LurkError: The network or its pictures cannot be loaded, or the declaration does not fit the network.
    """
    use_threads(config.threads)
    pictures = _transformed(pictures_of(config, model, anew=force), model)
    transform, sizes = pictures.transform, sizes or Sizes()
    blank = torch.zeros(1, transform.channels, transform.height, transform.width)
    with collect_reading() as reading:
        loaded = load_network(model, (transform.channels, transform.height, transform.width))
        unused, trace = copy_unused(loaded.module), _traced(loaded, blank, model)
    unused = None if unused is None else unused.unless_written()
    search = _find_layers(model, loaded, trace)
    network = _probed(loaded, trace, search.layers, blank.to(_prepared_device(config, ranks)), config.precision)
    rehearsed = rehearse_pictures(model, network, pictures, trace, sizes, unused)
    limit_batch = BatchLimit(None if rehearsed.one_by_one is None else 1)
    identity = [loaded.weights_digest, trace.digest, transform.identity, *reading.backward_code(), *rehearsed.identity]
    identity += ["fields of antialiased maps"] if any(op.name.endswith("_aa") for op in trace.ops) else []  # were wrong
    network = network if rehearsed.one_by_one is None else replace(network, needs_whole_pictures=True)
    network = network.reading_whole_pictures(rehearsed.wrong_fields, _WRONG_FIELD)
    runner = Runner(store, ranks, progress, network.device, limit_batch, force, rehearsed.first.require_same)
    return Session(
        config=model,
        loaded=loaded,
        trace=trace,
        search=search,
        network=network,
        pictures=pictures,
        base_key=digest("network", *identity, *threads_identity(config.threads)),
        sizes=sizes,
        limit_batch=limit_batch,
        runner=runner,
        rehearsed=rehearsed,
        threads=config.threads,
    )


def _transformed(images: ImageSet, model: ModelConfig) -> Pictures:
    with named_by_key(model):
        return Pictures(images, make_transform(model, images))


def _traced(loaded: Network, blank: Tensor, model: ModelConfig) -> Trace:
    with author_code(model.root), _advising_on_channels(model):
        trace = trace_network(loaded.module, blank)
    refuse_second_normalisation(loaded.module, trace, model)
    return trace


@contextmanager
def _advising_on_channels(model: ModelConfig) -> Iterator[None]:
    """Say what to do about pictures of another number of channels than the network takes: it depends on the transform.

    Raises:
        LayerError: The network takes another number of channels.
    """
    try:
        yield
    except ChannelsError as error:
        if isinstance(model.transform, str) and model.transform not in ("imagenet", "weights"):
            remedy = f"let {published_reference(model.transform)} give tensors of shape ({error.taken}, h, w)"
        else:
            remedy = f"say transform: {{channels: {error.taken}}}, with a mean and std of as many values"
        raise LayerError(f"{error}; {remedy}") from error


def _find_layers(model: ModelConfig, loaded: Network, trace: Trace) -> LayerSearch:
    left_out = loaded.module.left_out if isinstance(loaded.module, DetectorMaps) else ()
    search = find_layers(trace, model.layers, left_out)
    model.check_layers({layer.name: layer.filters for layer in search.layers})
    refuse_random_layers(loaded, search.layers, f"model {model.name!r}")
    return search


def _prepared_device(config: LurkConfig, ranks: Ranks) -> torch.device:
    """Choose the device, with float32 in full; on the processor, the C library keeps freed memory from now on."""
    device = choose_device(config.device, ranks)
    use_full_float32(device)
    if device.type == "cpu":
        keep_freed_memory()
    return device


def _probed(loaded: Network, trace: Trace, layers: tuple[Layer, ...], blank: Tensor, precision: str) -> ProbedNetwork:
    """Bring the network to the device of ``blank``, in the memory format and number formats that suit it."""
    device = blank.device
    memory_format = choose_memory_format(loaded.module.to(device), blank)
    lay_out(loaded.module, memory_format)
    probe = Probe.of(loaded.module, layers, memory_format)
    fast_dtype = choose_fast_dtype(precision, device, sum(layer.macs for layer in layers))
    fast_probe = probe if fast_dtype == torch.float32 else probe.copy_to(device, fast_dtype)
    if not _runs_in(fast_dtype, fast_probe, blank, is_wanted=precision != "auto"):
        fast_probe, fast_dtype = probe, torch.float32
    fields = receptive_fields(trace, layers)
    return ProbedNetwork(
        probe=probe,
        fast_probe=fast_probe,
        fast_dtype=fast_dtype,
        layers=layers,
        fields={layer.name: fields[layer.name] for layer in layers},
        input_size=(blank.shape[1], blank.shape[2], blank.shape[3]),
    )


def _runs_in(dtype: torch.dtype, probe: Probe, blank: Tensor, is_wanted: bool) -> bool:
    """Return whether a network, which runs in float32, runs in another number format, too.

    Raises:
        ModelError: It does not, and the author wants that format.
    """
    if dtype == torch.float32:
        return True
    try:
        with torch.inference_mode():
            probe.read(blank.to(dtype), lambda _name, _maps: None)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # whatever the author's forward method raises
        problem = f"the network does not run in {str(dtype).removeprefix('torch.')} ({describe_error(error)})"
        if is_wanted:
            raise ModelError(
                f"{problem}; say precision: float32, or register the tensors that it keeps as buffers"
            ) from error
        log.info("%s: gradients and syntheses are computed in float32", problem)
        return False
    return True
