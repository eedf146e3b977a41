import { describe, expect, it } from "vitest";
import type { ModelLayer } from "../src/data/format";
import { Card } from "../src/map/card";
import type { Item } from "../src/map/tree";

const layer: ModelLayer = {
  name: "features.3",
  slug: "features.3",
  kind: "Conv2d",
  filters: 16,
  output: [16, 7, 7],
  parameters: 2320,
  macs: 1_500_000,
  field: { size: [15, 15], status: "exact" },
  strip: [[0, [0, 0, 0, 64, 64]]],
};
const conv: Item = {
  kind: "op",
  key: "n3",
  label: "features.3",
  node: { id: 3, type: "Conv2d", output: [16, 7, 7] },
  layer,
  after: ["relu"],
};
const run: Item = { kind: "run", key: "r1", label: "Block", name: "body", type: "Block", children: [] };

function made(docked: boolean): { card: Card; box: HTMLElement } {
  const card = new Card({ sheets: (sheet) => `s${sheet}`, input: [64, 64], page: ({ slug }) => `${slug}/` });
  const box = document.createElement("div");
  document.body.replaceChildren(card.node, box);
  card.dock(docked);
  return { card, box };
}

describe("the card", () => {
  it("tells kind, shape, parameters, field and what follows", () => {
    const { card, box } = made(false);
    card.tell(conv, box);
    const lines = [...card.node.children].map(({ textContent }) => textContent);
    expect(lines.slice(0, 5)).toEqual([
      "features.3",
      "Conv2d, output 16 × 7 × 7",
      "2,320 parameters",
      "1.5 million multiply-adds",
      "then relu",
    ]);
    expect(card.node.textContent).toContain("A unit sees 15 × 15 pixels.");
    expect(card.node.querySelectorAll(".lurk-card-strip svg")).toHaveLength(1);
  });

  it("floats by its box, and goes with it", () => {
    const { card, box } = made(false);
    card.keep(conv);
    expect(card.node.hidden).toBe(true);
    card.tell(conv, box);
    expect([card.node.hidden, card.node.getAttribute("role"), card.shown]).toEqual([false, "tooltip", ""]);
    expect(card.node.querySelector("a")).toBeNull();
    card.leave();
    expect(card.node.hidden).toBe(true);
  });

  it("stays where it is docked, with the way to the layer's page", () => {
    const { card, box } = made(true);
    card.keep(conv);
    card.leave();
    expect([card.node.hidden, card.node.getAttribute("role"), card.shown]).toEqual([false, "group", "n3"]);
    expect(card.node.querySelector("a")?.getAttribute("href")).toBe("features.3/");
    expect(card.node.querySelector("a")?.textContent).toBe("See its filters");
    card.tell(run, box);
    expect(card.shown).toBe("r1");
    expect(card.node.querySelector("a")).toBeNull();
    card.dock(false);
    expect([card.node.hidden, card.shown]).toEqual([true, ""]);
  });
});
