import { describe, expect, it } from "vitest";
import { choose, classes, orders } from "../src/data/order";
import { START } from "../src/data/state";

const filters = {
  index: [0, 4, 8, 12],
  max: [1, 3, 9, 3],
  selectivity: [null, 0.2, 0.1, 0.9],
  best_class: [0, 1, 1, -1],
  dead: [0, 0, 1, 0] as (0 | 1)[],
  duplicate: [-1, -1, -1, 0],
  order: [3, 2, 1, 0],
};
const labels = ["hen", "zebra"];
const positions = (state: object) => choose(filters, labels, { ...START, ...state }).positions;

describe("the order of filters", () => {
  it("puts dead filters last, whatever the order", () => {
    expect(positions({})).toEqual([0, 1, 3, 2]);
    expect(positions({ order: "strongest" })).toEqual([1, 3, 0, 2]);
    expect(positions({ order: "similarity" })).toEqual([3, 1, 0, 2]);
  });

  it("puts what has no value after what has one, ties to the lower position", () => {
    expect(positions({ order: "selectivity", hide: ["dead"] })).toEqual([3, 1, 0]);
    expect(positions({ order: "strongest", hide: ["dead"] })).toEqual([1, 3, 0]);
  });

  it("counts what it hides", () => {
    const choice = choose(filters, labels, { ...START, hide: ["dead", "duplicate"] });
    expect(choice).toEqual({ positions: [0, 1], dead: 0, hidden: 2 });
  });

  it("sifts by class, by the list of responders where there is one", () => {
    expect(positions({ class: "zebra" })).toEqual([1, 2]);
    const responding = {
      ...filters,
      responders: {
        1: [
          [3, 0.9],
          [0, 0.2],
        ] as [number, number][],
      },
    };
    expect(choose(responding, labels, { ...START, class: "zebra" }).positions).toEqual([3, 0]);
    expect(positions({ class: "unheard of" })).toEqual([]);
  });

  it("offers only what the data allows", () => {
    expect(orders(filters)).toEqual(["index", "strongest", "selectivity", "similarity"]);
    expect(classes(filters, labels)).toEqual([
      { label: "hen", count: 1 },
      { label: "zebra", count: 2 },
    ]);
  });
});
