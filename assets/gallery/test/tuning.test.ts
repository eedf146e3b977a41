import { describe, expect, it } from "vitest";
import * as definitions from "../../../mkdocs_lurk/pages/definitions.json";
import { meaning } from "../src/data/definitions";
import type { Tuning } from "../src/data/schema";
import { availableOrders, selectFilters } from "../src/data/selection";
import { INITIAL_STATE, readState } from "../src/data/state";
import { tuningSection } from "../src/gallery/sections/tuning";
import { columns } from "./data";

const TUNING: Tuning = {
  n: 16,
  kept: { grey: 0.2, half: 0.5, double: 1.1, rotate180: 0.4 },
  depends: { colour: 0.8, detail: 0, mirror: 0.004, orientation: 0.25, scale: 0.25, shape: null },
};

describe("the tuning of a filter", () => {
  it("is a glyph with a share for each property that is known, and its meaning", () => {
    const node = tuningSection({ index: 0, tuning: TUNING });
    const entries = [...(node?.querySelectorAll(".lurk-property") ?? [])];
    expect(entries.map((entry) => entry.textContent)).toEqual([
      "Colour 80 %",
      "Fine detail 0 %",
      "Left and right under 1 %",
      "Orientation 25 %",
      "Size 25 %",
    ]);
    expect(entries.every((entry) => entry.querySelector("svg.lurk-glyph path"))).toBe(true);
    expect(entries[0]?.querySelector<HTMLElement>(".lurk-property-fill")?.style.inlineSize).toBe("80%");
    const tips = [...(node?.querySelectorAll(".lurk-tip") ?? [])].map((tip) => tip.textContent);
    expect(tips[0]).toBe(definitions.tuning_colour);
    expect(tips[3]).toBe(`${definitions.tuning_orientation} Turned by 180 degrees, 40 % of the response is left.`);
    expect(tips[4]).toContain("At half the size 50 % is left, at twice the size 110 %.");
    expect(node?.textContent).toContain(meaning(definitions.tuning, { n: 16 }));
  });

  it("has the band of the network with shuffled weights behind it, and says so", () => {
    const node = tuningSection({ index: 0, tuning: TUNING }, { colour: [0.25, 0.5], selectivity: [0, 1] });
    const bands = [...(node?.querySelectorAll<HTMLElement>(".lurk-property-band") ?? [])];
    expect(bands.map(({ style }) => [style.insetInlineStart, style.inlineSize])).toEqual([["25%", "25%"]]);
    expect(node?.textContent).toContain("shuffled weights");
    expect(tuningSection({ index: 0, tuning: TUNING })?.textContent).not.toContain("shuffled weights");
  });

  it("is left out where it was not asked for, and says why it is missing", () => {
    expect(tuningSection({ index: 0 })).toBeNull();
    expect(tuningSection({ index: 0, tuning: { skipped: "too small" } })?.textContent).toContain("too small");
  });

  it("orders the gallery by each property that some filter has, and the address names it", () => {
    const filters = columns(3, { max: [1, 2, 3] });
    const tuning = { colour: [0.1, null, 0.9], shape: [null, null, null] };
    expect(availableOrders(filters, tuning)).toEqual(["index", "strongest", "similarity", "colour"]);
    const state = { ...INITIAL_STATE, order: readState("#?order=colour").order };
    expect(selectFilters(filters, [], state, false, tuning).positions).toEqual([2, 0, 1]);
  });
});
