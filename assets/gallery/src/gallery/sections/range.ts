/** The whole range of a filter: a picture at each of some quantiles of its responses, from the strongest to the weakest. */
import * as definitions from "../../../../../mkdocs_lurk/pages/definitions.json";
import type { RangePicture } from "../../data/schema";
import { html } from "../../draw/dom";
import { unshown } from "../../draw/missing";
import { scene } from "../../draw/picture";
import { percent, score } from "../../numbers";
import { type PictureOptions, scaled } from "../pictures";
import { explanation } from "./section";

export interface RangeShelf {
  node: HTMLElement;
  /** Bring the picture whose response is nearest to a value to the visitor's attention. */
  show(value: number): void;
}

/** A shelf of crops; a press on one opens its photo's dialog. */
export function rangeShelf(items: RangePicture[], options: PictureOptions): RangeShelf {
  const cells = items.map((item) => cell(item, options));
  const cut = items.some(({ field }) => field === "centred") ? ` ${definitions.centred}` : "";
  const node = html(
    "div",
    { class: "lurk-quantiles" },
    html("h4", {}, "From the strongest picture to the weakest"),
    html("div", { class: "lurk-shelf" }, ...cells),
    explanation(`${definitions.range}${cut}`),
  );
  const show = (value: number) => {
    let nearest = 0;
    items.forEach((item, at) => {
      const isNearer = Math.abs(item.score - value) < Math.abs((items[nearest]?.score ?? 0) - value);
      if (!item.of && isNearer) nearest = at;
    });
    cells[nearest]?.focus();
  };
  return { node, show };
}

/** What a picture of the range is called. */
export function stopName({ quantile, of }: RangePicture): string {
  if (of) return "most negative";
  return quantile === 1 ? "strongest" : quantile === 0 ? "weakest" : percent(quantile);
}

function cell(item: RangePicture, options: PictureOptions): HTMLButtonElement {
  const name = stopName(item);
  const [value, label] = [score(item.score), `${name}: response ${score(item.score)}`];
  const [top, left, bottom, right] = item.box;
  const isEmpty = bottom <= top || right <= left; // the unit sees padding alone
  const frame = isEmpty ? {} : { frame: scaled(item.box, item, options) };
  const [photo, photos] = [item.photo, options.photos];
  const means = item.of ? `${definitions.most_negative} ` : "";
  return html(
    "button",
    {
      class: "lurk-picture",
      type: "button",
      title: `${means}From ${item.path}. Press for the whole photo, what else it excites, and what the network says`,
      "data-image": item.image,
      on: { click: () => options.openPhoto(item.image) },
    },
    html("span", { class: "lurk-crop" }, photo ? scene({ photo, photos, ...frame, label }) : unshown(item.path, label)),
    html(
      "span",
      { class: "lurk-picture-caption", "aria-hidden": "true" },
      html("span", { class: "lurk-picture-name" }, name),
      html("span", { class: "lurk-picture-score" }, value),
    ),
  );
}
