import { describe, expect, it } from "vitest";
import { availableClasses, availableOrders, nearLabels, selectFilters } from "../src/data/selection";
import { INITIAL_STATE } from "../src/data/state";
import { columns } from "./data";

const filters = columns(4, {
  index: [0, 4, 8, 12],
  max: [1, 3, 9, 3],
  selectivity: [null, 0.2, 0.1, 0.9],
  dead: [0, 0, 1, 0],
  duplicate: [-1, -1, -1, 0],
  order: [3, 2, 1, 0],
  responders: {
    0: [[0, 0.4]],
    1: [
      [3, 0.9],
      [0, 0.2],
    ],
  },
});
const labels = ["hen", "zebra"];
const positions = (state: object) => selectFilters(filters, labels, { ...INITIAL_STATE, ...state }).positions;

describe("the selection of filters", () => {
  it("puts dead filters last, whatever the order", () => {
    expect(positions({})).toEqual([0, 1, 3, 2]);
    expect(positions({ order: "strongest" })).toEqual([1, 3, 0, 2]);
    expect(positions({ order: "similarity" })).toEqual([3, 1, 0, 2]);
  });

  it("puts filters without a value after those with one, ties to the lower position", () => {
    expect(positions({ order: "selectivity", hide: ["dead"] })).toEqual([3, 1, 0]);
    expect(positions({ order: "strongest", hide: ["dead"] })).toEqual([1, 3, 0]);
  });

  it("leaves out filters without a synthesis while tiles show syntheses", () => {
    const some = { ...filters, synthesis: [null, [0, 0, 0, 1, 1], null, [0, 0, 0, 1, 1]] as typeof filters.synthesis };
    const state = { ...INITIAL_STATE, show: "synthesis" as const };
    expect(selectFilters(some, labels, state)).toEqual({ positions: [1, 3], dead: 0, hidden: 0, folded: [0, 2] });
    expect(selectFilters(some, labels, state, true)).toEqual({
      positions: [1, 3, 0, 2],
      dead: 1,
      hidden: 0,
      folded: [],
    });
  });

  it("finds labels that are written much like a word", () => {
    expect(nearLabels("zebre", ["hen", "zebra", "zebu"])).toEqual(["zebra", "zebu"]);
    expect(nearLabels("xylophone", ["hen", "zebra"])).toEqual([]);
  });

  it("counts the filters that it hides", () => {
    const selection = selectFilters(filters, labels, { ...INITIAL_STATE, hide: ["dead", "duplicate"] });
    expect(selection).toEqual({ positions: [0, 1], dead: 0, hidden: 2, folded: [] });
  });

  it("keeps the filters that respond to a class, in the order of the responders", () => {
    expect(positions({ class: "zebra" })).toEqual([3, 0]);
    expect(positions({ class: "zebra", order: "strongest" })).toEqual([3, 0]);
    expect(positions({ class: "hen", hide: ["dead"] })).toEqual([0]);
    expect(positions({ class: "unheard of" })).toEqual([]);
  });

  it("offers only what the data allows", () => {
    expect(availableOrders(filters)).toEqual(["index", "strongest", "selectivity", "similarity"]);
    expect(availableClasses(filters, labels)).toEqual([
      { label: "hen", count: 1 },
      { label: "zebra", count: 2 },
    ]);
  });
});
