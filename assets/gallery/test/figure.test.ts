import { describe, expect, it } from "vitest";
import type { FilterDetail } from "../src/data/schema";
import { figure, wrap } from "../src/gallery/figure";
import { isWhole, svgFile } from "../src/gallery/save";
import { columns, layerData } from "./data";

const FILTER: FilterDetail = {
  index: 0,
  top_max: [
    {
      image: 0,
      score: 9,
      position: [0, 0],
      box: [2, 2, 6, 6],
      field: "exact",
      grad: { skipped: "" },
      label: "<i>hen</i>",
      path: "0001.jpg",
      photo: [0, 16, 0, 16, 16],
    },
  ],
};

async function drawn(href: string): Promise<SVGSVGElement> {
  return figure({
    filter: FILTER,
    data: layerData(columns(1)),
    title: "Filter 0: <b>eyes</b> & \u0007fur",
    address: "https://example.org/#filter-0",
    sheets: String,
    photos: String,
    source: async () => ({ href, viewBox: "16 0 16 16", width: 64, height: 64 }),
  });
}

describe("a filter as a figure", () => {
  it("is well-formed XML whatever names hold, and has caption and address", async () => {
    const text = await svgFile(await drawn("data:,")).text();
    const read = new DOMParser().parseFromString(text, "image/svg+xml");
    expect(read.querySelector("parsererror")).toBeNull();
    expect([...read.querySelectorAll("text")].map((node) => node.textContent).slice(0, 2)).toEqual([
      "Filter 0: <b>eyes</b> & \ufffdfur",
      "<i>hen</i> 9.00",
    ]);
    expect(read.documentElement.textContent).toContain("Filter 0 of Conv (conv.0) in net; receptive field: 3 × 3 px.");
    expect(read.querySelector("a")?.getAttribute("href")).toBe("https://example.org/#filter-0");
  });

  it("shows the box of the photo in the crop, in the pixels of the sheet", async () => {
    const node = await drawn("photos-0.webp");
    const [crop, photo] = [...node.querySelectorAll("svg")].map((one) => one.getAttribute("viewBox"));
    expect([crop, photo]).toEqual(["20 4 8 8", "16 0 16 16"]); // the photo has two pixels for each of the network's
    expect(isWhole(node)).toBe(false);
    expect(isWhole(await drawn("data:,"))).toBe(true);
  });

  it("breaks lines between words alone", () => {
    expect(wrap("a bb ccc dddddd", 6)).toEqual(["a bb", "ccc", "dddddd"]);
  });
});
