/** `<lurk-matrix data-matrix>`: a confusion matrix. Until its script has drawn it, the one of the page stands inside. */
import type { Loaded } from "../data/load";
import type { MatrixData } from "../data/schema";
import { type Draw, loadDrawing } from "./drawing";
import { DrawnElement } from "./drawn";

export class LurkMatrix extends DrawnElement<MatrixData> {
  protected readonly subject = "The confusion matrix with choices";
  protected readonly file = "";
  protected readonly drawing = "lurkDrawMatrix";

  protected override async load(): Promise<Loaded<MatrixData>> {
    await loadDrawing(this.drawing);
    return { value: JSON.parse(this.dataset.matrix ?? ""), base: new URL(document.baseURI) };
  }

  protected drawer(): Draw<MatrixData> | undefined {
    return window.lurkDrawMatrix;
  }
}
