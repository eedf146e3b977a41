import { describe, expect, it, vi } from "vitest";
import type { FacetCrop, Facets, FilterDetail, Skipped } from "../src/data/schema";
import { facetSection } from "../src/gallery/sections/facets";
import { columns, layerData } from "./data";

const crop = (image: number, score: number, more: Partial<FacetCrop> = {}): FacetCrop => ({
  image,
  score,
  position: [0, 0],
  box: [0, 0, 4, 4],
  field: "exact",
  path: `${image}.png`,
  photo: [0, 0, 0, 8, 8],
  ...more,
});
const FACETS: Facets = {
  n: 20,
  clarity: 0.4,
  polysemanticity: 0.75,
  chance: 0.01,
  groups: [
    {
      n: 12,
      clarity: 0.9,
      classes: [
        ["hen", 9],
        ["zebra", 2],
      ],
      others: [
        [1, 0.5, 0.04],
        [7, 0.3, 0.1],
      ],
      crops: [crop(4, 3), crop(5, 2)],
    },
    { n: 8, clarity: 0.8, others: [], crops: [crop(6, 2.5, { photo: null })] },
  ],
};

function shown(facets: Facets | Skipped | undefined) {
  const openPhoto = vi.fn();
  const detail: FilterDetail = { index: 0, ...(facets ? { facets } : {}) };
  const data = layerData(columns(2, { name: [null, "eyes"] }));
  const node = facetSection(detail, data, { photos: () => "", sheets: () => "", inputSize: [8, 8], openPhoto });
  document.body.replaceChildren(...(node ? [node] : []));
  return { node, openPhoto };
}

describe("the kinds of a filter's crops", () => {
  it("shows each kind with its classes, its crops and the filters that tell it apart", () => {
    const { node, openPhoto } = shown(FACETS);
    const heads = [...(node?.querySelectorAll("h4") ?? [])].map((head) => head.textContent);
    expect(heads).toEqual(["Kind 1: 12 crops (hen 9, zebra 2)", "Kind 2: 8 crops"]);
    expect(node?.querySelector(".lurk-kinds")?.textContent).toBe("2 kinds, clarity 0.40, polysemanticity 0.75");
    const link = node?.querySelector("a");
    expect(link?.getAttribute("href")).toBe("#filter-1");
    expect(link?.title).toBe("50 % of its highest response at these crops, 4 % at the others");
    expect(node?.textContent).toContain("and filter 7"); // of another selection: no link
    const buttons = [...(node?.querySelectorAll<HTMLElement>("button[data-image]") ?? [])];
    expect(buttons.map((button) => button.dataset.image)).toEqual(["4", "5", "6"]);
    expect(buttons[2]?.textContent).toContain("6.png, not shown");
    buttons[1]?.click();
    expect(openPhoto).toHaveBeenCalledWith(5);
  });

  it("says so where there are no kinds, where nothing is known, and nothing where it was not asked for", () => {
    const one = shown({ ...FACETS, groups: [], polysemanticity: null }).node;
    expect(one?.querySelector(".lurk-kinds")?.textContent).toBe("No separate kinds, clarity 0.40");
    expect(one?.querySelector("h4")).toBeNull();
    expect(shown({ skipped: "fewer than 8 pictures excite the filter" }).node?.textContent).toContain("fewer than 8");
    expect(shown(undefined).node).toBeNull();
  });
});
