"""A site whose pictures can be told apart wherever they appear: by colour, by name and by digest."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner
from PIL import Image

from mkdocs_lurk.cli import main
from mkdocs_lurk.images.webp import decode_picture, encode_picture
from mkdocs_lurk.plugin.mkdocs_yml import read_mkdocs_yml
from mkdocs_lurk.run.plan import resolve
from mkdocs_lurk.store import ModelReader, Store
from tests.plugin.sites import Project

SIDE = 32
N_IMAGES = 6
LABELS = ["dogs", "patients"]
SOURCE, WEIGHTS, AUTHOR = "torchvision:squeezenet1_1", "doe-lab/weights-of-doe.safetensors", "jane-doe"
CARD = (
    f"---\nauthor: {AUTHOR}\nlicense: mit\ntags: [{AUTHOR}-lab]\nrepo: https://example.org/{AUTHOR}\n---\nA network.\n"
)
SHARD = "an-intermediate-result"
_COLOURS = {
    ("photo", "patients"): (255, 0, 0),
    ("gradient", "patients"): (0, 255, 0),
    ("photo", "dogs"): (255, 255, 0),
    ("gradient", "dogs"): (0, 255, 255),
    ("synthesis", ""): (0, 0, 255),
}


def label_of(image: int) -> str:
    """Half of the pictures are of patients: 1, 3 and 5."""
    return LABELS[image % 2]


def name_of(image: int) -> str:
    """The path of a picture, which nothing else is called."""
    return f"ward/unique{image}name.png" if image % 2 else f"kennel/unique{image}name.png"


def private_site(root: Path, side: int = SIDE, **model: Any) -> Project:
    """Make a project with finished results; keys of the model may hold pictures back."""
    made = Project(root)
    for image in range(N_IMAGES):
        path = root / "photos" / name_of(image)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (40 * image, 90, 120)).save(path)
    made.write(WEIGHTS, "weights")
    made.write("card.md", CARD)
    made.write("docs/index.md", "# Home\n")
    declare(made, **model)
    made.store_fake_results(side=side, images=N_IMAGES)
    _make_recognisable(made)
    return made


def declare(made: Project, missing: str = "error", **model: Any) -> None:
    """Write ``mkdocs.yml`` anew."""
    declared = {"name": "small", "source": SOURCE, "weights": WEIGHTS, "images": "photos", "card": "card.md",
                "ignore": ["unreadable"], **model}  # fmt: skip
    made.declare({"missing": missing, "models": [declared]})


NET = """
import torch
from torch import nn
from PIL import Image
from pathlib import Path

class Pictures:
    classes = ["dogs", "patients"]

    def __init__(self):
        self.paths = sorted(Path(__file__).parent.glob("photos/*/*.png"))

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        return Image.open(self.paths[index]).copy(), int(self.paths[index].parent.name == "ward")

def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU(), nn.Conv2d(3, 2, 3))
"""


def analysed_site(root: Path, images: str, **model: Any) -> Project:
    """Make a project whose results are real, of pictures of one colour each; ``images`` may be a Dataset."""
    made = Project(root)
    for image in range(N_IMAGES):
        path = root / "photos" / name_of(image)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8 + image, 8), _COLOURS["photo", label_of(image)]).save(path)
    made.write("net.py", NET)
    made.write("card.md", CARD)
    made.write("docs/index.md", "# Home\n")
    plain = {"crop": 8, "mean": [0, 0, 0], "std": [1, 1, 1]}
    network = {"source": "net.py:make", "weights": None, "synthesis": False, "ignore": ["chance", "unreadable"]}
    declare(made, "analyze", images=images, transform=plain, **network, **model)
    return made


def found_in(folder: Path) -> set[str]:
    """Say what of the pictures and of the author is in the files of a folder.

    Returns:
        ``photo of dogs``, ``gradient of patients``, ``synthesis``, ``name of ...``, ``digest of ...`` for pictures,
        and ``source``, ``weights``, ``author``.
    """
    found: set[str] = set()
    for path in folder.rglob("*"):
        if path.is_file():
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found |= set(_texts_in(data, folder))
            if path.suffix == ".webp":
                found |= set(_colours_in(decode_picture(data)))
            elif path.suffix == ".unit":
                found |= {colour for picture in _webp_files(data) for colour in _colours_in(picture)}
    return found


def store_of(made: Project) -> tuple[Store, str]:
    """Return the cache, and the key of the model's record."""
    config = read_mkdocs_yml(made.config).config
    store = Store(config.cache_dir)
    (state,) = resolve(config, store)
    assert state.key is not None, state.reason
    return store, state.key


def detailed(image: int, side: int) -> Any:
    """Pixels of a picture with details as fine as can be."""
    return np.random.default_rng(image).integers(0, 256, (side, side, 3), np.uint8)


def _texts_in(data: bytes, folder: Path) -> Iterator[str]:
    for image in range(N_IMAGES):
        name, label = name_of(image), label_of(image)
        if Path(name).stem.encode() in data:
            yield f"name of {label}"
        file = next(parent / "photos" / name for parent in folder.parents if (parent / "photos").is_dir())
        if hashlib.sha256(file.read_bytes()).hexdigest()[:16].encode() in data:
            yield f"digest of {label}"
    secrets = {"source": "squeezenet1_1", "weights": "weights-of-doe", "author": AUTHOR, "digest": "0123456789abcdef"}
    yield from (what for what, text in secrets.items() if text.encode() in data)


def _colours_in(pixels: Any) -> Iterator[str]:
    """Say of what there are 3 x 3 pixels of about the same colour: single ones are in every picture of weights."""
    for (kind, label), colour in _COLOURS.items():
        is_like = np.abs(pixels.astype(int) - colour).max(2) < 90
        if min(is_like.shape) >= 3 and np.lib.stride_tricks.sliding_window_view(is_like, (3, 3)).all((2, 3)).any():
            yield f"{kind} of {label}" if label else kind


def _webp_files(data: bytes) -> Iterator[Any]:
    start = data.find(b"RIFF")
    while start >= 0:
        size = 8 + int.from_bytes(data[start + 4 : start + 8], "little")
        yield np.asarray(Image.open(io.BytesIO(data[start : start + size])).convert("RGB"))
        start = data.find(b"RIFF", start + size)


def _make_recognisable(made: Project) -> None:
    """Give the made-up pictures their names, labels and colours, and let texts name them."""
    store, key = store_of(made)
    record = dict(ModelReader(store, key).record)
    for image in record["images"]:
        image |= {"path": name_of(image["id"]), "label": label_of(image["id"])}
        if "skipped" in image:
            image["skipped"] = f"{name_of(image['id'])} is cut short"
    record["skipped_images"] = [[image["path"], image["skipped"]] for image in record["images"] if "skipped" in image]
    record["notes"] = [f"In {Path(WEIGHTS).name} the weights have other names, and {name_of(1)} is odd."]
    fact = {"name": "unreadable", "fact": f"1 of 6 could not be read: {name_of(4)}", "remedy": "", "consequence": "x"}
    record["warnings"] = [fact]
    photos = next(image["picture"]["unit"] for image in record["images"] if "picture" in image)
    names = store.get(photos).names  # type: ignore[union-attr]
    store.put(photos, {}, {name: _plain("photo", label_of(int(name)), record) for name in names})
    for entry in record["layers"]:
        unit = store.get(entry["unit"])
        assert unit is not None
        ranked = {
            rank["grad"]["blob"]: rank["image"]
            for item in unit.record["filters"]
            for rank in (*item["top_avg"], *item["top_max"])
        }
        blobs = {name: _recoloured(unit.blob(name), name, ranked) for name in unit.names}
        store.put(entry["unit"], unit.record, blobs)
    digests = [hashlib.sha256((made.root / "photos" / name_of(n)).read_bytes()).hexdigest() for n in range(N_IMAGES)]
    store.put(SHARD, {"skipped": [[n, name_of(n)] for n in range(N_IMAGES)], "digests": digests})
    record["uses"] = [SHARD]
    store.put(key, record)


def _plain(kind: str, label: str, record: Any) -> bytes:
    _, height, width = record["model"]["input"]["size"]
    return _one_colour(kind, label, height, width)


def _recoloured(data: bytes, name: str, ranked: dict[str, int]) -> bytes:
    height, width = _size_of(data)
    if name in ranked:
        return _one_colour("gradient", label_of(ranked[name]), height, width)
    return _one_colour("synthesis", "", height, width)


@lru_cache(maxsize=4096)
def _size_of(data: bytes) -> tuple[int, int]:
    height, width, _ = decode_picture(data).shape
    return height, width


@lru_cache(maxsize=4096)
def _one_colour(kind: str, label: str, height: int, width: int) -> bytes:
    return encode_picture(np.full((height, width, 3), _COLOURS[kind, label], np.uint8))


OF_PATIENTS = {"photo of patients", "gradient of patients", "name of patients"}


OF_DOGS = {"photo of dogs", "gradient of dogs", "name of dogs"}


ALWAYS = {"synthesis"}


def command(*arguments: str) -> None:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output


def built(made: Project) -> set[str]:
    made.build()
    return found_in(made.site)


def packed(made: Project) -> Path:
    """Pack the results, and return a folder with all members of the bundle."""
    command("bundle", "pack", "-f", str(made.config), str(made.root / "results.tar"))
    folder = made.root / "members"
    with tarfile.open(made.root / "results.tar") as archive:
        archive.extractall(folder, filter="data")
    return folder
