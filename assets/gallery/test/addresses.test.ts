import { describe, expect, it } from "vitest";
import { layerAddress, layerPage, slug } from "../src/data/addresses";

describe("a layer's page", () => {
  it("has an address as the pages write it", () => expect(slug("blocks.0/conv 1")).toBe("blocks.0-conv-1"));

  it("has another address where the data says so", () => {
    expect(layerAddress("index", { index: "layer-index" })).toBe("layer-index");
    expect(layerAddress("constructor", { index: "layer-index" })).toBe("constructor");
    expect(layerAddress("x:2", {})).toBe("x-2");
  });

  it("is a folder on a server and a file on disk", () => {
    expect(layerPage(new URL("http://h/models/net/"), "a.0", "/")).toBe("http://h/models/net/a.0/");
    expect(layerPage(new URL("file:///s/models/net/"), "a.0", "/")).toBe("file:///s/models/net/a.0/index.html");
    expect(layerPage(new URL("file:///s/models/net/"), "a.0", ".html")).toBe("file:///s/models/net/a.0.html");
  });

  it("is in the language of the page, whose data lie elsewhere", () => {
    document.body.innerHTML = '<div data-pages-in="../../de/models/net/"></div>';
    expect(layerPage(new URL("http://h/x/models/net/model.js"), "a.0", "/")).toBe("http://h/x/de/models/net/a.0/");
    document.body.innerHTML = "";
  });
});
