import { describe, expect, it } from "vitest";
import * as definitions from "../../../mkdocs_lurk/pages/definitions.json";
import type { Ablation, Effect, Skipped } from "../src/data/schema";
import { availableOrders, selectFilters } from "../src/data/selection";
import { INITIAL_STATE } from "../src/data/state";
import { effectSection } from "../src/gallery/sections/effect";
import { columns } from "./data";

const EFFECT: Effect = {
  by: "right",
  of: "output",
  steps: 0,
  n: 250,
  compared: 50,
  share: 0.03,
  raises: [
    ["hen", 0.84, 0.1],
    ["zebra", 0.5, 0.2],
  ],
  lowers: [
    ["lion", -1.2, 0.3],
    ["wolf", -0.4, 0.1],
  ],
};

const shown = (effect?: Effect | Skipped) => effectSection(effect ? { index: 0, effect } : { index: 0 }, 64);
const texts = (effect: Effect | Skipped, selector: string) =>
  [...(shown(effect)?.querySelectorAll(selector) ?? [])].map((node) => node.textContent);

describe("the effect on the output", () => {
  it("goes from the class that the filter raises most to the one that it lowers most", () => {
    expect(texts(EFFECT, ".lurk-bar-name")).toEqual(["hen", "zebra", "wolf", "lion"]);
    expect(texts(EFFECT, ".lurk-bar-value")).toEqual(["0.84", "0.50", "−0.40", "−1.20"]);
    expect(shown(EFFECT)?.querySelector("[title*=lion]")?.getAttribute("title")).toBe(
      "lion: lowers the output by 1.20, give or take 0.30 (standard error)",
    );
    expect(texts(EFFECT, ".lurk-says")).toEqual([definitions.contribution]);
  });

  it("compares the filter's part with that of an average filter", () => {
    const part = (more: Partial<Effect>) => texts({ ...EFFECT, ...more }, ".lurk-effect-share")[0];
    expect(part({})).toBe(
      "Of the layer's whole effect on 250 pictures this filter has 1.9 times an average filter's part.",
    );
    expect(part({ share: 0, by: "largest" })).toBe(
      "Of the layer's whole effect on 250 pictures this filter has no part; a picture counts for the class that the network names.",
    );
    expect(part({ share: 0.0001 })).toContain("less than a twentieth");
  });

  it("says what happens without the filter", () => {
    const exact: Ablation = {
      random: false,
      n: 32,
      change: -0.2,
      estimated: -0.25,
      right: [20, 18],
      of_class: ["hen", 12, 11, 7, -1.5],
    };
    const all =
      "Of 32 pictures of all classes 20 → 18 are named right; the output for their class changes by −0.20 (estimated −0.25).";
    const said = (more: Partial<Ablation>) => texts({ ...EFFECT, exact: { ...exact, ...more } }, ".lurk-without")[0];
    expect(said({})).toBe(`Without it: hen 11 → 7 of 12 named right, output −1.50. ${all}`);
    expect(said({ of_class: null, random: true })).toBe(`Without it: ${all} It was drawn at random, for comparison.`);
    expect(texts({ ...EFFECT, steps: 8 }, ".lurk-says")).toEqual([definitions.conductance]);
  });

  it("says that no class is clear, why nothing was measured, and nothing where it was not asked for", () => {
    expect(shown({ ...EFFECT, raises: [], lowers: [] })?.textContent).toContain(
      "No class is raised or lowered clearly",
    );
    expect(shown({ skipped: "no outputs" })?.textContent).toContain("no outputs");
    expect(shown()).toBeNull();
  });

  it("orders the filters", () => {
    const filters = columns(3, { effect: [0.1, 0.6, 0.3] });
    expect(availableOrders(filters)).toContain("effect");
    expect(selectFilters(filters, [], { ...INITIAL_STATE, order: "effect" }).positions).toEqual([1, 2, 0]);
    expect(availableOrders(columns(3))).not.toContain("effect");
  });
});
