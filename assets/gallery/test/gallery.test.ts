import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { columns, layerData } from "./data";

const COUNT = 200;
const data = layerData(columns(COUNT, { crop: Array.from({ length: COUNT }, () => [0, 0, 0, 96, 96]) }), {
  next: { name: "conv.1", slug: "conv.1", title: "Conv 1" },
});

/** jsdom runs no scripts: return what a data script would leave in the page. */
vi.mock("../src/data/load", () => ({
  loadData: (source: string | URL) => {
    const base = new URL(source, "http://h/models/net/conv.0/");
    if (base.pathname.endsWith("layer.js")) return Promise.resolve({ value: data, base });
    const start = base.pathname.endsWith("filters-1.js") ? 100 : 0;
    const filters = Array.from({ length: 100 }, (_, at) => ({
      index: start + at,
      max_activ: { skipped: "not asked for" },
    }));
    return Promise.resolve({ value: { sheets: [], photos: [], filters }, base });
  },
}));

/** jsdom has no layout; this counts the observers that still watch. */
class Observer {
  static watching = 0;
  observe(): void {
    Observer.watching += 1;
  }
  disconnect(): void {
    Observer.watching -= 1;
  }
}

beforeAll(async () => {
  vi.stubGlobal("ResizeObserver", Observer);
  window.scrollBy = () => undefined;
  Element.prototype.scrollIntoView = () => undefined;
  window.matchMedia = () => ({ matches: false }) as MediaQueryList;
  await import("../src/lurk-gallery");
  const { LurkGallery } = await import("../src/elements/gallery");
  customElements.define("lurk-gallery", LurkGallery);
});

beforeEach(() => {
  history.replaceState(null, "", "/");
  document.body.innerHTML =
    '<lurk-gallery data-src="layer.js" data-key="net/conv.0"><noscript>tiles</noscript></lurk-gallery>';
});

afterEach(() => {
  document.body.innerHTML = "";
});

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
const gallery = () => document.querySelector("lurk-gallery") as HTMLElement;
const opened = () => gallery().querySelector("[data-filter-open]");

describe("lurk-gallery", () => {
  it("puts only the rows near the window into the page", async () => {
    await settled();
    const tiles = gallery().querySelectorAll("a[data-filter]");
    expect(tiles.length).toBeGreaterThan(0);
    expect(tiles.length).toBeLessThan(60);
    expect(tiles[0]?.getAttribute("href")).toBe("#filter-0");
  });

  it("opens a filter by its tile, names it in the address, closes by Escape and returns the focus", async () => {
    await settled();
    gallery().querySelector<HTMLElement>('[data-filter="3"]')?.click();
    await settled();
    expect(opened()?.getAttribute("data-filter-open")).toBe("3");
    expect(location.hash).toBe("#filter-3");
    expect(opened()?.textContent).toContain("not asked for");
    opened()?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(opened()).toBeNull();
    expect(location.hash).toBe("");
    expect((document.activeElement as HTMLElement).dataset.filter).toBe("3");
  });

  it("steps through filters by arrow keys, across data scripts", async () => {
    history.replaceState(null, "", "#filter-99");
    document.body.innerHTML = '<lurk-gallery data-src="layer.js" data-key="net/conv.0"></lurk-gallery>';
    await settled();
    opened()?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    await settled();
    expect(opened()?.getAttribute("data-filter-open")).toBe("100");
    expect(opened()?.querySelector(".lurk-synthesis")?.textContent).toContain("not asked for");
  });

  it("links the next layer, and leaves no listener behind when it is removed", async () => {
    await settled();
    expect(gallery().querySelector("nav a")?.getAttribute("href")).toBe("http://h/models/net/conv.1/");
    const element = gallery();
    expect(Observer.watching).toBe(1);
    element.remove();
    expect(Observer.watching).toBe(0);
    expect(element.children).toHaveLength(0);
    window.dispatchEvent(new Event("scroll"));
    history.replaceState(null, "", "#filter-5");
    window.dispatchEvent(new Event("hashchange"));
    expect(document.querySelector("[data-filter-open]")).toBeNull();
  });
});
