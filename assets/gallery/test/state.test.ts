import { describe, expect, it } from "vitest";
import { readState, START, writeState } from "../src/data/state";

describe("the address", () => {
  it("is empty at the start and plain for an opened filter", () => {
    expect(writeState(START)).toBe("");
    expect(writeState({ ...START, filter: 12 })).toBe("#filter-12");
  });

  it("reads back what it wrote", () => {
    const state = {
      filter: 3,
      show: "synthesis",
      order: "ratio",
      class: "Dungeness crab, boiled",
      hide: ["dead", "duplicate"],
      size: 140,
      photo: 7,
    } as const;
    expect(readState(writeState(state))).toEqual(state);
  });

  it("takes the start for what it does not know", () => {
    expect(readState("#filter-x?show=all&order=&size=9999&hide=dead,living")).toEqual({
      ...START,
      size: 224,
      hide: ["dead"],
    });
    expect(readState("#some-heading")).toEqual(START);
  });
});
