/** A picture that is kept beside the next ones, to compare what the network makes of both. */
import { linkButton } from "../draw/buttons";
import { html } from "../draw/dom";
import type { Values } from "./messages";
import { makeCanvas } from "./pictures";

export class Kept {
  readonly button: HTMLButtonElement;
  /** The kept picture beside its name; hidden while there is none. */
  readonly node: HTMLElement;
  readonly #canvas = makeCanvas(1, 1);
  readonly #words = html("figcaption", {});
  readonly #changed: () => void;
  #values: Values | null = null;

  /**
   * @param take Returns the picture that is shown, its values, and what the network says of it; null if there is none yet.
   * @param changed Called when a picture was kept or forgotten.
   */
  constructor(take: () => { canvas: HTMLCanvasElement; values: Values; words: string } | null, changed: () => void) {
    this.#changed = changed;
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute("aria-label", "The kept picture");
    this.node = html("figure", { class: "lurk-live-kept", hidden: true }, this.#canvas, this.#words);
    this.button = linkButton("Keep it to compare", () => {
      if (this.#values) this.#forget();
      else this.#keep(take());
    });
  }

  /** What the network gave for the kept picture; null if there is none. */
  get values(): Values | null {
    return this.#values;
  }

  #keep(shown: { canvas: HTMLCanvasElement; values: Values; words: string } | null): void {
    if (!shown) return;
    this.#values = shown.values;
    this.#canvas.width = shown.canvas.width;
    this.#canvas.height = shown.canvas.height;
    this.#canvas.getContext("2d")?.drawImage(shown.canvas, 0, 0);
    this.#canvas.className = shown.canvas.className;
    this.#words.textContent = shown.words ? `Kept: ${shown.words}` : "Kept";
    this.node.hidden = false;
    this.button.textContent = "Forget the kept picture";
    this.#changed();
  }

  #forget(): void {
    this.#values = null;
    this.node.hidden = true;
    this.button.textContent = "Keep it to compare";
    this.#changed();
  }
}
