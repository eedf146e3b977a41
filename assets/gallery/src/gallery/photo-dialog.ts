import { html } from "../draw/dom";

/** Where the model's photos are: the layer's folder, the key of its data, and what follows the names of scripts. */
export interface PhotoSource {
  base: URL;
  key: string;
  suffix: string;
}

/** Make the dialog that shows a photo of the model; `change` is called with the photo that the visitor goes on to, or null at the end. */
export function photoDialog(
  { base, key, suffix }: PhotoSource,
  photo: number,
  change: (photo: number | null) => void,
): HTMLElement {
  const dialog = html("lurk-photo" as "div", {
    "data-src": new URL("../model.js", base).href,
    "data-key": key.split("/")[0],
    "data-suffix": suffix,
    "data-image": photo,
  });
  dialog.addEventListener("lurk-close", () => change(null));
  dialog.addEventListener("lurk-step", (event) => change((event as CustomEvent<number>).detail));
  return dialog;
}
