import { describe, expect, it } from "vitest";
import { Card } from "../src/map/card";
import type { Item } from "../src/map/items";
import { graphNode, modelLayer } from "./data";

const layer = modelLayer("features.3", {
  filters: 16,
  output: [16, 7, 7],
  parameters: 2320,
  macs: 1_500_000,
  field: { size: [15, 15], status: "exact", note: null },
  strip: [[0, [0, 0, 0, 64, 64]]],
});
const conv: Item = {
  kind: "operation",
  key: "n3",
  label: "features.3",
  node: graphNode(3, "Conv2d", { output: [16, 7, 7] }),
  layer,
  after: ["relu"],
};
const repeat: Item = { kind: "repeat", key: "r1", label: "Block", name: "body", type: "Block", children: [] };

function makeCard(docked: boolean): { card: Card; box: HTMLElement } {
  const card = new Card({ sheets: (sheet) => `s${sheet}`, input: [64, 64], page: ({ slug }) => `${slug}/` });
  const box = document.createElement("div");
  document.body.replaceChildren(card.node, box);
  card.dock(docked);
  return { card, box };
}

describe("the card", () => {
  it("shows kind, shape, parameters, receptive field and the operations that follow", () => {
    const { card, box } = makeCard(false);
    card.show(conv, box);
    const lines = [...card.node.children].map(({ textContent }) => textContent);
    expect(lines.slice(0, 5)).toEqual([
      "features.3",
      "Conv2d, output 16 × 7 × 7",
      "2,320 parameters",
      "1.5 million multiply-adds",
      "Followed by relu",
    ]);
    expect(card.node.textContent).toContain("Receptive field: 15 × 15 pixels.");
    expect(card.node.querySelectorAll(".lurk-card-strip svg")).toHaveLength(1);
  });

  it("floats by its box, and hides with it", () => {
    const { card, box } = makeCard(false);
    card.showIfDocked(conv);
    expect(card.node.hidden).toBe(true);
    card.show(conv, box);
    expect([card.node.hidden, card.node.getAttribute("role"), card.dockedKey]).toEqual([false, "tooltip", ""]);
    expect(card.node.querySelector("a")).toBeNull();
    card.hideIfFloating();
    expect(card.node.hidden).toBe(true);
  });

  it("stays where it is docked, with a link to the layer's page", () => {
    const { card, box } = makeCard(true);
    card.showIfDocked(conv);
    card.hideIfFloating();
    expect([card.node.hidden, card.node.getAttribute("role"), card.dockedKey]).toEqual([false, "group", "n3"]);
    expect(card.node.querySelector("a")?.getAttribute("href")).toBe("features.3/");
    expect(card.node.querySelector("a")?.textContent).toBe("See its filters");
    card.show(repeat, box);
    expect(card.dockedKey).toBe("r1");
    expect(card.node.querySelector("a")).toBeNull();
    card.dock(false);
    expect([card.node.hidden, card.dockedKey]).toEqual([true, ""]);
  });
});
