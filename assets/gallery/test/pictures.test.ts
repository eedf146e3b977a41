import { describe, expect, it } from "vitest";
import type { FilterDetail, RankedMaximum } from "../src/data/schema";
import { kernelPicture, rankedPictures } from "../src/gallery/pictures";

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

describe("the weights", () => {
  it("are a picture, or a sentence where they lie in channels that are not shown, or nothing", () => {
    const drawn = (given: Partial<FilterDetail>) => kernelPicture({ index: 3, ...given }, options.sheets);
    expect(drawn({ kernel: [0, 0, 0, 3, 3] })?.textContent).toBe("The filter's weights; mid-grey is zero.");
    const hidden = { skipped: "its weights lie in channels that are not shown" };
    expect(drawn({ kernel: hidden })?.textContent).toBe(
      "The weights are not drawn: its weights lie in channels that are not shown.",
    );
    expect(drawn({})).toBeNull();
  });
});

describe("a photo that is not published", () => {
  const hidden = { photo: null, path: "picture 12", label: "patients", image: 12 };

  it("is a plain tile with its number, and no broken picture", () => {
    const node = rankedPictures({ index: 0, top_max: [ranked(hidden)], top_avg: [ranked(hidden)] }, options);
    const tiles = [...node.querySelectorAll(".lurk-unshown")];
    expect(tiles.map((tile) => tile.textContent)).toEqual(["picture 12, not shown", "picture 12, not shown"]);
    expect(tiles[0]?.getAttribute("aria-label")).toBe("patients, response 1.00, place 1");
    expect(node.querySelector(".lurk-picture-name")?.textContent).toBe("patients");
    expect(node.querySelectorAll("image, img, .lurk-crops")).toHaveLength(0);
  });

  it("has a tile among the crops of others", () => {
    const node = rankedPictures({ index: 0, top_max: [ranked({}), ranked(hidden)] }, options);
    expect(node.querySelectorAll(".lurk-crops .lurk-picture")).toHaveLength(2);
    expect(node.querySelectorAll(".lurk-crops .lurk-unshown")).toHaveLength(1);
  });
});
