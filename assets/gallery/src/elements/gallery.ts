/** `<lurk-gallery data-src data-key [data-suffix]>`: a layer's filters as a grid, drawn by a script that is loaded only for it. */
import { type Loaded, loadData } from "../data/load";
import type { LayerData } from "../data/schema";
import { loadDrawing } from "./drawing";
import { DataElement } from "./element";

export class LurkGallery extends DataElement<Loaded<LayerData>> {
  protected readonly subject = "The gallery";

  protected async load(): Promise<Loaded<LayerData>> {
    const { src = "layer.js", key = "" } = this.dataset;
    const [loaded] = await Promise.all([loadData<LayerData>(src, key), loadDrawing("lurkDrawGallery")]);
    return loaded;
  }

  protected draw({ value, base }: Loaded<LayerData>, signal: AbortSignal): void {
    this.classList.add("lurk");
    window.lurkDrawGallery?.(this, value, base, signal);
  }
}
