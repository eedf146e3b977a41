"""How large what comes from outside may be: every limit of the package that an author can run into, with its reason.

A limit is checked before anything is done with a value, so that a mistake (``top_k: 10**9``) or a hostile file (a card
of 50 MB) costs one line and no time. Each lies far above what is known to be in use.
"""

from __future__ import annotations

MAX_PIXELS = 100_000_000
"""Pixels of a picture, unless ``max_pixels`` says otherwise: about what the largest cameras have."""
MOST_PIXELS = 2**31 - 1
"""What ``max_pixels`` may be at most: Pillow counts the pixels of a picture in 31 bits."""
BYTES_PER_PIXEL = 4
"""An array of ``.npy`` or of a Dataset may be as large as a picture of ``max_pixels`` with four channels."""
MOST_SCANS = 50
"""Scans of a JPEG of ``max_pixels``, and more of a smaller one: usual progressive ones have 10. Each takes up to 0.1 s
for 100 million pixels, also if it is empty."""
MOST_STRIPS = 500_000
"""Strips or tiles of a TIFF: of 100 million pixels in tiles of 16 x 16 there are 390,000. Each takes about 5 µs."""
MOST_ARRAY_HEADER = 2**14
"""Bytes of the header of a file of ``.npy``: NumPy writes 128, and reads 10,000 characters at most."""
MOST_PICTURES = 5_000_000
"""Pictures of a model: three times ImageNet. More is ``images: /``, or a Dataset whose length is no length."""
MOST_ENTRIES = 4 * MOST_PICTURES
"""Files and folders that are listed to find the pictures: each of ``MOST_PICTURES`` with a file beside it, and each
twice, as ``**`` does."""

MOST_MAPPINGS = 100_000
"""Mappings in a checkpoint that are looked through for a state dict: an optimizer's state has one for each weight."""
MOST_COMPARED = 2_000
"""Names that are compared with a wrong one, to suggest the nearest: a large network has fewer layers."""
LONGEST_COMPARED = 200
"""Characters of a name that is compared: it takes the square of them."""

MOST_CARD_BYTES = 1_000_000
"""Bytes of a card: the longest on the hubs, with the results of hundreds of benchmarks, have about half of it."""
MOST_CARD_SECONDS = 6
"""Seconds of a processor to render a card; a usual one takes a few milliseconds. Markdown has no bound by size: 20,000
``[`` take a minute."""
MOST_CARD_WAIT = 60
"""Seconds of the clock to render a card: on a busy machine each second of a processor takes several."""
MOST_CARD_MEMORY = 1_000_000_000
"""Bytes of memory to render a card, where the system can limit a process: a table may be much larger than its text."""
MOST_CARD_ROWS = 5_000
"""Rows of a card's metadata: twice the metrics of the largest benchmarks."""
MOST_CARD_BLOCKS = 5_000
"""Paragraphs, headings, lists and the like of a card: MkDocs reads them once more, in the time of their square."""
MOST_CARD_FENCES = 200
"""Fences named ``lurk`` in a card: each becomes pictures and links of a filter."""
MOST_FENCE = 10_000
"""Characters of a fence named ``lurk``: its caption may be a long one."""
MOST_CARD_HEADINGS = 500
"""Headings of a card: MkDocs makes each anchor differ from all others."""
MOST_CARD_HTML = 4_000_000
"""Characters of a card as HTML: a page of more is slow in every browser."""
MOST_CARD_NESTING = 100
"""Elements inside each other in a card: MkDocs, themes and search plugins read HTML recursively."""
MOST_YAML_NESTING = 32
"""Lists and mappings inside each other in the metadata of a card or in a fence: PyYAML takes the square of it."""

MOST_NAMES_BYTES = 20_000_000
"""Bytes of a file of class names: a million names."""
LONGEST_FILTER_NAME = 80
"""Characters of a filter's name under ``names``: it stands below a tile."""
MOST_FILTER_NAMES_BYTES = 4_000_000
"""Bytes of the file of ``names``: a name for each of 100,000 filters."""
MOST_CSV_BYTES = 500_000_000
"""Bytes of a CSV file of pictures: ``MOST_PICTURES`` lines of 100 bytes."""

MOST_MESSAGE = 2_000
"""Characters of a message: what it names may be as long as a file."""

MOST_VALUES = 100_000
"""Values under the plugin's options, each counted as often as YAML's aliases repeat it."""
MOST_NESTING = 32
"""Lists and mappings inside each other under the plugin's options."""
LARGEST_NUMBER = 10**300
"""A whole number from here on: it fits into no float, and Python writes out none of thousands of digits."""
MOST_TEXT = 10_000
"""Characters of a text under the plugin's options: twice the longest path of any system."""

MOST_KEPT = 1000
"""``top_k``: every picture kept for a filter is shown, and costs a pass back through the network."""
MOST_STEPS = 10_000
"""``synthesis.steps``: every step of gradient ascent costs about two passes, for each filter."""
MOST_LINE_STEPS = 256
"""``effect.steps``: steps of the line that contributions are integrated along; 8 to 16 do."""
MOST_ABLATED = 64
"""``effect.exact``: each of a layer's filters takes a pass of up to 64 pictures, and so does one drawn at random."""
LARGEST_SEED = 2**32 - 1
"""``seed``: what every library's generator takes."""
LONGEST_SIDE = 8192
"""``resize`` and ``crop``: pixels of a side; the maps of one picture of that size fill a large machine's memory."""
MOST_CHANNELS = 4096
"""``channels`` of the network's input: hyperspectral cameras have hundreds."""
MOST_THREADS = 1024
"""Threads of a process."""
MOST_LIVE_MB = 200
"""``live.limit_mb``: what a visitor loads for one page; phones give a page a few times that much memory."""
MOST_LIVE_GMACS = 50
"""``live.limit_gmacs``: a browser computes about one billion multiply-adds a second with one thread."""
