"""Make a site of made-up results, to look at the front end without an analysis: python fixture.py OUT --photos FOLDER.

FOLDER holds folders of pictures by class. OUT becomes an MkDocs project (``mkdocs build -f OUT/mkdocs.yml``): the pages
of one model's layers, and the maps of several known networks. Build the front end first (``npm run build``).
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from graphs import GRAPHS
from layers import LAYERS, TOP_K, LayerResults
from sheets import Photos, Sheet, random_crop

Json = dict[str, Any]

STATIC = Path(__file__).parents[3] / "mkdocs_lurk" / "pages" / "static"
STRIP_PX, STRIP_LENGTH = 64, 8
MATERIAL = """theme:
  name: material
  features: [navigation.instant]
  palette:
    - {scheme: default, media: '(prefers-color-scheme: light)'}
    - {scheme: slate, media: '(prefers-color-scheme: dark)'}
"""
SITE = """site_name: Fixture
site_url: http://127.0.0.1:8765/
extra_css: [assets/lurk.css]
extra_javascript: [assets/lurk.js]
"""
PAGE = """---
hide: [toc]
---

# {title}

{text}

<div class='lurk'>
{element}
</div>

Text after the element.
"""


def main() -> None:
    """Read the command line and write the site."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--theme", default="material")
    parser.add_argument("--side", type=int, default=224, help="the network's input, in pixels")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    shutil.rmtree(args.out, ignore_errors=True)
    models = args.out / "docs" / "models"
    model = models / "net"
    model.mkdir(parents=True)
    photos = Photos(args.photos, args.side)
    photos.write(model)
    write_layers(model, photos, rng)
    for name, make in GRAPHS.items():
        graph, layers = make()
        write_map(models / name, name, {"graph": graph, "layers": layers}, photos, rng)
    graph, layers = next(iter(GRAPHS.values()))()
    named = [{**layer, "slug": LAYERS[place % len(LAYERS)].name} for place, layer in enumerate(layers)]
    write_map(model, "net", {"graph": graph, "layers": named}, photos, rng, with_photos=True)
    write_project(args.out, args.theme)


def write_layers(model: Path, photos: Photos, rng: np.random.Generator) -> None:
    """Write the pages of all layers, and which filters rank each photo highest."""
    for place, layer in enumerate(LAYERS):
        results = LayerResults(place, photos, rng)
        folder = model / layer.name
        folder.mkdir()
        put(folder / "layer.js", f"net/{layer.name}", results.layer_data())
        for number, chunk in enumerate(results.chunk_data()):
            put(folder / f"filters-{number}.js", f"net/{layer.name}/filters-{number}", chunk)
        results.tiles.save(folder / "tiles-0.webp")
        results.details.save(folder / "sheet-0.webp")
        text = (
            f"Convolution 3 by 3, {layer.filters} filters, output {layer.output_px} by {layer.output_px}; "
            f"receptive field {layer.field_px} by {layer.field_px} px."
        )
        element = f"<lurk-gallery data-src='layer.js' data-key='net/{layer.name}'></lurk-gallery>"
        (folder / "index.md").write_text(PAGE.format(title=layer.name, text=text, element=element))
    best = {
        str(image): [
            [place, int(rng.integers(64)), int(rng.integers(TOP_K)), "max", 3.2]
            for place in sorted(rng.integers(0, len(LAYERS), 9).tolist())
        ]
        for image in range(len(photos.images))
    }
    put(model / "pictures.js", "net/pictures", {"best": best})


def write_map(
    folder: Path, title: str, network: Json, photos: Photos, rng: np.random.Generator, with_photos: bool = False
) -> None:
    """Write a model's page: its map and, with ``with_photos``, what the dialogs of its photos show."""
    folder.mkdir(parents=True, exist_ok=True)
    sheet = Sheet(0, STRIP_PX)
    layers = []
    for layer in network["layers"]:
        chosen = rng.integers(len(photos.images), size=STRIP_LENGTH).tolist()
        crops = [random_crop(photos.images[image], STRIP_PX, rng) for image in chosen]
        layers.append({**layer, "strip": [[7 * place, sheet.add(crop)] for place, crop in enumerate(crops)]})
    sheet.save(folder / "strips-0.webp")
    data = {
        "name": folder.name,
        "title": title,
        "images": {"labels": photos.labels, "items": image_items(photos) if with_photos else []},
        "layers": layers,
        "graph": network["graph"],
        "sheets": ["strips-0.webp", *(photos.sheets if with_photos else [])],
    }
    put(folder / "model.js", folder.name, data)
    text = "A network, with its card in one paragraph: what it is and what it was trained on."
    element = f"<lurk-map data-src='model.js' data-key='{folder.name}'></lurk-map>"
    (folder / "index.md").write_text(PAGE.format(title=title, text=text, element=element))


def image_items(photos: Photos) -> list[list[Any]]:
    """Every photo with its label and predictions; the sheet of strips comes before those of the photos."""
    labels = photos.labels
    return [
        [path, label, [1 + sheet, *rectangle], [[labels[label], 0.83], [labels[0], 0.11], [labels[1], 0.004]]]
        for path, label, (sheet, *rectangle) in zip(photos.paths, photos.places, photos.pics, strict=True)
    ]


def write_project(out: Path, theme: str) -> None:
    """Write ``mkdocs.yml``, the home page and the front end."""
    assets = out / "docs" / "assets"
    assets.mkdir()
    for name in ("lurk.js", "lurk.css", "lurk-map.js"):
        shutil.copy(STATIC / name, assets / name)
    (out / "docs" / "index.md").write_text("# Fixture\n")
    (out / "mkdocs.yml").write_text(SITE + (MATERIAL if theme == "material" else f"theme: {theme}\n"))


def put(path: Path, key: str, value: object) -> None:
    """Write a data script."""
    path.write_text(f"(window.lurkData||={{}})[{json.dumps(key)}]={json.dumps(value)};\n")


if __name__ == "__main__":
    main()
