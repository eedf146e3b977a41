/** An element that is drawn by a script of its own, which is loaded together with its data. */
import { type Loaded, loadData } from "../data/load";
import { type Draw, type Drawing, loadDrawing } from "./drawing";
import { DataElement } from "./element";

export abstract class DrawnElement<T> extends DataElement<Loaded<T>> {
  /** The file of its data where `data-src` names none. */
  protected abstract readonly file: string;
  /** The function in `window` that draws it. */
  protected abstract readonly drawing: Drawing;

  protected async load(): Promise<Loaded<T>> {
    const { src = this.file, key = "" } = this.dataset;
    const [loaded] = await Promise.all([loadData<T>(src, key), loadDrawing(this.drawing)]);
    return loaded;
  }

  protected draw({ value, base }: Loaded<T>, signal: AbortSignal): void {
    this.drawer()?.(this, value, base, signal);
  }

  /** The function, once its script ran. */
  protected abstract drawer(): Draw<T> | undefined;
}
