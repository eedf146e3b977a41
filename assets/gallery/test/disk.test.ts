import { describe, expect, it } from "vitest";
import { mendLinksFromDisk } from "../src/disk";

/** A page at an address, with some links. */
function pageAt(base: string, ...links: string[]): Document {
  const page = document.implementation.createHTMLDocument("");
  const head = page.createElement("base");
  head.href = base;
  page.head.append(head);
  for (const href of links) addLink(page, href);
  return page;
}

function addLink(page: Document, href: string): HTMLAnchorElement {
  const link = page.createElement("a");
  link.setAttribute("href", href);
  page.body.append(link);
  return link;
}

/** Mend the links of a page that has been parsed by then. */
function mend(page: Document): void {
  mendLinksFromDisk(page);
  page.dispatchEvent(new Event("DOMContentLoaded"));
}

const hrefs = (page: Document) => [...page.querySelectorAll("a")].map((link) => link.getAttribute("href"));

describe("links of a page from disk", () => {
  it("lead to the page in a folder, with its anchor; all others stay", () => {
    const page = pageAt(
      "file:///site/a/index.html",
      "../",
      "../b/#filter-3",
      "#here",
      "x.html",
      "https://host.example/b/",
    );
    mend(page);
    expect(hrefs(page)).toEqual([
      "file:///site/index.html",
      "file:///site/b/index.html#filter-3",
      "#here",
      "x.html",
      "https://host.example/b/",
    ]);
  });

  it("are mended when they are drawn later, before they are followed", () => {
    const page = pageAt("file:///site/index.html");
    mendLinksFromDisk(page);
    const link = addLink(page, "late/");
    link.dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(link.getAttribute("href")).toBe("file:///site/late/index.html");
  });

  it("stay as they are on a server", () => {
    const page = pageAt("https://host.example/site/", "b/");
    mend(page);
    expect(hrefs(page)).toEqual(["b/"]);
  });
});
