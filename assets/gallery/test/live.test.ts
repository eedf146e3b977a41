import { describe, expect, it } from "vitest";
import type { LiveData, LiveNetwork } from "../src/data/schema";
import { comparison, likeliest, rankAnswers } from "../src/live/answers";
import { floatsOf } from "../src/live/base64";
import { coverOf, paint } from "../src/live/brush";
import { largestDifference } from "../src/live/check";
import { Classes } from "../src/live/classes";

const filters = [0, 1, 2].map((index) => ({ place: index, index, name: null, crop: null }));
const data = {
  levels: [0, 0.5, 0.99, 1],
  layers: [{ output: [3, 2, 4], filters, scales: [10, 20] }],
  outputs: 2,
  output_scale: 5,
} as unknown as LiveData;
// by level: the weakest photo, the middle one, 99 %, the strongest one; three filters
const quantiles = Float32Array.from([-1, 0, 1, 1, 1, 1.5, 2, 9, 2, 3, 10, 2]);

const packed = (values: number[]) => btoa(String.fromCharCode(...new Uint8Array(Float32Array.from(values).buffer)));

describe("answers", () => {
  const ranked = rankAnswers(data, quantiles, [2.5, 9.5, 2.5], [5, 0, 7])[0]!;

  it("stand in the order of the photos that they exceed, and of equal ones in that of their distance to the best", () => {
    expect(ranked.map(({ filter }) => filter.index)).toEqual([2, 1, 0]);
    expect(ranked.map(({ exceeds }) => exceeds)).toEqual([4, 3, 3]);
    expect(ranked[0]!.closeness).toBeCloseTo(2);
  });

  it("know the place of the maximum", () => {
    expect(ranked.map(({ y, x }) => [y, x])).toEqual([
      [1, 3],
      [0, 0],
      [1, 1],
    ]);
  });

  it("are told in words", () => {
    const words = (exceeds: number) => comparison({ ...ranked[0]!, exceeds }, data.levels);
    expect([0, 1, 3, 4].map(words)).toEqual([
      "weaker than in every photo",
      "weaker than in most photos",
      "stronger than in 99 % of the photos",
      "stronger than in every photo",
    ]);
  });
});

it("classes are the softmax of logits, and probabilities as they are", () => {
  expect(likeliest([0, Math.log(3)], false, 1)).toEqual([[1, expect.closeTo(0.75)]]);
  expect(likeliest([0.2, 0.8], true, 2)).toEqual([
    [1, 0.8],
    [0, 0.2],
  ]);
});

describe("the check", () => {
  const network = { means: packed([1, 2, 3]), maxima: packed([4, 5, 6]), outputs: packed([1, -5]) } as LiveNetwork;
  const found = {
    means: Float32Array.from([1, 2, 3]),
    maxima: Float32Array.from([4, 5, 6]),
    outputs: Float32Array.from([1, -5]),
  };

  it("reads little-endian numbers", () => {
    expect([...floatsOf(network.outputs)]).toEqual([1, -5]);
  });

  it("gives the largest difference as a share of the layer's scale", () => {
    expect(largestDifference(found, network, data)).toBe(0);
    expect(largestDifference({ ...found, means: Float32Array.from([1, 2, 4]) }, network, data)).toBeCloseTo(0.1);
    expect(largestDifference({ ...found, maxima: Float32Array.from([4, 5, 7]) }, network, data)).toBeCloseTo(0.05);
    expect(largestDifference({ ...found, outputs: Float32Array.from([2, -5]) }, network, data)).toBeCloseTo(0.2);
  });

  it("lets nothing that is missing or NaN pass", () => {
    expect(largestDifference({ ...found, maxima: Float32Array.from([4, 5]) }, network, data)).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(largestDifference({}, network, data)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the brush", () => {
  const input = { mean: [0.5, 0, 1] } as unknown as LiveData["input"];
  const picture = () => ({ width: 5, height: 5, channels: 3, data: new Uint8ClampedArray(75).fill(9) });

  it("hides a disc under the mean colour, also at the border", () => {
    const [target, cover] = [picture(), coverOf(picture(), input, "grey")];
    paint(target, cover, 0, 2, 1);
    const hidden = [...Array(25).keys()].filter((at) => target.data[at * 3] === 128);
    expect(hidden).toEqual([5, 10, 11, 15]);
    expect([...target.data.slice(15, 18)]).toEqual([128, 0, 255]);
  });

  it("blurs", () => {
    const sharp = picture();
    sharp.data.set([255, 255, 255], 36);
    expect(coverOf(sharp, input, "blur").data[36]).toBeLessThan(60);
  });
});

describe("classes", () => {
  it("are named by bars whose room is the whole, or said to be none", () => {
    const two = new Classes({ ...data, classes: ["cat", "dog"], are_probabilities: true } as unknown as LiveData);
    two.update([0.4, 0.6], null, "was");
    const widths = [...two.node.querySelectorAll<HTMLElement>(".lurk-bar-fill")].map((bar) => bar.style.inlineSize);
    expect(widths).toEqual(["60%", "40%"]);
    expect(two.node.textContent).not.toContain("names no classes");
    const one = new Classes({ ...data, outputs: 1 });
    one.update([3], null, "was");
    expect(one.node.textContent).toContain("names no classes");
    expect(one.node.querySelector(".lurk-bars")).toBeNull();
  });
});
