/** What lies over the photos of an opened filter, how strongly, and the controls for both. */
import { freshId, html } from "../draw/dom";

export type Overlay = "photo" | "gradient" | "mask";
export const OVERLAYS: readonly Overlay[] = ["photo", "gradient", "mask"];
const WORDS: Record<Overlay, string> = { photo: "Photo", gradient: "Gradient", mask: "Mask" };
const TOOLTIPS: Record<Overlay, string> = {
  photo: "The photos as they are (key: g for the next one)",
  gradient:
    "What of the photos excites the filter; mid-grey is zero, and each picture has its own contrast (key: g for the next one)",
  mask: "The photos where the gradient is large (key: g for the next one)",
};

export interface OverlaySwitch {
  node: HTMLElement;
  /** Go on to the next overlay. */
  next(): void;
}

/** Radio buttons and a slider that set `data-overlay` and `--lurk-fade` on an element. */
export function overlaySwitch(target: HTMLElement): OverlaySwitch {
  const name = freshId("overlay");
  let overlay: Overlay = "photo";
  const segments = html("div", {
    class: "lurk-segments lurk-small",
    role: "radiogroup",
    "aria-label": "Over the photos",
  });
  const inputs = OVERLAYS.map((value) => {
    const input = html("input", { type: "radio", name, value, on: { change: () => show(value) } });
    segments.append(html("label", { title: TOOLTIPS[value] }, input, html("span", {}, WORDS[value])));
    return input;
  });
  const fade = html("input", {
    type: "range",
    min: 0,
    max: 100,
    step: 5,
    value: 100,
    "aria-label": "How strongly it covers the photos",
    on: { input: () => target.style.setProperty("--lurk-fade", String(Number(fade.value) / 100)) },
  });
  const show = (value: Overlay) => {
    overlay = value;
    target.setAttribute("data-overlay", value);
    for (const input of inputs) input.checked = input.value === value;
    fade.style.visibility = value === "photo" ? "hidden" : "";
  };
  show(overlay);
  const next = () => show(OVERLAYS[(OVERLAYS.indexOf(overlay) + 1) % OVERLAYS.length] ?? "photo");
  return { node: html("div", { class: "lurk-switch" }, fade, segments), next };
}
