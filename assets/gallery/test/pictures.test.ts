import { describe, expect, it } from "vitest";
import type { FilterDetail, RankedMaximum } from "../src/data/schema";
import { rankedPictures } from "../src/gallery/pictures";

const options = {
  photos: (sheet: number) => `p${sheet}`,
  sheets: (sheet: number) => `s${sheet}`,
  inputSize: [8, 8] as const,
  openPhoto: () => undefined,
};

const ranked = (more: Partial<RankedMaximum>): RankedMaximum => ({
  image: 0,
  score: 1,
  position: [0, 0],
  box: [0, 0, 4, 4],
  field: "exact",
  grad: [0, 0, 0, 4, 4],
  grad_box: [0, 0, 4, 4],
  label: null,
  path: "hen/1.jpg",
  photo: [0, 0, 0, 8, 8],
  ...more,
});

describe("the ranked pictures", () => {
  it("show the gradient over the crop and over the photo", () => {
    const node = rankedPictures({ index: 0, top_max: [ranked({})] }, options);
    expect(node.querySelectorAll(".lurk-gradient")).toHaveLength(2);
    expect(node.querySelector(".lurk-picture-name")?.textContent).toBe("1.jpg");
  });

  it("show the photo alone where the gradient was skipped", () => {
    const skipped: FilterDetail = { index: 0, top_max: [ranked({ grad: { skipped: "the unit sees padding only" } })] };
    const node = rankedPictures(skipped, options);
    expect(node.querySelectorAll(".lurk-scene")).toHaveLength(2);
    expect(node.querySelectorAll(".lurk-gradient")).toHaveLength(0);
  });
});
