import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { LurkNetwork } from "../src/elements/network";

beforeAll(() => customElements.define("lurk-network", LurkNetwork));
afterEach(() => document.body.replaceChildren());

/** Two columns, of three filters and of two. */
function connected(): HTMLAnchorElement[] {
  const column = (names: string) =>
    `<section>${[...names].map((name) => `<a href="#${name}">${name}</a>`).join("")}</section>`;
  document.body.innerHTML = `<lurk-network>${column("abc")}${column("de")}</lurk-network>`;
  return [...document.querySelectorAll("a")];
}

const press = (key: string) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  document.activeElement?.dispatchEvent(event);
  return [document.activeElement?.textContent, event.defaultPrevented];
};

describe("the network on one screen", () => {
  it("lets Tab stop once, at the link that had the focus last", () => {
    const links = connected();
    expect(links.map(({ tabIndex }) => tabIndex)).toEqual([0, -1, -1, -1, -1]);
    links[3]?.focus();
    expect(links.map(({ tabIndex }) => tabIndex)).toEqual([-1, -1, -1, 0, -1]);
  });

  it("goes down a column and across by arrow keys, and stays at its edges", () => {
    connected()[0]?.focus();
    expect(press("ArrowDown")).toEqual(["b", true]);
    expect(press("ArrowDown")).toEqual(["c", true]);
    expect(press("ArrowDown")).toEqual(["c", false]);
    expect(press("ArrowRight")).toEqual(["e", true]);
    expect(press("ArrowRight")).toEqual(["e", false]);
    expect(press("ArrowUp")).toEqual(["d", true]);
    expect(press("ArrowLeft")).toEqual(["a", true]);
    expect(press("x")).toEqual(["a", false]);
  });
});
