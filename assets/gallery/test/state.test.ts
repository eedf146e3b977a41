import { describe, expect, it } from "vitest";
import { INITIAL_STATE, readState, writeState } from "../src/data/state";

describe("the state in the address", () => {
  it("is empty for the initial state and short for an opened filter", () => {
    expect(writeState(INITIAL_STATE)).toBe("");
    expect(writeState({ ...INITIAL_STATE, filter: 12 })).toBe("#filter-12");
  });

  it("is read back as it was written", () => {
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

  it("is the initial state where the address is not understood", () => {
    expect(readState("#filter-x?show=all&order=&size=9999&hide=dead,living")).toEqual({
      ...INITIAL_STATE,
      size: 224,
      hide: ["dead"],
    });
    expect(readState("#some-heading")).toEqual(INITIAL_STATE);
  });
});
