import { describe, expect, it } from "vitest";
import * as definitions from "../../../mkdocs_lurk/pages/definitions.json";
import { meaning } from "../src/data/definitions";
import type { FilterStats, Label } from "../src/data/schema";
import { availableOrders } from "../src/data/selection";
import { INITIAL_STATE } from "../src/data/state";
import { classSection } from "../src/gallery/sections/classes";
import { figures, responseSection } from "../src/gallery/sections/responses";
import { summary } from "../src/gallery/summary";
import { traits } from "../src/gallery/tile";
import { columns, layerData } from "./data";

const PICTURES = { photos: () => "", sheets: () => "", inputSize: [8, 8] as const, openPhoto: () => undefined };

const stats = (more: Partial<FilterStats> = {}): FilterStats => ({
  dead: false,
  always_on: true,
  mean: 1,
  deviation: 0.5,
  positive_share: 0.5,
  histogram: { edges: [0, 1, 2], counts: [1500, 3] },
  similar: [],
  duplicate_of: [],
  selectivity: { index: 0.4, class: "hen", auc: 0.9, clear: true },
  max: 2,
  ...more,
});

/** Name and value of each figure, by the text of its tooltip. */
function tooltips(more: Partial<FilterStats> = {}): Map<string, string> {
  const node = figures({ index: 0, stats: stats(more) });
  const items = [...(node?.querySelectorAll("[role=listitem]") ?? [])];
  return new Map(
    items.map((item) => [
      item.querySelector(".lurk-tip")?.textContent ?? "",
      item.querySelector("button")?.textContent ?? "",
    ]),
  );
}

describe("the figures of a filter", () => {
  it("have the sentences of the table as tooltips", () => {
    expect(tooltips()).toEqual(
      new Map([
        [meaning(definitions.mean, { n: 1503 }), "Mean 1.00"],
        [meaning(definitions.highest), "Highest 2.00"],
        [meaning(definitions.above_zero, { n: 1503 }), "Above zero 50 %"],
        [meaning(definitions.preference), "Answers most to hen"],
        [meaning(definitions.selectivity, { class: "hen" }), "Selectivity 0.40"],
        [meaning(definitions.auc, { class: "hen" }), "AUC 0.90"],
        [meaning(definitions.always_on), "Always on yes"],
      ]),
    );
    expect(meaning(definitions.mean, { n: 1503 })).toContain("1,503 pictures");
    expect(meaning(definitions.auc, { class: "$&" })).toContain("a picture of $& has");
  });

  it("name no class that does not stand out", () => {
    const selectivity = { index: 0.01, class: "hen", auc: 0.6, clear: false };
    expect(tooltips({ selectivity }).get(meaning(definitions.preference))).toBe("Answers most to no class clearly");
  });

  it("explain the charts", () => {
    const responses = responseSection({ index: 0, stats: stats() }, PICTURES);
    expect(responses.textContent).toContain(meaning(definitions.histogram, { n: 1503 }));
    const classes = classSection({ index: 0, classes: { avg: [[0, 1]], max: [] } }, ["hen"]);
    expect(classes?.textContent).toContain(meaning(definitions.class_avg));
  });
});

describe("a label", () => {
  const classes = { avg: [], max: [] };
  const shown = (label: Label | { skipped: string }) =>
    classSection({ index: 0, classes, label }, ["hen"])?.querySelector(".lurk-label")?.textContent;
  const found = { any_of: ["hen", "duck", "crow"], correlation: 0.412, threshold: 0.11, n: 500 };

  it("is named with its proof, what it means for the response, and what it misses", () => {
    const misses: [string, number][] = [["gull", 3]];
    expect(shown({ ...found, members: 8, mean: 2.5, rest: -0.5, coverage: 0.625, misses })).toBe(
      "Answers to hen, duck or crow: r 0.41 on 500 pictures not used to choose; chance reaches 0.11." +
        " Mean response 2.50 to these, −0.50 to all others. Of the 8 strongest 63 % are covered; it misses gull (3).",
    );
  });

  it("is not named where chance does as well, nor where it was not looked for", () => {
    expect(shown({ ...found, any_of: [], correlation: -0.02 })).toBe(
      "No class above chance (r −0.02 on 500 pictures not used to choose; chance reaches 0.11).",
    );
    expect(shown({ skipped: "too few" })).toBeUndefined();
  });

  it("is the one class that the words about a filter name", () => {
    const more = {
      max: [1, 2, 3],
      best_class: [1, 1, 1],
      label: ["hen or duck", "", null],
      label_r: [0.41, null, null],
    };
    const data = layerData(columns(3, more));
    expect([0, 1, 2].map((position) => traits(data, position)[1])).toEqual([
      "answers to hen or duck, r 0.41 on pictures not used to choose",
      "no clear preference for a class",
      undefined,
    ]);
    expect(availableOrders(data.filters)).toContain("label");
  });
});

describe("the words about a class", () => {
  const data = layerData(columns(2, { max: [1, 2], best_class: [1, -1] }));

  it("name no class that was not proven on pictures of its own", () => {
    expect(traits(data, 0)).toEqual(["strongest response 1.00"]);
    expect(traits({ ...data, labels: [] }, 1)).toEqual(["strongest response 2.00"]);
  });

  it("say how the filters of a class were chosen", () => {
    const selection = { positions: [1], dead: 0, hidden: 1, folded: [] };
    const words = "1 filter with hen among the three classes that it answers to most.";
    expect(summary(selection, { ...INITIAL_STATE, class: "hen" }, layerData(columns(2)))).toBe(words);
  });

  it("name the classes nearest to one that no picture has", () => {
    const selection = { positions: [], dead: 0, hidden: 2, folded: [] };
    const data = layerData(columns(2));
    const unknown = summary(selection, { ...INITIAL_STATE, class: "zebre" }, data);
    expect(unknown).toBe("No picture has the class “zebre”; near ones: zebra.");
    const known = summary(selection, { ...INITIAL_STATE, class: "hen" }, data);
    expect(known).toBe("No filter has hen among the three classes that it answers to most.");
  });

  it("say that a filter was not analysed, or that there is none", () => {
    const data = layerData(columns(2));
    const partial = { ...data, layer: { ...data.layer, filters: 9 } };
    const selection = { positions: [0, 1], dead: 0, hidden: 0, folded: [] };
    const words = (filter: number) => summary(selection, { ...INITIAL_STATE, filter }, partial);
    expect(words(1)).toBe("2 of 9 filters.");
    expect(words(5)).toBe("Filter 5 was not analysed, so there is nothing to show of it. 2 of 9 filters.");
    expect(words(9)).toBe("There is no filter 9: this layer has 0 to 8. 2 of 9 filters.");
  });
});
