/** `<lurk-photo data-src data-key data-image [data-suffix]>`: a dialog with a photo, what the network says, and its top filters. */
import { loadData } from "../data/load";
import type { ModelData } from "../data/schema";
import { iconButton } from "../draw/buttons";
import { html } from "../draw/dom";
import { loadPhoto, type PhotoContent, photoPage, photoTitle, photoView } from "../gallery/photo";
import { photoWalk } from "../gallery/walk";
import { DataElement } from "./element";

/** It closes by the event `lurk-close`; `lurk-step` names the photo that the visitor asks for next. */
export class LurkPhoto extends DataElement<PhotoContent> {
  protected readonly subject = "The photo";
  #title!: HTMLElement;
  #body!: HTMLElement;
  readonly #walk = photoWalk((image) => this.dispatchEvent(new CustomEvent("lurk-step", { detail: image })));

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
    dialog.addEventListener("keydown", this.#walk.onKey, { signal });
    this.#title = html("h2", { tabindex: -1, autofocus: true }, "Photo");
    this.#body = html("div", {});
    const closer = iconButton("×", "Close", close, null);
    const head = html("div", { class: "lurk-photo-head" }, this.#title, this.#walk.node, closer);
    dialog.append(html("div", { class: "lurk-photo-inner" }, head, this.#body));
    this.replaceChildren(dialog);
    dialog.showModal?.();
  }

  /** Show another photo in the open dialog. */
  show(image: number): void {
    this.dataset.image = String(image);
    this.load().then(
      (content) => {
        if (this.dataset.image === String(image) && this.isConnected) this.draw(content);
      },
      () => {},
    );
  }

  protected async load(): Promise<PhotoContent> {
    const { src = "model.js", key = "", image = "", suffix = "/" } = this.dataset;
    return loadPhoto(await loadData<ModelData>(src, key), key, Number(image), suffix);
  }

  protected draw(content: PhotoContent): void {
    this.#title.textContent = photoTitle(content);
    this.#walk.update(content.model, content.image);
    const page = html("a", { href: photoPage(content) }, "All pictures");
    this.#body.replaceChildren(photoView(content), html("p", { class: "lurk-photo-foot" }, page));
  }

  protected override fail(message: HTMLElement): void {
    this.#body.replaceChildren(message);
  }
}
