/** `<lurk-map data-src data-key [data-suffix]>`: a network's map. The script that draws it is loaded only on pages that hold one. */
import { type Loaded, loadData, runScript } from "../data/load";
import type { ModelData } from "../data/schema";
import { DataElement } from "./element";

/** Draw a model's map into an element, until the signal ends. */
export type DrawMap = (element: HTMLElement, data: ModelData, base: URL, signal: AbortSignal) => void;

declare global {
  interface Window {
    lurkDrawMap?: DrawMap;
  }
}

const ownScript = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : null;
let drawingScript: Promise<void> | null = null;

/** Make sure that `window.lurkDrawMap` is there: run the script beside this one that defines it. */
function loadDrawingScript(): Promise<void> {
  if (window.lurkDrawMap) return Promise.resolve();
  drawingScript ??= runScript(new URL("lurk-map.js", ownScript ?? document.baseURI).href).catch((error: Error) => {
    drawingScript = null; // the next map tries again
    throw error;
  });
  return drawingScript;
}

export class LurkMap extends DataElement<Loaded<ModelData>> {
  protected readonly subject = "The map";

  protected override prepare(): void {
    this.classList.add("lurk");
  }

  protected async load(): Promise<Loaded<ModelData>> {
    const { src = "model.js", key = "" } = this.dataset;
    const [loaded] = await Promise.all([loadData<ModelData>(src, key), loadDrawingScript()]);
    return loaded;
  }

  protected draw({ value, base }: Loaded<ModelData>, signal: AbortSignal): void {
    window.lurkDrawMap?.(this, value, base, signal);
  }
}
