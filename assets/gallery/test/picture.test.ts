import { describe, expect, it } from "vitest";
import { clip, PIXEL_ART_PX, picture, scene, sheetsOf, withPadding } from "../src/draw/picture";

const sheets = sheetsOf(["sheet-0.webp", "../photos-1.webp"], new URL("http://h/net/conv/filters-0.js"));

describe("a picture of a sheet", () => {
  it("shows its rectangle of the sheet, without an inline style", () => {
    const node = picture([1, 224, 0, 224, 224], sheets, "a hen");
    expect(node.getAttribute("viewBox")).toBe("224.5 0.5 223 223");
    expect(node.querySelector("image")?.getAttribute("href")).toBe("http://h/net/photos-1.webp");
    expect(node.querySelector("image")?.getAttribute("class")).toBe("off-glb");
    expect([node.getAttribute("role"), node.getAttribute("aria-label")]).toEqual(["img", "a hen"]);
    expect(node.outerHTML).not.toContain("style");
  });

  it("is pixel art up to 48 pixels, so that it is enlarged without smoothing", () => {
    const side = PIXEL_ART_PX;
    expect(picture([0, 0, 0, side, 1], sheets).classList.contains("lurk-pixels")).toBe(true);
    expect(picture([0, 0, 0, side + 1, 1], sheets).classList.contains("lurk-pixels")).toBe(false);
    expect(side).toBe(48);
  });

  it("keeps every pixel of pixel art, and is decorative without a label", () => {
    const node = picture([0, 28, 56, 28, 28], sheets);
    expect(node.getAttribute("viewBox")).toBe("28 56 28 28");
    expect(node.classList.contains("lurk-pixels")).toBe(true);
    expect(node.getAttribute("aria-hidden")).toBe("true");
  });
});

describe("a scene", () => {
  const photo = [1, 0, 0, 224, 224] as const;

  it("shows a frame that leaves the photo", () => {
    const node = scene({ photo, photos: sheets, frame: [-10, 0, 30, 40], label: "crop" });
    expect(node.getAttribute("viewBox")).toBe("0 -10 40 40");
    expect(node.classList.contains("lurk-padded")).toBe(true);
    expect(scene({ photo, photos: sheets, frame: [0, 0, 30, 40], label: "" }).classList).not.toContain("lurk-padded");
    expect(node.classList.contains("lurk-tall")).toBe(false);
    expect(scene({ photo, photos: sheets, frame: [88, 192, 135, 223], label: "" }).classList).toContain("lurk-tall");
    const inner = node.querySelector("svg");
    expect([inner?.getAttribute("x"), inner?.getAttribute("y"), inner?.getAttribute("width")]).toEqual([
      "0",
      "0",
      "224",
    ]);
  });

  it("puts a gradient that shows only its box on that box, over the grey of zero", () => {
    const gradient = { picture: [0, 5, 6, 20, 10] as const, sheets, box: [100, 50, 110, 70] as const };
    const node = scene({ photo, photos: sheets, gradient, marks: [[100, 50, 110, 70]], label: "" });
    const overlay = node.querySelector(".lurk-gradient svg");
    expect(["x", "y", "width", "height", "viewBox"].map((name) => overlay?.getAttribute(name))).toEqual([
      "50",
      "100",
      "20",
      "10",
      "5 6 20 10",
    ]);
    expect(node.querySelector(".lurk-zero")?.getAttribute("width")).toBe("224");
    expect(node.querySelectorAll(".lurk-mark rect")).toHaveLength(2);
  });

  it("shows the padding inside a receptive field, but only a little of a very large one", () => {
    expect(withPadding([-20, 3, 20, 43], 30, 30)).toEqual([-20, 3, 20, 43]);
    expect(withPadding([-400, -400, 400, 400], 30, 60)).toEqual([-10, -5, 70, 35]);
  });

  it("clips a box, and says whether it was cut", () => {
    expect(clip([-1, 0, 10, 10], 20, 20)).toEqual({ box: [0, 0, 10, 10], cut: true });
    expect(clip([0, 0, 20, 20], 20, 20)).toEqual({ box: [0, 0, 20, 20], cut: false });
  });
});
