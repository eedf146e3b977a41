/** What is known of a photo: the photo, what the network says of it, and the filters that rank it highest, from the first layer to the last. */

import * as definitions from "../../../../mkdocs_lurk/pages/definitions.json";
import { bars } from "../charts/bars";
import { layerPage } from "../data/addresses";
import { type Loaded, loadData } from "../data/load";
import type { ImageItem, ModelData, PhotoRank, PicturesData } from "../data/schema";
import { html } from "../draw/dom";
import { missing, unshown } from "../draw/missing";
import { titleOf } from "../draw/photo-title";
import { picture, sheetsOf } from "../draw/picture";
import { percent } from "../numbers";
import { depthStrip } from "./depth-strip";

export interface PhotoContent {
  image: number;
  item: ImageItem;
  model: ModelData;
  /** The address of the model's data script. */
  base: URL;
  /** What ends a page's address, as in `layerPage`. */
  suffix: string;
  /** The filters that rank the photo highest. */
  best: readonly PhotoRank[];
  /** Their names, by the layer's place and the filter's index. */
  names: PicturesData["names"];
}

/** Load what is known of a photo; `key` is the model's. */
export async function loadPhoto(
  { value: model, base }: Loaded<ModelData>,
  key: string,
  image: number,
  suffix: string,
): Promise<PhotoContent> {
  const pictures = await loadData<PicturesData>(new URL("pictures.js", base), `${key}/pictures`).catch(() => null);
  const item = model.images.items[image];
  if (!item) throw new Error(`the model's pictures end before ${image}`);
  return {
    image,
    item,
    model,
    base,
    suffix,
    best: pictures?.value.best[image] ?? [],
    names: pictures?.value.names ?? {},
  };
}

/** The title that its file tells, or else the photo's label, or else its path. */
export function photoTitle({ item, model }: PhotoContent): string {
  const [path, label] = item;
  return titleOf(path) || (model.images.labels[label] ?? path);
}

/** The address of the photo on the page with all photos. */
export function photoPage({ image, base, suffix }: PhotoContent): string {
  return `${layerPage(base, "pictures", suffix)}#photo-${image}`;
}

/** The photo that stands so many places before or after it, without those that could not be read; null at the ends. */
export function neighbour({ images }: ModelData, image: number, by: 1 | -1): number | null {
  for (let at = image + by; at >= 0 && at < images.items.length; at += by) {
    const [, , photo, predictions] = images.items[at] ?? [];
    if (photo || predictions) return at;
  }
  return null;
}

/** Everything, from the photo down to the strip through the layers. */
export function photoView(content: PhotoContent): HTMLElement {
  const says = html("div", { class: "lurk-photo-facts" }, ...predicted(content));
  return html(
    "div",
    {},
    html("div", { class: "lurk-photo-body" }, photoFigure(content), says),
    html("h3", { class: "lurk-depth-head" }, "Filters that rank it highest"),
    content.best.length ? depthStrip(content) : missing("No filter ranks it among its top pictures", null),
  );
}

function photoFigure(content: PhotoContent): HTMLElement {
  const { item, model, base } = content;
  const [path, , photo] = item;
  if (!photo) return html("figure", {}, unshown(path, photoTitle(content)));
  const image = picture(photo, sheetsOf(model.sheets, base), photoTitle(content));
  image.style.aspectRatio = `${photo[3]} / ${photo[4]}`;
  return html("figure", {}, image, html("figcaption", {}, path));
}

function predicted({ item, model }: PhotoContent): Node[] {
  const [, place, , predictions, right] = item;
  if (!predictions?.length)
    return [missing("The network's outputs have no names, so what it says of the photo is not known", null)];
  const label = model.images.labels[place];
  const chart = bars(
    predictions.map(([name, probability]) => ({
      key: name,
      name: name === right ? `✓ ${name}` : name,
      value: probability,
      tooltip: `${name}: ${percent(probability)}`,
    })),
    { label: "What the network predicts", format: percent },
  );
  const heading = html("h3", { title: definitions.probability }, "What the network predicts");
  const words = verdict(item, label);
  return [heading, chart.node, ...(words ? [html("p", { class: "lurk-says" }, words)] : [])];
}

const PLACES = ["first", "second", "third", "fourth", "fifth"];

/** Whether the network knows the photo's class, and names it. */
export function verdict([, , , predictions, right]: ImageItem, label: string | undefined): string {
  const guesses = predictions ?? [];
  if (right === undefined)
    return label !== undefined && guesses[0]?.[0] === label ? "Its first guess is the photo's label." : "";
  if (right === null) {
    const named = label === undefined ? "The photo has no label" : `The photo is labelled ${label}`;
    return `${named}. None of the network's classes is known to be right for it, so its guesses count neither as right nor as wrong.`;
  }
  const at = guesses.findIndex(([name]) => name === right);
  if (at === 0) return `Right: the photo's class is ${right}.`;
  if (at < 0) return `Wrong: the photo's class is ${right}, which is not among its first ${guesses.length} guesses.`;
  return `Wrong: the photo's class is ${right}, its ${PLACES[at] ?? `${at + 1}th`} guess.`;
}
