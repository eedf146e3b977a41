/** `<lurk-map data-src data-key [data-suffix]>`: a network's map. The script that draws it is loaded only on pages that hold one. */
import type { ModelData } from "../data/schema";
import type { Draw } from "./drawing";
import { DrawnElement } from "./drawn";

export class LurkMap extends DrawnElement<ModelData> {
  protected readonly subject = "The map";
  protected readonly file = "model.js";
  protected readonly drawing = "lurkDrawMap";

  protected override prepare(): void {
    this.classList.add("lurk");
  }

  protected drawer(): Draw<ModelData> | undefined {
    return window.lurkDrawMap;
  }
}
