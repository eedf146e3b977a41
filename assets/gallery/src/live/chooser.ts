/** Where a visitor chooses what the network looks at: a file, a drop, the clipboard, the camera, or one of the model's photos. */
import { loadOnce } from "../data/load";
import type { LiveData, LiveSamples } from "../data/schema";
import { linkButton } from "../draw/buttons";
import { freshId, html } from "../draw/dom";
import { picture, sheetsOf } from "../draw/picture";
import { bytesOf } from "./base64";
import type { Camera } from "./camera";
import { readPicture } from "./pictures";
import type { Pixels } from "./resize";

export interface ChooserOptions {
  element: HTMLElement;
  data: LiveData;
  base: URL;
  signal: AbortSignal;
  camera: Camera;
  /**
   * Called with the pixels of what was chosen, RGBA, and what it is called. The model's own photos are at the network's input size: they
   * went through the transform already.
   */
  choose(pixels: Pixels, name: string, isPrepared: boolean): void;
  /** Called when a picture cannot be read. */
  fail(error: Error): void;
}

export class Chooser {
  readonly node: HTMLElement;
  readonly #options: ChooserOptions;
  #samples: Promise<LiveSamples> | null = null;

  constructor(options: ChooserOptions) {
    this.#options = options;
    const { signal, data, camera } = options;
    const input = html("input", { type: "file", accept: "image/*", id: freshId("file"), class: "lurk-live-file" });
    input.addEventListener("change", () => this.#take(input.files?.[0]));
    const label = html("label", { for: input.id, class: "lurk-live-button" }, "Choose a picture");
    const hint = html("span", { class: "lurk-soft" }, "or drop one here, or paste it");
    const row = html("div", { class: "lurk-live-choices" }, input, label, hint, camera.button);
    this.node = html("div", { class: "lurk-live-drop" }, row, data.samples.length > 0 && this.#sampleRow());
    this.#listen(signal);
  }

  #listen(signal: AbortSignal): void {
    const { node } = this;
    const mark = (isOver: boolean) => (event: DragEvent) => {
      event.preventDefault();
      node.classList.toggle("lurk-live-over", isOver);
    };
    node.addEventListener("dragenter", mark(true), { signal });
    node.addEventListener("dragover", mark(true), { signal });
    node.addEventListener("dragleave", mark(false), { signal });
    const drop = (event: DragEvent) => {
      mark(false)(event);
      this.#take(event.dataTransfer?.files[0]);
    };
    node.addEventListener("drop", drop, { signal });
    const paste = ({ clipboardData }: ClipboardEvent) => {
      const file = [...(clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (file) this.#take(file);
    };
    document.addEventListener("paste", paste, { signal });
  }

  #sampleRow(): HTMLElement {
    const { data, base } = this.#options;
    const sheets = sheetsOf(data.sheets, base);
    const samples = data.samples.map(([label, pic], place) => {
      const name = label ? `Photo ${place + 1}: ${label}` : `Photo ${place + 1}`;
      const button = linkButton("", () => this.#takeSample(place, name));
      button.className = "lurk-live-sample";
      button.title = name;
      button.append(picture(pic, sheets, name));
      return button;
    });
    return html("div", { class: "lurk-live-samples" }, html("span", {}, "Photos of the model:"), ...samples);
  }

  async #takeSample(place: number, name: string): Promise<void> {
    const { data, base, signal } = this.#options;
    try {
      this.#samples ??= loadOnce<LiveSamples>(new URL("live-samples.js", base), `${data.model}/live-samples`);
      const encoded = (await this.#samples).pictures[place];
      if (encoded !== undefined && !signal.aborted) await this.#read(new Blob([bytesOf(encoded)]), name, true);
    } catch (error) {
      this.#samples = null;
      this.#options.fail(error as Error);
    }
  }

  #take(file: File | undefined): void {
    if (file) this.#read(file, file.name, false).catch((error: Error) => this.#options.fail(error));
  }

  async #read(file: Blob, name: string, isPrepared: boolean): Promise<void> {
    const pixels = await readPicture(file, name);
    if (this.#options.signal.aborted) return;
    this.#options.camera.stop();
    this.#options.choose(pixels, name, isPrepared);
  }
}
