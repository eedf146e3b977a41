"""Sites with other plugins, in several themes and by other generators: what works beside them, and what cannot."""
