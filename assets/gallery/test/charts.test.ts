import { describe, expect, it } from "vitest";
import { bars } from "../src/charts/bars";
import { fieldSquare } from "../src/charts/field";
import { histogram } from "../src/charts/histogram";

const row = (name: string, value: number) => ({ key: name, name, value });
const fill = (node: Element, at: number) => node.querySelectorAll<HTMLElement>(".lurk-bar-fill")[at]?.style;

describe("bars", () => {
  it("run from zero to both sides on one scale", () => {
    const { node } = bars([row("up", 3), row("down", -1)], { label: "Means" });
    expect(node.getAttribute("aria-label")).toBe("Means");
    expect([...node.querySelectorAll(".lurk-bar-value")].map((cell) => cell.textContent)).toEqual(["3.00", "−1.00"]);
    expect([
      fill(node, 0)?.getPropertyValue("inset-inline-start"),
      fill(node, 0)?.getPropertyValue("inline-size"),
    ]).toEqual(["25%", "75%"]);
    expect([
      fill(node, 1)?.getPropertyValue("inset-inline-start"),
      fill(node, 1)?.getPropertyValue("inline-size"),
    ]).toEqual(["0%", "25%"]);
    expect(node.querySelectorAll(".lurk-bar-negative")).toHaveLength(1);
  });

  it("keep a row's element on update, and reorder the rows", () => {
    const { node, update } = bars([row("a", 1), row("b", 2)], { label: "" });
    const [a, b] = node.children;
    update([row("b", 4), row("a", 1), row("c", 2)]);
    expect([node.children[0], node.children[1]]).toEqual([b, a]);
    expect(node.children).toHaveLength(3);
    update([]);
    expect(node.children).toHaveLength(0);
  });

  it("start at zero however high the values are", () => {
    const { node } = bars([row("a", 10), row("b", 5)], { label: "" });
    expect(fill(node, 1)?.getPropertyValue("inline-size")).toBe("50%");
  });

  it("have no length if every value is zero", () => {
    const { node } = bars([row("a", 0)], { label: "" });
    expect(fill(node, 0)?.getPropertyValue("inline-size")).toBe("0%");
  });

  it("link names that have an address", () => {
    const { node } = bars([{ ...row("conv · 3", 1), href: "../conv/#filter-3", tooltip: "why" }], { label: "" });
    expect(node.querySelector("a")?.getAttribute("href")).toBe("../conv/#filter-3");
    expect(node.children[0]?.getAttribute("title")).toBe("why");
  });
});

describe("histogram", () => {
  const data = { edges: [0, 1, 2], counts: [4, 0], marks: [{ value: 1.5, tooltip: "Picture 1" }] };

  it("draws one bar per count and one mark per picture", () => {
    const { node } = histogram(data, { label: "Responses", width: 100, height: 118 });
    const [first, second] = node.querySelectorAll(".lurk-counts rect");
    expect([first?.getAttribute("height"), second?.getAttribute("height")]).toEqual(["88", "0"]);
    expect(first?.textContent).toBe("4 pictures between 0.00 and 1.00");
    expect(node.querySelector(".lurk-marks path")?.getAttribute("d")).toMatch(/^M75,/);
    expect(node.querySelector(".lurk-marks")?.textContent).toBe("Picture 1");
  });

  it("updates its bars in place, and accepts a range of a single value", () => {
    const { node, update } = histogram(data, { label: "" });
    const first = node.querySelector(".lurk-counts rect");
    update({ edges: [3, 3], counts: [7], marks: [] });
    expect(node.querySelector(".lurk-counts rect")).toBe(first);
    expect(node.querySelector(".lurk-counts rect")?.getAttribute("x")).toBe("0.5");
  });
});

describe("a receptive field", () => {
  it("is drawn to scale and never beyond the input", () => {
    const { node, update } = fieldSquare([112, 56], { input: [224, 224] });
    const unit = node.querySelector(".lurk-field-unit");
    expect(unit?.getAttribute("x")).toBe("84");
    update([435, 435]);
    expect(unit?.getAttribute("width")).toBe("224");
  });
});
