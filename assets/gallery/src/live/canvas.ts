/** The picture as the network sees it, with a brush that hides parts of it. */
import type { LiveInput } from "../data/schema";
import { linkButton } from "../draw/buttons";
import { freshId, html } from "../draw/dom";
import { type Cover, coverOf, paint } from "./brush";
import { drawPixels, makeCanvas } from "./pictures";
import type { Pixels } from "./resize";

/** The brush's radius, as a share of the picture's shorter side. */
const RADIUS = 0.09;

export class PictureCanvas {
  readonly node: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  /** What stands below the picture. */
  readonly tools: HTMLElement;
  readonly #input: LiveInput;
  readonly #changed: () => void;
  readonly #cover: HTMLSelectElement;
  readonly #reset: HTMLButtonElement;
  readonly #ring = html("span", { class: "lurk-live-ring", hidden: true });
  #whole: Pixels | null = null;
  #shown: Pixels | null = null;
  #under: Pixels | null = null;
  #at: [x: number, y: number] = [0.5, 0.5];

  /** @param changed Called when a part was hidden, or everything is back. */
  constructor(input: LiveInput, signal: AbortSignal, changed: () => void) {
    [this.#input, this.#changed] = [input, changed];
    const [, height, width] = input.size;
    this.canvas = makeCanvas(width, height);
    this.canvas.className = `lurk-live-picture${Math.max(width, height) <= 48 ? " lurk-pixels" : ""}`;
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    const options = [html("option", { value: "grey" }, "grey"), html("option", { value: "blur" }, "blur")];
    this.#cover = html("select", { id: freshId("cover") }, ...options);
    this.#cover.addEventListener("change", () => this.#prepare(), { signal });
    this.#reset = linkButton("Put it back", () => this.#putBack());
    this.#reset.hidden = true;
    const label = html("label", { for: this.#cover.id }, "Hide parts of it: paint with ");
    this.tools = html("p", { class: "lurk-soft" }, label, this.#cover, " ", this.#reset);
    this.node = html("div", {}, html("div", { class: "lurk-live-frame" }, this.canvas, this.#ring), this.tools);
    this.#listen(signal);
  }

  /** Whether a part is hidden. */
  get isChanged(): boolean {
    return !this.#reset.hidden;
  }

  /** What the network is to see. */
  get pixels(): Pixels | null {
    return this.#shown;
  }

  show(pixels: Pixels, name: string): void {
    this.#whole = pixels;
    this.#shown = { ...pixels, data: pixels.data.slice() };
    this.#under = null;
    this.#reset.hidden = true;
    drawPixels(this.canvas, pixels);
    this.canvas.setAttribute(
      "aria-label",
      `${name}, as the network sees it. Arrow keys move the brush, Space hides what is under it`,
    );
  }

  #prepare(): void {
    this.#under = this.#whole && coverOf(this.#whole, this.#input, this.#cover.value as Cover);
  }

  #putBack(): void {
    if (!this.#whole || !this.#shown) return;
    this.#shown.data.set(this.#whole.data);
    this.#reset.hidden = true;
    drawPixels(this.canvas, this.#shown);
    this.canvas.focus();
    this.#changed();
  }

  #listen(signal: AbortSignal): void {
    const { canvas } = this;
    let painting = false;
    const move = (event: PointerEvent) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      this.#place((event.clientX - left) / width, (event.clientY - top) / height);
      if (painting) this.#paint();
    };
    const down = (event: PointerEvent) => {
      if (event.button !== 0 || !this.#whole) return;
      painting = true;
      canvas.setPointerCapture(event.pointerId);
      move(event);
    };
    const up = () => {
      if (painting) this.#changed();
      painting = false;
    };
    canvas.addEventListener("pointerdown", down, { signal });
    canvas.addEventListener("pointermove", move, { signal });
    canvas.addEventListener("pointerup", up, { signal });
    canvas.addEventListener("pointercancel", up, { signal });
    canvas.addEventListener("pointerleave", () => this.#hideRing(), { signal });
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && this.#place(...this.#at), { signal });
    canvas.addEventListener("blur", () => this.#hideRing(), { signal });
    canvas.addEventListener("keydown", (event) => this.#onKey(event), { signal });
  }

  #onKey(event: KeyboardEvent): void {
    const steps: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const step = steps[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation(); // the host has keys of its own
    if (step) {
      this.#place(this.#at[0] + step[0] * RADIUS, this.#at[1] + step[1] * RADIUS);
    } else if (this.#whole) {
      this.#paint();
      this.#changed();
    }
  }

  #place(x: number, y: number): void {
    this.#at = [Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))];
    const { style } = this.#ring;
    this.#ring.hidden = !this.#whole;
    style.left = `${this.#at[0] * 100}%`;
    style.top = `${this.#at[1] * 100}%`;
    style.width = `${(200 * this.#radius()) / this.canvas.width}%`;
  }

  #hideRing(): void {
    this.#ring.hidden = true;
  }

  #radius(): number {
    return Math.max(1, RADIUS * Math.min(this.canvas.width, this.canvas.height));
  }

  #paint(): void {
    if (!this.#under) this.#prepare();
    if (!this.#shown || !this.#under) return;
    const { width, height } = this.canvas;
    paint(this.#shown, this.#under, this.#at[0] * width - 0.5, this.#at[1] * height - 0.5, this.#radius());
    this.#reset.hidden = false;
    drawPixels(this.canvas, this.#shown);
  }
}
