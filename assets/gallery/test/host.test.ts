import { afterEach, expect, it } from "vitest";
import { noteHostColours } from "../src/draw/host";

const { style } = document.documentElement;

afterEach(() => {
  document.body.removeAttribute("style");
  document.body.replaceChildren();
  style.removeProperty("--lurk-host-ink");
  style.removeProperty("--lurk-host-paper");
});

it("notes the colours of a dark host that names none", () => {
  document.body.style.cssText = "color: rgb(238, 238, 238); background-color: rgb(6, 6, 6)";
  document.body.innerHTML = "<main><div class='lurk'></div></main>";
  noteHostColours();
  expect(style.getPropertyValue("--lurk-host-ink")).toBe("rgb(238, 238, 238)");
  expect(style.getPropertyValue("--lurk-host-paper")).toBe("rgb(6, 6, 6)");
});

it("notes nothing on pages without elements of ours", () => {
  document.body.style.color = "red";
  noteHostColours();
  expect(style.getPropertyValue("--lurk-host-ink")).toBe("");
});
