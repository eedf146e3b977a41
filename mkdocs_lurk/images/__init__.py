"""Load pictures: list them, read them, bring them to the network's input, and encode what is shown of them."""
