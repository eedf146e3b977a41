/** The opened filter's pictures: crops, their photos with boxes, the photos of the highest means, the synthesis, the kernel. */
import * as definitions from "../../../../mkdocs_lurk/pages/definitions.json";
import {
  type Box,
  type FilterDetail,
  type Pic,
  present,
  type RankedMaximum,
  type RankedMean,
  reason,
  type Size,
  type Skipped,
  type Synthesis,
} from "../data/schema";
import { html } from "../draw/dom";
import { missing, unshown } from "../draw/missing";
import { titleOf } from "../draw/photo-title";
import { clip, type Gradient, picture, type Sheets, scene, withPadding } from "../draw/picture";
import { percent, ratio, score } from "../numbers";

export interface PictureOptions {
  /** The sheets of the photos, and those of gradients. */
  photos: Sheets;
  sheets: Sheets;
  inputSize: Size;
  openPhoto(image: number): void;
}

type Ranked = RankedMean | RankedMaximum;

/** The crops and photos of the highest responses, and the photos of the highest mean responses. */
export function rankedPictures({ top_max, top_avg }: FilterDetail, options: PictureOptions): HTMLElement {
  return html(
    "div",
    { class: "lurk-ranked" },
    ...section(
      "Strongest anywhere",
      `The photos with the highest scores, and the receptive field of the unit in each. Score: ${definitions.score_max}`,
      top_max,
      (items) => [
        ...(items.some((item) => item.photo)
          ? [row("lurk-crops", items, (item, rank) => crop(item, rank, options))]
          : []),
        row("lurk-photos", items, (item, rank) => photo(item, rank, options, item.box)),
      ],
    ),
    ...section(
      averageTitle(top_avg),
      `The photos with the highest average. Score: ${definitions.score_avg}`,
      top_avg,
      (items) => [row("lurk-photos", items, (item, rank) => photo(item, rank, options, null))],
    ),
  );
}

/** The synthesis, with its ratio in words; the reason if there is none. */
export function synthesisPicture({ index, max_activ: synthesis }: FilterDetail, sheets: Sheets): HTMLElement {
  const node = html("figure", { class: "lurk-synthesis" });
  if (!present(synthesis)) {
    node.append(missing("No picture was synthesised for this filter", reason(synthesis)));
    return node;
  }
  const image = picture(synthesis.picture, sheets, `Picture made to raise filter ${index}'s mean response`);
  image.style.aspectRatio = `${synthesis.picture[3]} / ${synthesis.picture[4]}`;
  const times = html("strong", { title: definitions.ratio }, strength(synthesis));
  node.append(image, html("figcaption", {}, warning(synthesis), times, " ", ...synthesisFacts(synthesis)));
  return node;
}

/** That a synthesis shows nothing the filter looks for, and why; nothing where it does. */
function warning({ won_by: how }: Synthesis): HTMLElement | null {
  if (!how) return null;
  const [text, title] = WARNINGS[how];
  return html("p", { class: "lurk-marked", title }, `This picture says little about the filter: ${text}`);
}

const WARNINGS = {
  border: ["it wins mostly at its border.", definitions.won_by_border],
  flat: ["a plain colour does about as well.", definitions.won_by_flat],
} as const;

/** The filter's weights as a picture, where they are few enough to be one. */
export function kernelPicture({ index, kernel }: FilterDetail, sheets: Sheets): HTMLElement | null {
  if (!present(kernel)) {
    const why = reason(kernel);
    return why === null ? null : missing("The weights are not drawn", why);
  }
  const caption = html("figcaption", {}, "The filter's weights; mid-grey is zero.");
  return html("figure", { class: "lurk-kernel" }, picture(kernel, sheets, `Weights of filter ${index}`), caption);
}

/** How a synthesis compares with the best photo, as a sentence. */
export function strength({ ratio: times }: Synthesis): string {
  if (times === null) return "No photo has a mean response high enough to compare it with.";
  if (times >= 1.05) return `${ratio(times)} times the best photo.`;
  if (times > 0.95) return "About as strong as the best photo.";
  return `Weaker than the best photo: ${percent(times)} of its response.`;
}

/** The synthesis's score and what is left of it after a change, each with its meaning. */
function synthesisFacts({ score: own, steps, robust }: Synthesis): HTMLElement[] {
  const kept = (other: number) => percent(Math.max(0, other / own)).replace(" ", "\u00a0");
  const fact = (meaning: string, text: string) => html("span", { title: meaning }, text);
  const facts = [fact(definitions.synthesis, `Mean response ${score(own)} after ${steps} steps.`)];
  if (own <= 0) return facts;
  const moved = fact(definitions.shift8, ` Moved by 8 pixels it keeps ${kept(robust.shift8)},`);
  return [...facts, moved, fact(definitions.scale10, ` enlarged by a tenth ${kept(robust.scale10)}.`)];
}

function section<T extends Ranked>(
  title: string,
  tooltip: string,
  items: T[] | Skipped | undefined,
  rows: (items: T[]) => HTMLElement[],
): HTMLElement[] {
  const head = html("h3", { title: tooltip }, title);
  if (!present(items) || items.length === 0) return [head, missing("No picture was ranked", reason(items))];
  return [head, ...rows(items)];
}

function row<T>(kind: string, items: readonly T[], cell: (item: T, rank: number) => HTMLElement): HTMLElement {
  return html("div", { class: `lurk-shelf ${kind}` }, ...items.map((item, at) => cell(item, at + 1)));
}

/** The receptive field of the unit with the highest response, cut out of the photo. */
function crop(item: RankedMaximum, rank: number, options: PictureOptions): HTMLElement {
  if (!item.photo) return html("div", { class: "lurk-picture" }, unshown(item.path, `Crop ${rank}, not shown`));
  const [, , , width, height] = item.photo;
  const field = scaled(item.field_box ?? item.box, item, options);
  const { cut } = clip(field, width, height);
  const padding = cut ? " The hatched part lies outside the picture: the network saw padding there." : "";
  const energy =
    item.energy === undefined
      ? ""
      : ` ${percent(item.energy)} inside: ${definitions.energy} ${definitions.effective_box}`;
  const node = scene({
    photo: item.photo,
    photos: options.photos,
    frame: withPadding(field, width, height),
    gradient: gradient(item, options),
    label: `Crop ${rank}, from ${nameOf(item)}`,
  });
  return html("div", { class: "lurk-picture", title: `From ${item.path}.${padding}${energy}` }, node);
}

/** A whole photo, with the box that caused the response where it is a maximum; a press opens the photo's dialog. */
function photo(item: Ranked, rank: number, options: PictureOptions, box: Box | null): HTMLElement {
  const name = nameOf(item);
  const value = score(item.score);
  const label = `${name}, ${box ? "response" : "mean response"} ${value}, place ${rank}`;
  const node = item.photo
    ? scene({
        photo: item.photo,
        photos: options.photos,
        gradient: gradient(item, options),
        marks: box ? [scaled(box, item, options)] : [],
        label,
      })
    : unshown(item.path, label);
  return html(
    "button",
    {
      class: "lurk-picture",
      type: "button",
      title: `${item.path}: ${box ? "highest" : "mean"} response ${value}. Press for what else it excites, and what the network says`,
      "data-image": item.image,
      on: { click: () => options.openPhoto(item.image) },
    },
    node,
    html(
      "span",
      { class: "lurk-picture-caption", "aria-hidden": "true" },
      html("span", { class: "lurk-picture-name" }, name),
      html("span", { class: "lurk-picture-score" }, value),
    ),
  );
}

function gradient(item: Ranked, options: PictureOptions): Gradient | null {
  if (!present(item.grad)) return null;
  const box = "grad_box" in item ? item.grad_box : undefined;
  const place = box ? scaled(box, item, options) : null;
  return { picture: item.grad, sheets: options.sheets, box: place, contrast: item.contrast };
}

/** A box in pixels of the network's input, turned into pixels of the photo as it is published. */
export function scaled(box: Box, item: { photo: Pic | null }, { inputSize }: { inputSize: Size }): Box {
  if (!item.photo) return box;
  const [down, across] = [item.photo[4] / inputSize[0], item.photo[3] / inputSize[1]];
  return [box[0] * down, box[1] * across, box[2] * down, box[3] * across];
}

/** The heading of the highest means, which says so where all of them are negative. */
function averageTitle(items: RankedMean[] | Skipped | undefined): string {
  const none = present(items) && items.length > 0 && items.every(({ score: mean }) => mean < 0);
  return none ? "Highest average (none raises it on average)" : "Highest average";
}

/** What a photo is called: its file's title, or else its label, or else its file's name. */
function nameOf({ label, path }: Ranked): string {
  return titleOf(path) || label || path.slice(path.lastIndexOf("/") + 1);
}
