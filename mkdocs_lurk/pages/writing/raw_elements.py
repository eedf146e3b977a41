"""Elements of HTML whose contents are no text of a page."""

RAW_TEXT = ("script", "style", "textarea")
"""What a browser reads as characters, without elements inside."""
VERBATIM = ("pre", "code", *RAW_TEXT, "template")
"""Where an author shows or keeps something, so that nothing inside is replaced."""
