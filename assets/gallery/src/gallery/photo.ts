/** What the dialog of a photo shows: the photo, what the network predicts, and the filters that rank it highest. */

import * as definitions from "../../../../mkdocs_lurk/pages/definitions.json";
import { bars } from "../charts/bars";
import { layerPage } from "../data/addresses";
import type { ImageItem, ModelData, PhotoRank, Prediction } from "../data/schema";
import { html } from "../draw/dom";
import { missing, unshown } from "../draw/missing";
import { titleOf } from "../draw/photo-title";
import { picture, sheetsOf } from "../draw/picture";
import { percent, score } from "../numbers";

export interface PhotoContent {
  item: ImageItem;
  model: ModelData;
  /** The address of the model's data script. */
  base: URL;
  /** What ends a page's address, as in `layerPage`. */
  suffix: string;
  /** The filters that rank the photo highest. */
  best: readonly PhotoRank[];
}

/** The title that its file tells, or else the photo's label, or else its path. */
export function photoTitle({ item, model }: PhotoContent): string {
  const [path, label] = item;
  return titleOf(path) || (model.images.labels[label] ?? path);
}

/** The photo itself, above its path. */
export function photoFigure(content: PhotoContent): HTMLElement {
  const { item, model, base } = content;
  const [path, , photo] = item;
  if (!photo) return html("figure", {}, unshown(path, photoTitle(content)));
  const image = picture(photo, sheetsOf(model.sheets, base), photoTitle(content));
  image.style.aspectRatio = `${photo[3]} / ${photo[4]}`;
  return html("figure", {}, image, html("figcaption", {}, path));
}

/** The predictions, and the filters that rank the photo highest. */
export function photoFacts({ item, model, base, suffix, best }: PhotoContent): HTMLElement {
  const [, label, , predictions] = item;
  return html(
    "div",
    { class: "lurk-photo-facts" },
    ...predicted(predictions ?? [], model.images.labels[label]),
    html("h3", {}, "Filters that rank it highest"),
    best.length ? ranks(best, model, base, suffix) : missing("No filter ranks it among its top pictures", null),
  );
}

function predicted(predictions: readonly Prediction[], label: string | undefined): Node[] {
  if (!predictions.length) return [];
  const isRight = label !== undefined && predictions[0]?.[0] === label;
  const chart = bars(
    predictions.map(([name, probability]) => ({
      key: name,
      name,
      value: probability,
      tooltip: `${name}: ${percent(probability)}`,
    })),
    { label: "What the network predicts", format: percent },
  );
  const heading = html("h3", { title: definitions.probability }, "What the network predicts");
  const nodes: Node[] = [heading, chart.node];
  if (isRight) nodes.push(html("p", { class: "lurk-says" }, "Its first guess is the photo's label."));
  return nodes;
}

/** A row per layer, in the order of the network, with links to its filters, the highest rank first. */
function ranks(best: readonly PhotoRank[], model: ModelData, base: URL, suffix: string): HTMLElement {
  const byLayer = new Map<number, PhotoRank[]>();
  for (const rank of best) byLayer.set(rank[0], [...(byLayer.get(rank[0]) ?? []), rank]);
  const list = html("div", { class: "lurk-ranks", role: "list" });
  for (const [at, entries] of [...byLayer].sort((a, b) => a[0] - b[0])) {
    const layer = model.layers[at];
    if (!layer) continue;
    const links = entries
      .sort((a, b) => a[2] - b[2])
      .map(([, filter, rank, by, value]) =>
        html(
          "a",
          {
            href: `${layerPage(base, layer.slug, suffix)}#filter-${filter}`,
            title: `Place ${rank + 1} by ${by === "max" ? "highest" : "mean"} response: ${score(value)}`,
          },
          String(filter),
        ),
      );
    list.append(
      html("div", { role: "listitem" }, html("span", { title: layer.name }, layer.title), html("span", {}, ...links)),
    );
  }
  return list;
}
