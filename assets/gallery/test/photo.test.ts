import { describe, expect, it } from "vitest";
import type { ImageItem, ModelData, Prediction } from "../src/data/schema";
import { neighbour, verdict } from "../src/gallery/photo";

const GUESSES: Prediction[] = [
  ["hen", 0.7],
  ["owl", 0.2],
];
const item = (right?: string | null): ImageItem =>
  right === undefined ? ["a.jpg", 0, null, GUESSES] : ["a.jpg", 0, null, GUESSES, right];

describe("what the network says of a photo", () => {
  it("tells right from wrong, and both from what nobody knows", () => {
    expect(verdict(item("hen"), "bird")).toBe("Right: the photo's class is hen.");
    expect(verdict(item("owl"), "bird")).toBe("Wrong: the photo's class is owl, its second guess.");
    expect(verdict(item("cat"), "bird")).toBe(
      "Wrong: the photo's class is cat, which is not among its first 2 guesses.",
    );
    expect(verdict(item(null), "bird")).toContain("labelled bird. None of the network's classes");
    expect(verdict(item(), "hen")).toBe("Its first guess is the photo's label.");
    expect(verdict(item(), "bird")).toBe("");
  });
});

describe("the way through the photos", () => {
  it("passes over photos that could not be read, and ends at the ends", () => {
    const unread: ImageItem = ["b.jpg", 0, null, null];
    const model = { images: { labels: [], items: [unread, item(), unread, item()] } } as unknown as ModelData;
    expect([neighbour(model, 1, 1), neighbour(model, 3, -1)]).toEqual([3, 1]);
    expect([neighbour(model, 3, 1), neighbour(model, 1, -1)]).toEqual([null, null]);
  });
});
