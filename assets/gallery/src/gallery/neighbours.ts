/** Links to the layers before and after this one, and past the toolbar. */
import { layerPage } from "../data/addresses";
import type { LayerData, LayerLink } from "../data/schema";
import { html } from "../draw/dom";

/** The links that the data names; `modelFolder` and `suffix` as in `layerPage`. */
export function neighbourLinks({ previous, next }: LayerData, modelFolder: URL, suffix: string): HTMLElement {
  const link = (layer: LayerLink, rel: string, relation: string, text: string) =>
    html(
      "a",
      {
        href: layerPage(modelFolder, layer.slug, suffix),
        rel,
        "aria-label": `${relation}: ${layer.title}`,
        title: layer.name,
      },
      text,
    );
  return html(
    "nav",
    { class: "lurk-neighbours", "aria-label": "Layers" },
    previous && link(previous, "prev", "Layer before", `‹ ${previous.title}`),
    next && link(next, "next", "Layer after", `${next.title} ›`),
  );
}

/** A button past the toolbar to the first tile, which shows only while it has the focus. */
export function skipButton(skip: () => void): HTMLElement {
  return html("button", { type: "button", class: "lurk-skip", on: { click: skip } }, "Skip to the filters");
}
