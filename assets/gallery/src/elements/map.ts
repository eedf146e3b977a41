/** `<lurk-map data-src data-key [data-suffix]>`: a network's map. The script that draws it is loaded only on pages that hold one. */
import { type Loaded, loadData } from "../data/load";
import type { ModelData } from "../data/schema";
import { loadDrawing } from "./drawing";
import { DataElement } from "./element";

export class LurkMap extends DataElement<Loaded<ModelData>> {
  protected readonly subject = "The map";

  protected override prepare(): void {
    this.classList.add("lurk");
  }

  protected async load(): Promise<Loaded<ModelData>> {
    const { src = "model.js", key = "" } = this.dataset;
    const [loaded] = await Promise.all([loadData<ModelData>(src, key), loadDrawing("lurkDrawMap")]);
    return loaded;
  }

  protected draw({ value, base }: Loaded<ModelData>, signal: AbortSignal): void {
    window.lurkDrawMap?.(this, value, base, signal);
  }
}
