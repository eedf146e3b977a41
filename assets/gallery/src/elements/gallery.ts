/** `<lurk-gallery data-src data-key [data-suffix]>`: a layer's filters as a grid, drawn by a script that is loaded only for it. */
import type { Loaded } from "../data/load";
import type { LayerData } from "../data/schema";
import type { Draw } from "./drawing";
import { DrawnElement } from "./drawn";

export class LurkGallery extends DrawnElement<LayerData> {
  protected readonly subject = "The gallery";
  protected readonly file = "layer.js";
  protected readonly drawing = "lurkDrawGallery";

  protected override draw(loaded: Loaded<LayerData>, signal: AbortSignal): void {
    this.classList.add("lurk");
    super.draw(loaded, signal);
  }

  protected drawer(): Draw<LayerData> | undefined {
    return window.lurkDrawGallery;
  }
}
