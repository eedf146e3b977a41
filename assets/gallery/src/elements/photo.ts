/** `<lurk-photo data-src data-key data-image [data-suffix]>`: a dialog with a photo, its predictions and its top filters. */
import { loadData } from "../data/load";
import type { ModelData, PicturesData } from "../data/schema";
import { iconButton } from "../draw/buttons";
import { html } from "../draw/dom";
import { type PhotoContent, photoFacts, photoFigure, photoTitle } from "../gallery/photo";
import { DataElement } from "./element";

export class LurkPhoto extends DataElement<PhotoContent> {
  protected readonly subject = "The photo";
  #title!: HTMLElement;
  #body!: HTMLElement;

  /** Open the dialog at once: it fills when the data is there. */
  protected override prepare(signal: AbortSignal): void {
    const dialog = html("dialog", { class: "lurk-photo lurk-panel-modal", "aria-label": "Photo" });
    const close = () => {
      if (dialog.open) dialog.close();
      this.dispatchEvent(new CustomEvent("lurk-close"));
    };
    const cancel = (event: Event) => {
      event.preventDefault();
      close();
    };
    const closeByBackdrop = (event: Event) => {
      if (event.target === dialog) close();
    };
    dialog.addEventListener("cancel", cancel, { signal });
    dialog.addEventListener("click", closeByBackdrop, { signal });
    this.#title = html("h2", {}, "Photo");
    this.#body = html("div", { class: "lurk-photo-body" });
    const head = html("div", { class: "lurk-photo-head" }, this.#title, iconButton("×", "Close", close, null));
    dialog.append(html("div", { class: "lurk-photo-inner" }, head, this.#body));
    this.replaceChildren(dialog);
    dialog.showModal?.();
  }

  protected async load(): Promise<PhotoContent> {
    const { src = "model.js", key = "", image = "", suffix = "/" } = this.dataset;
    const { value: model, base } = await loadData<ModelData>(src, key);
    const pictures = await loadData<PicturesData>(new URL("pictures.js", base), `${key}/pictures`).catch(() => null);
    const item = model.images.items[Number(image)];
    if (!item) throw new Error(`the model's pictures end before ${image}`);
    return { item, model, base, suffix, best: pictures?.value.best[image] ?? [] };
  }

  protected draw(content: PhotoContent): void {
    this.#title.textContent = photoTitle(content);
    this.#body.replaceChildren(photoFigure(content), photoFacts(content));
  }

  protected override fail(message: HTMLElement): void {
    this.#body.replaceChildren(message);
  }
}
