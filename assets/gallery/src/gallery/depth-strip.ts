/** A strip through the depth of a network: for each layer the photo with the boxes of the filters that rank it highest. */

import { layerPage } from "../data/addresses";
import type { Box, ModelLayer, PhotoRank, Pic } from "../data/schema";
import { html } from "../draw/dom";
import { scene, sheetsOf } from "../draw/picture";
import { score } from "../numbers";
import type { PhotoContent } from "./photo";
import { scaled } from "./pictures";

/** Filters of a layer at most, and boxes on one picture: more hide it. */
const [MOST_FILTERS, MOST_BOXES] = [6, 3];
/** A box smaller than this share of the photo is drawn so large. */
const LEAST_SHARE = 0.06;

/** One panel for each layer in which a filter ranks the photo among its best, in the order of the network. */
export function depthStrip(content: PhotoContent): HTMLElement {
  const byLayer = new Map<number, PhotoRank[]>();
  for (const rank of content.best) byLayer.set(rank[0], [...(byLayer.get(rank[0]) ?? []), rank]);
  const list = html("div", { class: "lurk-depth", role: "list" });
  for (const [at, ranks] of [...byLayer].sort((a, b) => a[0] - b[0])) {
    const layer = content.model.layers[at];
    if (layer) list.append(html("div", { role: "listitem" }, ...panel(layer, ranks, content)));
  }
  const says = html(
    "p",
    { class: "lurk-says" },
    "From the first layer to the last. A box marks where the filter responds most, as large as what reaches that unit; of tiny ones, the place. Without a box, the filters rank the photo by their mean response alone.",
  );
  return html("div", {}, says, list);
}

function panel(layer: ModelLayer, ranks: PhotoRank[], content: PhotoContent): Node[] {
  const [, , photo] = content.item;
  const sorted = [...ranks].sort((a, b) => a[2] - b[2] || Number(a[3] !== "max") - Number(b[3] !== "max"));
  const isFirst = (rank: PhotoRank, at: number) => sorted.findIndex((other) => other[1] === rank[1]) === at;
  const once = sorted.filter(isFirst).slice(0, MOST_FILTERS);
  const boxed = once.filter(([, , , , , box]) => box).slice(0, MOST_BOXES);
  const marked = photo && boxedPhoto(photo, boxed, layer, content);
  const marks = [...(marked?.querySelectorAll(".lurk-mark") ?? [])];
  const links = once.map((rank) => filterLink(rank, layer, content, marks[boxed.indexOf(rank)]));
  const title = html("span", { class: "lurk-depth-title", title: layer.name }, layer.title);
  return [...(marked ? [marked] : []), title, html("span", { class: "lurk-depth-filters" }, ...links)];
}

function boxedPhoto(
  photo: Pic,
  boxed: PhotoRank[],
  layer: ModelLayer,
  { item, model, base }: PhotoContent,
): SVGSVGElement {
  const inputSize = model.input_size;
  const marks = boxed.flatMap(([, , , , , box]) =>
    box ? [visible(scaled(box, { photo: item[2] }, { inputSize }), photo)] : [],
  );
  return scene({
    photo,
    photos: sheetsOf(model.sheets, base),
    marks,
    label: `Where filters of ${layer.title} respond`,
  });
}

/** A link to a filter; its box is drawn in the accent's colour while the link has the pointer or the focus. */
function filterLink(
  rank: PhotoRank,
  layer: ModelLayer,
  { base, suffix, names }: PhotoContent,
  mark: Element | undefined,
): HTMLElement {
  const [at, filter, place, by, value] = rank;
  const called = `${filter} ${names[at]?.[filter] ?? ""}`.trim();
  const light = (on: boolean) => () => mark?.classList.toggle("lurk-mark-lit", on);
  return html(
    "a",
    {
      href: `${layerPage(base, layer.slug, suffix)}#filter-${filter}`,
      title: `Filter ${called}: place ${place + 1} by ${by === "max" ? "highest" : "mean"} response, ${score(value)}`,
      on: { mouseenter: light(true), mouseleave: light(false), focus: light(true), blur: light(false) },
    },
    called,
  );
}

/** A box that is large enough to be seen, around the same middle. */
function visible([top, left, bottom, right]: Box, [, , , width, height]: Pic): Box {
  const grow = (from: number, to: number, least: number) => {
    const more = Math.max(0, least - (to - from)) / 2;
    return [from - more, to + more] as const;
  };
  const [y, y2] = grow(top, bottom, LEAST_SHARE * height);
  const [x, x2] = grow(left, right, LEAST_SHARE * width);
  return [y, x, y2, x2];
}
