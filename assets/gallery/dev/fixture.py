# ruff: noqa: D102, D103 - a script for developers: its docstring says what it does
"""Make a site of invented results, to look at the front end with no analysis: python fixture.py OUT --photos FOLDER.

FOLDER holds folders of pictures by class. OUT becomes an MkDocs project (``mkdocs build -f OUT/mkdocs.yml``).
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from graphs import GRAPHS
from PIL import Image, ImageFilter

SIDE = 224
THUMB = 96
LAYERS = [
    ("features.0", 64, 3, 224),
    ("features.12", 256, 40, 56),
    ("features.24", 512, 132, 14),
    ("deep.conv", 2048, 435, 7),
]
STATIC = Path(__file__).parents[3] / "mkdocs_lurk" / "pages" / "static"


class Sheet:
    """Equal squares in rows of eight, saved when done."""

    def __init__(self, side: int) -> None:
        self.side, self.parts = side, []

    def add(self, picture: Image.Image, sheet: int = 0) -> list[int]:
        place = len(self.parts)
        self.parts.append(picture)
        return [sheet, place % 8 * self.side, place // 8 * self.side, *picture.size]

    def save(self, path: Path) -> None:
        rows = -(-len(self.parts) // 8)
        sheet = Image.new("RGB", (8 * self.side, max(1, rows) * self.side), (128, 128, 128))
        for place, part in enumerate(self.parts):
            sheet.paste(part, (place % 8 * self.side, place // 8 * self.side))
        sheet.save(path, quality=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--theme", default="material")
    parser.add_argument("--side", type=int, default=SIDE, help="the network's input, in pixels")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    shutil.rmtree(args.out, ignore_errors=True)
    docs = args.out / "docs"
    for name in ("lurk.js", "lurk.css", "lurk-map.js"):
        (docs / "assets").mkdir(parents=True, exist_ok=True)
        shutil.copy(STATIC / name, docs / "assets" / name)
    photos, items, labels = read_photos(args.photos, args.side)
    model = docs / "models" / "net"
    model.mkdir(parents=True)
    sheets = write_photos(photos, model)
    pics = [
        [i // 16, i % 16 % 8 * args.side, i % 16 // 8 * args.side, args.side, args.side] for i in range(len(photos))
    ]
    layers = []
    for at, (name, count, field, size) in enumerate(LAYERS):
        Layer(model, name, count, field, size, at, photos, pics, items, labels, sheets, rng).write()
        layers.append(layer_facts(name, count, field, size))
    best = {
        str(i): [
            [int(a), int(rng.integers(64)), int(rng.integers(4)), "max", 3.2] for a in sorted(rng.integers(0, 4, 9))
        ]
        for i in range(len(photos))
    }
    put(model / "pictures.js", "net/pictures", {"best": best})
    names = list(GRAPHS)
    for name, make in GRAPHS.items():
        folder = docs / "models" / name if name != names[0] else model
        folder.mkdir(parents=True, exist_ok=True)
        graph, found = make()
        strips = Sheet(64)
        facts = [
            {
                **one,
                "strip": [
                    [
                        k * 7,
                        strips.add(
                            photos[int(rng.integers(len(photos)))].crop(crop_of(rng, 64, args.side)).resize((64, 64))
                        ),
                    ]
                    for k in range(8)
                ],
            }
            for one in found
        ]
        strips.save(folder / "strips-0.webp")
        value = {
            "name": folder.name,
            "title": name,
            "sheets": ["strips-0.webp"],
            "images": {"labels": labels, "items": []},
            "layers": facts,
            "graph": graph,
        }
        if folder is model:
            value["layers"] = [{**one, "slug": LAYERS[i % 4][0]} for i, one in enumerate(facts)]
            value["sheets"] += sheets
            value["images"]["items"] = [
                [path, label, [1 + pic[0], *pic[1:]], [[labels[label], 0.83], [labels[0], 0.11], [labels[1], 0.004]]]
                for (path, label), pic in zip(items, pics, strict=True)
            ]
        put(folder / "model.js", folder.name, value)
        (folder / "index.md").write_text(
            "---\nhide: [toc]\n---\n\n"
            f"# {name}\n\nA network, with its card in one paragraph: what it is and what it was trained on.\n\n"
            f"<div class='lurk'>\n<lurk-map data-src='model.js' data-key='{folder.name}'></lurk-map>\n</div>\n\n"
            "After the map.\n"
        )
    (docs / "index.md").write_text("# Fixture\n")
    theme = {
        "material": "theme:\n  name: material\n  features: [navigation.instant]\n  palette:\n"
        "    - {scheme: default, media: '(prefers-color-scheme: light)'}\n"
        "    - {scheme: slate, media: '(prefers-color-scheme: dark)'}\n"
    }
    (args.out / "mkdocs.yml").write_text(
        "site_name: Fixture\nsite_url: http://127.0.0.1:8765/\n"
        "extra_css: [assets/lurk.css]\nextra_javascript: [assets/lurk.js]\n"
        + theme.get(args.theme, f"theme: {args.theme}\n")
    )


class Layer:
    """One layer's page and files."""

    def __init__(self, model, name, count, field, size, at, photos, pics, items, labels, sheets, rng) -> None:
        self.name, self.count, self.field, self.size, self.at = name, count, field, size, at
        self.photos, self.pics, self.items, self.labels, self.rng = photos, pics, items, labels, rng
        self.photo_sheets = [f"../{sheet}" for sheet in sheets]
        self.side = photos[0].size[0]
        self.folder = model / name
        self.folder.mkdir()
        self.big, self.tiles = Sheet(self.side), Sheet(THUMB)

    def write(self) -> None:
        shown = min(self.count, 24)  # pictures are made for so many, and shown again for the rest
        filters = [self.filter(index) for index in range(shown)]
        crops = [self.tiles.add(self.crop(one["top_max"][0])) for one in filters]
        made = [self.tiles.add(self.synthesis(i).resize((THUMB, THUMB))) for i in range(shown)]
        means = [self.tiles.add(self.photos[one["top_avg"][0]["image"]].resize((THUMB, THUMB))) for one in filters]
        self.tiles.save(self.folder / "tiles-0.webp")
        self.big.save(self.folder / "sheet-0.webp")
        chunk = 32
        for k in range(-(-self.count // chunk)):
            part = [{**filters[i % shown], "index": i} for i in range(k * chunk, min(self.count, (k + 1) * chunk))]
            put(
                self.folder / f"filters-{k}.js",
                f"net/{self.name}/filters-{k}",
                {"sheets": ["sheet-0.webp"], "photos": self.photo_sheets, "filters": part},
            )
        n = range(self.count)
        columns = {
            "index": list(n),
            "max": [round(float(9 * self.rng.random() + 1), 3) for _ in n],
            "ratio": [round(float(4 * self.rng.random()), 2) for _ in n],
            "selectivity": [round(float(self.rng.random()), 3) for _ in n],
            "best_class": [int(self.rng.integers(len(self.labels))) for _ in n],
            "dead": [int(i % 41 == 7) for i in n],
            "duplicate": [12 if i % 53 == 20 else -1 for i in n],
            "crop": [crops[i % shown] for i in n],
            "synthesis": [made[i % shown] for i in n],
            "average": [means[i % shown] for i in n],
            "order": [int(i) for i in self.rng.permutation(self.count)],
        }
        link = lambda at: {"name": LAYERS[at][0], "slug": LAYERS[at][0]} if 0 <= at < len(LAYERS) else None  # noqa: E731
        facts = layer_facts(self.name, self.count, self.field, self.size)
        data = {
            "model": "net",
            "layer": {**facts, "receptive_field": facts["field"]},
            "previous": link(self.at - 1),
            "next": link(self.at + 1),
            "labels": self.labels,
            "top_k": 4,
            "gradient": "guided",
            "sheets": ["tiles-0.webp"],
            "chunk": chunk,
            "chunks": [f"filters-{k}.js" for k in range(-(-self.count // chunk))],
            "filters": columns,
        }
        put(self.folder / "layer.js", f"net/{self.name}", data)
        (self.folder / "index.md").write_text(
            "---\nhide: [toc]\n---\n\n"
            f"# {self.name}\n\nConvolution 3 by 3, {self.count} filters, output {self.size} by {self.size}; "
            f"a unit sees {self.field} by {self.field} pixels.\n\n<div class='lurk'>\n"
            f"<lurk-gallery data-src='layer.js' data-key='net/{self.name}'></lurk-gallery>\n</div>\n\n"
            "Text after the gallery.\n"
        )

    def filter(self, index: int) -> dict:
        scores = np.sort(self.rng.random(8) * 9 + 1)[::-1].round(3)
        top_max = [
            self.ranked(int(i), float(s), True)
            for i, s in zip(self.rng.permutation(len(self.photos))[:4], scores, strict=False)
        ]
        top_avg = [
            self.ranked(int(i), float(s) / 5, False)
            for i, s in zip(self.rng.permutation(len(self.photos))[:4], scores, strict=False)
        ]
        means = {
            by: [[k, round(float(m), 3)] for k, m in enumerate(self.rng.normal(0.6, 0.5, len(self.labels)))]
            for by in ("avg", "max")
        }
        edges = [round(x, 3) for x in np.linspace(-1, float(scores[0]), 21)]
        counts = (300 * np.exp(-(np.linspace(-1, 3, 20) ** 2)) * self.rng.random(20)).astype(int).tolist()
        other = LAYERS[max(0, self.at - 1)][0]
        return {
            "index": index,
            "top_max": top_max,
            "top_avg": top_avg,
            "classes": means,
            "max_activ": {
                "picture": self.big.add(self.synthesis(index)),
                "score": 21.53,
                "ratio": 2.37,
                "steps": 64,
                "robust": {"shift8": 18.2, "scale10": 15.1},
            }
            if index % 9 != 5
            else {"skipped": "the synthesis was asked for the first 16 filters only"},
            "stats": {
                "mean": -0.213,
                "max": float(scores[0]),
                "positive_share": 0.183,
                "histogram": {"edges": edges, "counts": counts},
                "similar": [
                    [int(i), round(0.9 - k / 10, 2)] for k, i in enumerate(self.rng.integers(0, self.count, 6))
                ],
                "selectivity": {"index": 0.42, "class": self.labels[3], "auc": 0.93},
            },
            "wiring": {
                "inputs": [[other, int(i), round(float(self.rng.normal()), 2)] for i in self.rng.integers(0, 64, 5)],
                "outputs": [
                    ["deep.conv", int(i), round(float(self.rng.normal()), 2)] for i in self.rng.integers(0, 64, 5)
                ],
            },
        }

    def ranked(self, image: int, score: float, unit: bool) -> dict:
        path, label = self.items[image]
        found = {
            "image": image,
            "label": self.labels[label],
            "path": path,
            "score": round(score, 3),
            "photo": self.pics[image],
        }
        grad = gradient(self.photos[image])
        if not unit:
            return {**found, "grad": self.big.add(grad)}
        centre = self.rng.integers(0, self.side, 2)
        top, left = (int(c) - self.field // 2 for c in centre)
        field = [top, left, top + self.field, left + self.field]
        box = [max(0, top), max(0, left), min(self.side, top + self.field), min(self.side, left + self.field)]
        part = grad.crop((box[1], box[0], box[3], box[2]))
        return {
            **found,
            "position": [3, 4],
            "box": box,
            "field_box": field,
            "grad": self.big.add(part),
            "grad_box": box,
        }

    def crop(self, item: dict) -> Image.Image:
        top, left, bottom, right = item["box"]
        return self.photos[item["image"]].crop((left, top, right, bottom)).resize((THUMB, THUMB), Image.Resampling.BOX)

    def synthesis(self, index: int) -> Image.Image:
        y, x = np.mgrid[: self.side, : self.side] / self.side
        rng = np.random.default_rng(index)
        out = np.zeros((self.side, self.side, 3))
        for _ in range(5):
            fx, fy = rng.normal(0, 12, 2)
            out += np.sin(6.28 * (fx * x + fy * y) + rng.random() * 6)[..., None] * rng.normal(0, 0.25, 3)
        return Image.fromarray((255 * np.clip(0.5 + out / 2, 0, 1)).astype(np.uint8))


def gradient(photo: Image.Image) -> Image.Image:
    a, b = (np.asarray(photo.filter(ImageFilter.GaussianBlur(r)), float) for r in (0.5, 2))
    return Image.fromarray(np.clip(128 + 3 * (a - b), 0, 255).astype(np.uint8))


def read_photos(folder: Path, side: int):
    photos, items, labels = [], [], []
    for path in sorted(folder.glob("*/*"))[::3]:
        if path.suffix.lower() not in {".jpg", ".jpeg", ".png", ".webp"} or len(photos) >= 120:
            continue
        label = path.parent.name.split("-")[-1].replace("_", " ")
        if label not in labels:
            labels.append(label)
        picture = Image.open(path).convert("RGB")
        edge = min(picture.size)
        left, top = (picture.width - edge) // 2, (picture.height - edge) // 2
        photos.append(picture.crop((left, top, left + edge, top + edge)).resize((side, side)))
        items.append((f"{path.parent.name}/{path.name}", labels.index(label)))
    return photos, items, labels


def write_photos(photos: list[Image.Image], folder: Path) -> list[str]:
    names = []
    for start in range(0, len(photos), 16):
        sheet = Sheet(photos[0].size[0])
        for photo in photos[start : start + 16]:
            sheet.add(photo)
        names.append(f"photos-{start // 16}.webp")
        sheet.save(folder / names[-1])
    return names


def layer_facts(name: str, count: int, field: int, size: int) -> dict:
    return {
        "name": name,
        "slug": name,
        "kind": "Conv2d",
        "filters": count,
        "output": [count, size, size],
        "parameters": count * 577,
        "macs": count * 577 * size * size,
        "field": {"size": [field, field], "status": "exact" if field < 224 else "effective"},
    }


def crop_of(rng, side: int, limit: int) -> tuple[int, int, int, int]:
    side = min(side, limit)
    x, y = (int(v) for v in rng.integers(0, limit - side + 1, 2))
    return x, y, x + side, y + side


def put(path: Path, key: str, value: object) -> None:
    path.write_text(f"(window.lurkData||={{}})[{json.dumps(key)}]={json.dumps(value)};\n")


if __name__ == "__main__":
    main()
