"""Datasets that are right when one thread reads them in one order, and those that break their contract."""

from __future__ import annotations

HOSTILE = '''
import io, os, random, sqlite3, tarfile, threading, time, weakref
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset
from torchvision.datasets import FakeData

SIDE, COUNT = 16, 60
HERE = Path(__file__).parent


def pixels(number):
    coarse = np.random.default_rng(number).integers(0, 256, (4, 4, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


class Numbered(Dataset):
    """Draws item i from the number i."""

    def __len__(self):
        return COUNT

    def __getitem__(self, number):
        return pixels(number), number % 3


class OneFile(Numbered):
    """All items in one open file."""

    def __init__(self):
        path = HERE / "items.bin"
        path.write_bytes(b"".join(pixels(number).tobytes() for number in range(COUNT)))
        self.file = path.open("rb", buffering=0)
        weakref.finalize(self, self.file.close)

    def __getitem__(self, number):
        size = SIDE * SIDE * 3
        self.file.seek(number * size)
        time.sleep(0.0002)
        return np.frombuffer(self.file.read(size), np.uint8).reshape(SIDE, SIDE, 3), number % 3


class Tar(Numbered):
    """All items in one open archive."""

    def __init__(self):
        with tarfile.open(HERE / "items.tar", "w") as archive:
            for number in range(COUNT):
                file = io.BytesIO()
                Image.fromarray(pixels(number)).save(file, "PNG")
                member = tarfile.TarInfo(f"{number}.png")
                member.size = len(file.getvalue())
                archive.addfile(member, io.BytesIO(file.getvalue()))
        self.archive = tarfile.open(HERE / "items.tar")
        weakref.finalize(self, self.archive.close)

    def __getitem__(self, number):
        member = self.archive.extractfile(f"{number}.png")
        time.sleep(0.0002)
        return Image.open(io.BytesIO(member.read())), number % 3


class Sqlite(Numbered):
    """All items in one database, whose connection belongs to the thread that made it."""

    def __init__(self):
        self.connection = sqlite3.connect(HERE / "items.sqlite")
        self.connection.execute("create table if not exists items (number integer primary key, pixels blob)")
        rows = [(number, pixels(number).tobytes()) for number in range(COUNT)]
        self.connection.executemany("insert or replace into items values (?, ?)", rows)
        self.connection.commit()

    def __getitem__(self, number):
        (data,) = self.connection.execute("select pixels from items where number = ?", (number,)).fetchone()
        return np.frombuffer(data, np.uint8).reshape(SIDE, SIDE, 3), number % 3


class OneBuffer(Numbered):
    """Every item is the same array, filled anew."""

    def __init__(self):
        self.buffer = np.empty((SIDE, SIDE, 3), np.uint8)

    def __getitem__(self, number):
        self.buffer[:] = pixels(number)
        return self.buffer, number % 3


class OneProcess(Numbered):
    """Fails in any process and any thread but those that made it."""

    def __init__(self):
        self.owner = os.getpid(), threading.get_ident()

    def __getitem__(self, number):
        if self.owner != (os.getpid(), threading.get_ident()):
            raise RuntimeError("read elsewhere")
        return super().__getitem__(number)


def fake_data():
    """Seeds PyTorch's global generator for every item, and restores it."""
    return FakeData(COUNT, (3, SIDE, SIDE), 3)


class Augmented(Numbered):
    """Adds noise that is drawn anew each time."""

    def __getitem__(self, number):
        return np.maximum(pixels(number), np.uint8(random.randrange(200))), number % 3


class Rarely(Numbered):
    """Item 7 changes with the second time that it is read; there are more items than are kept in memory."""

    def __init__(self):
        self.times = {}

    def __len__(self):
        return 300

    def __getitem__(self, number):
        self.times[number] = self.times.get(number, 0) + 1
        return pixels(number + (number == 7 and self.times[number] > 1)), number % 3


class Relabelled(Rarely):
    """Item 7 is of another class the second time."""

    def __getitem__(self, number):
        self.times[number] = self.times.get(number, 0) + 1
        return pixels(number), (number + (number == 7 and self.times[number] > 1)) % 3


class Fading(Rarely):
    """Item 7 can be read once."""

    def __getitem__(self, number):
        self.times[number] = self.times.get(number, 0) + 1
        if number == 7 and self.times[number] > 1:
            raise OSError("handle closed")
        return pixels(number), number % 3


class Many(Numbered):
    """More items than are kept in memory."""

    def __len__(self):
        return 300


class Ordered(Many):
    """Notes the order in which its items are read."""

    def __getitem__(self, number):
        with (HERE / "order").open("a") as file:
            file.write(f"{number} ")
        return super().__getitem__(number)


def noisy_transform():
    def transform(picture):
        values = torch.from_numpy(np.array(picture)).movedim(-1, 0).float() / 255
        return values + 0.2 * torch.rand(())

    return transform


class Drifting:
    """A transform that brightens every picture after the first 302 a little more."""

    mean, std = [0.5] * 3, [0.25] * 3

    def __init__(self):
        self.calls = 0

    def __call__(self, picture):
        self.calls += 1
        values = torch.from_numpy(np.array(picture)).movedim(-1, 0).float() / 255
        return (values + 0.001 * max(0, self.calls - 302) - 0.5) / 0.25


class Sequential:
    """A transform that fails in two threads at once."""

    mean, std = [0.5] * 3, [0.25] * 3

    def __init__(self):
        self.owner, self.busy = threading.get_ident(), False

    def __call__(self, picture):
        assert self.owner == threading.get_ident()
        assert not self.busy
        self.busy = True
        time.sleep(0.0002)
        self.busy = False
        return (torch.from_numpy(np.array(picture)).movedim(-1, 0).float() / 255 - 0.5) / 0.25
'''
