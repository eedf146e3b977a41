def needs_effective_boxes(network, layer):
    known = network.fields[layer]
    if known.status != "exact":
        return True
    _, height, width = network.input_size
    return min(known.size[0], height) * min(known.size[1], width) > 0.8 * height * width
