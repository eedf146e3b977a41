import { describe, expect, it } from "vitest";
import { preparePixels, toTensor } from "../src/live/prepare";
import { type Interpolation, type Pixels, resize } from "../src/live/resize";
import fixture from "./pillow.json";

const bytes = (values: number[]) => Uint8ClampedArray.from(values);
const picture: Pixels = {
  width: fixture.size[0]!,
  height: fixture.size[1]!,
  channels: 3,
  data: bytes(fixture.picture),
};

describe("resize", () => {
  for (const { filter, size, pixels } of fixture.resized) {
    it(`gives Pillow's pixels by ${filter} at ${size.join(" x ")}`, () => {
      const [width, height] = [size[0]!, size[1]!];
      const found = resize(picture, width, height, filter as Interpolation);
      expect([found.width, found.height]).toEqual(size);
      expect([...found.data]).toEqual(pixels);
    });
  }
});

describe("preparation", () => {
  const input = {
    size: [1, 6, 6],
    mean: [0.25],
    std: [0.5],
    resize: 5,
    crop: [6, 6],
    interpolation: "bilinear",
  } as const;

  it("lays transparent pixels on white, makes them grey, resizes and fills up with black, as Pillow does", () => {
    const rgba: Pixels = { ...picture, channels: 4, data: bytes(fixture.rgba) };
    expect([...preparePixels(rgba, input).data]).toEqual(fixture.grey);
  });

  it("normalises in float32", () => {
    const tensor = toTensor({ width: 2, height: 1, channels: 1, data: bytes([0, 51]) }, input);
    const fifth = Math.fround(Math.fround(0.2) - Math.fround(0.25));
    expect([...tensor]).toEqual([-0.5, Math.fround(fifth / 0.5)]);
  });
});
