/** The life cycle that all custom elements share: connect, load, draw, and leave nothing behind. */
import { html } from "../draw/dom";
import { missing } from "../draw/missing";
import type {} from "../words";

/**
 * An element that loads data and draws it. Under instant navigation the same element leaves the page and comes back: each time that it
 * is connected it gets a signal of its own, which ends listeners, observers and loading when it is disconnected.
 */
export abstract class DataElement<T> extends HTMLElement {
  #controller = new AbortController();
  /** What the failure message names: "The map". */
  protected abstract readonly subject: string;

  connectedCallback(): void {
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    window.lurkTranslate?.(this, signal);
    this.prepare(signal);
    this.load()
      .then((data) => {
        if (signal.aborted) return;
        this.classList.add("lurk-drawn");
        this.draw(data, signal);
      })
      .catch((error: Error) => {
        if (signal.aborted) return;
        this.classList.add("lurk-drawn");
        this.fail(missing(`${this.subject} could not be shown`, error.message));
      });
  }

  disconnectedCallback(): void {
    this.#controller.abort();
    this.#controller = new AbortController(); // the old controller's listeners hold what was drawn
    this.replaceChildren();
  }

  /** Load everything that `draw` needs. */
  protected abstract load(): Promise<T>;

  /** Draw the data into the element; whatever listens or observes ends with the signal. */
  protected abstract draw(data: T, signal: AbortSignal): void;

  /** Set up what stands in the page while the data loads. */
  protected prepare(_signal: AbortSignal): void {}

  /** Show why there is nothing to see. */
  protected fail(message: HTMLElement): void {
    this.append(html("div", { role: "alert" }, message));
  }
}
