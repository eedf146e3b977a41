/** Links to the layers before and after this one. */
import { layerPage } from "../data/addresses";
import type { LayerData, LayerLink } from "../data/schema";
import { html } from "../draw/dom";

/** The links that the data names; `modelFolder` and `suffix` as in `layerPage`. */
export function neighbourLinks({ previous, next }: LayerData, modelFolder: URL, suffix: string): HTMLElement {
  const link = (layer: LayerLink, rel: string, relation: string, text: string) =>
    html(
      "a",
      { href: layerPage(modelFolder, layer.slug, suffix), rel, "aria-label": `${relation}: ${layer.name}` },
      text,
    );
  return html(
    "nav",
    { class: "lurk-neighbours", "aria-label": "Layers" },
    previous && link(previous, "prev", "Layer before", `‹ ${previous.name}`),
    next && link(next, "next", "Layer after", `${next.name} ›`),
  );
}
