/** Whether the filter answers to one kind of thing or to several: its strongest crops, divided. */
import * as definitions from "../../../../../mkdocs_lurk/pages/definitions.json";
import { meaning } from "../../data/definitions";
import {
  type FacetCrop,
  type FacetGroup,
  type Facets,
  type FilterDetail,
  type LayerData,
  present,
  reason,
} from "../../data/schema";
import { html } from "../../draw/dom";
import { missing, unshown } from "../../draw/missing";
import { scene } from "../../draw/picture";
import { percent, score } from "../../numbers";
import { type PictureOptions, scaled } from "../pictures";
import { filterTitle } from "../tile";
import { explanation, section } from "./section";

/** The section; null where crops were not divided. */
export function facetSection({ facets }: FilterDetail, data: LayerData, options: PictureOptions): HTMLElement | null {
  if (facets === undefined) return null;
  const title = "Kinds of things";
  if (!present(facets)) return section("facets", title, missing("Its crops were not divided", reason(facets)));
  return section(
    "facets",
    title,
    figures(facets),
    ...facets.groups.map((group, at) => kind(group, at + 1, data, options)),
    explanation(meaning(definitions.facets, { n: facets.n })),
  );
}

/** How many kinds there are, and both scores, each with its meaning on hover. */
function figures({ groups, clarity, polysemanticity }: Facets): HTMLElement {
  const parts: (Node | string)[] = [
    html("strong", {}, groups.length ? `${groups.length} kinds` : "No separate kinds"),
    ", ",
    html("span", { title: definitions.clarity }, `clarity ${clarity.toFixed(2)}`),
  ];
  if (polysemanticity !== null) {
    const title = definitions.polysemanticity;
    parts.push(", ", html("span", { title }, `polysemanticity ${polysemanticity.toFixed(2)}`));
  }
  return html("p", { class: "lurk-kinds" }, ...parts);
}

function kind(group: FacetGroup, number: number, data: LayerData, options: PictureOptions): HTMLElement {
  const classes = (group.classes ?? []).map(([label, count]) => `${label} ${count}`).join(", ");
  const others = group.others.map(([index, own, rest]) => other(index, own, rest, data));
  return html(
    "div",
    { class: "lurk-quantiles" },
    html(
      "h4",
      {},
      `Kind ${number}: ${group.n} crops`,
      classes && html("span", { class: "lurk-soft" }, ` (${classes})`),
    ),
    html("div", { class: "lurk-shelf" }, ...group.crops.map((crop) => cell(crop, number, options))),
    others.length > 0 && html("p", { class: "lurk-kinds" }, "More active here: ", ...joined(others)),
  );
}

/** A link to a filter that responds more at the crops of one kind than at the others. */
function other(index: number, own: number, rest: number, data: LayerData): HTMLElement {
  const position = data.filters.index.indexOf(index);
  const title = `${percent(own)} of its highest response at these crops, ${percent(rest)} at the others`;
  if (position < 0) return html("span", { title }, `filter ${index}`);
  const name = filterTitle(data, position);
  return html("a", { href: `#filter-${index}`, title }, `${name.charAt(0).toLowerCase()}${name.slice(1)}`);
}

function cell(item: FacetCrop, number: number, options: PictureOptions): HTMLButtonElement {
  const [value, label] = [score(item.score), `Kind ${number}: response ${score(item.score)}`];
  const [top, left, bottom, right] = item.box;
  const isEmpty = bottom <= top || right <= left; // the unit sees padding alone
  const frame = isEmpty ? {} : { frame: scaled(item.box, item, options) };
  const [photo, photos] = [item.photo, options.photos];
  return html(
    "button",
    {
      class: "lurk-picture",
      type: "button",
      title: `From ${item.path}. Press for the whole photo, what else it excites, and what the network says`,
      "data-image": item.image,
      on: { click: () => options.openPhoto(item.image) },
    },
    html("span", { class: "lurk-crop" }, photo ? scene({ photo, photos, ...frame, label }) : unshown(item.path, label)),
    html(
      "span",
      { class: "lurk-picture-caption", "aria-hidden": "true" },
      html("span", { class: "lurk-picture-score" }, value),
    ),
  );
}

function joined(nodes: readonly HTMLElement[]): (Node | string)[] {
  return nodes.flatMap((node, at) => (at ? [" and ", node] : [node]));
}
