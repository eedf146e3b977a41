/** How strongly the filter responds over all pictures: a histogram, and figures with their meaning. */

import * as definitions from "../../../../../mkdocs_lurk/pages/definitions.json";
import { histogram } from "../../charts/histogram";
import { meaning } from "../../data/definitions";
import { type FilterDetail, type FilterStats, present, reason } from "../../data/schema";
import { freshId, html } from "../../draw/dom";
import { missing } from "../../draw/missing";
import { percent, score } from "../../numbers";
import type { PictureOptions } from "../pictures";
import { rangeShelf, stopName } from "./range";
import { explanation, section } from "./section";

/** The histogram of responses, on which the top pictures are marked; a press shows the picture at that place of the range. */
export function responseSection(filter: FilterDetail, pictures: PictureOptions): HTMLElement {
  const { stats, top_max, range } = filter;
  if (!present(stats)) {
    return section("responses", "Responses", missing("Responses were not counted", reason(stats)));
  }
  const { edges, counts } = stats.histogram;
  const marks = (present(top_max) ? top_max : []).map((item, at) => ({
    value: item.score,
    tooltip: `Picture ${at + 1}: ${score(item.score)}`,
  }));
  const label = meaning(definitions.histogram, { n: countPictures(stats) });
  const shelf = range && rangeShelf(range, pictures);
  const stops = (range ?? []).filter((item) => !item.of);
  const chart = histogram(
    { edges, counts, marks, stops: stops.map((item) => ({ value: item.score, tooltip: stopName(item) })) },
    shelf ? { label, pick: shelf.show } : { label },
  );
  const words = shelf ? " The dots are the pictures below; press a bar to find the nearest." : "";
  const says = explanation(`${label} The marks are the pictures above.${words}`);
  const box = html("div", { class: "lurk-responses" }, chart.node, says);
  return section("responses", "Responses", box, shelf ? shelf.node : null);
}

/** The filter's figures; what each means shows on hover and on focus. */
export function figures({ stats }: FilterDetail): HTMLElement | null {
  if (!present(stats)) return null;
  const list = html("div", { class: "lurk-figures", role: "list" });
  for (const [name, value, text] of figureTexts(stats)) {
    const tip = html("span", { class: "lurk-tip", role: "tooltip", id: freshId("tip") }, text);
    const figure = html(
      "button",
      { type: "button", class: "lurk-figure", "aria-describedby": tip.id },
      html("span", {}, name),
      " ",
      html("span", {}, value),
    );
    list.append(html("div", { role: "listitem" }, figure, tip));
  }
  return list;
}

/** Name, value and meaning of each figure. */
function figureTexts(stats: FilterStats): [name: string, value: string, meaning: string][] {
  const n = countPictures(stats);
  const texts: [string, string, string][] = [
    ["Mean", score(stats.mean), meaning(definitions.mean, { n })],
    ["Highest", score(stats.max), definitions.highest],
    ["Above zero", percent(stats.positive_share), meaning(definitions.above_zero, { n })],
  ];
  if (stats.selectivity) {
    const { index, class: name, auc, clear } = stats.selectivity;
    texts.push(
      ["Answers most to", clear ? name : "no class clearly", definitions.preference],
      ["Selectivity", score(index), meaning(definitions.selectivity, { class: name })],
      ["AUC", score(auc), meaning(definitions.auc, { class: name })],
    );
  }
  if (stats.always_on) texts.push(["Always on", "yes", definitions.always_on]);
  if (stats.dead) texts.push(["Dead", "yes", definitions.dead]);
  return texts;
}

/** The pictures whose responses were counted: all of them, or evenly spaced ones of a large set. */
export function countPictures({ histogram }: FilterStats): number {
  return histogram.counts.reduce((sum, count) => sum + count, 0);
}
