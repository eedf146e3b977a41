/** `<lurk-gallery data-src data-key [data-suffix]>`: a layer's filters as a grid, one of them opened in it. */
import { type Loaded, loadData } from "../data/load";
import type { LayerData } from "../data/schema";
import { Gallery } from "../gallery/gallery";
import { DataElement } from "./element";

export class LurkGallery extends DataElement<Loaded<LayerData>> {
  protected readonly subject = "The gallery";

  protected load(): Promise<Loaded<LayerData>> {
    const { src = "layer.js", key = "" } = this.dataset;
    return loadData<LayerData>(src, key);
  }

  protected draw({ value: data, base }: Loaded<LayerData>, signal: AbortSignal): void {
    const { key = "", suffix = "/" } = this.dataset;
    this.classList.add("lurk");
    new Gallery({ element: this, data, base, key, suffix, signal }).start();
  }
}
