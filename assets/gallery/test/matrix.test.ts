import { afterEach, describe, expect, it } from "vitest";
import type { MatrixData } from "../src/data/schema";
import { ConfusionMatrix } from "../src/matrix/matrix";
import {
  label,
  neighbour,
  orderedClasses,
  type Square,
  sentence,
  shades,
  sideOf,
  squaresOf,
  zoomed,
} from "../src/matrix/squares";

/** The dog is found least, the owl has no pictures, and the cat is taken for the dog. */
const DATA: MatrixData = {
  names: ["cat", "owl", "dog"],
  places: [0, 4, 7],
  pictures: [50, 0, 1],
  order: [2, 0, 1],
  squares: [0, 0, 38, 0, 2, 12, 2, 1, 1],
  left_out: 3,
};
const SQUARES = squaresOf(DATA);
const [, TAKEN, LOST] = SQUARES as [Square, Square, Square];

afterEach(() => document.body.replaceChildren());

describe("the squares of a confusion matrix", () => {
  it("have the anchors of their pictures", () => {
    expect(SQUARES.map(({ count, anchor }) => [count, anchor])).toEqual([
      [38, "pair-0-0"],
      [12, "pair-0-7"],
      [1, "pair-7-4"],
    ]);
  });

  it("stand in three orders", () => {
    expect(orderedClasses(DATA, SQUARES, "confusion")).toEqual([2, 0, 1]);
    expect(orderedClasses(DATA, SQUARES, "declared")).toEqual([0, 1, 2]);
    expect(orderedClasses(DATA, SQUARES, "recall")).toEqual([2, 0, 1]);
    const found = { ...DATA, squares: [0, 2, 50, 2, 2, 1] };
    expect(orderedClasses(found, squaresOf(found), "recall")).toEqual([0, 2, 1]);
  });

  it("are as dark as their share of the row, or as their count", () => {
    expect(SQUARES.map(shades(DATA, SQUARES, "shares"))).toEqual([0.76, 0.24, 1]);
    expect(SQUARES.map(shades(DATA, SQUARES, "counts"))).toEqual([1, 12 / 38, 1 / 38]);
    expect(SQUARES.map((square) => label(square, DATA, "shares"))).toEqual(["76", "24", "100"]);
    expect(SQUARES.map((square) => label(square, DATA, "counts"))).toEqual(["38", "12", "1"]);
    expect(label({ ...TAKEN, count: 1 }, { ...DATA, pictures: [500, 0, 1] }, "shares")).toBe("<1");
  });

  it("say what they count", () => {
    expect(sentence(TAKEN, DATA)).toBe("12 of 50 pictures of cat are taken for dog: 24 %");
    expect(sentence(LOST, DATA)).toBe("1 of 1 picture of dog is taken for owl: 100 %");
    expect(sentence({ own: 0, guess: 0, count: 38 }, DATA)).toBe("38 of 50 pictures of cat are named right: 76 %");
    expect(sentence({ own: 0, guess: 1, count: 0 }, DATA)).toBe("No picture of cat is taken for owl");
    expect(sentence({ own: 2, guess: 2, count: 0 }, DATA)).toBe("No picture of dog is named right");
  });

  it("are smaller the more classes there are, and zoom within limits", () => {
    expect([3, 20, 40, 41, 200].map(sideOf)).toEqual([26, 18, 13, 9, 5]);
    expect([zoomed(9, 1.5), zoomed(9, 100), zoomed(9, 0.01)]).toEqual([14, 36, 5]);
  });

  it("lead to those beside, above and below", () => {
    const rows = [[SQUARES[0], TAKEN], [LOST]] as Square[][];
    const go = (from: Square | undefined, key: string) => neighbour(rows, ({ guess }) => guess, from as Square, key);
    expect(go(SQUARES[0], "ArrowRight")).toBe(TAKEN);
    expect(go(TAKEN, "ArrowLeft")).toBe(SQUARES[0]);
    expect(go(TAKEN, "ArrowRight")).toBeNull();
    expect(go(TAKEN, "ArrowDown")).toBe(LOST);
    expect(go(LOST, "ArrowUp")).toBe(SQUARES[0]);
    expect([go(TAKEN, "Home"), go(SQUARES[0], "End")]).toEqual([SQUARES[0], TAKEN]);
    expect(go(TAKEN, "x")).toBeNull();
  });
});

describe("the matrix", () => {
  function drawn(): HTMLElement {
    const element = document.createElement("div");
    const pictures = document.createElement("section");
    pictures.id = "pair-0-7";
    document.body.append(element, pictures);
    new ConfusionMatrix(element, DATA, new AbortController().signal).start();
    return element;
  }
  const links = (element: HTMLElement) => [...element.querySelectorAll<SVGAElement>("a")];
  const focus = (link: Element | undefined) => link?.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));

  it("links those squares whose pictures are in the page, and has no row for a class without pictures", () => {
    const element = drawn();
    expect(links(element).map((link) => link.getAttribute("href"))).toEqual([null, "#pair-0-7", null]);
    expect(element.querySelectorAll(".lurk-matrix-row")).toHaveLength(2);
    expect(element.querySelectorAll(".lurk-matrix-column")).toHaveLength(3);
    expect(element.textContent).toContain(
      "Drawn are the 3 classes with the most mistakes; 3 more are in results.json.",
    );
  });

  it("keeps its squares when the order and the figures change", () => {
    const element = drawn();
    const [first] = links(element);
    const before = first?.style.transform;
    const menu = element.querySelector("select") as HTMLSelectElement;
    menu.value = "declared";
    menu.dispatchEvent(new Event("change"));
    expect(links(element)[0]).toBe(first);
    expect(first?.style.transform).not.toBe(before);
    expect(first?.textContent).toBe("76");
    element.querySelector<HTMLInputElement>("input[value=counts]")?.dispatchEvent(new Event("change"));
    expect(first?.textContent).toBe("38");
  });

  it("marks the row and the column of the square in focus, which alone Tab leads to", () => {
    const element = drawn();
    focus(links(element)[1]);
    expect(element.querySelector("[role=status]")?.textContent).toBe(
      "12 of 50 pictures of cat are taken for dog: 24 %",
    );
    expect([...element.querySelectorAll("text.lurk-on")].map((one) => one.firstChild?.textContent)).toEqual([
      "cat",
      "dog",
    ]);
    expect(links(element).map((link) => link.getAttribute("tabindex"))).toEqual(["-1", "0", "-1"]);
  });
});
