/** `<lurk-photos data-src data-key [data-suffix]>`: on the page with all photos, the one that the address names. */
import { type Loaded, loadData } from "../data/load";
import type { ModelData } from "../data/schema";
import { loadDrawing } from "./drawing";
import { DataElement } from "./element";

export class LurkPhotos extends DataElement<Loaded<ModelData>> {
  protected readonly subject = "The photo";

  protected async load(): Promise<Loaded<ModelData>> {
    const { src = "model.js", key = "" } = this.dataset;
    const [loaded] = await Promise.all([loadData<ModelData>(src, key), loadDrawing("lurkDrawPhotos")]);
    return loaded;
  }

  protected draw({ value, base }: Loaded<ModelData>, signal: AbortSignal): void {
    window.lurkDrawPhotos?.(this, value, base, signal);
  }
}
