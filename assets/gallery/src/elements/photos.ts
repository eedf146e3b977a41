/** `<lurk-photos data-src data-key [data-suffix]>`: on the page with all photos, the one that the address names. */
import type { ModelData } from "../data/schema";
import type { Draw } from "./drawing";
import { DrawnElement } from "./drawn";

export class LurkPhotos extends DrawnElement<ModelData> {
  protected readonly subject = "The photo";
  protected readonly file = "model.js";
  protected readonly drawing = "lurkDrawPhotos";

  protected drawer(): Draw<ModelData> | undefined {
    return window.lurkDrawPhotos;
  }
}
