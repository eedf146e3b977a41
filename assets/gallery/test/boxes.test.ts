import { describe, expect, it } from "vitest";
import { drawStrip, measure } from "../src/map/boxes";
import { layOut } from "../src/map/layout";
import { buildTree } from "../src/map/tree";
import { residualGraph } from "./data";

/** The strip of a closed group whose last layer has 64 filters, of which six have a square picture of so many pixels. */
function closedStrip(side: number): SVGElement[] {
  const { graph, layers } = residualGraph(2);
  const last = layers[layers.length - 1];
  if (last) last.filters = 64;
  if (last) last.strip = [0, 1, 2, 3, 4, 5].map((filter) => [filter, [0, side * filter, 0, side, side]]);
  const { boxes } = layOut(buildTree(graph, layers), new Set(), measure);
  return boxes.filter(({ item }) => item.kind !== "operation").flatMap((box) => drawStrip(box, (sheet) => `s${sheet}`));
}

describe("the strip of pictures", () => {
  it("stands for a closed group: as many pictures of its last layer as its channels tell", () => {
    expect(closedStrip(60).map((one) => one.getAttribute("viewBox"))).toEqual(
      [0, 60, 120, 180].map((x) => `${x + 0.5} 0.5 59 59`),
    );
  });

  it("smooths pixel art only where it is shown smaller than it is", () => {
    const isSharp = (side: number) => closedStrip(side)[0]?.classList.contains("lurk-pixels");
    expect([isSharp(28), isSharp(47), isSharp(60)]).toEqual([true, false, false]);
  });
});
