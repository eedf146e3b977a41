/** Filters that respond to the same pictures. */

import * as definitions from "../../../../../mkdocs_lurk/pages/definitions.json";
import { meaning } from "../../data/definitions";
import { type FilterDetail, type LayerData, present } from "../../data/schema";
import { html } from "../../draw/dom";
import { missing } from "../../draw/missing";
import { picture, type Sheets } from "../../draw/picture";
import { score } from "../../numbers";
import { thumbnail } from "../tile";
import { countPictures } from "./responses";
import { explanation, section } from "./section";

export interface RelatedOptions {
  data: LayerData;
  /** The sheets of the thumbnails. */
  sheets: Sheets;
  /** The address of a filter's page, by its layer's name. */
  filterPage(layer: string, filter: number): string;
}

/** Filters that respond to the same pictures, as small tiles. */
export function similarSection({ stats }: FilterDetail, { data, sheets }: RelatedOptions): HTMLElement | null {
  if (!present(stats) || !stats.similar.length) return null;
  const [name, title] = ["similar", "Similar filters"];
  const shown = stats.similar.filter(([index]) => data.filters.index.includes(index));
  if (!shown.length) return section(name, title, missing("The filters most alike are not on this page", null));
  const duplicates = new Set(stats.duplicate_of.map(([index]) => index));
  const list = html("div", { class: "lurk-similar", role: "list" });
  for (const [index, correlation] of shown) {
    const thumb = thumbnail(data, data.filters.index.indexOf(index), "crop");
    const link = html(
      "a",
      {
        href: `#filter-${index}`,
        "data-filter-link": index,
        title: `Filter ${index}: correlation ${score(correlation)}${duplicates.has(index) ? `. ${definitions.duplicate}` : ""}`,
      },
      thumb && picture(thumb, sheets),
      html("span", {}, String(index)),
      html("span", { class: "lurk-soft" }, score(correlation)),
    );
    list.append(html("div", { role: "listitem" }, link));
  }
  return section(name, title, list, explanation(meaning(definitions.similar, { n: countPictures(stats) })));
}
