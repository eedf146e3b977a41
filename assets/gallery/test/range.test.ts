import { describe, expect, it, vi } from "vitest";
import type { FilterDetail, RangePicture } from "../src/data/schema";
import { responseSection } from "../src/gallery/sections/responses";

const at = (quantile: number, score: number, image: number, more: Partial<RangePicture> = {}): RangePicture => ({
  quantile,
  image,
  score,
  position: [0, 0],
  box: [0, 0, 4, 4],
  field: "exact",
  path: `${image}.png`,
  photo: [0, 0, 0, 8, 8],
  ...more,
});
const RANGE = [
  at(1, 2, 7),
  at(0.5, 1, 8),
  at(0, 0, 9, { photo: null }),
  at(0, -3, 6, { of: "minima", box: [0, 0, 0, 0] }),
];
const filter = (range: RangePicture[] | undefined): FilterDetail => ({
  index: 0,
  stats: {
    dead: false,
    always_on: true,
    mean: 1,
    deviation: 0.5,
    positive_share: 0.5,
    histogram: { edges: [0, 1, 2], counts: [1, 2] },
    similar: [],
    duplicate_of: [],
    selectivity: null,
    max: 2,
  },
  ...(range ? { range } : {}),
});

function shown(range: RangePicture[] | undefined) {
  const openPhoto = vi.fn();
  const node = responseSection(filter(range), { photos: () => "", sheets: () => "", inputSize: [8, 8], openPhoto });
  document.body.replaceChildren(node);
  return { node, openPhoto, buttons: [...node.querySelectorAll<HTMLElement>("button[data-image]")] };
}

describe("the range of a filter", () => {
  it("runs from the strongest picture to the most negative, with the response of each", () => {
    const { buttons } = shown(RANGE);
    const captions = buttons.map((button) =>
      [...button.querySelectorAll("[aria-hidden] span")].map((x) => x.textContent),
    );
    expect(captions).toEqual([
      ["strongest", "2.00"],
      ["50 %", "1.00"],
      ["weakest", "0.00"],
      ["most negative", "−3.00"],
    ]);
    expect(buttons[0]?.querySelector("svg")?.getAttribute("viewBox")).toBe("0 0 4 4");
    expect(buttons[2]?.textContent).toContain("9.png, not shown");
    expect(buttons[3]?.querySelector("svg")?.getAttribute("viewBox")).toBe("0 0 8 8"); // padding alone: the whole photo
  });

  it("opens a photo by a press", () => {
    const { buttons, openPhoto } = shown(RANGE);
    buttons[1]?.click();
    expect(openPhoto).toHaveBeenCalledWith(8);
  });

  it("is found from the histogram, whose dots are its pictures but for the most negative", () => {
    const { node, buttons } = shown(RANGE);
    const chart = node.querySelector(".lurk-histogram") as SVGSVGElement;
    const dots = [...chart.querySelectorAll("circle")];
    expect(dots.map((dot) => dot.textContent)).toEqual(["strongest", "50 %", "weakest"]);
    chart.getBoundingClientRect = () => ({ left: 100, width: 600 }) as DOMRect;
    chart.dispatchEvent(new MouseEvent("click", { clientX: 100 + 600 * 0.7, bubbles: true })); // 1.4 of 2
    expect(document.activeElement).toBe(buttons[1]);
    chart.dispatchEvent(new MouseEvent("click", { clientX: 695, bubbles: true }));
    expect(document.activeElement).toBe(buttons[0]);
  });

  it("is left out where there is none, and the histogram cannot be pressed then", () => {
    const { node } = shown(undefined);
    expect(node.querySelector(".lurk-quantiles, circle, .lurk-picked")).toBeNull();
    expect(node.textContent).not.toContain("press a bar");
  });
});
