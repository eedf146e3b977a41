/** Related filters: those that this one is connected to, and those that respond to the same pictures. */

import * as definitions from "../../../../../mkdocs_lurk/pages/definitions.json";
import { bars } from "../../charts/bars";
import { meaning } from "../../data/definitions";
import { type Connection, type FilterDetail, type LayerData, present, reason } from "../../data/schema";
import { html } from "../../draw/dom";
import { missing } from "../../draw/missing";
import { picture, type Sheets } from "../../draw/picture";
import { score } from "../../numbers";
import { thumbnail } from "../tile";
import { countPictures } from "./responses";
import { explanation, section } from "./section";

/** What stands for a layer's name where a filter reads from the picture itself. */
const PICTURE = "";

export interface RelatedOptions {
  data: LayerData;
  /** The sheets of the thumbnails. */
  sheets: Sheets;
  /** The address of a filter's page, by its layer's name. */
  filterPage(layer: string, filter: number): string;
}

/** The strongest connections to filters before and after, as bars with links. */
export function wiringSection({ wiring }: FilterDetail, options: RelatedOptions): HTMLElement | null {
  if (!present(wiring)) {
    const why = reason(wiring);
    return why ? section("wiring", "Wiring", missing("Wiring was not traced", why)) : null;
  }
  const sides = html("div", { class: "lurk-wires" });
  for (const [title, connections] of [
    ["Reads from", wiring.inputs],
    ["Read by", wiring.outputs],
  ] as const) {
    const why = reason(connections);
    const shown =
      present(connections) && connections.length
        ? connectionBars(title, connections, options)
        : why && missing("Not traced", why);
    if (shown) sides.append(html("div", {}, html("h4", {}, title), shown));
  }
  if (!sides.children.length) return null;
  return section("wiring", "Wiring", sides, explanation(definitions.wiring));
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

function connectionBars(title: string, connections: readonly Connection[], options: RelatedOptions): HTMLElement {
  const rows = connections.map(([layer, filter, weight, unshown]) => ({
    key: `${layer} ${filter}`,
    name: layer === PICTURE ? `channel ${filter} of the picture` : `${layer} · ${filter}`,
    value: weight,
    ...(layer === PICTURE || unshown ? {} : { href: options.filterPage(layer, filter) }),
    tooltip: `${weight < 0 ? "Held back" : "Excited"} by ${score(Math.abs(weight))}: filter ${filter} of ${layer}`,
  }));
  return bars(rows, { label: title }).node;
}
