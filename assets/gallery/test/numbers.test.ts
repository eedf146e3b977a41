import { describe, expect, it } from "vitest";
import { count, percent, plural, ratio, score } from "../src/numbers";
import cases from "./numbers.json";

describe("numbers in words", () => {
  it.each(cases.score as [number, string][])("writes the score %d as %s", (value, words) => {
    expect(score(value)).toBe(words);
  });

  it.each(cases.ratio as [number, string][])("writes the ratio %d as %s", (value, words) => {
    expect(ratio(value)).toBe(words);
  });

  it("rounds to what a number is worth", () => {
    expect([percent(0.834), percent(0.004), percent(0.996), percent(1)]).toEqual([
      "83 %",
      "under 1 %",
      "99.6 %",
      "100 %",
    ]);
    expect([count(1_235_496), count(999)]).toEqual(["1.24 million", "999"]);
    expect([plural(1, "filter"), plural(2048, "filter")]).toEqual(["1 filter", "2,048 filters"]);
    expect(plural(1_500_000, "parameter", count)).toBe("1.5 million parameters");
  });
});
