"""Picture files of the pages (photos, sheets, thumbnails), and inline SVGs that show regions of them."""
