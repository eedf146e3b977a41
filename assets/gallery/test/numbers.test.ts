import { describe, expect, it } from "vitest";
import { count, percent, plural, ratio, score } from "../src/numbers";

describe("numbers in words", () => {
  it.each([
    [0, "0.00"],
    [9.8031, "9.80"],
    [21.53, "21.5"],
    [-0.004, "−0.0040"],
    [-123.4, "−123"],
    [1234.5, "1,235"],
    [0.000012, "1.2 × 10⁻⁵"],
  ])("gives %d three figures at most", (value, words) => expect(score(value)).toBe(words));

  it("rounds to what a number is worth", () => {
    expect([percent(0.834), percent(0.004), percent(0.996), percent(1)]).toEqual([
      "83 %",
      "under 1 %",
      "99.6 %",
      "100 %",
    ]);
    expect([ratio(2.37), ratio(21.5)]).toEqual(["2.4", "22"]);
    expect([count(1_235_496), count(999)]).toEqual(["1.24 million", "999"]);
    expect([plural(1, "filter"), plural(2048, "filter")]).toEqual(["1 filter", "2,048 filters"]);
    expect(plural(1_500_000, "parameter", count)).toBe("1.5 million parameters");
  });
});
