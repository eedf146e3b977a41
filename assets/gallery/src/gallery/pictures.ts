/** The opened filter's pictures: crops at one size, their whole photos with the box, the photos of the highest mean, the synthesis. */
import {
  type Box,
  type ChunkData,
  type FilterDetail,
  type Maybe,
  present,
  type Ranked,
  type RankedMax,
  reason,
  type Synthesis,
} from "../data/format";
import { html } from "../draw/dom";
import { clip, type Sheets, scene, sheetsOf, view, withPadding } from "../draw/view";
import { percent, ratio, score } from "../words";

export interface PictureOptions {
  chunk: ChunkData;
  base: URL;
  labels: readonly string[];
  inputSize: readonly [number, number] | undefined;
  fieldStatus: string | undefined;
  openPhoto(image: number): void;
}

interface Sources {
  photos: Sheets;
  sheets: Sheets;
  options: PictureOptions;
}

/** The two rows of top-max pictures, and the row of top-average ones. */
export function rankedPictures(filter: FilterDetail, options: PictureOptions): HTMLElement {
  const sources = {
    photos: sheetsOf(options.chunk.photos, options.base),
    sheets: sheetsOf(options.chunk.sheets, options.base),
    options,
  };
  const node = html("div", { class: "lurk-ranked" });
  node.append(
    ...row(
      "Strongest anywhere",
      "The photos with the highest single response, and the part of each that caused it.",
      filter.top_max,
      (items) => [
        strip("lurk-crops", items, (item, place) => crop(item, place, sources)),
        strip("lurk-photos", items, (item, place) => photo(item, place, sources, item.box)),
      ],
    ),
    ...row("Strongest on the whole", "The photos with the highest mean response.", filter.top_avg, (items) => [
      strip("lurk-photos", items, (item, place) => photo(item, place, sources, null)),
    ]),
  );
  return node;
}

/** The picture made for the filter, with its ratio in words; says why where there is none. */
export function synthesisPicture(filter: FilterDetail, options: PictureOptions): HTMLElement {
  const made = filter.max_activ;
  const node = html("figure", { class: "lurk-synthesis" });
  if (!present(made)) {
    node.append(missing("No picture was synthesised for this filter", reason(made)));
    return node;
  }
  const sheets = sheetsOf(options.chunk.sheets, options.base);
  const picture = view(made.picture, sheets, `Picture made to raise filter ${filter.index}'s mean response`);
  picture.style.aspectRatio = `${made.picture[3]} / ${made.picture[4]}`;
  node.append(picture, html("figcaption", {}, html("strong", {}, strength(made)), ` ${synthesisFacts(made)}`));
  return node;
}

function row<T extends Ranked>(
  title: string,
  says: string,
  items: Maybe<T[]>,
  strips: (items: T[]) => HTMLElement[],
): HTMLElement[] {
  const head = html("h3", { title: says }, title);
  if (!present(items) || items.length === 0) return [head, missing("No picture was ranked", reason(items))];
  return [head, ...strips(items)];
}

function strip<T>(kind: string, items: readonly T[], cell: (item: T, place: number) => HTMLElement): HTMLElement {
  const node = html("div", { class: `lurk-shelf ${kind}` });
  node.append(...items.map((item, at) => cell(item, at + 1)));
  return node;
}

function crop(item: RankedMax, place: number, { photos, sheets, options }: Sources): HTMLElement {
  if (!item.photo) return missing("The photo is not here", null);
  const [, , , width, height] = item.photo;
  const field = scaled(item.field_box ?? item.box, item, options);
  const { cut } = clip(field, width, height);
  const frame = withPadding(field, width, height);
  const name = nameOf(item, options.labels);
  const padding = cut ? " The hatched part lies outside the picture: the network saw zeros there." : "";
  const node = scene({
    photo: item.photo,
    photos,
    frame,
    gradient: gradient(item, sheets, options),
    label: `Crop ${place}, from ${name}`,
  });
  return html("div", { class: "lurk-picture", title: `From ${item.path}.${padding}` }, node);
}

function photo(item: Ranked, place: number, { photos, sheets, options }: Sources, box: Box | null): HTMLElement {
  if (!item.photo) return missing("The photo is not here", null);
  const name = nameOf(item, options.labels);
  const mark = box ? scaled(box, item, options) : null;
  const node = scene({
    photo: item.photo,
    photos,
    gradient: gradient(item, sheets, options),
    mark,
    label: `${name}, ${box ? "response" : "mean response"} ${score(item.score)}, place ${place}`,
  });
  return html(
    "button",
    {
      class: "lurk-picture",
      type: "button",
      title: `${item.path}: ${box ? "highest" : "mean"} response ${score(item.score)}. Press for what else it excites, and what the network says`,
      "data-image": item.image,
      on: { click: () => options.openPhoto(item.image) },
    },
    node,
    html(
      "span",
      { class: "lurk-picture-caption", "aria-hidden": "true" },
      html("span", { class: "lurk-picture-name" }, name),
      html("span", { class: "lurk-picture-score" }, score(item.score)),
    ),
  );
}

function gradient(item: Ranked, sheets: Sheets, options: PictureOptions) {
  if (!item.grad) return null;
  return { picture: item.grad, sheets, box: item.grad_box ? scaled(item.grad_box, item, options) : null };
}

/** A box of the network's input in pixels of the photo as it is kept. */
function scaled(box: Box, { photo }: Ranked, { inputSize }: PictureOptions): Box {
  if (!inputSize || !photo) return box;
  const [down, across] = [photo[4] / inputSize[0], photo[3] / inputSize[1]];
  return [box[0] * down, box[1] * across, box[2] * down, box[3] * across];
}

function nameOf(item: Ranked, labels: readonly string[]): string {
  const label = typeof item.label === "number" ? labels[item.label] : item.label;
  return label || item.path.slice(item.path.lastIndexOf("/") + 1);
}

/** How a synthesis compares, as a sentence. */
export function strength({ ratio: times }: Synthesis): string {
  if (times === null) return "No photo has a mean response above zero to compare it with.";
  if (times >= 1.05) return `${ratio(times)} times the best photo.`;
  if (times > 0.95) return "As strong as the best photo.";
  return `Weaker than the best photo: ${percent(times)} of its response.`;
}

function synthesisFacts(made: Synthesis): string {
  const facts = [`Mean response ${score(made.score)} after ${made.steps} steps.`];
  const kept = (other: number | undefined) =>
    typeof other === "number" && made.score > 0
      ? percent(Math.max(0, other / made.score)).replace(" ", "\u00a0")
      : null;
  const shifted = kept(made.robust?.shift8);
  const grown = kept(made.robust?.scale10);
  if (shifted) facts.push(`Moved by 8 pixels it keeps ${shifted}${grown ? `, enlarged by a tenth ${grown}` : ""}.`);
  return facts.join(" ");
}

/** A sentence in place of what is not there. */
export function missing(what: string, why: string | null): HTMLElement {
  return html("p", { class: "lurk-missing" }, why ? `${what}: ${why.replace(/\.$/, "")}.` : `${what}.`);
}
