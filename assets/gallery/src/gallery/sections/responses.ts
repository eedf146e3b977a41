/** How strongly the filter responds over all pictures: a histogram, and figures with their meaning. */
import { histogram } from "../../charts/histogram";
import { type FilterDetail, type FilterStats, present, reason } from "../../data/schema";
import { freshId, html } from "../../draw/dom";
import { missing } from "../../draw/missing";
import { percent, plural, score } from "../../numbers";
import { explanation, section } from "./section";

/** The histogram of responses, on which the top pictures are marked. */
export function responseSection({ stats, top_max }: FilterDetail): HTMLElement {
  if (!present(stats)) {
    return section("responses", "Responses", missing("Responses were not counted", reason(stats)));
  }
  const { edges, counts } = stats.histogram;
  const marks = (present(top_max) ? top_max : []).map((item, at) => ({
    value: item.score,
    tooltip: `Picture ${at + 1}: ${score(item.score)}`,
  }));
  const pictures = counts.reduce((sum, count) => sum + count, 0);
  const label = `How strongly ${plural(pictures, "picture")} excite the filter at their best place`;
  const chart = histogram({ edges, counts, marks }, { label });
  return section("responses", "Responses", chart.node, explanation(`${label}; the marks are the pictures above.`));
}

/** The filter's figures; what each means shows on hover and on focus. */
export function figures({ stats }: FilterDetail): HTMLElement | null {
  if (!present(stats)) return null;
  const list = html("div", { class: "lurk-figures", role: "list" });
  for (const [name, value, meaning] of figureTexts(stats)) {
    const tip = html("span", { class: "lurk-tip", role: "tooltip", id: freshId("tip") }, meaning);
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
  const texts: [string, string, string][] = [
    ["Mean", score(stats.mean), "The mean response over all pictures and places."],
    ["Highest", score(stats.max), "The highest response in any picture."],
    ["Above zero", percent(stats.positive_share), "The share of places where the response is above zero."],
  ];
  if (stats.selectivity) {
    const { index, class: name, auc } = stats.selectivity;
    texts.push(
      ["Selectivity", score(index), `0 answers to all classes alike, 1 to one alone: ${name}.`],
      ["AUC", score(auc), `How well the response alone tells ${name} from the rest; 0.5 is chance.`],
    );
  }
  if (stats.always_on) texts.push(["Always on", "yes", "Every place of every picture is above zero."]);
  return texts;
}
